// Events written to segments as the relay does, and read back, for tests that need no Redis.
import { lastCursor } from '../../src/events/end.ts';
import { linesOf } from '../../src/events/line.ts';
import { readForward, type Batch } from '../../src/events/read.ts';
import type { Disk } from '../../src/events/tail.ts';
import { makeWriter } from '../../src/events/writer.ts';
import { systemClock } from '../../src/lib/clock.ts';

const START = Date.UTC(2026, 0, 1);

export type LogWriter = Readonly<{
  /** Writes so many further events, numbered from 0, as `S<n>-1.delivered`, and syncs them. */
  write(count: number): Promise<void>;
  written(): number;
  /** Ids of the events that were written, from number `from` on and before `to`. */
  ids(from: number, to?: number): readonly string[];
  close(): Promise<void>;
}>;

const idOf = (n: number): string => `S${n}-1.delivered`;

/** The cursor of event `n`. */
export const cursorAt = (n: number) => ({ ms: START + n, seq: 0, n: 0 });

/** Writes segments to `folder`, a new one after each `segmentBytes`; `padding` characters make the events long. */
export function openLogWriter(folder: string, segmentBytes = 4096, padding = 0): LogWriter {
  const writer = makeWriter({ folder, segmentBytes });
  let next = 0;
  return {
    write: async (count) => {
      for (const end = next + count; next < end; next++) {
        const { ms, seq } = cursorAt(next);
        const event = {
          v: 1,
          id: idOf(next),
          type: 'delivered',
          at: ms,
          reason: 'x'.repeat(padding),
        };
        await writer.append(
          linesOf({ id: `${ms}-${seq}`, event: JSON.stringify(event), pairs: undefined }).text,
          cursorAt(next),
        );
      }
      await writer.sync();
    },
    written: () => next,
    ids: (from, to = next) => Array.from({ length: to - from }, (_, i) => idOf(from + i)),
    close: () => writer.close(),
  };
}

/** The segments in `folder`, with how many readers began, how many of them are open, and how many events they gave. */
export function countedDisk(folder: string): Disk & { began: number; open: number; events: number } {
  const counts = { began: 0, open: 0, events: 0 };
  async function* counted(batches: AsyncGenerator<Batch>): AsyncGenerator<Batch> {
    counts.began += 1;
    counts.open += 1;
    try {
      for await (const batch of batches) {
        counts.events += batch.events.length;
        yield batch;
      }
    } finally {
      counts.open -= 1;
    }
  }
  return Object.assign(counts, {
    end: () => lastCursor(folder),
    read: (after: ReturnType<typeof cursorAt>) =>
      counted(readForward({ folder, after, more: () => Promise.resolve(false) })),
    follow: (after: ReturnType<typeof cursorAt>, signal: AbortSignal) =>
      counted(
        readForward({
          folder,
          after,
          more: async () => {
            await systemClock.sleep(10, signal);
            return !signal.aborted;
          },
        }),
      ),
  });
}
