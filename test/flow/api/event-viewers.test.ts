// Viewers of events who begin in the past: a few at a time read the disk, whoever does not read, and nobody else waits.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeViewers } from '../../../src/api/event-stream.ts';
import { openEventLog, type Cursor, type EventLog } from '../../../src/events/log.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { openLogWriter } from '../../support/segments.ts';

const folder = mkdtempSync(join(tmpdir(), 'postino-viewers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('who begins in the past waits for others that do, and who begins at the end does not', async () => {
  const writer = openLogWriter(folder, 64 * 1024, 2000);
  await writer.write(200);
  const log = openEventLog({ folder, clock: systemClock });
  let following = 0;
  const eventLog: EventLog = {
    ...log,
    follow: (after, signal) => {
      following++;
      return log.follow(after, signal);
    },
  };
  const viewers = makeViewers({ eventLog, clock: systemClock, log: silentLog });
  const open = (after: Cursor | undefined) =>
    viewers.open({ after, wanted: () => true, mayStay: () => Promise.resolve(true) });
  const slow = Array.from({ length: 40 }, () => open(undefined));
  await systemClock.sleep(1000);
  expect([viewers.count(), following]).toEqual([40, 8]);
  const live = open(await log.end());
  await systemClock.sleep(300);
  expect(following).toBe(9);
  // Those that leave make room: also while they wait.
  for (const one of slow.slice(0, 39)) one?.destroy();
  let text = '';
  slow[39]?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await expect.poll(() => text.split('\nid: ').length, { timeout: 10_000 }).toBe(201);
  live?.destroy();
  slow[39]?.destroy();
  await expect.poll(() => viewers.count()).toBe(0);
});
