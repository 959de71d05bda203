// Intake stops before Redis is full, and goes on when there is room again.
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { connectRedis } from '../../../src/store/redis.ts';
import { watchRoom } from '../../../src/store/room.ts';
import { startRedis } from '../../support/redis.ts';

test('says that Redis is nearly full, and that there is room again', async () => {
  const server = await startRedis({ config: ['--maxmemory', '20mb'] });
  const redis = connectRedis({ url: server.url, purpose: 'events', prefix: 't:', log: silentLog });
  await redis.whenReady();
  const room = watchRoom({ redis, clock: systemClock, log: silentLog, folder: tmpdir(), isOurs: false });
  await room.look();
  expect(room.problem()).toBeUndefined();
  for (let i = 0; i < 14; i++) await redis.call('APPEND', 'ballast', Buffer.alloc(1_000_000));
  await room.look();
  expect(room.problem()).toContain('none is accepted (452)');
  await redis.call('DEL', 'ballast');
  await room.look();
  expect(room.problem()).toBeUndefined();
  room.stop();
  await redis.close();
  await server.stop();
});
