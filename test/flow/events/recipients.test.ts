// Events on disk become counts in the recipient store, also when Redis was away in between.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { segmentName } from '../../../src/events/folder.ts';
import { openEventLog } from '../../../src/events/log.ts';
import { runSinks } from '../../../src/events/sinks/index.ts';
import { makeRecordSink } from '../../../src/events/sinks/record.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { Event } from '../../../src/model/event.ts';
import { openRecipients } from '../../../src/store/recipients.ts';
import { connectRedis } from '../../../src/store/redis.ts';
import { linesOf } from '../../../src/events/line.ts';
import { randomPrefix, startRedis } from '../../support/redis.ts';

const event = (type: Event['type'], n: number): Event => ({
  v: 1,
  id: `S-${n}.${type}`,
  type,
  at: Date.now(),
  account: 'default',
  user: 'shop',
  submission: 'S',
  delivery: `S-${n}`,
  recipient: `u${n % 10}@x.example`,
  sender: 's@shop.example',
});

test('every event is counted once, after a failure, too', async () => {
  const server = await startRedis();
  const prefix = randomPrefix();
  const redis = connectRedis({ url: server.url, purpose: 'accept', prefix, log: silentLog });
  await redis.whenReady();
  const folder = mkdtempSync(join(tmpdir(), 'postino-recipients-'));
  const store = openRecipients({ redis, prefix, clock: systemClock, log: silentLog, isOurs: false });
  let failures = 1;
  const sink = makeRecordSink('recipients', (events) =>
    failures-- > 0 ? Promise.reject(new Error('away')) : store.record(events),
  );
  const stop = new AbortController();
  const clock = {
    ...systemClock,
    sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 20), signal),
  };
  const history = openEventLog({ folder, clock });
  const running = runSinks(
    { events: history, folder: join(folder, 'cursors'), sinks: [sink], clock, log: silentLog },
    stop.signal,
  );
  const text = Array.from({ length: 100 }, (_, n) =>
    (['accepted', 'deferred', 'delivered'] as const).map((type, i) => {
      const json = JSON.stringify(event(type, n));
      return linesOf({ id: `${1_000_000 + n}-${i}`, event: json, pairs: undefined }).text;
    }),
  );
  await expect.poll(() => existsSync(join(folder, 'cursors', 'recipients'))).toBe(true);
  writeFileSync(join(folder, segmentName({ ms: 1_000_000, seq: 0, n: 0 })), text.flat().join(''));
  await expect
    .poll(async () => (await store.show('default', 'u9@x.example'))?.delivered, { timeout: 10_000 })
    .toBe(10);
  expect(await store.show('default', 'u0@x.example')).toMatchObject({
    accepted: 10,
    delivered: 10,
    status: 'reached',
  });
  expect((await store.list('default', 20)).total).toBe(10);
  stop.abort();
  await running;
  await redis.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});
