// Attempts that waited in vain for something slow, by delivery: what is decided by them must outlive a process.
import type { Redis } from '../lib/script.ts';
import type { Delivery } from '../model/delivery.ts';
import { storeKeys } from './keys.ts';

export type Waits = Readonly<{
  /** Notes that the present attempt waited, once however often it is said. Rejects with RedisTrouble when it is not sure. */
  note(delivery: Delivery): Promise<void>;
  /** In how many attempts the delivery waited. Rejects with RedisTrouble. */
  count(delivery: Delivery): Promise<number>;
}>;

const DAY_MS = 86_400_000;

/** Opens the notes; each delivery's go a day after it has expired. */
export function openWaits(redis: Redis, prefix: string): Waits {
  const keys = storeKeys(prefix);
  return {
    note: async ({ account, id, attempts, expiresAt }) => {
      const key = keys.waits(account, id);
      const added = redis.call('SADD', key, attempts);
      await Promise.all([added, redis.call('PEXPIREAT', key, Math.ceil(expiresAt + DAY_MS))]);
    },
    count: async ({ account, id }) => Number(await redis.call('SCARD', keys.waits(account, id))),
  };
}
