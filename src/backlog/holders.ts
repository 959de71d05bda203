// Which transports somebody works just now, so that deliveries are given to those and not to a dead process' ones.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Redis } from '../lib/script.ts';
import type { Keys } from './keys.ts';

export type Holders = Readonly<{
  /** True while some process holds the transport's lease, as of the last look (3 s). */
  isHeld(transport: string): boolean;
  /** For how long nobody has held it, milliseconds; 0 while it is held or was not looked at yet. */
  orphanedFor(transport: string): number;
  look(): Promise<void>;
  stop(): void;
}>;

const LOOK_MS = 3_000;

/** Watches the leases of all transports that `names` lists. */
export function watchHolders(
  deps: Readonly<{ redis: Redis; keys: Keys; clock: Clock; log: Log; names(): Iterable<string> }>,
): Holders {
  const { redis, keys, clock, log } = deps;
  const held = new Set<string>();
  const orphanedSince = new Map<string, number>();
  const look = async (): Promise<void> => {
    await Promise.all(
      [...deps.names()].map(async (name) => {
        const exists = Number(await redis.call('EXISTS', keys.lease(name))) === 1;
        if (exists) {
          held.add(name);
          orphanedSince.delete(name);
          return;
        }
        held.delete(name);
        if (!orphanedSince.has(name)) orphanedSince.set(name, clock.ticks());
      }),
    );
  };
  const lookQuietly = (): void => {
    look().catch((error: unknown) => log.debug({ error: String(error) }, 'could not look at the leases'));
  };
  const stop = clock.every(LOOK_MS, lookQuietly);
  return {
    isHeld: (transport) => held.has(transport),
    orphanedFor: (transport) => {
      const since = orphanedSince.get(transport);
      return since === undefined ? 0 : clock.ticks() - since;
    },
    look,
    stop,
  };
}
