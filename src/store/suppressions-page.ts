// A page of a suppression list: a short list in order of addresses, a long one as Redis keeps it.
import { hashIn } from '../lib/answers.ts';
import { pageAfter } from '../lib/page.ts';
import type { Redis } from '../lib/script.ts';
import type { Suppression } from './suppressions-csv.ts';

/** `cursor` is the "next" of the page before; absent: the first page. */
export type PageWanted = Readonly<{ cursor?: string | undefined; limit: number }>;

/** A page of a long list may hold a few more than asked for, or fewer; one without `next` is the last. */
export type SuppressionPage = Readonly<{ entries: readonly Suppression[]; next?: string }>;

type List = Readonly<{
  redis: Redis;
  /** The list's hash. */
  key: string;
  all(): AsyncGenerator<Suppression>;
  /** An entry as it is stored. */
  read(field: string, text: string): Suppression;
  stands(entry: Suppression): boolean;
}>;

/** Redis hands a small hash out as a whole, and larger ones in parts. */
const SHORT = 2000;

export async function readPage(list: List, wanted: PageWanted): Promise<SuppressionPage> {
  const { cursor = '' } = wanted;
  if (cursor.startsWith('s')) return longPage(list, cursor.slice(1), wanted.limit);
  const isShort = cursor.startsWith('k') || Number(await list.redis.call('HLEN', list.key)) <= SHORT;
  return isShort ? shortPage(list, cursor.slice(1), wanted.limit) : longPage(list, '0', wanted.limit);
}

async function shortPage({ all }: List, after: string, limit: number): Promise<SuppressionPage> {
  const every: Suppression[] = [];
  for await (const entry of all()) every.push(entry);
  const { items, next } = pageAfter(every, keyOf, { after, limit });
  return next === undefined ? { entries: items } : { entries: items, next: `k${next}` };
}

function keyOf({ address, user = '', domain = '', topic = '' }: Suppression): string {
  return [address, user, domain, topic].join('\n');
}

async function longPage(
  { redis, key, read, stands }: List,
  from: string,
  limit: number,
): Promise<SuppressionPage> {
  const answer = await redis.call('HSCAN', key, /^\d+$/.test(from) ? from : '0', 'COUNT', limit);
  const [next, flat]: unknown[] = Array.isArray(answer) ? answer : [];
  const entries = [...hashIn(flat)].map(([field, text]) => read(field, text)).filter(stands);
  return typeof next === 'string' && next !== '0' ? { entries, next: `s${next}` } : { entries };
}
