// Records in a hash of Redis: many who change one at the same time, names that are taken, and what is not of the schema.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { silentLog } from '../../../src/lib/log.ts';
import { openRecords } from '../../../src/lib/records.ts';
import { connectRedis } from '../../../src/store/redis.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

const schema = z.strictObject({ count: z.number() });

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

test('no change is lost to another, and a name is given once', async () => {
  const prefix = randomPrefix();
  const redis = connectRedis({ url: server.url, purpose: 'events', prefix, log: silentLog });
  await redis.whenReady();
  const hash = `${prefix}records`;
  const records = openRecords(redis, { hash, schema });
  const added = await Promise.all(['x', 'y', 'z'].map(() => records.add('a', { count: 0 })));
  expect(added.filter((was) => was)).toHaveLength(1);
  const raise = ({ count }: z.infer<typeof schema>) => ({ count: count + 1 });
  await Promise.all(Array.from({ length: 20 }, () => records.change('a', raise)));
  expect(await records.get('a')).toEqual({ count: 20 });
  expect(await records.change('a', () => undefined)).toBeUndefined();
  expect(await records.change('b', raise)).toBeUndefined();
  await redis.call('HSET', hash, 'newer', '{"count":7,"more":1}', 'strange', '[]');
  expect(await records.get('newer')).toEqual({ count: 7 });
  expect(await records.get('strange')).toBeUndefined();
  expect(await records.list()).toEqual(expect.arrayContaining([{ count: 20 }, { count: 7 }]));
  expect([await records.remove('a'), await records.remove('a')]).toEqual([true, false]);
  await redis.close();
});
