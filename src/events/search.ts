// Searching the event log, newest events first, reading as little of it as the filter allows.
import type { EpochMs } from '../lib/clock.ts';
import { cursorText } from './cursor.ts';
import { earliest, matches, needlesOf, type Filter } from './filter.ts';
import { listSegments, type Segment } from './folder.ts';
import { cursorOf, readLine, type Recorded } from './line.ts';
import { openSegment, readRange } from './segment-file.ts';

/** At most `limit` events, newest first; `complete` is false when there may be more. */
export type Found = Readonly<{ events: readonly Recorded[]; complete: boolean }>;

const BLOCK = 1024 * 1024;
/** Clocks of our hosts and of Redis may differ by so much. */
const SLACK_MS = 120_000;

/** Searches all segments of `folder`. Stops early where the filter's times, or the time in an id, allow it. */
export async function search(folder: string, filter: Filter, limit: number): Promise<Found> {
  const found = new Map<string, Recorded>();
  for await (const recorded of candidates(folder, filter)) {
    if (!matches(recorded.event, filter)) continue;
    found.set(cursorText(recorded.cursor), recorded);
    if (found.size >= limit) return { events: [...found.values()], complete: false };
  }
  return { events: [...found.values()], complete: true };
}

/** Events that may match, newest first. */
async function* candidates(folder: string, filter: Filter): AsyncGenerator<Recorded> {
  const since = earliest(filter) - SLACK_MS;
  const until = (filter.until ?? Infinity) + SLACK_MS;
  const needles = needlesOf(filter);
  for (const segment of (await listSegments(folder)).toReversed()) {
    if (segment.first.ms > until) continue;
    for await (const lines of blocksBackward(segment, needles)) {
      if (isOlder(lines.at(-1), since)) return;
      yield* readLines(lines, needles);
    }
    if (segment.first.ms < since) return;
  }
}

function* readLines(lines: readonly string[], needles: readonly string[]): Generator<Recorded> {
  for (const line of lines.toReversed()) {
    if (!needles.every((needle) => line.includes(needle))) continue;
    const recorded = readLine(line);
    if (recorded) yield recorded;
  }
}

function isOlder(line: string | undefined, since: EpochMs): boolean {
  const cursor = line === undefined ? undefined : cursorOf(line);
  return cursor !== undefined && cursor.ms < since;
}

/** Whole lines of a segment in blocks from its end to its beginning; blocks without a needle are passed over. */
async function* blocksBackward(
  segment: Segment,
  needles: readonly string[],
): AsyncGenerator<readonly string[]> {
  await using file = await openSegment(segment);
  let end = (await file?.size()) ?? 0;
  let carry: Buffer = Buffer.alloc(0); // beginning of the block after, whose line begins in this one
  while (file && end > 0) {
    const start = Math.max(0, end - BLOCK);
    const block = Buffer.concat([await readRange(file, start, end), carry]);
    const cut = start === 0 ? 0 : block.indexOf(0x0a) + 1;
    carry = block.subarray(0, cut);
    end = start;
    const whole = block.subarray(cut);
    if (needles.every((needle) => whole.includes(needle)))
      yield whole
        .toString('utf8')
        .split('\n')
        .filter((line) => line !== '');
  }
}
