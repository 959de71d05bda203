// One import: files that came are read, put into a list, and moved aside with a report beside them.
import { basename, extname, join } from 'node:path';
import { nextTurn, type EpochMs } from '../lib/clock.ts';
import { stampOf } from '../lib/moment.ts';
import type { Import } from './config.ts';
import { entriesOf, type Entry, type Listed } from './entries.ts';
import type { Content, Place, StoredFile } from './place.ts';

/** What became of an entry; a sentence when it was left out. */
export type Taken = 'added' | 'known' | Readonly<{ problem: string }>;

/** Puts one entry into an account's list; rejects when the list cannot be reached. */
export type TakeEntry = (account: string, entry: Entry) => Promise<Taken>;

export type ImportDeps = Readonly<{
  place: Place;
  take: TakeEntry;
  maxBytes: number;
  now(): EpochMs;
  /** When it aborts, the file that is read stays where it is. */
  signal?: AbortSignal;
}>;

export type Report = Readonly<{
  file: string;
  at: string;
  lines: number;
  added: number;
  known: number;
  /** Lines that were left out; counted from 1, the first ones only. */
  problems: readonly Readonly<{ line: number; problem: string }>[];
  leftOut: number;
  /** Why the file as a whole was not read. */
  problem?: string;
}>;

/** A file that was written to just now may not be whole yet. */
const SETTLED_MS = 10_000;
const SAID = 100;
const AT_ONCE = 50;
/** Mail waits for no file: after so many lines others have their turn, also where no line is an entry. */
const LINES_A_TURN = 1000;
const MAX_NAME_BYTES = 180;

/**
 * Reads all files that wait; resolves to their reports. Rejects when the place or the list cannot be reached; a file that
 * cannot be moved keeps no other from being read, and makes it reject after them.
 */
export async function readImports(job: Import, deps: ImportDeps): Promise<readonly Report[]> {
  const files = await deps.place.list(job.folder, (path) => /\.(?:csv|jsonl)$/i.test(path));
  const ripe = files.filter(({ at }) => deps.now() - at >= SETTLED_MS);
  const reports: Report[] = [];
  const stuck: unknown[] = [];
  for (const file of ripe.toSorted((a, b) => a.at - b.at || a.path.localeCompare(b.path))) {
    const report = await readFile(job, file, { ...deps, cannotMove: (error) => void stuck.push(error) });
    if (report) reports.push(report);
  }
  if (stuck.length > 0) throw stuck[0];
  return reports;
}

type FileDeps = ImportDeps & Readonly<{ cannotMove(error: unknown): void }>;

/** Undefined for a file that somebody else took meanwhile, or writes to: if it is there the next time, it is read then. */
async function readFile(job: Import, { path }: StoredFile, deps: FileDeps): Promise<Report | undefined> {
  const content = await deps.place.read(path, deps.maxBytes);
  if (content.is === 'later') return undefined;
  const report = await takeFile(job, { path, content }, deps);
  const stamp = stampOf(Date.parse(report.at));
  const folder = join(job.folder, report.problem === undefined ? 'done' : 'failed');
  const to = join(folder, `${stamp}-${shortName(path)}`);
  try {
    // The report first: a file that was moved always has one. What is read twice is known already the second time.
    await deps.place.write(`${to}.report.json`, `${JSON.stringify(report, undefined, 2)}\n`);
    // One that was put in its place while it was read stays, and is the next to be read.
    await deps.place.move(path, to, content.version);
  } catch (error) {
    deps.cannotMove(error);
  }
  return report;
}

/** File systems have names of 255 bytes, and ours has a moment in front and more behind. The end of a name says most. */
function shortName(path: string): string {
  const name = Buffer.from(basename(path)).subarray(-MAX_NAME_BYTES).toString('utf8');
  return name.replace(/^\uFFFD+/, '');
}

type ToTake = Readonly<{ path: string; content: Exclude<Content, { is: 'later' }> }>;

async function takeFile(job: Import, { path, content }: ToTake, deps: ImportDeps): Promise<Report> {
  const head = { file: path, at: new Date(deps.now()).toISOString() };
  const none = { lines: 0, added: 0, known: 0, problems: [], leftOut: 0 };
  if (content.is === 'unreadable')
    return { ...head, ...none, problem: `It cannot be read: ${content.problem}.` };
  const entries = entriesOf(content.bytes, extname(path).toLowerCase() === '.csv');
  if ('problem' in entries) return { ...head, ...none, problem: entries.problem };
  return { ...head, ...(await takeAll(entries.list, job.account, deps)) };
}

async function takeAll(
  list: Iterable<Listed>,
  account: string,
  { take, signal }: ImportDeps,
): Promise<Omit<Report, 'file' | 'at'>> {
  const counts = { lines: 0, added: 0, known: 0, leftOut: 0 };
  const problems: Report['problems'][number][] = [];
  const takeOne = async ({ line, entry = '' }: Listed): Promise<void> => {
    const taken: Taken = typeof entry === 'string' ? { problem: entry } : await take(account, entry);
    counts.lines++;
    if (typeof taken === 'string') return void counts[taken]++;
    counts.leftOut++;
    if (problems.length < SAID) problems.push({ line, problem: taken.problem });
  };
  const group: Listed[] = [];
  const inGroup = new Set<string>();
  const takeGroup = async (): Promise<void> => {
    await Promise.all(group.splice(0).map(takeOne));
    inGroup.clear();
  };
  let seen = 0;
  for (const one of list) {
    signal?.throwIfAborted();
    if (++seen % LINES_A_TURN === 0) await nextTurn();
    if (one.entry === undefined) continue;
    const address = addressIn(one);
    // A line builds on what an earlier one said of the same address.
    if (group.length === AT_ONCE || inGroup.has(address)) await takeGroup();
    group.push(one);
    inGroup.add(address);
  }
  await takeGroup();
  return { ...counts, problems: problems.toSorted((a, b) => a.line - b.line) };
}

function addressIn({ line, entry }: Listed): string {
  return typeof entry === 'object' ? (entry['address'] ?? '').trim().toLowerCase() : `line ${line}`;
}
