// Reads the event log for one webhook: what it wants, in batches that wait a moment for more.
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Event } from '../model/event.ts';

/** The place of an event in the event log, as its cursors are. */
export type Place = Readonly<{ ms: EpochMs; seq: number; n: number }>;

/** An event with its place. */
export type Placed = Readonly<{ cursor: Place; event: Event }>;

/** The event log and its cursors, as texts and as places. */
export type ReadLog = Readonly<{
  /** Events after the place, oldest first, and then what comes, until `signal` aborts. */
  follow(after: Place, signal: AbortSignal): AsyncIterable<readonly Placed[]>;
  /** Negative when `a` comes before `b`. */
  compare(a: Place, b: Place): number;
  text(place: Place): string;
  /** undefined: it is no cursor. */
  parse(text: string): Place | undefined;
}>;

export type Batch = Readonly<{
  events: readonly Event[];
  /** All up to here is in the batch or not wanted. */
  until: string;
  /** When the first event of the batch was published; undefined: there is none. */
  since: number | undefined;
}>;

export type Gather = Readonly<{
  size: number;
  waitMs: number;
  /** The batch ends here, whatever its size: it was begun before. */
  until?: string | undefined;
}>;

export type Reader = Readonly<{
  /**
   * The next batch. One without events comes now and then, so that what was passed over is written down. undefined: `signal`
   * aborted.
   */
  next(gather: Gather): Promise<Batch | undefined>;
  /** When the next event was published that is read already and wanted; undefined: none is known. */
  ahead(): number | undefined;
  close(): Promise<void>;
}>;

/** Bytes of events in a batch: what is more waits for the next one. */
const MAX_BATCH_BYTES = 1024 * 1024;
const PASSED_OVER_MS = 5000;

export type ReaderDeps = Readonly<{
  events: ReadLog;
  clock: Clock;
  after: Place;
  wants(event: Event): boolean;
  signal: AbortSignal;
}>;

/** Begins to read after a cursor. */
export function openReader({ events, clock, after, wants, signal }: ReaderDeps): Reader {
  const end = new AbortController();
  const both = AbortSignal.any([signal, end.signal]);
  const more = makePull(events.follow(after, both)[Symbol.asyncIterator](), clock, both);
  let ready: readonly Placed[] = [];
  let at = after;

  /** Moves what is wanted of `ready` into the pile. True when the batch is complete. */
  const fill = (pile: Pile, until: Place | undefined): boolean => {
    for (let i = 0; i < ready.length; i++) {
      const placed = ready[i];
      if (!placed) break;
      const isWanted = wants(placed.event);
      const isNext =
        until === undefined
          ? isWanted && pile.isFull(placed.event)
          : events.compare(placed.cursor, until) > 0;
      if (isNext) {
        ready = ready.slice(i);
        return true;
      }
      if (isWanted) pile.add(placed);
      at = placed.cursor;
    }
    ready = [];
    return until === undefined ? pile.isLong() : events.compare(at, until) >= 0;
  };
  return {
    next: async ({ size, waitMs, until: last }) => {
      const until = last === undefined ? undefined : events.parse(last);
      const pile = makePile(size);
      // What a batch was begun with is on disk: it comes soon, or it is kept no longer.
      let late = clock.ticks() + PASSED_OVER_MS;
      let hasEvents = false;
      while (!fill(pile, until)) {
        if (!hasEvents && pile.size() > 0 && until === undefined) late = clock.ticks() + waitMs;
        hasEvents = pile.size() > 0;
        const came = await more(late - clock.ticks());
        if (came === 'end') return undefined;
        if (came === 'late') break;
        ready = came;
      }
      return pile.batch(events.text(at));
    },
    ahead: () => {
      const placed = ready.find(({ event }) => wants(event));
      return placed?.cursor.ms;
    },
    close: async () => {
      end.abort();
      await more(0);
    },
  };
}

/** Waits for the next events, at most so long; what came late is there the next time. "end": `signal` aborted. */
function makePull(
  source: AsyncIterator<readonly Placed[]>,
  clock: Clock,
  signal: AbortSignal,
): (waitMs: number) => Promise<readonly Placed[] | 'late' | 'end'> {
  let pending: Promise<readonly Placed[] | 'end'> | undefined;
  const pull = async (): Promise<readonly Placed[] | 'end'> => {
    const { done, value } = await source.next();
    return done === true ? 'end' : value;
  };
  return async (waitMs) => {
    if (!pending) {
      pending = pull();
      pending.catch(() => undefined); // told to who waits for it next
    }
    // A reader of a file that is to end is at its end soon.
    if (signal.aborted) return pending.then(() => 'end' as const);
    if (waitMs <= 0) return 'late';
    const cut = new AbortController();
    const late = clock.sleep(waitMs, AbortSignal.any([signal, cut.signal])).then(() => 'late' as const);
    try {
      const came = await Promise.race([pending, late]);
      if (came !== 'late') pending = undefined;
      return signal.aborted ? 'end' : came;
    } finally {
      cut.abort();
    }
  };
}

type Pile = ReturnType<typeof makePile>;

function makePile(size: number) {
  const events: Event[] = [];
  let bytes = 0;
  let since: number | undefined;
  return {
    size: () => events.length,
    isLong: () => events.length >= size,
    isFull: (event: Event) =>
      events.length >= size || (events.length > 0 && bytes + weightOf(event) > MAX_BATCH_BYTES),
    add: ({ cursor, event }: Placed) => {
      since ??= cursor.ms;
      bytes += weightOf(event);
      events.push(event);
    },
    batch: (until: string): Batch => ({ events, until, since }),
  };
}

/** About: only a few parts of an event can be long. */
function weightOf({ conversation = '', metadata, tags, url = '' }: Event): number {
  const parts = metadata || tags ? JSON.stringify([metadata, tags]).length : 0;
  return 1500 + conversation.length + url.length + parts;
}
