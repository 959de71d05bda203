// MTA-STS policies as all processes keep them: in Redis, each for as long as it says.
import type { EpochMs } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Redis } from '../../lib/script.ts';
import { z } from 'zod';
import type { StsPolicy } from './sts-policy.ts';

/** A policy, the id that its record had, and when it was fetched. */
export type StoredPolicy = Readonly<{ id: string; fetchedAt: EpochMs; policy: StsPolicy }>;

export type StsStore = Readonly<{
  /** undefined when there is none, or Redis is away. */
  load(domain: string): Promise<StoredPolicy | undefined>;
  save(domain: string, stored: StoredPolicy): Promise<void>;
}>;

const schema = z.object({
  id: z.string(),
  fetchedAt: z.number(),
  policy: z.object({
    mode: z.enum(['enforce', 'testing', 'none']),
    mx: z.array(z.string()),
    maxAgeMs: z.number(),
    lines: z.array(z.string()),
  }),
});

/** Keeps nothing: each process knows what it found itself. */
export const noStsStore: StsStore = { load: async () => undefined, save: async () => {} };

/** Opens the store: key `p:sts:<domain>`. Nothing here rejects. */
export function openStsStore({
  redis,
  prefix,
  log,
}: Readonly<{ redis: Redis; prefix: string; log: Log }>): StsStore {
  const keyOf = (domain: string): string => `${prefix}sts:${domain}`;
  const quietly = (error: unknown): undefined => {
    log.debug({ error: String(error) }, 'an MTA-STS policy could not be kept in Redis, or read from it');
  };
  return {
    async load(domain) {
      const text = await redis.call('GET', keyOf(domain)).catch(quietly);
      if (typeof text !== 'string') return undefined;
      try {
        return schema.safeParse(JSON.parse(text)).data;
      } catch {
        return undefined; // not ours: fetched again
      }
    },
    async save(domain, stored) {
      const { maxAgeMs } = stored.policy;
      if (maxAgeMs <= 0) return;
      await redis.call('SET', keyOf(domain), JSON.stringify(stored), 'PX', maxAgeMs).catch(quietly);
    },
  };
}
