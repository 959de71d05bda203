// The system's clock with a lever: time goes on by itself, and a test can make it jump ahead; timers whose time has come then run.
import { systemClock, type Clock } from '../../src/lib/clock.ts';

export type MovableClock = Clock &
  Readonly<{
    /** Jumps ahead. What repeats runs once, however many turns were passed over. */
    move(ms: number): void;
    /** Goes ahead in steps that are short enough for leases to be renewed on the way. */
    walk(ms: number): Promise<void>;
    /** Ends all timers. */
    stop(): void;
  }>;

type Timer = { at: number; every: number | undefined; task: () => void };

const LOOK_MS = 5;
const STEP_MS = 2_000;
/** Real time for each step: Redis has to answer. */
const STEP_REAL_MS = 15;

/** Starts at `start`, epoch milliseconds, or now. */
export function movableClock(start = systemClock.now()): MovableClock {
  let shift = 0;
  const offset = start - systemClock.now();
  const ticks = (): number => systemClock.ticks() + shift;
  const timers = new Set<Timer>();
  const add = (ms: number, every: number | undefined, task: () => void): (() => void) => {
    const timer = { at: ticks() + ms, every, task };
    timers.add(timer);
    return () => timers.delete(timer);
  };
  const run = (): void => {
    const now = ticks();
    const due = [...timers].filter(({ at }) => at <= now).toSorted((one, other) => one.at - other.at);
    for (const timer of due) {
      // One that an earlier task has taken back.
      if (!timers.has(timer)) continue;
      if (timer.every === undefined) timers.delete(timer);
      else timer.at = now + timer.every;
      timer.task();
    }
  };
  const stop = systemClock.every(LOOK_MS, run);
  const move = (ms: number): void => {
    shift += ms;
    run();
  };
  return {
    now: () => systemClock.now() + offset + shift,
    ticks,
    every: (ms, task) => add(ms, ms, task),
    after: (ms, task) => add(ms, undefined, task),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const end = add(ms, undefined, resolve);
        const cut = (): void => {
          end();
          resolve();
        };
        signal?.addEventListener('abort', cut, { once: true });
      }),
    move,
    walk: async (ms) => {
      for (let left = ms; left > 0; left -= STEP_MS) {
        move(Math.min(left, STEP_MS));
        await systemClock.sleep(STEP_REAL_MS);
      }
    },
    stop,
  };
}
