// One question for all who ask it: asked again when its answer has become old, and never twice at the same time.
import type { Clock } from '../lib/clock.ts';

export type SharedRules = Readonly<{
  clock: Clock;
  /** An answer is good for so long. */
  freshMs: number;
  /** Who comes later waits so long for a newer one, and then gets the old. */
  patienceMs: number;
}>;

/** The first who asks waits for the answer, however long it takes. A failure is told to all who wait for it. */
export function makeShared<T>(
  { clock, freshMs, patienceMs }: SharedRules,
  ask: () => Promise<T>,
): () => Promise<T> {
  let last: Readonly<{ value: T; at: number }> | undefined;
  let running: Promise<T> | undefined;
  const begin = async (): Promise<T> => {
    try {
      const value = await ask();
      last = { value, at: clock.ticks() };
      return value;
    } finally {
      running = undefined;
    }
  };
  return async () => {
    if (last && clock.ticks() - last.at < freshMs) return last.value;
    running ??= begin();
    const old = last;
    if (!old) return running;
    // It is told of its end by those who come later.
    running.catch(() => undefined);
    const late = new AbortController();
    const tooLate = clock.sleep(patienceMs, late.signal).then(() => old.value);
    return Promise.race([running, tooLate]).finally(() => late.abort());
  };
}
