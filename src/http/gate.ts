// The gate before passwords of members: wrong ones make their network wait, and networks together; few are checked at once.
import type { Clock } from '../lib/clock.ts';
import { makeLru } from '../lib/lru.ts';

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

/** Wrong passwords of a network; `name` is whom they were for, undefined: several. `beganAt`: the last of those that are looked at now. */
type Tries = { failures: number; lastAt: number; name: string | undefined; running: number; beganAt: number };
/** Wrong passwords for a name. */
type Guesses = { failures: number; lastAt: number };

export function makeGate(verify: (password: string, name: string) => Promise<boolean>, clock: Clock): Gate {
  const networks = makeLru<Tries>(MAX_NETWORKS);
  const names = makeLru<Guesses>(MAX_NETWORKS);
  /** Networks that a name logged in from: who guesses elsewhere does not shut its owner out. */
  const proven = makeLru<true>(MAX_NETWORKS);
  let running = 0;
  return async (password, network, name = ADMIN) => {
    const now = clock.ticks();
    const isProven = proven.get(`${network} ${name}`) === true;
    const tries = recent(networks.get(network), now) ?? { ...NONE, name, running: 0, beganAt: now };
    const until = Math.max(untilOf(tries), isProven ? 0 : untilOfAll(recent(names.get(name), now)));
    if (until > now) return { waitMs: until - now };
    // One seat more than strangers have.
    if (running >= MAX_AT_ONCE + (isProven ? 1 : 0)) return { waitMs: BUSY_WAIT_MS };
    // Only what is looked at is noted: asking alone drives nothing out of these lists.
    networks.put(network, tries);
    // Counted before the check, so that many requests at once do not get many tries.
    tries.running++;
    tries.beganAt = now;
    running++;
    try {
      if (password.length <= MAX_PASSWORD && (await verify(password, name))) {
        proven.put(`${network} ${name}`, true);
        // Who has a name of their own does not win tries for another's by it.
        if (tries.name === name) tries.failures = 0;
        return 'right';
      }
      if (tries.failures === 0) tries.name = name;
      else if (tries.name !== name) tries.name = undefined;
      fail(tries, now);
      const guesses = recent(names.get(name), now) ?? { ...NONE };
      fail(guesses, clock.ticks());
      names.put(name, guesses);
      return 'wrong';
    } finally {
      tries.running--;
      running--;
    }
  };
}

const NONE = { failures: 0, lastAt: 0 } as const;

/** What is not to be forgotten by now. */
function recent<T extends Guesses & Partial<Tries>>(known: T | undefined, now: number): T | undefined {
  const isRecent = known && (known.running || now - known.lastAt < FORGET_MS);
  return isRecent ? known : undefined;
}

function fail(record: Guesses, at: number): void {
  record.failures++;
  record.lastAt = Math.max(record.lastAt, at);
}

/** A try that is looked at counts as wrong until it is known, and not longer. */
function untilOf({ failures, lastAt, running, beganAt }: Tries): number {
  const over = failures + running - FREE_TRIES;
  if (over < 0) return 0;
  return (running > 0 ? beganAt : lastAt) + Math.min(FIRST_WAIT_MS * 2 ** over, MAX_WAIT_MS);
}

function untilOfAll(guesses: Guesses | undefined): number {
  return guesses && guesses.failures > FREE_GUESSES ? guesses.lastAt + GUESS_WAIT_MS : 0;
}
