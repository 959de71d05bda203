// One import: files that came are read, put into a list, and moved aside with a report beside them.
import { basename, extname, join } from 'node:path';
import { z } from 'zod';
import type { EpochMs } from '../lib/clock.ts';
import { readCsv, withoutMark, type CsvRecord } from '../lib/csv.ts';
import { parseJson } from '../lib/json.ts';
import { stampOf } from '../lib/moment.ts';
import type { Import } from './config.ts';
import type { Place, StoredFile } from './place.ts';
import { reasonOf } from '../lib/reason.ts';

/** One line of a file that came: values by column, in lower case. */
export type Entry = Readonly<Record<string, string>>;

/** What became of an entry; a sentence when it was left out. */
export type Taken = 'added' | 'known' | Readonly<{ problem: string }>;

/** Puts one entry into an account's list; rejects when the list cannot be reached. */
export type TakeEntry = (account: string, entry: Entry) => Promise<Taken>;

export type ImportDeps = Readonly<{
  place: Place;
  take: TakeEntry;
  maxBytes: number;
  now(): EpochMs;
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

/** Reads all files that wait; resolves to their reports. Rejects when the place or the list cannot be reached. */
export async function readImports(job: Import, deps: ImportDeps): Promise<readonly Report[]> {
  const files = await deps.place.list(job.folder);
  const ripe = files.filter(
    ({ path, at }) => /\.(?:csv|jsonl)$/i.test(path) && deps.now() - at >= SETTLED_MS,
  );
  const reports: Report[] = [];
  for (const file of ripe.toSorted((a, b) => a.at - b.at || a.path.localeCompare(b.path)))
    reports.push(await readFile(job, file, deps));
  return reports;
}

async function readFile(job: Import, { path }: StoredFile, deps: ImportDeps): Promise<Report> {
  const report = await takeFile(job, path, deps);
  const stamp = stampOf(Date.parse(report.at));
  const to = join(job.folder, report.problem === undefined ? 'done' : 'failed', `${stamp}-${basename(path)}`);
  // The report first: a file that was moved always has one. What is read twice is known already the second time.
  await deps.place.write(`${to}.report.json`, `${JSON.stringify(report, undefined, 2)}\n`);
  await deps.place.move(path, to);
  return report;
}

async function takeFile(job: Import, path: string, deps: ImportDeps): Promise<Report> {
  const head = { file: path, at: new Date(deps.now()).toISOString() };
  const none = { lines: 0, added: 0, known: 0, problems: [], leftOut: 0 };
  let text: string;
  try {
    text = (await deps.place.read(path, deps.maxBytes)).replace(/^\uFEFF/, '');
  } catch (error) {
    return { ...head, ...none, problem: `It cannot be read: ${reasonOf(error)}.` };
  }
  const isCsv = extname(path).toLowerCase() === '.csv';
  const entries = isCsv ? csvEntries(text) : jsonEntries(text);
  if ('problem' in entries) return { ...head, ...none, problem: entries.problem };
  return { ...head, ...(await takeAll(entries.list, job.account, deps.take)) };
}

type Listed = Readonly<{ line: number; entry: Entry | undefined }>;

async function takeAll(
  list: Iterable<Listed>,
  account: string,
  take: TakeEntry,
): Promise<Omit<Report, 'file' | 'at'>> {
  const counts = { lines: 0, added: 0, known: 0, leftOut: 0 };
  const problems: Report['problems'][number][] = [];
  const takeOne = async ({ line, entry }: Listed): Promise<void> => {
    const taken: Taken = entry
      ? await take(account, entry)
      : { problem: 'is no line of columns, or no JSON object' };
    counts.lines++;
    if (typeof taken === 'string') return void counts[taken]++;
    counts.leftOut++;
    if (problems.length < SAID) problems.push({ line, problem: taken.problem });
  };
  let group: Listed[] = [];
  for (const one of list) {
    group.push(one);
    if (group.length < AT_ONCE) continue;
    await Promise.all(group.map(takeOne));
    group = [];
  }
  await Promise.all(group.map(takeOne));
  return { ...counts, problems: problems.toSorted((a, b) => a.line - b.line) };
}

type Entries = Readonly<{ list: Iterable<Listed> } | { problem: string }>;

function csvEntries(text: string): Entries {
  const records = readCsv(text);
  const first = records.next();
  const head = (first.done ? [] : first.value.fields).map((name) => name.trim().toLowerCase());
  if (!head.some((name) => ADDRESS.has(name)))
    return { problem: 'Its first line names no column "address" or "email".' };
  return { list: listCsv(records, head) };
}

function* listCsv(records: Iterable<CsvRecord>, head: readonly string[]): Generator<Listed> {
  for (const { line, fields } of records) {
    if (fields.length === 1 && fields[0]?.trim() === '') continue;
    const pairs = head.map((name, i) => [name, withoutMark(fields[i]?.trim() ?? '')] as const);
    yield { line, entry: fields.length > head.length ? undefined : named(pairs) };
  }
}

const valueSchema = z
  .union([z.string(), z.number(), z.boolean(), z.null()])
  .transform((value) => String(value ?? ''));
const objectSchema = z.record(z.string(), valueSchema);

function jsonEntries(text: string): Entries {
  return { list: listJson(text) };
}

function* listJson(text: string): Generator<Listed> {
  let line = 0;
  for (const one of text.split(/\r\n|\n|\r/)) {
    line++;
    if (one.trim() === '') continue;
    const object = parseJson(one, objectSchema);
    const pairs = Object.entries(object ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
    yield { line, entry: object && named(pairs) };
  }
}

const ADDRESS: ReadonlySet<string> = new Set(['address', 'email', 'e-mail', 'mail', 'recipient']);

/** The address has one name, whatever the file calls it; no name reaches into objects' own ones. */
function named(pairs: readonly (readonly [string, string])[]): Entry {
  const entry = new Map(pairs.map(([name, value]) => [ADDRESS.has(name) ? 'address' : name, value]));
  return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(entry)));
}
