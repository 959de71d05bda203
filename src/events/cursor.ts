// Cursors: the place of an event in the event log, "<stream id>.<n>", ordered as the events were published. Pure.
import type { EpochMs } from '../lib/clock.ts';

/** Parts of "1767225600000-7.2": Redis stream id (milliseconds, sequence), and which line of that entry. */
export type Cursor = Readonly<{ ms: EpochMs; seq: number; n: number }>;

/** Before all events. */
export const BEGINNING: Cursor = { ms: 0, seq: 0, n: 0 };

const CURSOR = /^(\d{1,15})-(\d{1,15})(?:\.(\d{1,9}))?$/;
/** The largest that can be read as text again; Redis counts far less in a millisecond. */
const MAX_SEQ = 999_999_999_999_999;

/** Reads a cursor or a bare stream id (then line 0); undefined when it is neither. */
export function parseCursor(text: string): Cursor | undefined {
  const match = CURSOR.exec(text);
  return match ? { ms: Number(match[1]), seq: Number(match[2]), n: Number(match[3] ?? 0) } : undefined;
}

export function cursorText(cursor: Cursor): string {
  return `${streamId(cursor)}.${cursor.n}`;
}

/** The Redis stream id in a cursor. */
export function streamId(cursor: Cursor): string {
  return `${cursor.ms}-${cursor.seq}`;
}

/** Negative when `a` comes before `b`, 0 when they are the same place. */
export function compareCursors(a: Cursor, b: Cursor): number {
  return a.ms - b.ms || a.seq - b.seq || a.n - b.n;
}

/** The cursor just before everything that was published at `ms` or later. */
export function cursorBefore(ms: EpochMs): Cursor {
  return { ms: Math.max(0, ms - 1), seq: MAX_SEQ, n: 0 };
}

/** The UTC day of a moment as "20260131", for names of segments. */
export function dayOf(ms: EpochMs): string {
  return new Date(ms).toISOString().slice(0, 10).replaceAll('-', '');
}
