// A clock that a test moves by hand: time stands still until pass() is called, and timers run when their time has come.
import type { Clock } from '../../src/lib/clock.ts';

export type HandClock = Clock & Readonly<{ pass(ms: number): void }>;

type Timer = { at: number; every: number | undefined; task: () => void };

/** Begins at `start`, epoch milliseconds; ticks count from 0. Promises settle between timers only when the test awaits. */
export function handClock(start = Date.UTC(2026, 0, 1)): HandClock {
  let ticks = 0;
  const timers = new Set<Timer>();
  const add = (ms: number, every: number | undefined, task: () => void): (() => void) => {
    const timer: Timer = { at: ticks + ms, every, task };
    timers.add(timer);
    return () => timers.delete(timer);
  };
  const due = (until: number): Timer | undefined =>
    [...timers].filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
  return {
    now: () => start + ticks,
    ticks: () => ticks,
    every: (ms, task) => add(ms, ms, task),
    after: (ms, task) => add(ms, undefined, task),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const end = add(ms, undefined, resolve);
        signal?.addEventListener('abort', () => {
          end();
          resolve();
        });
        if (signal?.aborted) resolve();
      }),
    pass: (ms) => {
      const until = ticks + ms;
      for (let timer = due(until); timer; timer = due(until)) {
        ticks = Math.max(ticks, timer.at);
        if (timer.every === undefined) timers.delete(timer);
        else timer.at += timer.every;
        timer.task();
      }
      ticks = until;
    },
  };
}
