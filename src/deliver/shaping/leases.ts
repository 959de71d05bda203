// Where a process gets its slices of what a provider allows all of them together: scripts in Redis that never give too much.
import { textsIn } from '../../lib/answers.ts';
import { spacing } from '../../lib/rate.ts';
import { loadScript, type Redis } from '../../lib/script.ts';
import type { TakeTurns } from './turns.ts';

const shareScript = loadScript(new URL('./scripts/share-1.lua', import.meta.url));
const turnsScript = loadScript(new URL('./scripts/turns-1.lua', import.meta.url));

/** How long a share is ours without a word from us. */
export const SHARE_LIFE_MS = 15_000;

/** How many we hold, and how many we should come down to since others want some. */
export type Held = Readonly<{ held: number; share: number }>;

/** Where slices come from. Both reject with RedisTrouble. */
export type Leases = Readonly<{
  /** Asks for `want` of `all` connections, which there is work for; `used` are open, busy or idle. */
  share(provider: string, use: Readonly<{ used: number; want: number; all: number }>): Promise<Held>;
  turns: TakeTurns;
}>;

/** Slices from Redis, for the process that `owner` names. */
export function leasesFrom(redis: Redis, prefix: string, owner: string): Leases {
  return {
    share: async (provider, { used, want, all }) => {
      const args = [owner, used, want, all, SHARE_LIFE_MS];
      const [held, share] = textsIn(await redis.run(shareScript, [`${prefix}share:${provider}`], args));
      return { held: Number(held), share: Number(share) };
    },
    turns: async (name, rate, count) => {
      const args = [Math.round(spacing(rate) * 1000), count];
      return Number(await redis.run(turnsScript, [`${prefix}turns:${name}`], args));
    },
  };
}

/** For a process that is alone with what a provider allows: all is its own. */
export const aloneLeases: Leases = {
  share: async (_, { want }) => ({ held: want, share: want }),
  turns: async () => 0,
};
