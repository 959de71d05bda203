// Keys of Redis as lines of JSON and back, by what they hold and not by how a version of Redis stores it.
import { z } from 'zod';
import { textsIn } from '../lib/answers.ts';
import type { Redis, RedisArgument } from '../lib/script.ts';

const valueSchema = z.union([z.string(), z.strictObject({ base64: z.string() })]);

/**
 * A key, or a part of a large one. `values`: of a string one, of a hash names and values by turns, of a sorted set members and
 * scores by turns. `until`: when it expires, epoch milliseconds.
 */
export const copiedSchema = z
  .strictObject({
    key: z.string(),
    type: z.enum(['string', 'hash', 'set', 'zset', 'list']),
    until: z.number().int().positive().optional(),
    values: z.array(valueSchema),
  })
  // What Redis would refuse must be known before anything is removed for it.
  .refine(({ type, values }) => (type !== 'hash' && type !== 'zset') || values.length % 2 === 0)
  .refine(({ type, values }) => type !== 'zset' || values.every((value, i) => i % 2 === 0 || isScore(value)));

function isScore(value: z.infer<typeof valueSchema>): boolean {
  return typeof value === 'string' && /^[+-]?(?:inf|\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/i.test(value);
}

export type Copied = Readonly<z.infer<typeof copiedSchema>>;
type Kind = Copied['type'];

const PAGE = 500;
const SCANS = { hash: 'HSCAN', set: 'SSCAN', zset: 'ZSCAN' } as const;
const WRITES = { hash: 'HSET', set: 'SADD', list: 'RPUSH' } as const;

/** Yields the keys under `prefix` that `wanted` takes (both without the prefix). Rejects with RedisTrouble. */
export async function* copyKeys(
  redis: Redis,
  prefix: string,
  wanted: (key: string) => boolean,
): AsyncGenerator<Copied> {
  const seen = new Set<string>(); // SCAN may show a key twice
  for await (const page of scan(redis, prefix)) {
    const keys = page.filter((key) => wanted(key) && !seen.has(key));
    for (const key of keys) seen.add(key);
    const parts = await Promise.all(keys.map((key) => copyKey(redis, prefix, key)));
    yield* parts.flat();
  }
}

/** Keys under `prefix`, without it, in pages. */
async function* scan(redis: Redis, prefix: string): AsyncGenerator<readonly string[]> {
  const pattern = `${prefix.replace(/[*?[\]\\]/g, '\\$&')}*`;
  let cursor = '0';
  do {
    const answer = await redis.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', PAGE);
    const [next, keys] = Array.isArray(answer) ? answer : [];
    yield textsIn(keys).map((key) => key.slice(prefix.length));
    cursor = String(next ?? '0');
  } while (cursor !== '0');
}

async function copyKey(redis: Redis, prefix: string, key: string): Promise<readonly Copied[]> {
  const full = prefix + key;
  const [type, expires] = await Promise.all([redis.call('TYPE', full), redis.call('PEXPIRETIME', full)]);
  const kind = copiedSchema.shape.type.safeParse(type);
  if (!kind.success) return []; // it is gone meanwhile, or a stream, which is mail on its way
  const head = { key, type: kind.data, ...(Number(expires) > 0 && { until: Number(expires) }) };
  const pages = await readPages(redis, full, kind.data);
  return pages.map((page) => ({ ...head, values: page.map(valueOf) }));
}

async function readPages(redis: Redis, key: string, kind: Kind): Promise<readonly Buffer[][]> {
  if (kind === 'string') return [buffersIn([await redis.callBuffer('GET', key)])];
  if (kind === 'list') return [buffersIn(await redis.callBuffer('LRANGE', key, 0, -1))];
  const pages: Buffer[][] = [];
  let cursor = '0';
  do {
    const answer = await redis.callBuffer(SCANS[kind], key, cursor, 'COUNT', PAGE);
    const [next, values] = Array.isArray(answer) ? answer : [];
    pages.push(buffersIn(values));
    cursor = String(next ?? '0');
  } while (cursor !== '0');
  return pages.filter((page) => page.length > 0);
}

function buffersIn(answer: unknown): Buffer[] {
  return Array.isArray(answer) ? answer.filter((one) => Buffer.isBuffer(one)) : [];
}

function valueOf(bytes: Buffer): Copied['values'][number] {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : { base64: bytes.toString('base64') };
}

/** Writes keys under `prefix`, in order. Members that are there already stay. Rejects with RedisTrouble. */
export async function writeKeys(redis: Redis, prefix: string, copied: readonly Copied[]): Promise<void> {
  await Promise.all(
    copied.map(async ({ key, type, until, values }) => {
      const full = prefix + key;
      await write(redis, full, type, values.map(bytesOf));
      if (until !== undefined) await redis.call('PEXPIREAT', full, until);
    }),
  );
}

async function write(redis: Redis, key: string, type: Kind, values: readonly Buffer[]): Promise<void> {
  if (values.length === 0) return;
  if (type === 'string') return void (await redis.call('SET', key, values[0] ?? ''));
  await redis.call(...(type === 'zset' ? scored(key, values) : ([WRITES[type], key, ...values] as const)));
}

/** ZADD wants the score first. */
function scored(key: string, values: readonly Buffer[]): readonly [string, ...RedisArgument[]] {
  const pairs = values.flatMap((value, i) => (i % 2 === 0 ? [values[i + 1] ?? '0', value] : []));
  return ['ZADD', key, ...pairs];
}

function bytesOf(value: Copied['values'][number]): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value.base64, 'base64');
}

/** Removes the keys under `prefix` that `wanted` takes. Rejects with RedisTrouble. */
export async function removeKeys(
  redis: Redis,
  prefix: string,
  wanted: (key: string) => boolean,
): Promise<void> {
  for await (const page of scan(redis, prefix)) {
    const keys = page.filter(wanted).map((key) => prefix + key);
    if (keys.length > 0) await redis.call('UNLINK', ...keys);
  }
}

/** Whether there is any key under `prefix` that `wanted` takes. Rejects with RedisTrouble. */
export async function hasKeys(
  redis: Redis,
  prefix: string,
  wanted: (key: string) => boolean,
): Promise<boolean> {
  for await (const page of scan(redis, prefix)) if (page.some(wanted)) return true;
  return false;
}
