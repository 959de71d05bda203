// Parts of links that are too long for an address: kept in Redis by the hash of their content until the links expire.
import type { Redis } from '../lib/script.ts';
import { storeKeys } from './keys.ts';

export type LinkStore = Readonly<{
  /** Keeps `text` for at least so long from now. Rejects with RedisTrouble when that is not sure. */
  keep(key: string, text: string, ttlMs: number): Promise<void>;
  /** Undefined when it is there no more. Rejects with RedisTrouble when Redis does not answer. */
  find(key: string): Promise<string | undefined>;
}>;

/** Opens the store of what is too long for links. */
export function openLinks({ redis, prefix }: Readonly<{ redis: Redis; prefix: string }>): LinkStore {
  const keys = storeKeys(prefix);
  return {
    keep: async (key, text, ttlMs) => {
      await redis.call('SET', keys.link(key), text, 'PX', Math.ceil(ttlMs));
    },
    find: async (key) => {
      const text = await redis.call('GET', keys.link(key));
      return typeof text === 'string' ? text : undefined;
    },
  };
}
