// What may be in use at a time, such as bytes in memory or places at a scanner: who finds no room waits, and nobody fails.

export type Budget = Readonly<{
  /** Does the work once there is room for so much, which it gives back at its end. More than all there is means all of it. */
  use<T>(amount: number, work: () => Promise<T>): Promise<T>;
  /** In use now. */
  inUse(): number;
}>;

/** Makes a budget; who waits is served in the order of coming. */
export function makeBudget(total: number): Budget {
  const waiting: Readonly<{ amount: number; go: () => void }>[] = [];
  let inUse = 0;
  const fits = (amount: number): boolean => inUse + amount <= total;
  const giveBack = (amount: number): void => {
    inUse -= amount;
    for (let next = waiting[0]; next && fits(next.amount); next = waiting[0]) {
      waiting.shift();
      inUse += next.amount;
      next.go();
    }
  };
  return {
    use: async (wanted, work) => {
      const amount = Math.min(Math.max(wanted, 0), total);
      if (waiting.length === 0 && fits(amount)) inUse += amount;
      else await new Promise<void>((go) => waiting.push({ amount, go }));
      try {
        return await work();
      } finally {
        giveBack(amount);
      }
    },
    inUse: () => inUse,
  };
}
