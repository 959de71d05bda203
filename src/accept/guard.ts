// The guard against password guessing: failures by address and by user in sliding windows, answered with growing delays.
import type { EpochMs } from '../lib/clock.ts';
import { makeLru, type Lru } from '../lib/lru.ts';

/** What may happen before a password is looked at. */
export type Gate = Readonly<{ kind: 'open'; delayMs: number } | { kind: 'closed' }>;

export type Guard = Readonly<{
  /** Asked before hashing. `now` in milliseconds. */
  check(address: string, user: string, now: EpochMs): Gate;
  failed(address: string, user: string, now: EpochMs): void;
  succeeded(address: string, user: string): void;
}>;

const WINDOW_MS = 15 * 60_000;
const MAX_KEYS = 20_000;
const FREE_FAILURES = 3;
const DELAY_STEP_MS = 500;
const MAX_DELAY_MS = 5000;
const ADDRESS_CLOSES_AT = 20;
/** Far more than an address may: else a stranger could lock a user out. Addresses that once had the password are let in. */
const USER_CLOSES_AT = 100;

type Count = Readonly<{ failures: number; since: EpochMs }>;

/** Makes a guard. It keeps at most 20,000 addresses and users; those of whom nothing was heard longest are forgotten first. */
export function makeGuard(): Guard {
  const byAddress = makeLru<Count>(MAX_KEYS);
  const byUser = makeLru<Count>(MAX_KEYS);
  const trusted = makeLru<true>(MAX_KEYS);
  return {
    check: (address, user, now) => {
      const here = failuresOf(byAddress, blockOf(address), now);
      const isTrusted = trusted.get(`${user} ${address}`);
      const there = isTrusted ? 0 : failuresOf(byUser, user, now);
      if (here >= ADDRESS_CLOSES_AT || there >= USER_CLOSES_AT) return { kind: 'closed' };
      const beyond = Math.max(here, there) - FREE_FAILURES;
      return { kind: 'open', delayMs: Math.min(MAX_DELAY_MS, Math.max(0, beyond) * DELAY_STEP_MS) };
    },
    failed: (address, user, now) => {
      count(byAddress, blockOf(address), now);
      count(byUser, user, now);
    },
    succeeded: (address, user) => trusted.put(`${user} ${address}`, true),
  };
}

/** Of an IPv6 address the /64, which is what one customer has; of IPv4 the address. */
function blockOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').length;
  return [...groups, ...Array<string>(Math.max(0, missing)).fill('0'), ...(tail ?? '').split(':')]
    .slice(0, 4)
    .join(':');
}

/** Two half windows would be exacter; a count that halves when half a window has passed is as good and one number. */
function failuresOf(counts: Lru<Count>, key: string, now: EpochMs): number {
  const found = counts.get(key);
  if (!found) return 0;
  const halves = Math.floor((now - found.since) / (WINDOW_MS / 2));
  return halves >= 6 ? 0 : Math.floor(found.failures / 2 ** Math.max(0, halves));
}

function count(counts: Lru<Count>, key: string, now: EpochMs): void {
  const failures = failuresOf(counts, key, now) + 1;
  const since = failures === 1 ? now : Math.max(now - WINDOW_MS / 2 + 1, counts.get(key)?.since ?? now);
  counts.put(key, { failures, since });
}
