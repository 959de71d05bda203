// The event stream becomes segments on disk: nothing lost, nothing twice, whoever dies and whenever.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventsConfig } from '../../../src/events/config.ts';
import { openEventLog, type Recorded } from '../../../src/events/log.ts';
import { makeSegments, type SegmentsDeps } from '../../../src/events/segments.ts';
import { runSinks, type Sink } from '../../../src/events/sinks/index.ts';
import { makeStatsSink } from '../../../src/events/sinks/stats.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { newId } from '../../../src/lib/ids.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { Redis } from '../../../src/lib/script.ts';
import type { Event } from '../../../src/model/event.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

const clock = systemClock;
let server: TestRedis;
let redis: RedisConnection;
let folder: string;
let prefix: string;
let stop: AbortController;
let running: Promise<void>[];

beforeAll(async () => {
  server = await startRedis({ fsync: 'everysec' });
  redis = connectRedis({ url: server.url, purpose: 'events', prefix: 't:', log: silentLog });
  await redis.whenReady();
});
afterAll(async () => {
  await redis.close();
  await server.stop();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postino-events-'));
  prefix = randomPrefix();
  stop = new AbortController();
  running = [];
});
afterEach(async () => {
  stop.abort();
  await Promise.all(running);
  rmSync(folder, { recursive: true, force: true });
});

const deps = (owner = 'one', more: Partial<SegmentsDeps> = {}): SegmentsDeps => ({
  redis,
  clock,
  log: silentLog,
  config: eventsConfig.parse({}),
  folder: join(folder, 'events'),
  keys: { stream: `${prefix}events`, lease: `${prefix}lease:events` },
  owner,
  ...more,
});
const start = (its: SegmentsDeps, signal = stop.signal) => {
  const segments = makeSegments(its);
  running.push(segments.run(signal));
  return segments;
};
const eventLog = () => openEventLog({ folder: join(folder, 'events'), clock });
const event = (n: number, more: Partial<Event> = {}): Event => ({
  v: 1,
  id: `S${n}-1.delivered`,
  type: 'delivered',
  at: clock.now(),
  account: 'default',
  user: 'shop',
  submission: `S${n}`,
  delivery: `S${n}-1`,
  recipient: `person${n}@example.net`,
  sender: 'shop@shop.example',
  ...more,
});
const publish = (one: Event, pairs?: readonly (readonly string[])[]) =>
  redis.call(
    'XADD',
    `${prefix}events`,
    '*',
    'e',
    JSON.stringify(one),
    ...(pairs ? ['r', JSON.stringify(pairs)] : []),
  );
const everything = async (): Promise<readonly Recorded[]> => {
  const all: Recorded[] = [];
  for await (const batch of eventLog().read(undefined)) all.push(...batch);
  return all;
};
const ids = async (): Promise<readonly string[]> => (await everything()).map(({ event: { id } }) => id);
const streamEmpty = async (): Promise<boolean> => (await redis.call('XLEN', `${prefix}events`)) === 0;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test('events go to disk in order and leave the stream', async () => {
  await Promise.all(numbers(1200).map((n) => publish(event(n))));
  const segments = start(deps());
  await until(streamEmpty);
  expect(await ids()).toEqual(numbers(1200).map((n) => `S${n}-1.delivered`));
  expect(segments.state()).toMatchObject({ working: true, written: 1200, problem: undefined });
});

test('an event that stands for many deliveries is told once for each', async () => {
  await publish(event(1, { type: 'accepted' }), [
    ['S1-1', 'a@example.net'],
    ['S1-2', 'b@example.org'],
  ]);
  start(deps());
  await until(streamEmpty);
  expect((await everything()).map((line) => [line.event.id, line.event.recipient])).toEqual([
    ['S1-1.accepted', 'a@example.net'],
    ['S1-2.accepted', 'b@example.org'],
  ]);
});

