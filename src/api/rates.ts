// How many requests a principal, and how many wrong keys a network, may send: buckets in the memory of each process.
import type { Clock } from '../lib/clock.ts';
import { makeLru } from '../lib/lru.ts';
import type { Rate } from '../lib/rate.ts';

/** Takes one from the bucket of `key`; milliseconds to wait when it is empty. */
export type Bucket = Readonly<{
  take(key: string): number;
  /** Puts one back. */
  give(key: string): void;
}>;

type Level = { left: number; at: number };

const MAX_KEYS = 10_000;

/** Buckets that hold `burst` and fill at `rate`. */
export function makeBuckets(
  { rate, burst }: Readonly<{ rate: Rate; burst: number }>,
  clock: Pick<Clock, 'ticks'>,
): Bucket {
  const levels = makeLru<Level>(MAX_KEYS);
  const msEach = rate.perMs / rate.count;
  const fill = (key: string): Level => {
    const now = clock.ticks();
    const known = levels.get(key) ?? { left: burst, at: now };
    const level = { left: Math.min(burst, known.left + (now - known.at) / msEach), at: now };
    levels.put(key, level);
    return level;
  };
  const waitOf = ({ left }: Level): number => (left >= 1 ? 0 : Math.ceil((1 - left) * msEach));
  return {
    take: (key) => {
      const level = fill(key);
      const wait = waitOf(level);
      if (wait === 0) level.left--;
      return wait;
    },
    give: (key) => {
      const level = fill(key);
      level.left = Math.min(burst, level.left + 1);
    },
  };
}
