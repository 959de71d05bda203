// Where the log ends: the last whole line on disk.
import type { Cursor } from './cursor.ts';
import { listSegments, type Segment } from './folder.ts';
import { cursorOf, MAX_LINE } from './line.ts';
import { openSegment, readRange } from './segment-file.ts';

/** Bytes from the end that surely hold a whole line (a character is at most 4 bytes). */
const TAIL_BYTES = 2 * 4 * MAX_LINE;

/** The cursor of the last whole line on disk; undefined when there is none. A torn line does not count. */
export async function lastCursor(folder: string): Promise<Cursor | undefined> {
  const segments = await listSegments(folder);
  for (const segment of segments.toReversed()) {
    const cursor = await lastCursorOf(segment);
    if (cursor) return cursor;
  }
  return undefined;
}

async function lastCursorOf(segment: Segment): Promise<Cursor | undefined> {
  await using file = await openSegment(segment);
  if (!file) return undefined;
  const size = await file.size();
  const text = (await readRange(file, Math.max(0, size - TAIL_BYTES), size)).toString('utf8');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.map(cursorOf).findLast((cursor) => cursor !== undefined);
}
