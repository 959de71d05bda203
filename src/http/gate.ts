// The gate before passwords of members: wrong ones make their network wait, and networks together; few are checked at once.
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
/** Wrong passwords for a name by all networks together, before each further one makes strange networks wait. */
const FREE_GUESSES = 300;
const GUESS_WAIT_MS = 10_000;

/** `name` is whom the failures were for; undefined: several. */
type Record = { failures: number; lastAt: number; until: number; name: string | undefined };

export function makeGate(verify: (password: string, name: string) => Promise<boolean>, clock: Clock): Gate {
  const records = makeLru<Record>(MAX_NETWORKS);
  const guesses = makeLru<Record>(MAX_NETWORKS);
  /** Networks that a name logged in from: who guesses elsewhere does not shut its owner out. */
  const proven = makeLru<true>(MAX_NETWORKS);
  let running = 0;
  return async (password, network, name = ADMIN) => {
    const now = clock.ticks();
    const isProven = proven.get(`${network} ${name}`) === true;
    const record = fresh(records, network, { name, now });
    const together = fresh(guesses, name, { name, now });
    const until = isProven ? record.until : Math.max(record.until, together.until);
    if (until > now) return { waitMs: until - now };
    // One seat more than strangers have.
    if (running >= MAX_AT_ONCE + (isProven ? 1 : 0)) return { waitMs: BUSY_WAIT_MS };
    // Counted before the check, so that many requests at once do not get many tries.
    fail(record, name, now);
    records.put(network, record);
    running++;
    try {
      if (password.length > MAX_PASSWORD || !(await verify(password, name))) {
        guess(guesses, name, clock.ticks());
        return 'wrong';
      }
      proven.put(`${network} ${name}`, true);
      // Who has a name of their own does not win tries for another's by it.
      if (record.name === name) records.drop(network);
      else forgive(record);
      return 'right';
    } finally {
      running--;
    }
  };
}

/** What is known of it, or a new one. Only a password that is looked at is noted: asking alone drives no other one out. */
function fresh(
  records: Lru<Record>,
  key: string,
  { name, now }: Readonly<{ name: string; now: number }>,
): Record {
  const known = records.get(key);
  if (known && now - known.lastAt < FORGET_MS) return known;
  return { failures: 0, lastAt: now, until: 0, name };
}

function fail(record: Record, name: string, now: number): void {
  if (record.failures > 0 && record.name !== name) record.name = undefined;
  else record.name = name;
  record.failures++;
  record.lastAt = now;
  record.until = untilOf(record);
}

/** Takes back what was counted before the check, and no failure of another try that goes on. */
function forgive(record: Record): void {
  record.failures--;
  record.until = untilOf(record);
}

function untilOf({ failures, lastAt }: Record): number {
  const over = failures - FREE_TRIES;
  return over < 0 ? 0 : lastAt + Math.min(FIRST_WAIT_MS * 2 ** over, MAX_WAIT_MS);
}

function guess(guesses: Lru<Record>, name: string, now: number): void {
  const record = fresh(guesses, name, { name, now });
  guesses.put(name, record);
  record.failures++;
  record.lastAt = now;
  if (record.failures > FREE_GUESSES) record.until = now + GUESS_WAIT_MS;
}