test('a consumer that died between writing and trimming repeats nothing', async () => {
  await Promise.all(numbers(20).map((n) => publish(event(n))));
  // This one writes, and then its Redis is gone for trimming: as if it had been killed there.
  const never = new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
  const cut: Redis = {
    ...redis,
    run: (script, keys, args) => (script.name === 'trim' ? never : redis.run(script, keys, args)),
  };
  start(deps('dead', { redis: cut }));
  await until(async () => (await everything()).length === 20);
  expect(await redis.call('XLEN', `${prefix}events`)).toBe(20);
  await redis.call('DEL', `${prefix}lease:events`); // its lease expires
  start(deps('two'));
  await publish(event(20));
  await until(streamEmpty);
  expect(await ids()).toEqual(numbers(21).map((n) => `S${n}-1.delivered`));
});

test('after a crash in the middle of an entry the rest of its lines follow', async () => {
  const pairs = numbers(50).map((n) => [`S1-${n + 1}`, `p${n}@example.net`]);
  await publish(event(0));
  await publish(event(1, { type: 'accepted' }), pairs);
  const first = new AbortController();
  const cut: Redis = {
    ...redis,
    run: (script, keys, args) =>
      script.name === 'trim' ? Promise.resolve(1) : redis.run(script, keys, args),
  };
  start(deps('one', { redis: cut }), first.signal);
  await until(async () => (await everything()).length === 51);
  first.abort();
  await Promise.all(running);
  // What a kill in the middle of a write leaves: whole lines, then a torn one.
  const [name = ''] = readdirSync(join(folder, 'events'));
  const path = join(folder, 'events', name);
  const lines = readFileSync(path, 'utf8').split('\n');
  writeFileSync(path, `${lines.slice(0, 20).join('\n')}\n${lines[20]?.slice(0, 80)}`);
  start(deps('two'));
  await until(streamEmpty);
  const told = await ids();
  expect(told).toHaveLength(51);
  expect(new Set(told).size).toBe(51);
  expect(told.at(-1)).toBe('S1-50.accepted');
});

test('a torn first line, and a file that is only torn, lose nothing', async () => {
  await publish(event(0));
  const [[id]] = (await redis.call('XRANGE', `${prefix}events`, '-', '+')) as [[string]];
  start(deps(), AbortSignal.abort());
  await Promise.all(running);
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  const segments = join(folder, 'events');
  rmSync(segments, { recursive: true, force: true });
  await import('node:fs').then(({ mkdirSync }) => mkdirSync(segments));
  appendFileSync(join(segments, `${day}-${id}.jsonl`), '{"v":1,"id":"S0-1.del');
  start(deps());
  await until(streamEmpty);
  expect(await ids()).toEqual(['S0-1.delivered']);
  expect(readdirSync(segments)).toHaveLength(2);
});

test('of two consumers one works, and the other takes over when the first stops', async () => {
  const first = new AbortController();
  const one = start(deps('one'), first.signal);
  await until(() => one.state().working);
  const two = start(deps('two'));
  for (const n of numbers(30)) await publish(event(n));
  await until(streamEmpty);
  expect(two.state()).toMatchObject({ working: false, written: 0 });
  first.abort();
  for (const n of numbers(30)) await publish(event(30 + n));
  await until(streamEmpty);
  expect(two.state()).toMatchObject({ working: true, written: 30 });
  expect(await ids()).toEqual(numbers(60).map((n) => `S${n}-1.delivered`));
});

test('a consumer whose lease another took may write, but the stream is not trimmed by it', async () => {
  const trims: unknown[] = [];
  const watched: Redis = {
    ...redis,
    run: async (script, keys, args) => {
      if (script.name === 'trim') {
        await redis.call('HSET', `${prefix}lease:events`, 'owner', 'thief');
        const answer = await redis.run(script, keys, args);
        trims.push(answer);
        return answer;
      }
      return redis.run(script, keys, args);
    },
  };
  start(deps('slow', { redis: watched }));
  await publish(event(0));
  await until(() => trims.length > 0);
  expect(trims).toEqual([-1]);
  expect(await redis.call('XLEN', `${prefix}events`)).toBe(1);
  await redis.call('DEL', `${prefix}lease:events`);
  start(deps('two'));
  await until(streamEmpty);
  expect(await ids()).toEqual(['S0-1.delivered']);
});

test('a folder that cannot be written keeps the stream, says so, and work resumes by itself', async () => {
  writeFileSync(join(folder, 'events'), 'in the way');
  const segments = start(deps());
  await publish(event(0));
  await until(() => segments.state().problem !== undefined);
  expect(await redis.call('XLEN', `${prefix}events`)).toBe(1);
  rmSync(join(folder, 'events'));
  await until(streamEmpty);
  expect(await ids()).toEqual(['S0-1.delivered']);
  expect(segments.state().problem).toBeUndefined();
});

