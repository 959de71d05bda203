// Bounces, complaints and deliveries become suppressions and counts in a real Redis.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { Event } from '../../../src/model/event.ts';
import { makeAutoSuppress } from '../../../src/store/auto-suppress.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { watchSettings, type SettingsStore } from '../../../src/store/settings.ts';
import { suppressionConfig } from '../../../src/store/suppression-config.ts';
import { makeSealer } from '../../../src/store/seal.ts';
import { openSuppressions, type Suppressions } from '../../../src/store/suppressions.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

const ANN = 'ann@x.example';

let server: TestRedis;
let redis: RedisConnection;
let settings: SettingsStore;
let prefix: string;
let list: Suppressions;
let n = 0;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  prefix = randomPrefix();
  redis = connectRedis({ url: server.url, purpose: 'accept', prefix, log: silentLog });
  await redis.whenReady();
  settings = await watchSettings({ redis, clock: systemClock, log: silentLog });
  list = openSuppressions({
    fingerprint: makeSealer(Buffer.alloc(32)).fingerprint,
    redis,
    prefix,
    clock: systemClock,
    settings,
  });
  return async () => {
    settings.close();
    await redis.close();
  };
});

const event = (fields: Partial<Event>): Event => ({
  v: 1,
  id: 'x',
  type: 'bounced',
  at: 0,
  account: 'default',
  user: 'shop',
  submission: 's',
  delivery: `s-${++n}`,
  recipient: ANN,
  sender: 'news@shop.example',
  headerFrom: 'news@shop.example',
  ...fields,
});
const hard = (fields: Partial<Event> = {}): Event =>
  event({
    class: 'bad-mailbox',
    phase: 'rcpt',
    reply: { code: 550, status: '5.1.1', text: 'no' },
    ...fields,
  });
const soft = (): Event =>
  event({ class: 'inactive-mailbox', phase: 'rcpt', reply: { code: 550, text: 'off' } });
const full = (): Event => event({ class: 'mailbox-full', phase: 'rcpt', reply: { code: 552, text: 'full' } });
const taken = (): Event => event({ type: 'delivered', host: 'mx.x.example' });
const times = (count: number, make: () => Event): Event[] => Array.from({ length: count }, make);
const open = (config: object = {}, mayFor: (user: string) => boolean = () => true) =>
  makeAutoSuppress({
    redis,
    prefix,
    clock: systemClock,
    config: suppressionConfig.parse(config),
    list,
    mayFor,
  });
const isHeld = (user = 'shop'): Promise<boolean> => list.isSuppressed('default', ANN, { user });
const rows = async (): Promise<unknown> => redis.call('KEYS', `${prefix}soft:*`);

test('one hard bounce holds back the mail of its user, and of nobody else', async () => {
  await open()([hard({ recipient: 'ANN@x.example' })]);
  expect(await isHeld()).toBe(true);
  expect(await isHeld('office')).toBe(false);
  expect(await list.isSuppressed('other', ANN, { user: 'shop' })).toBe(false);
  expect(await list.show('default', ANN, { user: 'shop' })).toMatchObject({ reason: 'bounce: bad-mailbox' });
});

test.each([
  ['domain', { domain: 'shop.example' }],
  ['account', {}],
])('scope %s', async (scope, about) => {
  await open({ scope })([hard()]);
  expect(await list.show('default', ANN, about)).toBeDefined();
  expect((await list.find('default', ANN)).length).toBe(1);
});

test('ten soft bounces in a row, in whatever batches, the same ones again counted once', async () => {
  const take = open();
  const nine = times(9, soft);
  await take(nine);
  await take(nine);
  expect(await isHeld()).toBe(false);
  await take([soft()]);
  expect(await isHeld()).toBe(true);
  expect((await list.show('default', ANN, { user: 'shop' }))?.until).toBeGreaterThan(Date.now());
  expect(await rows()).toEqual([]);
  await list.remove('default', ANN, { user: 'shop' });
  await take([soft()]);
  expect(await isHeld()).toBe(false);
});

test('a delivery ends the row, also within a batch', async () => {
  const take = open();
  await take([...times(9, soft), taken(), ...times(9, soft)]);
  expect(await isHeld()).toBe(false);
  await take([taken()]);
  expect(await rows()).toEqual([]);
});

test('a full mailbox has its own count', async () => {
  const take = open();
  await take([...times(29, full), ...times(9, soft)]);
  expect(await isHeld()).toBe(false);
  await take([full()]);
  expect(await list.show('default', ANN, { user: 'shop' })).toMatchObject({
    reason: 'mailbox full 30 times in a row',
  });
});

test('the row is forgotten in time', async () => {
  await open({ within: '200ms' })([soft()]);
  expect(await rows()).toHaveLength(1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await rows()).toEqual([]);
});

test('complaints, and what is switched off', async () => {
  await open({ complaints: false, hard: false, soft: 0, full: 0 })([
    event({ type: 'complained', class: 'abuse' }),
    hard(),
    ...times(40, soft),
    ...times(40, full),
  ]);
  expect(await list.find('default', ANN)).toEqual([]);
  expect(await rows()).toEqual([]);
  await open({}, () => false)([hard(), event({ type: 'complained' })]);
  expect(await isHeld()).toBe(false);
  await open()([event({ type: 'complained', class: 'abuse', report: 'arf' })]);
  expect(await list.show('default', ANN, { user: 'shop' })).toMatchObject({
    reason: 'complaint: abuse',
    report: 'arf',
  });
});

test('a thousand deliveries cost a handful of commands', async () => {
  const before = Number(
    /total_commands_processed:(\d+)/.exec(String(await redis.call('INFO', 'stats')))?.[1],
  );
  await open()(times(1000, taken));
  const after = Number(/total_commands_processed:(\d+)/.exec(String(await redis.call('INFO', 'stats')))?.[1]);
  expect(after - before).toBeLessThan(20);
});
