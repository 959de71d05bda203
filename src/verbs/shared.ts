// One question for all who ask it: asked again when its answer has become old, and never twice at the same time.
import type { Clock } from '../lib/clock.ts';

export type SharedRules<T> = Readonly<{
  clock: Clock;
  /** An answer is good for so long. */
  freshMs: number;
  /** Who comes later waits so long for a newer one, and then gets the old. */
  patienceMs: number;
  /** What the first ones get after that time, or after `firstMs`; absent: they wait as long as it takes. */
  otherwise?: T;
  /** How long those wait for whom there is no old answer. */
  firstMs?: number;
}>;

/** A failure is told to all who wait for the answer. */
export function makeShared<T>(rules: SharedRules<T>, ask: () => Promise<T>): () => Promise<T> {
  const { clock, freshMs, patienceMs, otherwise, firstMs = patienceMs } = rules;
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
    const old = last?.value ?? otherwise;
    if (old === undefined) return running;
    // Those who come later are told of its failure.
    running.catch(() => undefined);
    const late = new AbortController();
    const tooLate = clock.sleep(last ? patienceMs : firstMs, late.signal).then(() => old);
    return Promise.race([running, tooLate]).finally(() => late.abort());
  };
}
