// The shared tail of the event log: one reader for all who follow it; who lags behind reads the disk by itself.
import { BEGINNING, type Cursor } from './cursor.ts';
import type { Recorded } from './line.ts';
import type { Batch } from './read.ts';
import { earlier, lastOf, later, makeRing, type Place, type Ring, type RingLimits } from './ring.ts';

/** The segments as one reader sees them. */
export type Disk = Readonly<{
  /** What comes after the cursor, to the present end. */
  read(after: Cursor): AsyncGenerator<Batch>;
  /** The same, and then what comes, until `signal` aborts. */
  follow(after: Cursor, signal: AbortSignal): AsyncGenerator<Batch>;
  /** Cursor of the last event. */
  end(): Promise<Cursor | undefined>;
}>;

export type Tail = Readonly<{
  /** As EventLog.follow. The batches are handed to all followers: nobody may change them. */
  follow(after: Cursor | undefined, signal: AbortSignal): AsyncGenerator<readonly Recorded[]>;
  /** Who is served from memory just now, and what is kept for them. */
  size(): Readonly<{ followers: number; events: number; bytes: number }>;
}>;

const LIMITS: RingLimits = { events: 10_000, bytes: 8 * 1024 * 1024 };

type Waiting = Readonly<{ resolve(): void; reject(error: unknown): void }>;

/** The ring with its reader, there while somebody is served from it. */
type Shared = {
  readonly ring: Ring;
  readonly waiting: Map<Place, Waiting>;
  readonly stop: AbortController;
  reader: AsyncGenerator<Batch> | undefined;
  reading: boolean;
};

/**
 * Makes the tail. The reader reads on when a follower has had all that is in memory: the fastest one sets the pace, and
 * what all have had is forgotten. A follower that lags more than `limits` reads the disk until it has caught up.
 */
export function makeTail(disk: Disk, limits = LIMITS): Tail {
  let shared: Shared | undefined;
  const isInMemory = (at: Cursor): boolean => shared?.ring.holds(at) ?? false;

  /** Reads the disk until memory holds what comes next, or `signal` aborts; returns the place that it has come to. */
  async function* catchUp(after: Cursor, signal: AbortSignal): AsyncGenerator<readonly Recorded[], Cursor> {
    // What the others have had was on disk before this reading begins: at its end it is behind us, too.
    const reached = shared?.ring.end() ?? after;
    let at = after;
    for await (const batch of disk.read(after)) {
      if (signal.aborted) return at;
      at = lastOf(batch);
      yield batch.events;
      if (signal.aborted || isInMemory(at)) return at;
    }
    return later(at, reached);
  }

  /** Hands out what comes, until the follower falls out of the ring or `signal` aborts; returns its place. */
  async function* fromMemory(
    its: Shared,
    { after, signal }: Readonly<{ after: Cursor; signal: AbortSignal }>,
  ): AsyncGenerator<readonly Recorded[], Cursor> {
    const place = its.ring.join(after);
    const leave = (): void => {
      its.waiting.get(place)?.resolve();
      its.waiting.delete(place);
      if (its.ring.leave(place) > 0 || shared !== its) return;
      shared = undefined;
      end(its);
    };
    signal.addEventListener('abort', leave, { once: true });
    try {
      while (its.ring.has(place)) {
        const news = its.ring.take(place);
        if (news) yield news;
        else await arrival(its, { place, disk });
      }
      return place.at;
    } finally {
      signal.removeEventListener('abort', leave);
      leave();
    }
  }

  return {
    follow: async function* (after, signal) {
      let at = after ?? BEGINNING;
      while (!signal.aborted) {
        if (!isInMemory(at)) at = yield* catchUp(at, signal);
        // Not by `at` alone: a cursor of the future would make the others miss what comes until then.
        const start = shared ? at : earlier(at, (await disk.end()) ?? BEGINNING);
        if (signal.aborted) return;
        shared ??= begin(start, limits);
        if (isInMemory(at)) at = yield* fromMemory(shared, { after: at, signal });
      }
    },
    size: () => shared?.ring.size() ?? { followers: 0, events: 0, bytes: 0 },
  };
}

function begin(at: Cursor, limits: RingLimits): Shared {
  return {
    ring: makeRing(at, limits),
    waiting: new Map(),
    stop: new AbortController(),
    reader: undefined,
    reading: false,
  };
}

function end({ stop, reader }: Shared): void {
  stop.abort();
  void reader?.return(undefined).catch(() => undefined); // closes its file
}

/** Resolves when there may be more for the place, or it was left; rejects when the disk cannot be read. */
function arrival(shared: Shared, { place, disk }: Readonly<{ place: Place; disk: Disk }>): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    shared.waiting.set(place, { resolve, reject });
    if (!shared.reading) void readOn(shared, disk);
  });
}

async function readOn(shared: Shared, disk: Disk): Promise<void> {
  shared.reading = true;
  shared.reader ??= disk.follow(shared.ring.end(), shared.stop.signal);
  try {
    const { value, done } = await shared.reader.next();
    if (done !== true) shared.ring.put(value);
    wake(shared, (waiting) => waiting.resolve());
  } catch (error) {
    shared.reader = undefined;
    wake(shared, (waiting) => waiting.reject(error));
  }
}

function wake(shared: Shared, say: (waiting: Waiting) => void): void {
  shared.reading = false;
  const all = [...shared.waiting.values()];
  shared.waiting.clear();
  all.forEach(say);
}
