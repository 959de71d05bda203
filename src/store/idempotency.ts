// Answers by Idempotency-Key in Redis, sealed, for a day: a request that is repeated is answered, not done again.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../lib/json.ts';
import type { Redis } from '../lib/script.ts';
import type { Sealer } from './seal.ts';

const keptAnswerSchema = z.object({
  status: z.number(),
  type: z.string(),
  body: z.string(),
  /** Where what was made is. */
  location: z.string().optional(),
});
const keptSchema = z.object({ request: z.string(), answer: keptAnswerSchema.optional() });

export type KeptAnswer = Readonly<z.infer<typeof keptAnswerSchema>>;

/** begun: it is ours to do · busy: it is being done · other: the key was used for another request. */
export type Begun = Readonly<
  { kind: 'begun' } | { kind: 'busy' } | { kind: 'other' } | { kind: 'done'; answer: KeptAnswer }
>;

/** `owner` is who asks, `request` what is asked, in any form that is always the same. All methods reject with RedisTrouble. */
export type Idempotency = Readonly<{
  begin(owner: string, key: string, request: string): Promise<Begun>;
  finish(owner: string, key: string, request: string, answer: KeptAnswer): Promise<void>;
  /** Nothing was done: the next request with this key is the first one. */
  forget(owner: string, key: string): Promise<void>;
}>;

const KEEP_MS = 24 * 3_600_000;
/** For a process that died over it. */
const BUSY_MS = 120_000;

export function openIdempotency({
  redis,
  prefix,
  sealer,
}: Readonly<{ redis: Redis; prefix: string; sealer: Sealer }>): Idempotency {
  const place = (owner: string, key: string): string =>
    `${prefix}idempotency:${hash(JSON.stringify([owner, key]))}`;
  return {
    begin: async (owner, key, request) => {
      const at = place(owner, key);
      const mine = sealer.seal(JSON.stringify({ request: hash(request) }), at);
      if ((await redis.call('SET', at, mine, 'NX', 'PX', BUSY_MS)) !== null) return { kind: 'begun' };
      const text = await redis.call('GET', at);
      const open = typeof text === 'string' ? sealer.open(text, at) : undefined;
      const kept = open === undefined ? undefined : parseJson(open, keptSchema);
      if (!kept) return { kind: 'busy' };
      if (kept.request !== hash(request)) return { kind: 'other' };
      return kept.answer ? { kind: 'done', answer: kept.answer } : { kind: 'busy' };
    },
    finish: async (owner, key, request, answer) => {
      const at = place(owner, key);
      const sealed = sealer.seal(JSON.stringify({ request: hash(request), answer }), at);
      await redis.call('SET', at, sealed, 'PX', KEEP_MS);
    },
    forget: async (owner, key) => {
      await redis.call('DEL', place(owner, key));
    },
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
