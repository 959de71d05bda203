// What the checks of a transport found last, as every process can read it, and what one round hands to the next.
import { z } from 'zod';
import { recordsIn } from '../lib/answers.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Redis } from '../lib/script.ts';
import type { BindFinding } from './bind.ts';
import type { IdentityFinding } from './identity.ts';
import type { Listing } from './listing.ts';
import type { RatesJudgement, Tally } from './rates.ts';
import { NO_STREAKS, type Streaks } from './state.ts';

export type Findings = Readonly<{
  v: 1;
  at: EpochMs;
  /** When block lists and names were asked last; 0: never. */
  listsAt: EpochMs;
  identityAt: EpochMs;
  listings: readonly Listing[];
  identity: readonly IdentityFinding[];
  bind: BindFinding;
  rates: RatesJudgement;
  /** Counts of the last hour by provider, "" where no rule knows it. */
  hour: Readonly<Record<string, Tally>>;
  streaks: Streaks;
  /** When an operator released it last: what was found before does not quarantine it again. */
  pardonedAt: EpochMs;
}>;

export const NO_FINDINGS: Findings = {
  v: 1,
  at: 0,
  listsAt: 0,
  identityAt: 0,
  listings: [],
  identity: [],
  bind: { state: 'unknown', sentence: 'Its address was not tried yet.' },
  rates: { level: 'good', reason: '' },
  hour: {},
  streaks: NO_STREAKS,
  pardonedAt: 0,
};

/** Written by ourselves: the version says enough. */
const findingsSchema = z.custom<Findings>(
  (value) => typeof value === 'object' && value !== null && 'v' in value && value.v === 1,
);

export type FindingsStore = Readonly<{
  /** By transport. Rejects with RedisTrouble. */
  all(): Promise<ReadonlyMap<string, Findings>>;
  put(name: string, findings: Findings): Promise<void>;
  forget(name: string): Promise<void>;
}>;

/** Key: findings below `prefix`, a hash by transport. */
export function makeFindingsStore({
  redis,
  prefix,
}: Readonly<{ redis: Redis; prefix: string }>): FindingsStore {
  const key = `${prefix}findings`;
  return {
    all: async () => recordsIn(await redis.call('HGETALL', key), findingsSchema),
    put: async (name, findings) => void (await redis.call('HSET', key, name, JSON.stringify(findings))),
    forget: async (name) => void (await redis.call('HDEL', key, name)),
  };
}
