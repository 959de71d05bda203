// The lease of the events' consumer: of several processes that run it one works, fenced by owner and epoch.
import type { Clock } from '../lib/clock.ts';
import { loadScript, type Redis } from '../lib/script.ts';

const takeScript = loadScript(new URL('./scripts/lease-1.lua', import.meta.url));
const releaseScript = loadScript(new URL('./scripts/release-1.lua', import.meta.url));
const trimScript = loadScript(new URL('./scripts/trim-2.lua', import.meta.url));

const LIFE_MS = 15_000;
const RENEW_MS = LIFE_MS / 3;
/** We stop trusting the lease this long before Redis would hand it to another. */
const MARGIN_MS = 2_000;

export type LeaseDeps = Readonly<{
  redis: Redis;
  clock: Clock;
  /** Name of this process, unique among all that compete. */
  owner: string;
  /** Key of the lease, such as "postino:lease:events". */
  key: string;
  /** Key of the stream, such as "postino:events". */
  stream: string;
}>;

export type Lease = Readonly<{
  /** Takes the lease or renews it when it is time to; false when another process has it. Throws RedisTrouble. */
  hold(): Promise<boolean>;
  /** The epoch held last; it changes when the lease was lost in between. */
  epoch(): string;
  /** Trims the stream up to and with entry `id`; false when the lease was lost. Throws RedisTrouble. */
  trim(id: string): Promise<boolean>;
  /** Gives it back, so that another process takes over at once. Never throws. */
  release(): Promise<void>;
}>;

/** Makes the handle; it takes nothing yet. */
export function makeLease({ redis, clock, owner, key, stream }: LeaseDeps): Lease {
  let epoch = '';
  let renewAt = 0;
  let validUntil = 0;
  return {
    hold: async () => {
      if (clock.ticks() < Math.min(renewAt, validUntil)) return true;
      const asked = clock.ticks();
      const answer = String(await redis.run(takeScript, [key], [owner, LIFE_MS]));
      if (answer === '0') {
        epoch = '';
        validUntil = 0;
        return false;
      }
      epoch = answer;
      renewAt = asked + RENEW_MS;
      validUntil = asked + LIFE_MS - MARGIN_MS;
      return true;
    },
    epoch: () => epoch,
    trim: async (id) => {
      const ours = Number(await redis.run(trimScript, [key, stream], [owner, epoch, id])) >= 0;
      if (!ours) validUntil = 0; // the next hold asks Redis
      return ours;
    },
    release: async () => {
      validUntil = 0;
      epoch = '';
      // It expires by itself when Redis cannot be reached.
      await redis.run(releaseScript, [key], [owner]).catch(() => undefined);
    },
  };
}
