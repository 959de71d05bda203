// Bodies, domains, suppressions and the sandbox's mailbox in a real Redis and a real folder.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPublicKey, sign, verify } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock, type Clock } from '../../../src/lib/clock.ts';
import { newId } from '../../../src/lib/ids.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { Submission } from '../../../src/model/submission.ts';
import { openBodies, type Bodies, type BodiesDeps } from '../../../src/store/bodies.ts';
import { checkDomain, openDomains, recordsFor } from '../../../src/store/domains.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { openSandbox } from '../../../src/store/sandbox.ts';
import { makeSealer } from '../../../src/store/seal.ts';
import { watchSettings, type SettingsStore } from '../../../src/store/settings.ts';
import { openSuppressions } from '../../../src/store/suppressions.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let redis: RedisConnection;
let settings: SettingsStore;
let folder: string;
let prefix: string;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postino-bodies-'));
  prefix = randomPrefix();
  redis = connectRedis({ url: server.url, purpose: 'accept', prefix, log: silentLog });
  await redis.whenReady();
  settings = await watchSettings({ redis, clock: systemClock, log: silentLog });
  return async () => {
    settings.close();
    await redis.close();
    rmSync(folder, { recursive: true });
  };
});

const submission = (body: string, size = 0): Submission => ({
  v: 1,
  id: newId(systemClock.now()),
  account: 'default',
  user: 'shop',
  at: 0,
  from: '',
  size,
  headerSize: 0,
  body,
  smtputf8: false,
  eightBit: false,
  messageId: '<a@b>',
  subject: '',
  headerFrom: '',
  received: { helo: '', address: '', protocol: 'SMTP' },
  instructions: {},
});

const store = (more: Partial<BodiesDeps> = {}): Bodies =>
  openBodies({ redis, prefix, clock: systemClock, folder, where: 'file', ...more });

const muchLater: Clock = { ...systemClock, now: () => systemClock.now() + 4_000_000 };

