// Bytes that may be in memory at a time, shared by all who make letters: who finds no room waits, and nobody fails.

export type Budget = Readonly<{
  /** Does the work once there is room for so many bytes, which it gives back at its end. More than all there is means all of it. */
  use<T>(bytes: number, work: () => Promise<T>): Promise<T>;
  /** Bytes in use now. */
  inUse(): number;
}>;

/** Makes a budget; who waits is served in the order of coming. */
export function makeBudget(total: number): Budget {
  const waiting: Readonly<{ bytes: number; go: () => void }>[] = [];
  let inUse = 0;
  const fits = (bytes: number): boolean => inUse + bytes <= total;
  const giveBack = (bytes: number): void => {
    inUse -= bytes;
    for (let next = waiting[0]; next && fits(next.bytes); next = waiting[0]) {
      waiting.shift();
      inUse += next.bytes;
      next.go();
    }
  };
  return {
    use: async (wanted, work) => {
      const bytes = Math.min(Math.max(wanted, 0), total);
      if (waiting.length === 0 && fits(bytes)) inUse += bytes;
      else await new Promise<void>((go) => waiting.push({ bytes, go }));
      try {
        return await work();
      } finally {
        giveBack(bytes);
      }
    },
    inUse: () => inUse,
  };
}
