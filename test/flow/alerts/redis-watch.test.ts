import { expect, test } from 'vitest';
import { silentLog, type Log } from '../../../src/lib/log.ts';
import type { Notice } from '../../../src/model/notice.ts';
import { watchRedis } from '../../../src/roles/redis-watch.ts';
import { connectRedis } from '../../../src/store/redis.ts';
import { handClock } from '../../support/hand-clock.ts';
import { startRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

test('Redis that is away is said in the log, once, and to everybody once it is back', async () => {
  const server = await startRedis();
  const asking = connectRedis({ url: server.url, purpose: 'events', prefix: 'x:', log: silentLog });
  await asking.whenReady();
  const clock = handClock();
  const lines: string[] = [];
  const told: Notice[] = [];
  const log: Log = { ...silentLog, error: (_, sentence) => void lines.push(sentence) };
  const watch = watchRedis({ asking, clock, log }, async (notice) => void told.push(notice));
  const pass = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i += 5) {
      clock.pass(5_000);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
  };
  await pass(30);
  await server.kill9();
  await pass(10);
  expect(lines).toEqual([]);
  await pass(60);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('Redis does not answer');
  await server.restart();
  await until(async () => {
    await pass(5);
    return told.length > 0;
  });
  await pass(20);
  expect(told.map(({ rule, over }) => [rule, over])).toEqual([['redis', true]]);
  expect(lines).toHaveLength(1);
  watch.stop();
  await asking.close();
  await server.stop();
});
