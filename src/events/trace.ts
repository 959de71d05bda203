// What the history has of a delivery near the time it was accepted: found by that time in its id, reading no more than there.
import { open, type FileHandle } from 'node:fs/promises';
import { timeOfId } from '../lib/ids.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Event } from '../model/event.ts';
import { isMissing, lastCursor, listSegments, type Segment } from './folder.ts';
import { cursorOf, MAX_LINE, readLine } from './line.ts';

/**
 * found: its first events, or those of all deliveries of a submission · early: what was accepted then is not written down yet ·
 * gone: it is not kept any more, or was never there.
 */
export type Trace =
  | Readonly<{ kind: 'found'; events: readonly Event[] }>
  | Readonly<{ kind: 'early' | 'gone' }>;

/** Clocks of our hosts and of Redis differ by little, most of the time; then by so much at most. */
const WINDOWS: readonly Readonly<{ before: number; after: number }>[] = [
  { before: 2_000, after: 10_000 },
  { before: 120_000, after: 120_000 },
];
const BLOCK = 1024 * 1024;
/** Surely holds a whole line, behind the end of another (a character is at most 4 bytes). */
const PROBE = 2 * 4 * MAX_LINE;
/** What one search may read. */
const MAX_BYTES = 256 * BLOCK;
/** What is read on for later events, once the first one is there. */
const MORE_BYTES = 8 * BLOCK;
const MAX_EVENTS = 2000;

/** Looks for a delivery or a submission. */
export async function traceOf(folder: string, id: string): Promise<Trace> {
  const at = timeOfId(id);
  if (at === undefined) return { kind: 'gone' };
  const search: Search = {
    needle: Buffer.from(`"${id.includes('-') ? 'delivery' : 'submission'}":"${id}"`),
    left: MAX_BYTES,
    events: [],
  };
  const segments = await listSegments(folder);
  for (const { before, after } of WINDOWS) {
    await searchWindow(search, segments, { from: at - before, to: at + after });
    if (search.events.length > 0) return { kind: 'found', events: search.events };
  }
  const last = await lastCursor(folder);
  return { kind: last === undefined || last.ms < at + (WINDOWS[0]?.after ?? 0) ? 'early' : 'gone' };
}

type Search = { readonly needle: Buffer; left: number; events: Event[] };
type Window = Readonly<{ from: EpochMs; to: EpochMs }>;

async function searchWindow(search: Search, segments: readonly Segment[], window: Window): Promise<void> {
  const first = Math.max(
    0,
    segments.findLastIndex(({ first: { ms } }) => ms <= window.from),
  );
  for (const segment of segments.slice(first)) {
    if (segment.first.ms > window.to || search.left <= 0) return;
    await searchSegment(search, segment, window);
  }
}

async function searchSegment(search: Search, { path }: Segment, window: Window): Promise<void> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (isMissing(error)) return undefined; // it was too old, a moment ago
    throw error;
  });
  if (!file) return;
  try {
    const { size } = await file.stat();
    let offset = await offsetOf(file, size, window.from);
    let carry: Buffer = Buffer.alloc(0);
    while (offset < size && search.left > 0) {
      const block = await readRange(file, offset, Math.min(size, offset + BLOCK));
      if (block.length === 0) return; // it was cut meanwhile
      offset += block.length;
      search.left -= block.length;
      const whole = Buffer.concat([carry, block]);
      const end = whole.lastIndexOf(0x0a) + 1;
      carry = whole.subarray(end);
      takeFrom(whole.subarray(0, end), search);
      if (isOver(whole.subarray(0, end), window.to)) return;
    }
  } finally {
    await file.close();
  }
}

/** Blocks without the needle are passed over. */
function takeFrom(lines: Buffer, search: Search): void {
  const { needle, events } = search;
  for (let at = lines.indexOf(needle); at >= 0 && events.length < MAX_EVENTS;) {
    const start = lines.lastIndexOf(0x0a, at) + 1;
    const end = lines.indexOf(0x0a, at);
    const recorded = readLine(lines.toString('utf8', start, end));
    if (recorded) {
      if (events.length === 0) search.left = Math.min(search.left, MORE_BYTES);
      events.push(recorded.event);
    }
    at = lines.indexOf(needle, end);
  }
}

function isOver(lines: Buffer, to: EpochMs): boolean {
  const start = lines.lastIndexOf(0x0a, -2) + 1;
  const cursor = lines.length < 2 ? undefined : cursorOf(lines.toString('utf8', start, lines.length - 1));
  return cursor !== undefined && cursor.ms > to;
}

/** A place before which all events are older; found by halves, since they stand in the order of their time. */
async function offsetOf(file: FileHandle, size: number, from: EpochMs): Promise<number> {
  let [low, high] = [0, size];
  while (high - low > 2 * PROBE) {
    const middle = Math.floor((low + high) / 2);
    const text = (await readRange(file, middle, Math.min(high, middle + PROBE))).toString('utf8');
    const lines = text.slice(text.indexOf('\n') + 1).split('\n');
    const ms = lines.map(cursorOf).find((cursor) => cursor !== undefined)?.ms;
    if (ms === undefined || ms >= from) high = middle;
    else low = middle;
  }
  return low;
}

async function readRange(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(end - start), 0, end - start, start);
  return buffer.subarray(0, bytesRead);
}
