// The watch over senders with a real Redis and a clock moved by hand: warned, slowed, stopped, forgiven; held for theft.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import type { Event } from '../../../src/model/event.ts';
import { noticeEvent, type Notice } from '../../../src/model/notice.ts';
import { userSchema, type User } from '../../../src/model/settings.ts';
import { monitorConfig } from '../../../src/monitor/config.ts';
import { makeCounts, type CountStore } from '../../../src/monitor/counts.ts';
import { makeLogIns, type LogInStore } from '../../../src/monitor/log-ins.ts';
import { makePeopleWatch, type PeopleWatch } from '../../../src/monitor/people.ts';
import { readSenders } from '../../../src/monitor/records.ts';
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
let logIns: LogInStore;
let watch: PeopleWatch;
let told: Notice[];
let done: string[];
let users: Map<string, User>;
let paused: Set<string>;

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
  clock = handClock(Date.UTC(2026, 0, 1, 12));
  counts = makeCounts({ redis, prefix, clock });
  logIns = makeLogIns({ redis, prefix, clock, log: silentLog });
  told = [];
  done = [];
  paused = new Set();
  users = new Map([['shop', user('shop')]]);
  watch = makeWatch({});
});

const user = (name: string, fields: Partial<User> = {}): User =>
  userSchema.parse({ v: 1, name, origin: 'command', ...fields });

function makeWatch(config: object): PeopleWatch {
  const note = (what: string) => (name: string) => {
    done.push(`${what} ${name}`);
    if (what === 'pause') paused.add(name);
    if (what === 'resume') paused.delete(name);
    return Promise.resolve();
  };
  return makePeopleWatch({
    redis,
    prefix,
    clock,
    config: monitorConfig.parse(config),
    users: () => users,
    counts,
    logIns,
    measures: {
      slow: note('slow'),
      unslow: note('unslow'),
      pause: note('pause'),
      resume: note('resume'),
      isPaused: (name) => Promise.resolve(paused.has(name)),
    },
    tell: (notice) => {
      told.push(notice);
      return Promise.resolve();
    },
  });
}

const blank = noticeEvent({ type: 'trouble', at: 0, scope: '', key: '', reason: '' });
async function happens(n: number, fields: Partial<Event>): Promise<void> {
  const common = { user: 'shop', headerFrom: 'news@shop.example', reply: { code: 250, text: '' } };
  await counts.record(Array.from({ length: n }, () => ({ ...blank, at: clock.now(), ...common, ...fields })));
}
const bounces = (n: number, fields: Partial<Event> = {}): Promise<void> =>
  happens(n, { type: 'bounced', class: 'mailbox-full', ...fields });

async function rounds(n: number, everyMs = MINUTE): Promise<void> {
  for (let i = 0; i < n; i++) {
    clock.pass(everyMs);
    await watch.round();
  }
}
const changes = (): readonly string[] =>
  told.map(
    ({ type, key, state, rule, over }) =>
      `${key} ${type === 'sender-state' ? state : rule}${over ? ' over' : ''}`,
  );
const recordOf = async (key: string) => (await readSenders(redis, prefix)).get(key);

describe('bounces and complaints', () => {
  test('warn, slow, stop for a day, and then it begins anew', async () => {
    await happens(192, { type: 'delivered' });
    await bounces(4);
    await rounds(1);
    expect(changes()).toEqual(['shop|shop.example warned', 'shop warned']);
    await bounces(3);
    await rounds(1);
    expect(done).toEqual(['slow shop']);
    await bounces(4);
    await rounds(1);
    expect(done).toEqual(['slow shop', 'unslow shop', 'pause shop']);
    expect(await recordOf('shop')).toMatchObject({ state: 'stopped', until: clock.now() + DAY });
    expect(told.at(-1)).toMatchObject({
      type: 'sender-state',
      user: 'shop',
      state: 'stopped',
      was: 'slowed',
      reason: '5.42 % bounces within 24 hours (11).',
    });
    await rounds(23, HOUR);
    expect(done).toHaveLength(3);
    await rounds(1, HOUR);
    expect(done.at(-1)).toBe('resume shop');
    expect(changes().at(-1)).toBe('shop fine over');
    await rounds(3, HOUR);
    expect(await recordOf('shop')).toMatchObject({ state: 'fine' });
    await rounds(50, HOUR);
    expect(await recordOf('shop')).toBeUndefined();
  });

  test('an operator who lifts the pause is obeyed: what was does not count again', async () => {
    await bounces(20);
    await rounds(1);
    expect(done).toEqual(['pause shop']);
    paused.delete('shop');
    await rounds(5);
    expect(changes().at(-1)).toBe('shop fine over');
    expect(done).toEqual(['pause shop', 'resume shop']);
    clock.pass(HOUR);
    await bounces(20);
    await rounds(1);
    expect(done.at(-1)).toBe('pause shop');
  });

  test('a domain warns, and acts only where that is wanted', async () => {
    await happens(5_000, { type: 'delivered', headerFrom: 'a@good.example' });
    await bounces(50, { headerFrom: 'a@bad.example' });
    await rounds(1);
    expect(changes()).toEqual(['shop|bad.example warned']);
    expect(done).toEqual([]);
    watch = makeWatch({ senders: { domains: 'act' } });
    await rounds(1);
    expect(done).toEqual(['pause shop']);
    expect(told.at(-1)?.reason).toMatch(/^bad\.example: 25 % bounces/);
  });

  test('users have thresholds of their own, and operators say how far it may go', async () => {
    users.set('shop', user('shop', { watch: { bounces: { warn: 50, slow: 60, stop: 70 } } }));
    users.set('office', user('office', { watch: { act: 'warn' } }));
    await bounces(20);
    await bounces(20, { user: 'office', headerFrom: 'a@office.example' });
    await rounds(2);
    expect(done).toEqual([]);
    expect(changes()).toEqual(['office|office.example warned', 'office warned']);
  });

  test('who is no user any more is forgotten', async () => {
    await bounces(20);
    await rounds(1);
    users.clear();
    await rounds(1);
    expect((await readSenders(redis, prefix)).size).toBe(0);
  });
});

