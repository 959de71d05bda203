// What the values of one letter may bring together, counted where they are asked for, also where they are not used. Pure.
import type { Lookup } from '../merge/values.ts';

export type Meter = Readonly<{ lookup: Lookup; isOver(): boolean }>;

const NOTHING = { text: '', html: false } as const;

/** The same look-up until its values have more than `limit` characters together; from then on they are empty, and it is over. */
export function metered(lookup: Lookup, limit: number): Meter {
  let left = limit;
  return {
    lookup: (tag) => {
      if (left < 0) return NOTHING;
      const value = lookup(tag);
      left -= value?.text.length ?? 0;
      return left < 0 ? NOTHING : value;
    },
    isOver: () => left < 0,
  };
}
