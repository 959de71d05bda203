// Suppression lists in a real Redis: scopes, expiry, evidence, and what the backlog's script makes of them.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import { systemClock, type Clock } from '../../../src/lib/clock.ts';
import { EVERYWHERE } from '../../../src/model/suppression.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { watchSettings, type SettingsStore } from '../../../src/store/settings.ts';
import { openSuppressions, type Suppressions } from '../../../src/store/suppressions.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

const ANN = 'ann@x.example';

let server: TestRedis;
let redis: RedisConnection;
let settings: SettingsStore;
let prefix: string;
let list: Suppressions;
let now = 0;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  prefix = randomPrefix();
  now = 1_000_000;
  redis = connectRedis({ url: server.url, purpose: 'accept', prefix, log: silentLog });
  await redis.whenReady();
  settings = await watchSettings({ redis, clock: systemClock, log: silentLog });
  const clock: Clock = { ...systemClock, now: () => now };
  list = openSuppressions({ redis, prefix, clock, settings });
  return async () => {
    settings.close();
    await redis.close();
  };
});

test('a user, a sender domain and a topic have entries of their own', async () => {
  const scopes = [{ user: 'shop' }, { domain: 'shop.example' }, { topic: 'news' }];
  for (const scope of scopes) expect(await list.add('default', ANN, 'x', scope)).toBe('added');
  expect(await list.isSuppressed('default', ANN)).toBe(false);
  for (const scope of scopes) {
    expect(await list.isSuppressed('default', 'ANN@x.example', scope)).toBe(true);
    expect(await list.show('default', ANN, scope)).toMatchObject({ address: ANN, ...scope });
  }
  for (const scope of [{ user: 'office' }, { domain: 'x.shop.example' }, { topic: 'shop' }, { user: 'news' }])
    expect(await list.isSuppressed('default', ANN, scope)).toBe(false);
  expect(await list.isSuppressed('default', ANN, { user: 'office', domain: 'shop.example' })).toBe(true);
  expect(await list.find('default', ANN)).toHaveLength(3);
  expect(await list.remove('default', ANN, { user: 'shop' })).toBe('removed');
  expect(await list.isSuppressed('default', ANN, { user: 'shop' })).toBe(false);
  expect(await list.find('default', ANN)).toHaveLength(2);
});

test('many addresses are asked for at once, in all scopes', async () => {
  await list.add('default', 'u1@x.example', 'x', { user: 'shop' });
  await list.add('default', 'u2@x.example', 'x', { domain: 'shop.example' });
  await list.add('default', 'u3@x.example', 'x', { topic: 'news' });
  await list.add('default', 'u4@x.example', 'x', { user: 'office' });
  await list.put('default', { address: 'u5@x.example', reason: 'x', at: 0, until: now });
  await list.add(EVERYWHERE, 'u7@x.example', 'x');
  await list.add('default', 'u8@x.example', 'x');
  const all = Array.from({ length: 600 }, (_, n) => `U${n}@x.example`);
  const about = { user: 'shop', domain: 'shop.example', topic: 'news' };
  expect([...(await list.suppressedAmong('default', all, about))].toSorted()).toEqual(
    [1, 2, 3, 7, 8].map((n) => `u${n}@x.example`),
  );
  expect([...(await list.suppressedAmong('default', all))].length).toBe(2);
  expect([...(await list.suppressedAmong('other', all, about))]).toEqual(['u7@x.example']);
});

test.each([
  { user: 'shop', topic: 'news' },
  { user: '' },
  { user: 'a\nb' },
  { domain: '\0user:shop' },
  { topic: '\0user:shop' },
])('%j is no scope', async (scope) => expect(await list.add('default', ANN, 'x', scope)).toBe('invalid'));

test('the list of the whole installation holds for every account', async () => {
  expect(settings.current()?.suppressing.size).toBe(0);
  expect(await list.isSuppressed('default', ANN)).toBe(false);
  await list.add(EVERYWHERE, ANN, 'by hand');
  for (const account of ['default', 'other']) expect(await list.isSuppressed(account, ANN)).toBe(true);
  expect(await list.isSuppressed('default', 'bob@x.example')).toBe(false);
  expect(list.hashOf('default')).toBe('');
  expect(list.hashOf(EVERYWHERE)).toBe(`${prefix}suppressed:*`);
  await list.remove(EVERYWHERE, ANN);
  expect(await list.isSuppressed('other', ANN)).toBe(false);
});

test('an entry ends, gives way to a new one, and is forgotten', async () => {
  const entry = { address: ANN, reason: 'soft bounces', at: now, until: now + 1000 };
  expect(await list.put('default', entry)).toBe('added');
  expect(await list.put('default', { ...entry, reason: 'again', until: now + 500 })).toBe('known');
  expect(await list.show('default', ANN)).toEqual(entry);
  now += 1000;
  expect(await list.isSuppressed('default', ANN)).toBe(false);
  expect(await list.show('default', ANN)).toBeUndefined();
  expect(await list.put('default', { ...entry, reason: 'anew', until: now + 1000 })).toBe('added');
  expect(await list.show('default', ANN)).toMatchObject({ reason: 'anew' });
  expect(await list.lapse()).toBe(0);
  now += 1000;
  expect(settings.current()?.suppressing.size).toBe(1);
  expect(await list.lapse()).toBe(1);
  await settings.refresh();
  expect(settings.current()?.suppressing.size).toBe(0);
  expect(await redis.call('EXISTS', `${prefix}suppressed:default`, `${prefix}suppression-ends`)).toBe(0);
});

test('an entry that ends gives way to one that ends later, or never', async () => {
  const entry = { address: ANN, reason: 'soft', at: now, until: now + 1000 };
  await list.put('default', entry);
  expect(await list.put('default', { ...entry, reason: 'longer', until: now + 2000 })).toBe('known');
  expect(await list.show('default', ANN)).toMatchObject({ reason: 'longer', until: now + 2000 });
  expect(await list.put('default', { address: ANN, reason: 'hard', at: now })).toBe('known');
  expect(await list.show('default', ANN)).toEqual({ address: ANN, reason: 'hard', at: now });
  now += 10_000;
  expect(await list.lapse()).toBe(0);
  expect(await list.isSuppressed('default', ANN)).toBe(true);
});

test('evidence is kept, cut, and survives an export', async () => {
  const evidence = { reply: '550 5.1.1 "No, such" user', delivery: '01ABC-1', report: 'dsn' };
  await list.put('default', {
    address: ANN,
    reason: 'bounce: bad-mailbox',
    at: now,
    user: 'shop',
    ...evidence,
  });
  const { csvHead, writeCsvLine } = await import('../../../src/store/suppressions-csv.ts');
  const lines = [csvHead];
  for await (const entry of list.list('default')) lines.push(writeCsvLine(entry));
  await list.remove('default', ANN, { user: 'shop' });
  expect(await list.importCsv('default', lines.join('\n'))).toEqual({ added: 1, known: 0, problems: [] });
  expect(await list.show('default', ANN, { user: 'shop' })).toMatchObject(evidence);
  await list.put('default', { address: ANN, reason: 'x', at: now, reply: 'x'.repeat(9999) });
  expect((await list.show('default', ANN))?.reply).toHaveLength(300);
});
