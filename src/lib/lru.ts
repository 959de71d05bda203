// A map that keeps what was used lately, up to a weight that all its entries have together. Pure.

export type Lru<T> = Readonly<{
  get(key: string): T | undefined;
  put(key: string, value: T): void;
  drop(key: string): void;
  /** Weight held now. */
  weight(): number;
}>;

/**
 * Keeps the most recently used entries up to `maxWeight` together; a heavier one is not kept at all. Without `weightOf`
 * each weighs 1.
 */
export function makeLru<T>(maxWeight: number, weightOf: (value: T, key: string) => number = () => 1): Lru<T> {
  const entries = new Map<string, T>(); // a Map iterates in the order of insertion: the first is the oldest
  let held = 0;
  const drop = (key: string): void => {
    const value = entries.get(key);
    if (value !== undefined) held -= weightOf(value, key);
    entries.delete(key);
  };
  return {
    get: (key) => {
      const value = entries.get(key);
      if (value === undefined) return undefined;
      entries.delete(key);
      entries.set(key, value);
      return value;
    },
    put: (key, value) => {
      drop(key);
      const weight = weightOf(value, key);
      if (weight > maxWeight) return;
      entries.set(key, value);
      held += weight;
      // The first step of a Map that was much used is the dearest: it is only taken where something has to go.
      if (held <= maxWeight) return;
      for (const oldest of entries.keys()) {
        drop(oldest);
        if (held <= maxWeight) return;
      }
    },
    drop,
    weight: () => held,
  };
}
