// Counters of outcomes in Redis: sliding windows, bounded keys, and what a user usually sends.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import type { Event } from '../../../src/model/event.ts';
import { noticeEvent } from '../../../src/model/notice.ts';
import { makeCounts, type CountStore } from '../../../src/monitor/counts.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { handClock, type HandClock } from '../../support/hand-clock.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let server: TestRedis;
let redis: RedisConnection;
let prefix: string;
let clock: HandClock;
let counts: CountStore;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis({ url: server.url, purpose: 'events', prefix: '', log: silentLog });
  await redis.whenReady();
});
afterAll(async () => {
  await redis.close();
  await server.stop();
});
beforeEach(() => {
  prefix = randomPrefix();
  clock = handClock();
  counts = makeCounts({ redis, prefix, clock });
});

const blank = noticeEvent({ type: 'trouble', at: 0, scope: '', key: '', reason: '' });
function events(n: number, fields: Partial<Event>): Event[] {
  const common = { user: 'shop', transport: 'ip1', provider: 'google', headerFrom: 'news@shop.example' };
  return Array.from({ length: n }, () => ({ ...blank, at: clock.now(), ...common, ...fields }));
}
const reply = { code: 550, text: 'no' };
const bounces = (n: number, fields: Partial<Event> = {}): Event[] =>
  events(n, { type: 'bounced', class: 'bad-mailbox', reply, ...fields });

describe('transports', () => {
  test('counts by provider, of the last hour and the last day', async () => {
    await counts.record([
      ...events(3, { type: 'delivered' }),
      ...bounces(2),
      ...bounces(1, { class: 'blocked' }),
    ]);
    clock.pass(30 * MINUTE);
    await counts.record([
      ...events(4, { type: 'delivered', provider: undefined }),
      ...events(1, { type: 'accepted' }),
    ]);
    const { hour, day } = (await counts.transports()).get('ip1') ?? {};
    expect(hour?.get('google')).toEqual({ delivered: 3, bounced: 2, blocked: 1, deferred: 0, complained: 0 });
    expect(hour?.get('')).toMatchObject({ delivered: 4 });
    expect(day?.get('google')).toMatchObject({ delivered: 3, bounced: 2 });
    clock.pass(31 * MINUTE);
    const later = (await counts.transports()).get('ip1');
    expect([...(later?.hour.keys() ?? [])]).toEqual(['']);
    expect(later?.day.get('google')).toMatchObject({ delivered: 3 });
    clock.pass(DAY);
    expect((await counts.transports()).size).toBe(0);
  });

  test('events that come late count for when they happened; too old ones not at all', async () => {
    const now = clock.now();
    await counts.record([
      ...events(1, { type: 'delivered', at: now - 59 * MINUTE }),
      ...events(2, { type: 'delivered', at: now - 61 * MINUTE }),
      ...events(4, { type: 'delivered', at: now - 25 * HOUR }),
      ...events(8, { type: 'delivered', at: now + HOUR }),
    ]);
    const { hour, day } = (await counts.transports()).get('ip1') ?? {};
    expect(hour?.get('google')?.delivered).toBe(9);
    expect(day?.get('google')?.delivered).toBe(11);
  });

  test('what has settled is not read again, and is still counted', async () => {
    await counts.record(events(5, { type: 'complained' }));
    clock.pass(4 * HOUR);
    for (const _ of [1, 2])
      expect((await counts.transports()).get('ip1')?.day.get('google')?.complained).toBe(5);
    await redis.call('DEL', ...(await keys()));
    expect((await counts.transports()).get('ip1')?.day.get('google')?.complained).toBe(5);
  });
});

const keys = async (): Promise<string[]> => {
  const found = await redis.call('KEYS', `${prefix}*`);
  return Array.isArray(found) ? found.map(String) : [];
};

describe('senders', () => {
  test('users and their domains over a day, without what was forgiven', async () => {
    await counts.record([
      ...events(10, { type: 'delivered' }),
      ...bounces(3),
      ...bounces(2, { class: 'mailbox-full' }),
    ]);
    clock.pass(2 * HOUR);
    const forgiven = clock.now();
    clock.pass(HOUR);
    await counts.record(bounces(1));
    const all = await counts.senders(() => 0);
    expect(all.get('shop')).toEqual({ delivered: 10, bounced: 6, unknown: 4, complained: 0 });
    expect(all.get('shop|shop.example')).toEqual(all.get('shop'));
    const rest = await counts.senders((key) => (key === 'shop' ? forgiven : 0));
    expect(rest.get('shop')?.bounced).toBe(1);
    expect(rest.get('shop|shop.example')?.bounced).toBe(6);
  });

  test('bounces that are our own fault are not the sender’s', async () => {
    await counts.record([...bounces(2, { class: 'blocked' }), ...bounces(1, { class: 'spam' })]);
    expect((await counts.senders(() => 0)).get('shop')?.bounced).toBe(1);
  });

  test('about the last sixty minutes', async () => {
    await counts.record(bounces(60));
    clock.pass(HOUR + 15 * MINUTE);
    await counts.record(bounces(5));
    expect((await counts.sendersNow()).get('shop')).toMatchObject({ bounced: 50, unknown: 50 });
    clock.pass(HOUR);
    expect((await counts.sendersNow()).get('shop')).toMatchObject({ bounced: 3 });
  });

  test('a sender with ever new domains fills no memory', async () => {
    const many = Array.from({ length: 25_000 }, (_, n) =>
      bounces(1, { headerFrom: `x@d${n}.example` }),
    ).flat();
    await counts.record(bounces(1));
    await counts.record(many);
    const [key] = (await keys()).filter((name) => name.includes(':d:h:'));
    expect(await redis.call('HLEN', key ?? '')).toBe(20_000);
    expect((await counts.senders(() => 0)).get('shop')?.bounced).toBe(25_001);
  });

  test('hostile sender addresses stay counters of their user', async () => {
    const from = ['a@b|c', 'x@', '@', '', 'no address', `x@${'a'.repeat(9999)}`, 'x@ü|delivered', '|@|'];
    await counts.record(from.flatMap((headerFrom) => bounces(1, { headerFrom, sender: '' })));
    const found = await counts.senders(() => 0);
    expect(found.get('shop')?.bounced).toBe(from.length);
    for (const key of found.keys()) expect(key).toMatch(/^shop(\|[a-z0-9.-]{1,253})?$/);
  });
});

describe('volumes', () => {
  test('the last hour, and the busiest hour of each day before', async () => {
    clock = handClock(Date.UTC(2026, 0, 1, 10));
    counts = makeCounts({ redis, prefix, clock });
    for (const n of [30, 10]) {
      await counts.record(events(n, { type: 'accepted' }));
      clock.pass(HOUR);
    }
    clock.pass(DAY - 2 * HOUR);
    await counts.record(events(50, { type: 'accepted' }));
    clock.pass(DAY);
    await counts.record(events(7, { type: 'accepted' }));
    expect((await counts.volumes()).get('shop')).toEqual({ hour: 7, peaks: [50, 30] });
    clock.pass(3 * HOUR);
    expect((await counts.volumes()).has('shop')).toBe(false);
  });
});

test('every key expires', async () => {
  await counts.record([...events(1, { type: 'accepted' }), ...bounces(1)]);
  const all = await keys();
  expect(all.length).toBe(6);
  for (const key of all) expect(Number(await redis.call('PTTL', key))).toBeGreaterThan(HOUR);
});
