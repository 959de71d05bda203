// Seats: so many are taken at a time, the others wait in the order in which they came.

export type Seats = Readonly<{
  /** Resolves when one is free, or when `signal` aborts, to what gives it back. It may be given back more than once. */
  take(signal: AbortSignal): Promise<() => void>;
}>;

/** Makes `count` seats, all of them free. */
export function makeSeats(count: number): Seats {
  let taken = 0;
  const waiting: (() => void)[] = [];
  const next = (): void => {
    const first = waiting.shift();
    if (first) first();
    else taken--;
  };
  /** To false when `signal` aborts before there is one. */
  const wait = (signal: AbortSignal): Promise<boolean> =>
    new Promise((resolve) => {
      const come = (): void => {
        signal.removeEventListener('abort', leave);
        resolve(true);
      };
      const leave = (): void => {
        waiting.splice(waiting.indexOf(come), 1);
        resolve(false);
      };
      waiting.push(come);
      signal.addEventListener('abort', leave, { once: true });
    });
  return {
    take: async (signal) => {
      if (signal.aborted) return () => undefined;
      if (taken < count) taken++;
      else if (!(await wait(signal))) return () => undefined;
      let isBack = false;
      return () => {
        if (!isBack) next();
        isBack = true;
      };
    },
  };
}
