// The event log as others use it: read from a cursor, follow, search.
import type { Clock } from '../lib/clock.ts';
import { cursorBefore, cursorText, parseCursor, type Cursor } from './cursor.ts';
import { lastCursor } from './end.ts';
import type { Recorded } from './line.ts';
import { readForward, type Batch } from './read.ts';
import { matches, type Filter } from './filter.ts';
import { search, type Found } from './search.ts';
import { makeTail } from './tail.ts';
import { traceOf, type Trace } from './trace.ts';

export type EventLog = Readonly<{
  /** Events after the cursor, oldest first, in batches, to the present end. undefined: from the oldest kept. */
  read(after: Cursor | undefined): AsyncGenerator<readonly Recorded[]>;
  /**
   * The same, and then what comes, until `signal` aborts. All who follow by one EventLog share one reader and what it
   * read: keep one per process, and change no batch.
   */
  follow(after: Cursor | undefined, signal: AbortSignal): AsyncGenerator<readonly Recorded[]>;
  /** At most `limit` events that match, newest first. */
  search(filter: Filter, limit: number): Promise<Found>;
  /** The first events of a delivery, or of all deliveries of a submission; cheap however long the log is. */
  trace(id: string): Promise<Trace>;
  /** Cursor of the last event on disk. */
  end(): Promise<Cursor | undefined>;
}>;

const POLL_MS = 200;

/** The event log in `folder` ("<data>/events"), which may be written at the same time by this or another process. */
export function openEventLog({ folder, clock }: Readonly<{ folder: string; clock: Clock }>): EventLog {
  const read = (after: Cursor | undefined): AsyncGenerator<Batch> =>
    readForward({ folder, after, more: () => Promise.resolve(false) });
  const follow = (after: Cursor, signal: AbortSignal): AsyncGenerator<Batch> =>
    readForward({
      folder,
      after,
      more: async () => {
        await clock.sleep(POLL_MS, signal);
        return !signal.aborted;
      },
    });
  const end = (): Promise<Cursor | undefined> => lastCursor(folder);
  return {
    read: async function* (after) {
      for await (const { events } of read(after)) yield events;
    },
    follow: makeTail({ read, follow, end }).follow,
    search: (filter, limit) => search(folder, filter, limit),
    trace: (id) => traceOf(folder, id),
    end,
  };
}

export {
  cursorBefore,
  cursorText,
  matches,
  parseCursor,
  type Cursor,
  type Filter,
  type Found,
  type Recorded,
  type Trace,
};
