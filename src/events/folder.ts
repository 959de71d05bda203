// The folder of segments: their names and order, plain or compressed, and what is too old.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compareCursors, cursorText, dayOf, parseCursor, streamId, type Cursor } from './cursor.ts';
import type { EpochMs } from '../lib/clock.ts';
import { nothingIfMissing } from '../lib/files.ts';

/** A file of events: JSON lines in the order of their cursors. `name` is the same when it is compressed, `path` is not. */
export type Segment = Readonly<{ path: string; name: string; first: Cursor }>;

/** What the name of a compressed segment ends in. */
export const PACKED = '.zst';

/** Day, first cursor, and "~2" and so on where a file of that name was there, left by a writer that died. */
const NAME = /^\d{8}-(\d+-\d+(?:\.\d+)?)(?:~\d+)?\.jsonl$/;
const DAY_MS = 86_400_000;

/** The name of the segment that begins with the event at `cursor`; `copy` counts from 1. */
export function segmentName(cursor: Cursor, copy = 1): string {
  const first = cursor.n === 0 ? streamId(cursor) : cursorText(cursor);
  return `${dayOf(cursor.ms)}-${first}${copy === 1 ? '' : `~${copy}`}.jsonl`;
}

/** All segments, oldest first; none when the folder does not exist yet. */
export async function listSegments(folder: string): Promise<readonly Segment[]> {
  const names = await namesIn(folder);
  const there = new Set(names);
  return names
    .flatMap((file) => {
      const name = file.endsWith(PACKED) ? file.slice(0, -PACKED.length) : file;
      // Both are there for a moment, and after a crash in it; then both are whole.
      if (file === name && there.has(`${name}${PACKED}`)) return [];
      const first = parseCursor(NAME.exec(name)?.[1] ?? '');
      return first ? [{ path: join(folder, file), name, first }] : [];
    })
    .sort((a, b) => compareCursors(a.first, b.first) || a.name.length - b.name.length);
}

/** What is in the folder; nothing when it does not exist yet. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(nothingIfMissing)) ?? [];
}

/** Where the other form of the same segment is, or would be. */
export function otherPath(path: string): string {
  return path.endsWith(PACKED) ? path.slice(0, -PACKED.length) : `${path}${PACKED}`;
}

/** Makes the folder, readable by us alone: events hold addresses and subjects. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

/** Removes segments whose events are all older than `before`; returns their names. */
export async function removeOld(folder: string, before: EpochMs): Promise<readonly string[]> {
  const segments = await listSegments(folder);
  // A segment holds one UTC day at most; the newest one stays, since it knows the last cursor.
  const old = segments.slice(0, -1).filter((segment) => segment.first.ms < before - DAY_MS);
  for (const { path } of old) for (const form of [path, otherPath(path)]) await rm(form, { force: true });
  return old.map((segment) => segment.name);
}
