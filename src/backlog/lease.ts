// Leases: one process at a time works a transport (or the reconciler), fenced by an epoch.
import { textsIn } from '../lib/answers.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import type { Keys } from './keys.ts';

const leaseScript = loadScript(new URL('./scripts/lease-2.lua', import.meta.url));
const releaseScript = loadScript(new URL('./scripts/release-1.lua', import.meta.url));

const LIFE_MS = 10_000;
const RENEW_MS = 3_000;
/** We stop trusting a lease this long before Redis would hand it to another. */
const MARGIN_MS = 1_500;

export type Lease = Readonly<{
  /** True while nobody else can hold it, by our own monotonic clock. */
  valid(): boolean;
  epoch(): string;
  owner: string;
  /** Stops renewing and gives it back. */
  release(): Promise<void>;
}>;

export type LeaseDeps = Readonly<{ redis: Redis; keys: Keys; clock: Clock; log: Log; owner: string }>;

/**
 * Competes for the lease `name` until released. `onGained` runs each time this process becomes a new holder (a new
 * epoch), `onLost` when another took it. Redis being away only makes it invalid for a while.
 */
export function holdLease(
  name: string,
  { redis, keys, clock, log, owner }: LeaseDeps,
  on: Readonly<{ gained(epoch: string): void; lost(): void }>,
): Lease {
  let validUntil = 0;
  let epoch = '';
  let busy = false;
  const tick = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      const asked = clock.ticks();
      const answer = await redis.run(leaseScript, [keys.lease(name), keys.epoch(name)], [owner, LIFE_MS]);
      const [held, itsEpoch] = textsIn(answer);
      if (held !== '1') {
        if (epoch !== '') on.lost();
        epoch = '';
        validUntil = 0;
        return;
      }
      validUntil = asked + LIFE_MS - MARGIN_MS;
      if (itsEpoch !== undefined && itsEpoch !== epoch) {
        epoch = itsEpoch;
        on.gained(epoch);
      }
    } catch (error) {
      log.debug({ lease: name, error: String(error) }, 'could not renew a lease');
    } finally {
      busy = false;
    }
  };
  const stop = clock.every(RENEW_MS, () => void tick());
  void tick();
  return {
    owner,
    valid: () => clock.ticks() < validUntil,
    epoch: () => epoch,
    release: async () => {
      stop();
      validUntil = 0;
      await redis.run(releaseScript, [keys.lease(name)], [owner]).catch(() => undefined);
    },
  };
}
