// Sessions of the dashboard in Redis, by the hash of their secret, until nobody has used them for a while.
import type { Redis } from '../lib/script.ts';

export type SessionStore = Readonly<{
  put(id: string, text: string, lifeMs: number): Promise<void>;
  /** The same with one that is there; one that was dropped meanwhile stays away. */
  renew(id: string, text: string, lifeMs: number): Promise<void>;
  /** Reads one, which then lives for so long again. */
  use(id: string, lifeMs: number): Promise<string | undefined>;
  drop(id: string): Promise<void>;
}>;

/** All methods reject with RedisTrouble. */
export function openSessions({ redis, prefix }: Readonly<{ redis: Redis; prefix: string }>): SessionStore {
  const key = (id: string): string => `${prefix}session:${id}`;
  return {
    put: async (id, text, lifeMs) => {
      await redis.call('SET', key(id), text, 'PX', lifeMs);
    },
    renew: async (id, text, lifeMs) => {
      await redis.call('SET', key(id), text, 'XX', 'PX', lifeMs);
    },
    use: async (id, lifeMs) => {
      const text = await redis.call('GETEX', key(id), 'PX', lifeMs);
      return typeof text === 'string' ? text : undefined;
    },
    drop: async (id) => {
      await redis.call('DEL', key(id));
    },
  };
}
