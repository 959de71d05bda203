// A large hash of Redis gone through a part at a time.
import { hashIn } from '../lib/answers.ts';
import type { Redis } from '../lib/script.ts';

const PAGE = 500;

/** Names and values in no order; one that is written meanwhile may come twice or not at all. Rejects with RedisTrouble. */
export async function* scanHash(redis: Redis, key: string): AsyncGenerator<readonly [string, string]> {
  let cursor = '0';
  do {
    const answer = await redis.call('HSCAN', key, cursor, 'COUNT', PAGE);
    const [next, flat]: unknown[] = Array.isArray(answer) ? answer : [];
    yield* hashIn(flat);
    cursor = typeof next === 'string' ? next : '0';
  } while (cursor !== '0');
}
