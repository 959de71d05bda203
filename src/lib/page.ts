// A page of a list that is in memory as a whole, in the order of a key. Pure.

/** `next` is the key of the last one, absent on the last page. */
export type KeyedPage<T> = Readonly<{ items: readonly T[]; next?: string }>;

/** The first ones behind `after` (absent: the first of all), whatever came or went since the page before. Keys are compared by code units. */
export function pageAfter<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  { after, limit }: Readonly<{ after?: string | undefined; limit: number }>,
): KeyedPage<T> {
  const keyed = all.map((item) => ({ item, key: keyOf(item) }));
  const rest = after === undefined ? keyed : keyed.filter(({ key }) => key > after);
  const page = rest.sort((a, b) => compare(a.key, b.key)).slice(0, limit);
  const items = page.map(({ item }) => item);
  const last = page.at(-1);
  return rest.length > page.length && last ? { items, next: last.key } : { items };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