describe('stolen passwords', () => {
  /** Four days with so many messages in their busiest hour. */
  async function usually(n: number): Promise<void> {
    for (let day = 0; day < 4; day++) {
      await happens(n, { type: 'accepted' });
      clock.pass(DAY);
    }
  }

  test('a jump in volume holds the mail and raises an alarm; whoever lifts that is believed for a day', async () => {
    await usually(100);
    await happens(1_500, { type: 'accepted' });
    await rounds(3);
    expect(done).toEqual(['pause shop']);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ type: 'trouble', rule: 'theft', action: 'hold', user: 'shop' });
    expect(told[0]?.reason).toMatch(/1500 recipients within an hour, and the busiest hour before had 100/);
    paused.delete('shop');
    await rounds(3);
    expect(changes().at(-1)).toBe('shop theft over');
    await happens(5_000, { type: 'accepted' });
    await rounds(3);
    expect(done).toEqual(['pause shop']);
    clock.pass(DAY + HOUR);
    await happens(80_000, { type: 'accepted' });
    await rounds(1);
    expect(done).toEqual(['pause shop', 'pause shop']);
  });

  test('log-ins from all over hold it, too', async () => {
    logIns.note('shop', 'IT');
    await usually(10);
    for (const country of ['IT', 'US', 'CN', 'nowhere']) logIns.note('shop', country);
    await expect.poll(async () => (await logIns.of('shop')).size).toBe(3);
    await happens(1, { type: 'accepted' });
    await rounds(1);
    expect(done).toEqual(['pause shop']);
    expect(told[0]?.reason).toMatch(/log-ins from CN, IT, US within a day/);
  });

  test('one sign is told once and holds nothing', async () => {
    await usually(200);
    await happens(1_100, { type: 'accepted' });
    await rounds(3);
    expect(done).toEqual([]);
    expect(changes()).toEqual(['shop theft']);
    expect(told[0]?.reason).toMatch(/^Something is unusual/);
  });

  test('tell says so and holds nothing; off does neither', async () => {
    await usually(100);
    watch = makeWatch({ theft: { act: 'tell' } });
    users.set('calm', user('calm', { watch: { theft: 'off', recipientsPerHour: 1 } }));
    await happens(1_500, { type: 'accepted' });
    await happens(1_500, { type: 'accepted', user: 'calm' });
    await rounds(3);
    expect(done).toEqual([]);
    expect(changes()).toEqual(['shop theft']);
  });

  test('a hold outlives the end of a stop', async () => {
    await usually(100);
    await bounces(20);
    await rounds(1);
    await happens(1_500, { type: 'accepted' });
    await rounds(1);
    expect(done).toEqual(['pause shop', 'pause shop']);
    await rounds(25, HOUR);
    expect(await recordOf('shop')).toMatchObject({
      state: 'fine',
      held: { reason: expect.stringContaining('stolen') },
    });
    expect(done).toHaveLength(2);
  });
});

test('a log-in is written now and then, and forgotten after three months', async () => {
  for (let i = 0; i < 100; i++) logIns.note('shop', 'IT');
  await expect.poll(async () => (await logIns.of('shop')).size).toBe(1);
  const first = clock.now();
  clock.pass(11 * MINUTE);
  logIns.note('shop', 'IT');
  await expect.poll(async () => (await logIns.of('shop')).get('IT')).toEqual({ first, last: clock.now() });
  expect(Number(await redis.call('PTTL', `${prefix}logins:shop`))).toBeGreaterThan(80 * DAY);
});
