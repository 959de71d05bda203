// The parsed templates that a rendering thread used last, bounded in number and in weight. Pure.

type Entry<V> = Readonly<{ source: string; parsed: V; weight: number }>;

/** The template of `source`, parsed now or kept from before under the same key. */
export type TemplateCache<V> = (key: string, source: string, parse: (source: string) => V) => V;

const MAX_TEMPLATES = 300;
/** Bytes, roughly. */
const MAX_WEIGHT = 16 * 1024 * 1024;
/** Bytes that the tree of one tag takes, measured with liquidjs. */
const TAG_BYTES = 800;

/** A key whose source has changed is parsed anew: a key that is wrong costs time and never shows another's template. */
export function makeTemplateCache<V>(): TemplateCache<V> {
  const entries = new Map<string, Entry<V>>();
  let weight = 0;

  const forget = (key: string): void => {
    weight -= entries.get(key)?.weight ?? 0;
    entries.delete(key);
  };
  const keep = (key: string, entry: Entry<V>): void => {
    forget(key);
    entries.set(key, entry); // at the end of the Map: used last
    weight += entry.weight;
    for (const oldest of entries.keys()) {
      if (entries.size <= MAX_TEMPLATES && weight <= MAX_WEIGHT) return;
      forget(oldest);
    }
  };

  return (key, source, parse) => {
    const known = entries.get(key);
    const entry = known?.source === source ? known : { source, parsed: parse(source), weight: weigh(source) };
    keep(key, entry);
    return entry.parsed;
  };
}

const weigh = (source: string): number => source.length * 2 + (source.split('{').length - 1) * TAG_BYTES;
