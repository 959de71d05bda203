// The last few results of slow work, by key, bounded in number and in bytes; work under way is shared.

type Entry<V> = { work: Promise<V>; bytes: number };

/** Answers from memory, or does the work once for all who ask meanwhile. What fails or weighs `undefined` is not kept. */
export type Cache<V> = (key: string, work: () => Promise<V>) => Promise<V>;

/** A cache that forgets what was not used longest. `weigh`: bytes of a value in memory, undefined: do not keep it. */
export function makeCache<V>(
  limits: Readonly<{ maxEntries: number; maxBytes: number }>,
  weigh: (value: V) => number | undefined,
): Cache<V> {
  const entries = new Map<string, Entry<V>>();
  let bytes = 0;

  const forget = (key: string, entry: Entry<V>): void => {
    if (entries.get(key) !== entry) return;
    entries.delete(key);
    bytes -= entry.bytes;
  };
  const trim = (): void => {
    for (const [key, entry] of entries) {
      if (entries.size <= limits.maxEntries && bytes <= limits.maxBytes) return;
      forget(key, entry);
    }
  };

  return (key, work) => {
    const known = entries.get(key);
    if (known) {
      entries.delete(key); // to the end of the Map: used last
      entries.set(key, known);
      return known.work;
    }
    const entry: Entry<V> = { work: work(), bytes: 0 };
    entries.set(key, entry);
    entry.work.then(
      (value) => {
        if (entries.get(key) !== entry) return;
        const weight = weigh(value);
        if (weight === undefined) return forget(key, entry);
        entry.bytes = weight;
        bytes += weight;
        trim();
      },
      () => forget(key, entry),
    );
    trim();
    return entry.work;
  };
}
