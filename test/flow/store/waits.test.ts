// Notes on attempts that waited, in Redis: each counts once, and they go when the delivery is long over.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import { connectRedis } from '../../../src/store/redis.ts';
import { openWaits } from '../../../src/store/waits.ts';
import { deliveryOf, submissionOf } from '../../support/letters.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

test('an attempt counts once, for its delivery only, until the delivery is over', async () => {
  const prefix = randomPrefix();
  const redis = connectRedis({ url: server.url, purpose: 'events', prefix, log: silentLog });
  await redis.whenReady();
  const waits = openWaits(redis, prefix);
  const submission = submissionOf(Buffer.from('From: a@b.example\r\n\r\n'));
  const expiresAt = 4_000_000_000_000;
  const delivery = deliveryOf(submission, { expiresAt });
  expect(await waits.count(delivery)).toBe(0);
  for (const attempts of [1, 1, 2, 1]) await waits.note({ ...delivery, attempts });
  expect(await waits.count(delivery)).toBe(2);
  expect(await waits.count({ ...delivery, id: `${submission.id}-2` })).toBe(0);
  const key = `${prefix}waits:default:${delivery.id}`;
  expect(await redis.call('PEXPIRETIME', key)).toBe(expiresAt + 86_400_000);
  await redis.close();
});
