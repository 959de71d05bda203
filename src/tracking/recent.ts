// A bounded memory for what was seen lately: two maps, of which the older one goes as a whole. Pure.

export type Recent<T> = Readonly<{
  get(key: string): T | undefined;
  set(key: string, value: T): void;
  size(): number;
}>;

/**
 * Remembers at least the last `limit` keys, and at most twice as many. Taking single keys off the front of one map would leave
 * holes that each look at the front has to step over: with thousands of keys that costs more than all the rest.
 */
export function makeRecent<T>(limit: number): Recent<T> {
  let young = new Map<string, T>();
  let old = new Map<string, T>();
  return {
    get: (key) => young.get(key) ?? old.get(key),
    set: (key, value) => {
      if (young.size >= limit && !young.has(key)) {
        old = young;
        young = new Map();
      }
      young.set(key, value);
    },
    size: () => young.size + old.size,
  };
}
