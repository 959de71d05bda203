// Turns: so many at a time, the others wait in the order in which they came.

export type Turns = Readonly<{
  /** Resolves when it is one's turn, or when `signal` aborts; ends it. It may be ended more than once. */
  take(signal: AbortSignal): Promise<() => void>;
}>;

export function makeTurns(atOnce: number): Turns {
  let taken = 0;
  const waiting: (() => void)[] = [];
  const next = (): void => {
    const first = waiting.shift();
    if (first) first();
    else taken--;
  };
  return {
    take: async (signal) => {
      if (signal.aborted) return () => undefined;
      if (taken >= atOnce) {
        const left = await new Promise<boolean>((resolve) => {
          const come = (): void => {
            signal.removeEventListener('abort', leave);
            resolve(false);
          };
          const leave = (): void => {
            waiting.splice(waiting.indexOf(come), 1);
            resolve(true);
          };
          waiting.push(come);
          signal.addEventListener('abort', leave, { once: true });
        });
        if (left) return () => undefined;
      } else taken++;
      let ended = false;
      return () => {
        if (!ended) next();
        ended = true;
      };
    },
  };
}
