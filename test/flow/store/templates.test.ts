// Stored templates in a real Redis: versions that never change, in every process, also after a template is gone.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { Redis } from '../../../src/lib/script.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { watchSettings, type SettingsStore } from '../../../src/store/settings.ts';
import { MAX_VERSIONS, openTemplates, type Templates } from '../../../src/store/templates.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let redis: RedisConnection;
let settings: SettingsStore;
let prefix: string;
let asked: string[];

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  prefix = randomPrefix();
  redis = connectRedis({ url: server.url, purpose: 'accept', prefix, log: silentLog });
  await redis.whenReady();
  settings = await watchSettings({ redis, clock: systemClock, log: silentLog });
  asked = [];
  return async () => {
    settings.close();
    await redis.close();
  };
});

const open = (): Templates => {
  const counting: Redis = {
    ...redis,
    call: (command, ...args) => {
      if (command === 'GET') asked.push(String(args[0]));
      return redis.call(command, ...args);
    },
  };
  return openTemplates({ redis: counting, prefix, clock: systemClock, settings });
};
const content = { subject: 'Order [id]', html: '<p>[id]</p>', engine: 'tags' } as const;

test('each put is a version, listed by the settings of every process, and the old ones stay', async () => {
  const templates = open();
  const other = await watchSettings({ redis, clock: systemClock, log: silentLog });
  expect(await templates.put('default', 'order', content)).toEqual({ ok: true, version: 1, came: 'added' });
  expect(await templates.put('default', 'order', { ...content, text: 'x' })).toMatchObject({ version: 2 });
  expect(settings.current()?.templates.get('default/order')).toEqual({
    v: 1,
    name: 'default/order',
    engine: 'tags',
    versions: [1, 2],
  });
  await expect.poll(() => other.current()?.templates.get('default/order')?.versions).toEqual([1, 2]);
  other.close();
  expect(await templates.read('default', 'order', 1)).toMatchObject(content);
  expect(await templates.read('default', 'order', 2)).toMatchObject({ text: 'x' });
  expect(await templates.read('default', 'order', 3)).toBeUndefined();
});

test('the same content again is no new version', async () => {
  const templates = open();
  await templates.put('default', 'order', content);
  expect(await templates.put('default', 'order', content)).toEqual({ ok: true, version: 1, came: 'known' });
  expect(await templates.put('default', 'order', { html: '<p>[id]</p>', engine: 'tags' })).toMatchObject({
    version: 2,
    came: 'added',
  });
});

test('a version is asked for once, also by many at a time', async () => {
  await open().put('default', 'order', content);
  const templates = open();
  asked = [];
  await Promise.all(Array.from({ length: 20 }, () => templates.read('default', 'order', 1)));
  await templates.read('default', 'order', 1);
  expect(asked).toEqual([`${prefix}template:default/order:1`]);
});

test('a removed template is still read by what is queued, and its numbers are never given again', async () => {
  const templates = open();
  await templates.put('default', 'order', content);
  expect(await templates.remove('default', 'order')).toBe(true);
  expect(await templates.remove('default', 'order')).toBe(false);
  expect(settings.current()?.templates.size).toBe(0);
  expect(await open().read('default', 'order', 1)).toMatchObject(content);
  const left = Number(await redis.call('PTTL', `${prefix}template:default/order:1`));
  expect(Math.round(left / 86_400_000)).toBe(90);
  expect(await templates.put('default', 'order', { text: 'new', engine: 'liquid' })).toMatchObject({
    version: 2,
  });
  expect(settings.current()?.templates.get('default/order')).toMatchObject({
    engine: 'liquid',
    versions: [2],
  });
});

test('accounts do not see each other’s templates', async () => {
  const templates = open();
  await templates.put('default', 'order', content);
  await templates.put('def', 'order', { ...content, html: 'other' });
  await templates.put('default', 'a', content);
  expect((await templates.list('default')).map(({ name }) => name)).toEqual(['default/a', 'default/order']);
  expect((await templates.read('def', 'order', 1))?.html).toBe('other');
});