describe('bodies', () => {
  test('beside the record are read once for all who ask at the same time, then from memory', async () => {
    const bodies = store();
    const one = submission('redis:');
    await redis.call('SET', `${prefix}body:default:${one.id}`, Buffer.from([255, 0, 10]));
    const loaded = await Promise.all([bodies.load(one), bodies.load(one)]);
    expect(loaded[0]).toBe(loaded[1]);
    await redis.call('DEL', `${prefix}body:default:${one.id}`);
    expect(await bodies.load(one)).toEqual(Buffer.from([255, 0, 10]));
    await bodies.drop(one);
    expect(await bodies.load(one)).toBeUndefined();
  });

  test.each(['file', 'redis'] as const)(
    'that are large go to a %s, and are gone when dropped',
    async (where) => {
      const bodies = store({ where });
      const spill = await bodies.openSpill();
      for (let i = 0; i < 8; i++) await spill.write(Buffer.alloc(100_000, i));
      const one = submission(await spill.commit(), 800_000);
      await bodies.claim(one);
      const loaded = await bodies.load(one);
      const bytes = Buffer.isBuffer(loaded) ? loaded : readFileSync(loaded?.file ?? '');
      expect([bytes.length, bytes[799_999]]).toEqual([800_000, 7]);
      await bodies.drop(one);
      expect(await store({ where }).load(one)).toBeUndefined();
      expect(await redis.call('KEYS', `${prefix}spill*`)).toEqual([]);
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test.each(['file', 'redis'] as const)('that were taken back leave no %s', async (where) => {
    const spill = await store({ where }).openSpill();
    await spill.write(Buffer.alloc(300_000));
    await spill.discard();
    expect([readdirSync(folder), await redis.call('KEYS', `${prefix}spill*`)]).toEqual([[], []]);
  });

  test('without a submission are swept away after an hour; those of queued mail stay', async () => {
    const bodies = store();
    const commit = async (): Promise<Submission> => {
      const spill = await bodies.openSpill();
      await spill.write(Buffer.from('x'));
      return submission(await spill.commit(), 1);
    };
    const queued = await commit();
    await bodies.claim(queued);
    await redis.call('SET', `${prefix}sub:default:${queued.id}`, '{}');
    const refused = await commit();
    await bodies.claim(refused);
    await commit(); // never claimed
    writeFileSync(join(folder, `${newId(systemClock.now())}.part`), 'x'); // of a process that died
    expect(await bodies.sweep()).toBe(0);
    expect(await store({ clock: muchLater }).sweep()).toBe(3);
    expect(await bodies.load(queued)).toMatchObject({ size: 1 });
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test('stay when Redis knows of none: it may be the wrong Redis', async () => {
    const spill = await store().openSpill();
    await spill.commit();
    expect(await store({ clock: muchLater }).sweep()).toBe(0);
  });

  test('of a strange name never reach the disk', async () => {
    writeFileSync(join(folder, 'x'), 'secret');
    expect(await store().load(submission('file:../x'))).toBeUndefined();
  });
});

describe('domains', () => {
  const open = () => openDomains({ settings, sealer: makeSealer(Buffer.alloc(32, 7)), clock: systemClock });

  test('get two keys, whose private halves are sealed and whose public halves fit', async () => {
    const domains = open();
    expect(await domains.add('Shop.Example', 'default')).toMatchObject({ ok: true });
    const domain = settings.current()?.domains.get('shop.example');
    expect(domain?.keys.map((key) => key.algorithm)).toEqual(['rsa-sha256', 'ed25519-sha256']);
    expect(JSON.stringify(await redis.call('HGETALL', `${prefix}domains`))).not.toContain('PRIVATE KEY');
    for (const key of domain?.keys ?? []) {
      const signing = await domains.signingKey('shop.example', key.selector);
      if (!signing || !domain) throw new Error('no key');
      const hash = key.algorithm === 'rsa-sha256' ? 'sha256' : null;
      const signature = sign(hash, Buffer.from('x'), signing.key);
      expect(verify(hash, Buffer.from('x'), createPublicKey(signing.key), signature)).toBe(true);
      expect(await domains.signingKey('shop.example', key.selector)).toBe(signing);
    }
    expect(domains.signers('shop.example')).toHaveLength(2);
    expect(domains.signers('other.example')).toEqual([]);
    expect(await domains.signingKey('shop.example', 'nobody')).toBeUndefined();
  });

  test('are checked against the DNS record by record', async () => {
    await open().add('shop.example', 'default');
    const now = settings.current();
    const domain = now?.domains.get('shop.example');
    if (!now || !domain) throw new Error('not added');
    const [rsa] = recordsFor(domain, now);
    const zone: Record<string, string[]> = {
      [rsa?.name ?? '']: [rsa?.value.replace('; p=', ';  p= ') ?? ''],
      'shop.example': ['v=spf1 include:_spf.other.example -all', 'other=verification'],
    };
    const findings = await checkDomain(domain, now, async (name) => {
      if (name.startsWith('_dmarc')) throw new Error('SERVFAIL');
      return zone[name] ?? [];
    });
    expect(findings.map(({ state }) => state)).toEqual(['ok', 'missing', 'ok', 'unknown']);
  });

  test('that are no domains are refused', async () => {
    expect(await open().add('not a domain', 'default')).toMatchObject({ ok: false });
  });
});

describe('suppressions', () => {
  const open = () =>
    openSuppressions({
      fingerprint: makeSealer(Buffer.alloc(32)).fingerprint,
      redis,
      prefix,
      clock: systemClock,
      settings,
    });

  test('hold back an address however it is written, for one account', async () => {
    const list = open();
    expect(list.hashOf('default')).toBe('');
    expect(await list.add('default', 'A@Shop.Example', 'asked')).toBe('added');
    expect(await list.add('default', 'a@shop.example', 'again')).toBe('known');
    expect(await list.isSuppressed('default', 'a@SHOP.example')).toBe(true);
    expect(await list.isSuppressed('other', 'a@shop.example')).toBe(false);
    expect(list.hashOf('default')).toBe(`${prefix}suppressed:default`);
    expect(await list.show('default', 'a@shop.example')).toMatchObject({ reason: 'asked' });
    expect(await list.remove('default', 'a@Shop.example')).toBe('removed');
    expect(settings.current()?.suppressing.size).toBe(0);
    expect(await list.add('default', 'nobody', 'x')).toBe('invalid');
  });

  test('hold back a topic alone, and are taken back alone', async () => {
    const list = open();
    expect(await list.add('default', 'A@x.example', 'unsubscribed', 'news')).toBe('added');
    expect(await list.add('default', 'a@x.example', 'again', 'news')).toBe('known');
    expect(await list.isSuppressed('default', 'a@x.example')).toBe(false);
    expect(await list.isSuppressed('default', 'a@x.example', 'orders')).toBe(false);
    expect(await list.isSuppressed('default', 'a@X.example', 'news')).toBe(true);
    expect(settings.current()?.suppressing.has('default')).toBe(true);
    expect(await list.add('default', 'a@x.example', 'complained')).toBe('added');
    expect(await list.isSuppressed('default', 'a@x.example', 'orders')).toBe(true);
    expect(await list.find('default', 'A@x.example')).toHaveLength(2);
    expect(await list.show('default', 'a@x.example', 'news')).toMatchObject({
      topic: 'news',
      reason: 'unsubscribed',
    });
    expect(await list.remove('default', 'a@x.example')).toBe('removed');
    expect(await list.isSuppressed('default', 'a@x.example', 'news')).toBe(true);
    expect(await list.remove('default', 'a@x.example', 'orders')).toBe('missing');
    expect(await list.remove('default', 'a@x.example', 'news')).toBe('removed');
    expect(settings.current()?.suppressing.size).toBe(0);
    expect(await list.add('default', 'a@x.example', 'x', '')).toBe('invalid');
  });

  test('lie where the backlog’s script looks for them', async () => {
    await open().add('default', 'a@x.example', 'x', 'news');
    expect(await redis.call('HKEYS', `${prefix}suppressed:default`)).toEqual(['news\na@x.example']);
  });

  test('are imported in any number and listed whole', async () => {
    const list = open();
    const text = Array.from({ length: 1200 }, (_, n) => `u${n}@x.example,bounced`).join('\n');
    expect(await list.importCsv('default', `${text}\nu1@x.example\nbad`)).toMatchObject({
      added: 1200,
      known: 0,
      problems: [{ line: 1202, text: 'bad' }],
    });
    const all = new Set<string>();
    for await (const { address } of list.list('default')) all.add(address);
    expect(all.size).toBe(1200);
  });
});

describe('the sandbox', () => {
  const summary = (id: string) => ({
    id,
    at: 1,
    from: 'a@b.example',
    to: 'c@d.example',
    subject: 'Hi',
    size: 4,
    user: 'shop',
  });

  test('shows the newest first and gives bytes back unharmed', async () => {
    const sandbox = openSandbox(redis, prefix);
    await sandbox.keep(summary('1'), Buffer.from([0, 255]));
    await sandbox.keep(summary('2'), Buffer.from('two'));
    await sandbox.keep(summary('2'), Buffer.from('two'));
    const { total, messages } = await sandbox.list(0, 10);
    expect([total, messages.map(({ id }) => id)]).toEqual([2, ['2', '1']]);
    expect((await sandbox.get('1'))?.raw).toEqual(Buffer.from([0, 255]));
    expect(await sandbox.remove('1')).toBe(true);
    expect(await sandbox.remove('1')).toBe(false);
    await sandbox.clear();
    expect(await sandbox.list(0, 10)).toEqual({ total: 0, messages: [] });
  });

  test('forgets the oldest when there are too many or they are too large together', async () => {
    const sandbox = openSandbox(redis, prefix, { messages: 3, bytes: 100 });
    for (const id of ['1', '2', '3', '4']) await sandbox.keep(summary(id), Buffer.alloc(10));
    expect((await sandbox.list(0, 9)).messages.map(({ id }) => id)).toEqual(['4', '3', '2']);
    await sandbox.keep(summary('5'), Buffer.alloc(95));
    expect((await sandbox.list(0, 9)).messages.map(({ id }) => id)).toEqual(['5']);
    expect(await redis.call('GET', `${prefix}caught:bytes`)).toBe('95');
  });
});

test('a spill that was committed is there after a crash', async () => {
  const spill = await store().openSpill();
  await spill.write(Buffer.from('x'));
  const [, name] = (await spill.commit()).split(':');
  expect(existsSync(join(folder, name ?? ''))).toBe(true);
});
