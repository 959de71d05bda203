// A bounded buffer that is written away in batches, in order, and keeps what cannot be written until it can.
import type { Clock } from '../lib/clock.ts';

export type BufferDeps<T> = Readonly<{
  clock: Clock;
  /** Writes a batch, all of it or (rejecting) not surely all: it is then given again. */
  write(batch: readonly T[]): Promise<void>;
  /** How many wait at most. */
  limit: number;
  /** How long each waits, milliseconds, unless there is little room left. */
  holdMs: number;
  /** Called with the reason when writing begins to fail, and with undefined when it works again. */
  onTrouble(why: string | undefined): void;
}>;

export type Buffered<T> = Readonly<{
  /** False when there is no room. */
  add(item: T): boolean;
  size(): number;
  /** Writes what waits, for at most `graceMs`; resolves with how many are left. */
  stop(graceMs: number): Promise<number>;
}>;

const FLUSH_MS = 200;
const TROUBLE_MS = 1000;
const BATCH = 500;

/** Makes a buffer, which writes by itself until it is stopped. */
export function makeBuffer<T>(deps: BufferDeps<T>): Buffered<T> {
  const { clock, limit, holdMs } = deps;
  const waiting: Waiting<T>[] = [];
  const writer = makeWriter(deps, waiting);
  /** Where much waits, room for more counts for more than that each waits its time. */
  const ripeAt = (): number => (waiting.length > limit / 2 ? Infinity : clock.ticks());
  const flush = async (): Promise<void> => {
    while (writer.mayTry() && (await writer.next(ripeAt())));
  };
  const end = clock.every(FLUSH_MS, () => {
    if (!writer.running()) void flush();
  });
  return {
    add: (item) => {
      if (waiting.length >= limit) return false;
      waiting.push({ item, ripe: clock.ticks() + holdMs });
      return true;
    },
    size: () => waiting.length,
    stop: async (graceMs) => {
      end();
      const late = clock.ticks() + graceMs;
      await writer.running();
      while (waiting.length > 0 && clock.ticks() < late)
        if (!(await writer.next(Infinity))) await clock.sleep(Math.min(FLUSH_MS, graceMs));
      return waiting.length;
    },
  };
}

type Waiting<T> = Readonly<{ item: T; ripe: number }>;

type Writer = Readonly<{
  /** Writes one batch of what was ripe at `until`; false when there was none, or it could not be written. */
  next(until: number): Promise<boolean>;
  /** The batch that is being written just now. */
  running(): Promise<boolean> | undefined;
  /** False for a moment after trouble. */
  mayTry(): boolean;
}>;

/** Takes off the front of `waiting` what it has written, one batch at a time; says when trouble begins and ends. */
function makeWriter<T>({ clock, write, onTrouble }: BufferDeps<T>, waiting: Waiting<T>[]): Writer {
  let notBefore = 0;
  let isFailing = false;
  let running: Promise<boolean> | undefined;

  const writeBatch = async (until: number): Promise<boolean> => {
    const batch = waiting.slice(0, BATCH).filter(({ ripe }) => ripe <= until);
    if (batch.length === 0) return false;
    try {
      await write(batch.map(({ item }) => item));
    } catch (error) {
      if (!isFailing) onTrouble(String(error));
      isFailing = true;
      notBefore = clock.ticks() + TROUBLE_MS;
      return false;
    }
    waiting.splice(0, batch.length);
    if (isFailing) onTrouble(undefined);
    isFailing = false;
    return true;
  };
  return {
    next: (until) => {
      running ??= writeBatch(until).finally(() => (running = undefined));
      return running;
    },
    running: () => running,
    mayTry: () => clock.ticks() >= notBefore,
  };
}
