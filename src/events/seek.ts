// Where in a segment the events of a moment begin, found without reading what is before.
import type { EpochMs } from '../lib/clock.ts';
import { cursorOf, MAX_LINE } from './line.ts';
import { readRange, type SegmentFile } from './segment-file.ts';

/** Surely holds a whole line, behind the end of another (a character is at most 4 bytes). */
const PROBE = 2 * 4 * MAX_LINE;

/**
 * A place before which all events are older than `from`; found by halves, since they stand in the order of their time. It may
 * be within a line, which is older, too.
 */
export async function offsetOf(file: SegmentFile, size: number, from: EpochMs): Promise<number> {
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
