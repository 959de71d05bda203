// The gate before passwords of members: each wrong one makes its network wait longer, and few are checked at once.
import type { Clock } from '../lib/clock.ts';
import { makeLru, type Lru } from '../lib/lru.ts';

export type Verdict = 'right' | 'wrong' | Readonly<{ waitMs: number }>;

/** Checks a member's password for a network (see networkOf); says how long to wait where that network has to. */
export type Gate = (password: string, network: string, name?: string) => Promise<Verdict>;

/** The member that is made at the first start. */
export const ADMIN = 'admin';

const FREE_TRIES = 3;
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 15 * 60_000;
/** Failures are forgotten after so long without another. */
const FORGET_MS = 3_600_000;
const MAX_NETWORKS = 10_000;
/** Hashing is slow on purpose and shares the thread pool with signing. */
const MAX_AT_ONCE = 2;
const BUSY_WAIT_MS = 1000;
const MAX_PASSWORD = 1024;

type Record = { failures: number; lastAt: number; until: number };

export function makeGate(verify: (password: string, name: string) => Promise<boolean>, clock: Clock): Gate {
  const records = makeLru<Record>(MAX_NETWORKS);
  let running = 0;
  return async (password, network, name = ADMIN) => {
    const now = clock.ticks();
    const record = fresh(records, network, now);
    if (record.until > now) return { waitMs: record.until - now };
    if (running >= MAX_AT_ONCE) return { waitMs: BUSY_WAIT_MS };
    // Counted before the check, so that many requests at once do not get many tries.
    fail(record, now);
    running++;
    try {
      if (password.length > MAX_PASSWORD || !(await verify(password, name))) return 'wrong';
      records.drop(network);
      return 'right';
    } finally {
      running--;
    }
  };
}

function fresh(records: Lru<Record>, network: string, now: number): Record {
  const known = records.get(network);
  if (known && now - known.lastAt < FORGET_MS) return known;
  const record = { failures: 0, lastAt: now, until: 0 };
  records.put(network, record);
  return record;
}

function fail(record: Record, now: number): void {
  record.failures++;
  record.lastAt = now;
  const over = record.failures - FREE_TRIES;
  record.until = over < 0 ? 0 : now + Math.min(FIRST_WAIT_MS * 2 ** over, MAX_WAIT_MS);
}
