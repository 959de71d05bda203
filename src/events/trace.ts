// What the event log has of a delivery near the time it was accepted: found by that time in its id, reading no more than there.
import { timeOfId } from '../lib/ids.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Event } from '../model/event.ts';
import { lastCursor } from './end.ts';
import { listSegments, type Segment } from './folder.ts';
import { cursorOf, readLine } from './line.ts';
import { openSegment, readRange } from './segment-file.ts';
import { offsetOf } from './seek.ts';

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

async function searchSegment(search: Search, segment: Segment, window: Window): Promise<void> {
  await using file = await openSegment(segment);
  if (!file) return; // it was too old, a moment ago
  const size = await file.size();
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