test('a new segment begins by size, and a reader goes on from any cursor', async () => {
  start(deps('one', { config: eventsConfig.parse({ segmentBytes: 4096 }) }));
  for (const n of numbers(60)) {
    await publish(event(n));
    if (n % 10 === 9) await until(streamEmpty);
  }
  await until(streamEmpty);
  expect(readdirSync(join(folder, 'events')).length).toBeGreaterThan(2);
  const all = await everything();
  expect(all).toHaveLength(60);
  for (const from of [0, 7, 29, 30, 58, 59]) {
    const rest: Recorded[] = [];
    for await (const batch of eventLog().read(all[from]?.cursor)) rest.push(...batch);
    expect(rest.map((line) => line.event.id)).toEqual(all.slice(from + 1).map((line) => line.event.id));
  }
});

test('old segments are removed, the newest never', async () => {
  const old = join(folder, 'events');
  await import('node:fs').then(({ mkdirSync }) => mkdirSync(old));
  for (const ms of [1_000_000_000_000, 1_100_000_000_000])
    writeFileSync(
      join(old, `20200101-${ms}-0.jsonl`),
      `${JSON.stringify({ ...event(0), cursor: `${ms}-0.0` })}\n`,
    );
  const segments = start(deps());
  await until(() => segments.state().working && readdirSync(old).length === 1);
  expect(readdirSync(old)).toEqual(['20200101-1100000000000-0.jsonl']);
});

test('search finds by id, address, type and time, newest first', async () => {
  const now = clock.now();
  const mine = newId(now);
  start(deps('one', { config: eventsConfig.parse({ segmentBytes: 4096 }) }));
  for (const n of numbers(40)) await publish(event(n));
  await until(streamEmpty);
  const its = {
    submission: mine,
    delivery: `${mine}-1`,
    messageId: '<m/1@shop.example>',
    recipient: 'Ann@Example.net',
  };
  await publish(event(98, { ...its, id: `${mine}-1.deferred.1`, type: 'deferred', transport: 'ip1' }));
  await publish(event(99, { ...its, id: `${mine}-1.delivered`, transport: 'ip2' }));
  for (const n of numbers(40)) await publish(event(n));
  await until(streamEmpty);
  const find = async (filter: Parameters<ReturnType<typeof eventLog>['search']>[0], limit = 100) =>
    (await eventLog().search(filter, limit)).events.map((line) => line.event.id);
  const both = [`${mine}-1.delivered`, `${mine}-1.deferred.1`];
  expect(await find({ id: mine })).toEqual(both);
  expect(await find({ id: `${mine}-1` })).toEqual(both);
  expect(await find({ messageId: 'm/1@shop.example' })).toEqual(both);
  expect(await find({ recipient: 'ann@example.net' })).toEqual(both);
  expect(await find({ recipient: '@example.net' })).toHaveLength(82);
  expect(await find({ sender: 'SHOP@shop.example', types: ['deferred'] })).toEqual([both[1]]);
  expect(await find({ transport: 'ip2' })).toEqual([both[0]]);
  expect(await find({ user: 'nobody' })).toEqual([]);
  expect(await find({ since: now + 3_600_000 })).toEqual([]);
  expect(await find({ until: now - 3_600_000 })).toEqual([]);
  expect(await eventLog().search({}, 5)).toMatchObject({ complete: false, events: { length: 5 } });
});

test('closed segments are compressed while it writes, and nobody sees a difference', async () => {
  const config = { ...eventsConfig.parse({}), segmentBytes: 4096, compressAfter: 0 };
  // It looks at closed segments every minute.
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    clock.sleep(ms === 60_000 ? 50 : ms, signal);
  start(deps('one', { config, clock: { ...clock, sleep } }));
  const packed = (): number =>
    readdirSync(join(folder, 'events')).filter((name) => name.endsWith('.jsonl.zst')).length;
  for (const n of numbers(200)) {
    await publish(event(n));
    if (n % 20 === 0) await until(streamEmpty);
  }
  await until(streamEmpty);
  await until(() => packed() > 1);
  for (const n of numbers(50)) await publish(event(200 + n));
  await until(streamEmpty);
  expect(await ids()).toEqual(numbers(250).map((n) => `S${n}-1.delivered`));
  expect(readdirSync(join(folder, 'events')).toSorted().at(-1)).toMatch(/\.jsonl$/);
});

