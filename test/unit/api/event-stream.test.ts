// Streams of events: what a viewer gets, that a slow one is cut off with little kept, and that who may no longer see does not.
import type { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { makeViewers } from '../../../src/api/event-stream.ts';
import type { EventLog, Recorded } from '../../../src/events/log.ts';
import { systemClock, type Clock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { Event } from '../../../src/model/event.ts';

function recorded(n: number, subject = ''): Recorded {
  const event: Event = {
    v: 1,
    id: `E${n}`,
    type: 'delivered',
    at: n,
    account: 'default',
    user: 'shop',
    submission: 'S',
    delivery: 'S-1',
    recipient: 'ann@example.net',
    sender: '',
    subject,
  };
  return { cursor: { ms: n, seq: 0, n: 0 }, event };
}

/** A clock whose sleeps end, and whose repetitions run, when the test says so. */
function stopped(): Clock & { wake(): void; tick(): void; asleep(): number } {
  const sleepers: (() => void)[] = [];
  const tasks = new Set<() => void>();
  return {
    ...systemClock,
    sleep: (_, signal) =>
      new Promise((resolve) => {
        sleepers.push(resolve);
        signal?.addEventListener('abort', () => resolve());
      }),
    every: (_, task) => {
      tasks.add(task);
      return () => tasks.delete(task);
    },
    asleep: () => sleepers.length,
    wake: () => sleepers.splice(0).forEach((wake) => wake()),
    tick: () => tasks.forEach((task) => task()),
  };
}

function logOf(batches: AsyncGenerator<readonly Recorded[]>): EventLog {
  return { follow: () => batches, end: () => Promise.resolve(undefined) } as unknown as EventLog;
}

async function* endless(size: number): AsyncGenerator<readonly Recorded[]> {
  for (let n = 1; ; n++) {
    yield [recorded(n, 'x'.repeat(size))];
    await systemClock.sleep(0);
  }
}

const always = { after: undefined, wanted: () => true, mayStay: () => Promise.resolve(true) };
const soon = (): Promise<void> => systemClock.sleep(50);

test('a viewer gets what it wants, each event with its cursor', async () => {
  async function* three(): AsyncGenerator<readonly Recorded[]> {
    yield [recorded(1), recorded(2)];
    yield [recorded(3)];
  }
  const viewers = makeViewers({ eventLog: logOf(three()), clock: stopped(), log: silentLog });
  const stream = viewers.open({ ...always, wanted: ({ at }) => at !== 2 });
  await soon();
  const text = String(stream?.read());
  expect(text).toMatch(
    /^retry: 2000\n\nid: 1-0\.0\nevent: delivered\ndata: \{.*"id":"E1".*\}\n\nid: 3-0\.0\n/,
  );
  expect(text.endsWith('\n\n')).toBe(true);
  stream?.destroy();
  await soon();
  expect(viewers.count()).toBe(0);
});

test('who does not read is cut off, and little is kept for it', async () => {
  const clock = stopped();
  const viewers = makeViewers({ eventLog: logOf(endless(1000)), clock, log: silentLog });
  const stream = viewers.open(always) as PassThrough;
  for (let tries = 0; tries < 100 && clock.asleep() === 0; tries++) await soon();
  const kept = stream.readableLength + stream.writableLength;
  expect(kept).toBeGreaterThan(60_000);
  expect(kept).toBeLessThan(300_000);
  expect(stream.destroyed).toBe(false);
  clock.wake();
  await soon();
  expect(stream.destroyed).toBe(true);
  expect(viewers.count()).toBe(0);
});

test('who reads in time stays', async () => {
  const clock = stopped();
  const viewers = makeViewers({ eventLog: logOf(endless(1000)), clock, log: silentLog });
  const stream = viewers.open(always) as PassThrough;
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
  await soon();
  const before = bytes;
  clock.wake();
  await soon();
  expect(bytes).toBeGreaterThan(before);
  expect(stream.destroyed).toBe(false);
  stream.destroy();
});

test('a viewer that may no longer see is cut off; while nobody can tell it stays', async () => {
  const clock = stopped();
  let mayStay = (): Promise<boolean> => Promise.reject(new Error('Redis is away'));
  const viewers = makeViewers({ eventLog: logOf(endless(10)), clock, log: silentLog });
  const stream = viewers.open({ ...always, mayStay: () => mayStay() });
  stream?.resume();
  clock.tick();
  await soon();
  expect(stream?.destroyed).toBe(false);
  mayStay = () => Promise.resolve(false);
  clock.tick();
  await soon();
  expect(stream?.destroyed).toBe(true);
});

test('500 are enough', () => {
  const viewers = makeViewers({ eventLog: logOf(endless(10)), clock: stopped(), log: silentLog });
  const open = Array.from({ length: 501 }, () => viewers.open(always));
  expect(open.at(-1)).toBeUndefined();
  expect(viewers.count()).toBe(500);
  for (const stream of open) stream?.destroy();
});
