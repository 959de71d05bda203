// The folder of segments: their names and order, the last line on disk, what is too old.
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compareCursors, cursorText, dayOf, parseCursor, streamId, type Cursor } from './cursor.ts';
import { cursorOf, MAX_LINE } from './line.ts';
import type { EpochMs } from '../lib/clock.ts';

/** A file of events: JSON lines in the order of their cursors. */
export type Segment = Readonly<{ path: string; name: string; first: Cursor }>;

/** Day, first cursor, and "~2" and so on where a file of that name was there, left by a writer that died. */
const NAME = /^\d{8}-(\d+-\d+(?:\.\d+)?)(?:~\d+)?\.jsonl$/;
/** Bytes from the end that surely hold a whole line (a character is at most 4 bytes). */
const TAIL_BYTES = 2 * 4 * MAX_LINE;
const DAY_MS = 86_400_000;

/** The name of the segment that begins with the event at `cursor`; `copy` counts from 1. */
export function segmentName(cursor: Cursor, copy = 1): string {
  const first = cursor.n === 0 ? streamId(cursor) : cursorText(cursor);
  return `${dayOf(cursor.ms)}-${first}${copy === 1 ? '' : `~${copy}`}.jsonl`;
}

/** All segments, oldest first; none when the folder does not exist yet. */
export async function listSegments(folder: string): Promise<readonly Segment[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names
    .flatMap((name) => {
      const first = parseCursor(NAME.exec(name)?.[1] ?? '');
      return first ? [{ path: join(folder, name), name, first }] : [];
    })
    .sort((a, b) => compareCursors(a.first, b.first) || a.name.length - b.name.length);
}

/** The cursor of the last whole line on disk; undefined when there is none. A torn line does not count. */
export async function lastCursor(folder: string): Promise<Cursor | undefined> {
  const segments = await listSegments(folder);
  for (const segment of [...segments].reverse()) {
    const cursor = await lastCursorOf(segment.path);
    if (cursor) return cursor;
  }
  return undefined;
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
  for (const segment of old) await rm(segment.path, { force: true });
  return old.map((segment) => segment.name);
}

/** True for "no such file or folder". */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

async function lastCursorOf(path: string): Promise<Cursor | undefined> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const start = Math.max(0, size - TAIL_BYTES);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
  const text = buffer.toString('utf8', 0, bytesRead);
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.map(cursorOf).findLast((cursor) => cursor !== undefined);
}
