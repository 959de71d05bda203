// One export: the file of each hour or day that has ended, in order, each written once and whole.
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { deadIn } from '../lib/files.ts';
import type { Export } from './config.ts';
import { headOf, lineOf } from './lines.ts';
import type { Period } from './periods.ts';
import type { Place } from './place.ts';
import { COLUMNS, rowsOf, type Sources } from './rows.ts';

export type ExportDeps = Readonly<{
  place: Place;
  sources: Sources;
  /** Folder of this host for unfinished files. */
  folder: string;
  signal?: AbortSignal;
}>;

/** What was written, and where it lies in its place. */
export type Exported = Readonly<{ file: string; rows: number }>;

const CHUNK_BYTES = 64 * 1024;

/** Writes the file of a period, in the place of one that is there. Rejects when it cannot be made or put there. */
export async function writeExport(
  job: Export,
  period: Period,
  { place, sources, folder, signal }: ExportDeps,
): Promise<Exported> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const own = await mkdtemp(join(folder, `${job.name}-`));
  await removeDead(folder, own);
  try {
    const unfinished = join(own, 'rows');
    const counted = { rows: 0 };
    const lines = Readable.from(chunks(job, rowsOf(job, period, sources), counted));
    const out = createWriteStream(unfinished, { mode: 0o600 });
    const options = signal ? { signal } : {};
    await (job.gzip ? pipeline(lines, createGzip(), out, options) : pipeline(lines, out, options));
    const file = join(job.folder, fileName(job, period));
    await place.put(file, unfinished);
    return { file, rows: counted.rows };
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** What killed ones left behind: as much as a day's events, each time. */
async function removeDead(folder: string, own: string): Promise<void> {
  const { mtimeMs: now } = await stat(own);
  for (const path of await deadIn(folder, () => true, now)) await rm(path, { recursive: true, force: true });
}

function fileName({ name, format, gzip }: Export, period: Period): string {
  return `${name}-${period.name}.${format}${gzip ? '.gz' : ''}`;
}

/** Lines in chunks of some size: one of them at a time would cost a turn of the event loop each. */
async function* chunks(
  { what, format }: Export,
  rows: ReturnType<typeof rowsOf>,
  counted: { rows: number },
): AsyncGenerator<string> {
  const columns = COLUMNS[what];
  let text = headOf(columns, format);
  for await (const row of rows) {
    counted.rows++;
    text += lineOf(row, columns, format);
    if (text.length < CHUNK_BYTES) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}
