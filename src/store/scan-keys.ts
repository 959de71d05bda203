// All keys of Redis that begin alike, a page at a time, beside whatever else goes on.
import { textsIn } from '../lib/answers.ts';
import type { Redis } from '../lib/script.ts';

const PAGE = 1000;

/** Keys that begin so, in pages. Rejects with RedisTrouble. */
export async function* scanKeys(redis: Redis, begin: string): AsyncGenerator<readonly string[]> {
  const pattern = `${begin.replace(/[*?[\]\\]/g, '\\$&')}*`;
  let cursor = '0';
  do {
    const answer = await redis.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', PAGE);
    const [next, found]: unknown[] = Array.isArray(answer) ? answer : [];
    yield textsIn(found);
    cursor = typeof next === 'string' ? next : '0';
  } while (cursor !== '0');
}
