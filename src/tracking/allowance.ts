// How much an account may store for its links in a day: what is too long for a token lies in Redis for a year.
import type { Clock } from '../lib/clock.ts';
import { makeLru } from '../lib/lru.ts';
import type { Kept } from './facts.ts';

/** Bytes that an account may store for its links in a day. Within 365 days this is 182 MiB at most. */
export const DAILY_BYTES = 512 * 1024;
/** What Redis needs for an entry beside its text. */
const ENTRY_BYTES = 150;
/** Texts that were stored lately: a campaign's long link is asked for once for each recipient, and stored once. */
const MAX_KNOWN = 2000;
const DAY_MS = 86_400_000;

export type Allowance = Readonly<{
  /** The day that bytes are counted for, a number. */
  day(): number;
  /** Takes room for a text at once; false: there is none left today. */
  take(account: string, kept: Kept): boolean;
  /** Says that it was stored, and how many bytes the account has stored on that day in all. */
  stored(account: string, kept: Kept, day: number, used: number): void;
  /** Says that it was not. */
  failed(account: string, kept: Kept): void;
}>;

/** `used`: bytes in Redis as last heard; `waiting`: those on their way there, whose keys are `pending`. */
type Count = { day: number; used: number; waiting: number; pending: Set<string> };

/** Bytes that a text counts for. */
export function costOf({ text }: Pick<Kept, 'text'>): number {
  return Buffer.byteLength(text) + ENTRY_BYTES;
}

/** Counts in memory, put right with every answer of Redis: several processes that deliver share what they know a letter later. */
export function makeAllowance(clock: Pick<Clock, 'now'>): Allowance {
  const counts = new Map<string, Count>();
  const known = makeLru<true>(MAX_KNOWN);
  const day = (): number => Math.floor(clock.now() / DAY_MS);
  const countOf = (account: string): Count => {
    const found = counts.get(account);
    if (found?.day === day()) return found;
    const count = { day: day(), used: 0, waiting: 0, pending: new Set<string>() };
    counts.set(account, count);
    return count;
  };
  const arrive = (account: string, kept: Kept): Count => {
    const count = countOf(account);
    if (count.pending.delete(kept.key)) count.waiting -= costOf(kept);
    return count;
  };
  return {
    day,
    take: (account, kept) => {
      const count = countOf(account);
      if (known.get(kept.key) || count.pending.has(kept.key)) return true;
      if (count.used + count.waiting + costOf(kept) > DAILY_BYTES) return false;
      count.pending.add(kept.key);
      count.waiting += costOf(kept);
      return true;
    },
    stored: (account, kept, onDay, used) => {
      const count = arrive(account, kept);
      if (count.day === onDay) count.used = Math.max(count.used, used);
      known.put(kept.key, true);
    },
    failed: (account, kept) => void arrive(account, kept),
  };
}
