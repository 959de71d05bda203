// What one reader of the event log has read and not all of its followers have had, bounded. Pure.
import { compareCursors, type Cursor } from './cursor.ts';
import type { Recorded } from './line.ts';
import type { Batch } from './read.ts';

/** How much is kept for followers that lag: events, and bytes of their lines. The newest batch is always kept. */
export type RingLimits = Readonly<{ events: number; bytes: number }>;

/** A follower's place: all up to `at` it has had, `next` is the number of the batch that comes next. */
export type Place = { at: Cursor; next: number };

/** Batches in memory with the places of those who read them. A place that falls out is forgotten: see has(). */
export type Ring = Readonly<{
  /** True when all that comes after `at` is here or is not read yet. */
  holds(at: Cursor): boolean;
  /** A new place after `at`, which the ring holds. */
  join(at: Cursor): Place;
  has(place: Place): boolean;
  /** Forgets the place; returns how many are left. */
  leave(place: Place): number;
  /**
   * What is new for the place, and moves it; undefined: it has had all that is here. Who was busy for long gets several
   * batches as one, so that the slower a follower is, the more it does at a time.
   */
  take(place: Place): readonly Recorded[] | undefined;
  put(batch: Batch): void;
  /** Cursor of the last event that was put. */
  end(): Cursor;
  size(): Readonly<{ followers: number; events: number; bytes: number }>;
}>;

/** No batch is joined to so many events: whoever works on them in one go would keep everybody else waiting. */
const ENOUGH = 2000;

/** Makes an empty ring for all that comes after `start`. */
export function makeRing(start: Cursor, limits: RingLimits): Ring {
  const places = new Set<Place>();
  const batches: Batch[] = [];
  let first = 0; // number of the first batch
  let from = start; // all after this is here
  let end = start;
  let events = 0;
  let bytes = 0;

  const drop = (): void => {
    const batch = batches.shift();
    if (!batch) return;
    first += 1;
    from = later(from, lastOf(batch));
    events -= batch.events.length;
    bytes -= batch.bytes;
  };

  /** What all have had goes, and then the oldest until the rest is within the limits. */
  const shrink = (): void => {
    const needed = Math.min(...[...places].map(({ next }) => next));
    while (batches.length > 0 && first < needed) drop();
    while (batches.length > 1 && (events > limits.events || bytes > limits.bytes)) drop();
    for (const place of places) if (place.next < first) places.delete(place);
  };

  return {
    holds: (at) => compareCursors(at, from) >= 0,
    join: (at) => {
      const index = batches.findIndex((batch) => compareCursors(lastOf(batch), at) > 0);
      const place = { at, next: first + (index < 0 ? batches.length : index) };
      places.add(place);
      return place;
    },
    has: (place) => places.has(place),
    leave: (place) => {
      places.delete(place);
      return places.size;
    },
    take: (place) => {
      const news: (readonly Recorded[])[] = [];
      let count = 0;
      for (let batch = batches[place.next - first]; batch; batch = batches[place.next - first]) {
        const more = eventsAfter(batch, place.at);
        if (count > 0 && count + more.length > ENOUGH) break;
        place.next += 1;
        place.at = later(place.at, lastOf(batch));
        if (more.length > 0) news.push(more);
        count += more.length;
      }
      return news.length > 1 ? news.flat() : news[0];
    },
    put: (batch) => {
      batches.push(batch);
      end = later(end, lastOf(batch));
      events += batch.events.length;
      bytes += batch.bytes;
      shrink();
    },
    end: () => end,
    size: () => ({ followers: places.size, events, bytes }),
  };
}

/** The cursor of the batch's last event. */
export function lastOf(batch: Batch): Cursor {
  return batch.events.at(-1)?.cursor ?? { ms: 0, seq: 0, n: 0 };
}

/** The later one of two places in the log. */
export function later(a: Cursor, b: Cursor): Cursor {
  return compareCursors(a, b) < 0 ? b : a;
}

/** The earlier one of two places in the log. */
export function earlier(a: Cursor, b: Cursor): Cursor {
  return compareCursors(a, b) < 0 ? a : b;
}

/** Usually all of the batch, which is then shared. */
function eventsAfter({ events }: Batch, at: Cursor): readonly Recorded[] {
  const [first] = events;
  if (!first || compareCursors(first.cursor, at) > 0) return events;
  return events.filter(({ cursor }) => compareCursors(cursor, at) > 0);
}