test('names are as other services write them, and upper and lower case are two', async () => {
  const templates = open();
  const names = ['Order-2', 'order-2', 'd-0cb48e4f7d5a4a3b', 'Spring_2026.v2', 'X', 'x'.repeat(128)];
  for (const name of names)
    expect(await templates.put('default', name, { ...content, text: name })).toMatchObject({ version: 1 });
  expect((await templates.list('default')).length).toBe(names.length);
  for (const name of names) expect(await templates.read('default', name, 1)).toMatchObject({ text: name });
  expect(await templates.remove('default', 'ORDER-2')).toBe(false);
  expect(await templates.remove('default', 'Order-2')).toBe(true);
  expect(settings.current()?.templates.has('default/order-2')).toBe(true);
});

test('the oldest versions end when there are too many', async () => {
  const templates = open();
  for (let n = 0; n < MAX_VERSIONS + 2; n++)
    await templates.put('default', 'order', { ...content, text: String(n) });
  const versions = settings.current()?.templates.get('default/order')?.versions;
  expect([versions?.length, versions?.[0]]).toEqual([MAX_VERSIONS, 3]);
  expect(Number(await redis.call('TTL', `${prefix}template:default/order:2`))).toBeGreaterThan(0);
  expect(await redis.call('TTL', `${prefix}template:default/order:3`)).toBe(-1);
});

describe('refused', () => {
  test.each([
    ['a name that is none', 'default', 'Order!', content, "template's name must be"],
    ['a name that climbs', 'default', '../x', content, "template's name must be"],
    ['a name with a key in it', 'default', 'a:b', content, "template's name must be"],
    ['a name that begins with a dot', 'default', '.x', content, "template's name must be"],
    ['a name that is too long', 'default', 'x'.repeat(129), content, "template's name must be"],
    ['an account that is none', 'a/b', 'order', content, 'no account of that name'],
    ['nothing to send', 'default', 'order', { engine: 'tags', subject: 'x' }, 'needs HTML or text'],
    ['a subject of two lines', 'default', 'order', { ...content, subject: 'a\r\nBcc: b' }, 'one line'],
    ['too much', 'default', 'order', { text: 'é'.repeat(530_000), engine: 'tags' }, 'larger than 1 MiB'],
  ] as const)('%s', async (_, account, name, what, problem) => {
    expect(await open().put(account, name, what)).toMatchObject({
      ok: false,
      problem: expect.stringContaining(problem),
    });
    expect(settings.current()?.templates.size).toBe(0);
    expect(await open().read(account, name, 1)).toBeUndefined();
  });

  test('all that is wrong is said at once', async () => {
    const put = await open().put('default', 'X!', { subject: '\n', engine: 'tags' });
    expect(put).toMatchObject({ problem: expect.stringMatching(/name must.*needs HTML.*one line/) });
  });

  test('another language under the same name', async () => {
    const templates = open();
    await templates.put('default', 'order', content);
    expect(await templates.put('default', 'order', { ...content, engine: 'liquid' })).toMatchObject({
      ok: false,
      problem: expect.stringContaining('written in tags'),
    });
  });

  test('an entry of a version that we do not know', async () => {
    await redis.call('HSET', `${prefix}templates`, 'default/order', '{"v":9}');
    expect(await open().put('default', 'order', content)).toMatchObject({
      ok: false,
      problem: expect.stringContaining('newer version'),
    });
    expect(await redis.call('HGET', `${prefix}templates`, 'default/order')).toBe('{"v":9}');
  });
});

test('a content that cannot be read is none', async () => {
  await redis.call('SET', `${prefix}template:default/order:1`, '{"html":1}');
  await redis.call('SET', `${prefix}template:default/order:2`, 'x');
  const templates = open();
  expect([await templates.read('default', 'order', 1), await templates.read('default', 'order', 2)]).toEqual([
    undefined,
    undefined,
  ]);
});
