// Seats: so many are taken at a time, the others wait in the order in which they came.

export type Seats = Readonly<{
  /**
   * Resolves when one is free, to what gives it back, which may be called more than once; undefined: too many wait already, or
   * `signal` aborted.
   */
  take(signal?: AbortSignal): Promise<(() => void) | undefined>;
}>;

/** Makes `count` seats, all of them free; `maxWaiting`: how many may wait for one. */
export function makeSeats(count: number, maxWaiting = Infinity): Seats {
  let taken = 0;
  const waiting: (() => void)[] = [];
  const next = (): void => {
    const first = waiting.shift();
    if (first) first();
    else taken--;
  };
  /** To false when `signal` aborts before there is one. */
  const wait = (signal: AbortSignal | undefined): Promise<boolean> =>
    new Promise((resolve) => {
      const come = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve(true);
      };
      const leave = (): void => {
        waiting.splice(waiting.indexOf(come), 1);
        resolve(false);
      };
      waiting.push(come);
      signal?.addEventListener('abort', leave, { once: true });
    });
  return {
    take: async (signal) => {
      if (signal?.aborted) return undefined;
      if (taken < count) taken++;
      else if (waiting.length >= maxWaiting || !(await wait(signal))) return undefined;
      let isBack = false;
      return () => {
        if (!isBack) next();
        isBack = true;
      };
    },
  };
}
