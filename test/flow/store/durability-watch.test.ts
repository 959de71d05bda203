// A Redis whose settings change while we run is noticed, and so is their return.
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { watchDurability } from '../../../src/store/durability.ts';
import { connectRedis } from '../../../src/store/redis.ts';
import { startRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

test('a Redis that stops syncing every write is told, until it does again', async () => {
  const server = await startRedis();
  const redis = connectRedis({ url: server.url, purpose: 'events', prefix: 't:', log: silentLog });
  await redis.whenReady();
  const watch = watchDurability({ redis, want: 'strict', clock: systemClock, log: silentLog, everyMs: 20 });
  await redis.call('CONFIG', 'SET', 'appendfsync', 'everysec');
  await until(() => watch.problem()?.includes('appendfsync') === true);
  await redis.call('CONFIG', 'SET', 'appendfsync', 'always');
  await until(() => watch.problem() === undefined);
  watch.stop();
  await redis.close();
  await server.stop();
  expect(watch.problem()).toBeUndefined();
});