test('a follower sees what comes, across segments', async () => {
  const seen: string[] = [];
  const follow = (async () => {
    for await (const batch of eventLog().follow(undefined, stop.signal))
      seen.push(...batch.map((line) => line.event.id));
  })();
  start(deps('one', { config: eventsConfig.parse({ segmentBytes: 4096 }) }));
  for (const n of numbers(50)) {
    await publish(event(n));
    if (n % 17 === 0) await until(streamEmpty);
  }
  await until(() => seen.length === 50);
  expect(seen).toEqual(numbers(50).map((n) => `S${n}-1.delivered`));
  stop.abort();
  await follow;
});

test('a sink that fails is fed again from its cursor, and the others do not wait', async () => {
  const taken: string[] = [];
  let failures = 0;
  const flaky: Sink = {
    name: 'flaky',
    start: 'oldest',
    cursor: 'kept',
    take: async (batch) => {
      if (failures++ === 0) throw new Error('away');
      taken.push(...batch.map((line) => line.event.id));
    },
  };
  const stats = makeStatsSink();
  const sinks = { events: eventLog(), folder: join(folder, 'cursors'), clock, log: silentLog };
  const first = new AbortController();
  const run = runSinks({ ...sinks, sinks: [flaky, stats.sink] }, first.signal);
  start(deps());
  for (const n of numbers(5)) await publish(event(n, { transport: 'ip1' }));
  await until(() => stats.counts()[0]?.count === 5);
  expect(stats.counts()).toEqual([{ type: 'delivered', class: '', transport: 'ip1', count: 5 }]);
  await until(() => taken.length === 5);
  first.abort();
  await run;
  await publish(event(5));
  const second = runSinks({ ...sinks, sinks: [flaky] }, stop.signal);
  await until(() => taken.length === 6);
  expect(taken.at(-1)).toBe('S5-1.delivered');
  stop.abort();
  await second;
});

test('of two processes only the elected one feeds a sink whose cursor is kept', async () => {
  const taken: string[] = [];
  let elected = 'one';
  const sink = (name: string): Sink => ({
    name: 'same',
    start: 'oldest',
    cursor: 'kept',
    take: async (batch) => void taken.push(...batch.map((line) => `${name} ${line.event.id}`)),
  });
  const sinks = { events: eventLog(), folder: join(folder, 'cursors'), clock, log: silentLog };
  for (const name of ['one', 'two'])
    running.push(runSinks({ ...sinks, sinks: [sink(name)], elected: () => elected === name }, stop.signal));
  start(deps());
  await publish(event(0));
  await until(() => taken.length === 1);
  elected = 'two';
  await clock.sleep(1500);
  await publish(event(1));
  await until(() => taken.length === 2);
  await clock.sleep(300);
  expect(taken).toEqual(['one S0-1.delivered', 'two S1-1.delivered']);
});

test('a consumer killed at random moments under load loses nothing and repeats nothing', async () => {
  const script = new URL('../../support/events-consumer.ts', import.meta.url).pathname;
  let published = 0;
  let loading = true;
  const load = (async () => {
    while (loading) {
      const pairs = numbers(3).map((n) => [`S${published}-${n + 1}`, `p${n}@example.net`]);
      await publish(event(published++, { conversation: 'x'.repeat(1500) }), pairs);
      if (published % 50 === 0) await clock.sleep(5);
    }
  })();
  for (let kill = 0; kill < 6; kill++) {
    const args = [server.url, join(folder, 'events'), prefix, `killed-${kill}`];
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data'); // it works
    await clock.sleep(50 + kill * 37);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await redis.call('DEL', `${prefix}lease:events`); // as if it had expired
  }
  loading = false;
  await load;
  start(deps('last'));
  await until(streamEmpty);
  const told = await ids();
  expect(told).toHaveLength(published * 3);
  expect(new Set(told).size).toBe(published * 3);
});
