// The settings that every process keeps in memory: loaded from Redis, replaced as a whole when one changes anywhere.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { loadScript, RedisTrouble } from '../lib/script.ts';
import {
  domainSchema,
  poolSchema,
  transportSchema,
  userSchema,
  type Domain,
  type Pool,
  type Settings,
  type Transport,
  type User,
} from '../model/settings.ts';
import { storeKeys } from './keys.ts';
import type { RedisConnection } from './redis.ts';
import { makeShelf, type Shelf } from './shelf.ts';
import { readSnapshot, type Snapshot } from './snapshot.ts';
import { watchChannel } from './watch.ts';

export type SettingsStore = Readonly<{
  /** The settings while they are known to be current; undefined before the first load and when Redis has been away for more than 5 s. */
  current(): Settings | undefined;
  /** The last settings that were loaded, however old: for work that goes on while Redis is away. */
  latest(): Settings | undefined;
  /** Is `current()` there? */
  fresh(): boolean;
  /** Loads what has changed, now. Rejects with RedisTrouble. */
  refresh(): Promise<Settings>;
  /** Calls `listener` with each new snapshot; the returned function ends that. */
  onChange(listener: (settings: Settings) => void): () => void;
  users: Shelf<User>;
  domains: Shelf<Domain>;
  pools: Shelf<Pool>;
  transports: Shelf<Transport>;
  /** Ends watching. The connection stays open. */
  close(): void;
}>;

export type SettingsDeps = Readonly<{
  /** A connection of purpose accept or events: it must not wait for a Redis that is away. */
  redis: RedisConnection;
  clock: Clock;
  log: Log;
}>;

const STALE_MS = 5000;
const loadAll = loadScript(new URL('./scripts/load-7.lua', import.meta.url));

/** Starts watching. Resolves when the settings are loaded, or Redis has been asked once in vain: then it goes on trying. */
export async function watchSettings(deps: SettingsDeps): Promise<SettingsStore> {
  const { redis, log } = deps;
  const keys = storeKeys(redis.prefix);
  const loader = makeLoader(deps);
  const refreshQuietly = async (): Promise<void> => {
    await loader.refresh().catch((error: unknown) => {
      if (!(error instanceof RedisTrouble))
        log.error({ error: String(error) }, 'The settings could not be read.');
    });
  };
  const close = watchChannel(keys.changed, refreshQuietly, deps);
  // A change that was written stays a success when reading it back fails.
  const common = { keys, redis, changed: refreshQuietly };
  await refreshQuietly();
  return {
    ...loader,
    current: () => (loader.fresh() ? loader.latest() : undefined),
    users: makeShelf({ ...common, noun: 'user', schema: userSchema, hash: keys.users }),
    domains: makeShelf({ ...common, noun: 'domain', schema: domainSchema, hash: keys.domains }),
    pools: makeShelf({ ...common, noun: 'pool', schema: poolSchema, hash: keys.pools }),
    transports: makeShelf({ ...common, noun: 'transport', schema: transportSchema, hash: keys.transports }),
    close,
  };
}

type Loader = Pick<SettingsStore, 'latest' | 'fresh' | 'refresh' | 'onChange'>;

function makeLoader({ redis, clock, log }: SettingsDeps): Loader {
  const keys = storeKeys(redis.prefix);
  const listeners = new Set<(settings: Settings) => void>();
  let snapshot: Snapshot | undefined;
  let confirmedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<unknown> = Promise.resolve();
  let waiting: Promise<Settings> | undefined;

  const load = async (): Promise<Settings> => {
    const askedAt = clock.ticks();
    const revision = Number((await redis.call('GET', keys.revision)) ?? 0);
    if (snapshot?.settings.revision !== revision) {
      const { users, domains, pools, transports, templates, suppressing } = keys;
      const names = [keys.revision, users, domains, pools, transports, templates, suppressing];
      const next = readSnapshot(await redis.run(loadAll, names, []), snapshot);
      for (const entry of next.unreadable)
        if (!snapshot?.unreadable.includes(entry))
          log.warn({ entry }, 'A stored setting cannot be read and is left out; it was kept as it is.');
      snapshot = next;
      for (const listener of listeners) listener(next.settings);
    }
    confirmedAt = askedAt;
    return snapshot.settings;
  };
  return {
    latest: () => snapshot?.settings,
    fresh: () => snapshot !== undefined && clock.ticks() - confirmedAt <= STALE_MS,
    // One load after the other, so that an older answer never replaces a newer one; who asks while one waits for its
    // turn shares it, so that a frozen Redis does not gather a queue of us.
    refresh: () => {
      waiting ??= running.then(() => {
        waiting = undefined;
        const mine = load();
        running = mine.catch(() => {});
        return mine;
      });
      return waiting;
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
