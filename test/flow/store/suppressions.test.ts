// Suppression lists in a real Redis: scopes, expiry, evidence, and what the backlog's script makes of them.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { textsIn } from '../../../src/lib/answers.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { systemClock, type Clock } from '../../../src/lib/clock.ts';
import { EVERYWHERE } from '../../../src/model/suppression.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { watchSettings, type SettingsStore } from '../../../src/store/settings.ts';
import { makeSealer } from '../../../src/store/seal.ts';
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
  list = openSuppressions({
    fingerprint: makeSealer(Buffer.alloc(32)).fingerprint,
    redis,
    prefix,
    clock,
    settings,
  });
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
  expect(await list.importCsv('default', lines.join('\n'))).toEqual({
    added: 1,
    known: 0,
    wrong: 0,
    problems: [],
  });
  expect(await list.show('default', ANN, { user: 'shop' })).toMatchObject(evidence);
  await list.put('default', { address: ANN, reason: 'x', at: now, reply: 'x'.repeat(9999) });
  expect((await list.show('default', ANN))?.reply).toHaveLength(300);
});

test('who was forgotten stands under a hash, in every scope, until the address takes it off', async () => {
  const until = now + 1000;
  await list.add('default', ANN, `asked by ${ANN}`);
  const evidence = { reply: `550 ${ANN}`, delivery: 'S1-1', report: 'dsn' };
  await list.put('default', { address: ANN, reason: 'x', at: 5, topic: 'news', until, ...evidence });
  await list.add('default', 'bo@x.example', 'x');
  expect(await list.forget('default', 'ANN@x.example')).toBe(2);
  expect(await list.forget('default', ANN)).toBe(0);
  const keys = textsIn(await redis.call('KEYS', `${prefix}*`));
  const values = await Promise.all(
    keys.map((key) =>
      redis.call('HGETALL', key).catch(() => redis.call('ZRANGE', key, 0, -1).catch(() => '')),
    ),
  );
  expect(JSON.stringify([keys, values])).not.toContain(ANN);
  expect(JSON.stringify([keys, values])).toContain('bo@x.example');
  const [all, news] = (await list.find('default', ANN)).toSorted((a, b) =>
    (a.topic ?? '') < (b.topic ?? '') ? -1 : 1,
  );
  expect(all).toEqual({ address: expect.stringMatching(/^forgotten:/), reason: 'forgotten', at: now });
  expect(news).toEqual({ address: all?.address, reason: 'x', at: 5, topic: 'news', until, report: 'dsn' });
  expect(await list.isSuppressed('default', 'Ann@X.example')).toBe(true);
  expect(await list.isSuppressed('other', ANN)).toBe(false);
  const mail = { account: 'default', address: 'Ann@x.example', bypass: false };
  expect(await list.holdsBack(mail)).toBe('address');
  expect(await list.holdsBack({ ...mail, bypass: true })).toBeUndefined();
  expect(list.holdsBack({ ...mail, account: 'other' })).toBeUndefined();
  expect(await list.add('default', ANN, 'bounce')).toBe('known');
  expect(await list.remove('default', ANN)).toBe('removed');
  expect(await list.isSuppressed('default', ANN)).toBe(false);
  expect(await list.holdsBack({ ...mail, topic: 'news' })).toBe('topic');
  now += 2000;
  expect(await list.holdsBack({ ...mail, topic: 'news' })).toBeUndefined();
  expect(await list.lapse()).toBe(1);
  expect(await list.remove('default', 'bo@x.example')).toBe('removed');
  expect(settings.latest()?.suppressing.size).toBe(0);
});

test('forgotten people come back from an export, and a list of another name knows them not', async () => {
  await list.add(EVERYWHERE, ANN, 'x');
  await list.forget(EVERYWHERE, ANN);
  expect(await list.isSuppressed('default', ANN)).toBe(true);
  expect(await list.holdsBack({ account: 'default', address: ANN, bypass: true })).toBe('everywhere');
  const [entry] = await list.find(EVERYWHERE, ANN);
  expect(await list.remove(EVERYWHERE, entry?.address ?? '')).toBe('removed');
  expect(await list.isSuppressed('default', ANN)).toBe(false);
  expect(await list.importCsv(EVERYWHERE, `address\n${entry?.address}\nforgotten:short\n`)).toMatchObject({
    added: 1,
    problems: [{ line: 3 }],
  });
  expect(await list.isSuppressed('default', ANN)).toBe(true);
  expect(await list.importCsv('default', `${entry?.address}\n`)).toMatchObject({ added: 1 });
  expect(await list.remove(EVERYWHERE, ANN)).toBe('removed');
  expect(await list.isSuppressed('default', ANN)).toBe(false);
});
