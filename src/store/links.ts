// Parts of links that are too long for an address: kept in Redis by the hash of their content until the links expire.
import { loadScript, type Redis } from '../lib/script.ts';
import { storeKeys } from './keys.ts';

const keepScript = loadScript(new URL('./scripts/keep-2.lua', import.meta.url));
const COUNT_MS = 2 * 86_400_000;

/** A text to keep. `cost`: bytes that it counts for on `day`, a number. */
export type Keeping = Readonly<{
  account: string;
  key: string;
  text: string;
  ttlMs: number;
  day: number;
  cost: number;
}>;

export type LinkStore = Readonly<{
  /**
   * Keeps a text for at least so long from now; says how many bytes its account kept on that day. What is there already counts
   * for nothing. Rejects with RedisTrouble when it is not sure.
   */
  keep(keeping: Keeping): Promise<number>;
  /** Undefined when it is there no more. Rejects with RedisTrouble when Redis does not answer. */
  find(key: string): Promise<string | undefined>;
}>;

/** Opens the store of what is too long for links. */
export function openLinks({ redis, prefix }: Readonly<{ redis: Redis; prefix: string }>): LinkStore {
  const keys = storeKeys(prefix);
  return {
    keep: async ({ account, key, text, ttlMs, day, cost }) => {
      const names = [keys.link(key), keys.linkBytes(account, day)];
      return Number(await redis.run(keepScript, names, [text, Math.ceil(ttlMs), cost, COUNT_MS]));
    },
    find: async (key) => {
      const text = await redis.call('GET', keys.link(key));
      return typeof text === 'string' ? text : undefined;
    },
  };
}
