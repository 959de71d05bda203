// The commands that change settings, with a real Redis: what they say, what they store, and what they refuse.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hashPassword, verifyPassword } from '../../src/accept/password.ts';
import type { Result, Values } from '../../src/cli/command.ts';
import type { SettingsContext } from '../../src/cli/context.ts';
import { settingsCommands } from '../../src/cli/settings.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { userSchema } from '../../src/model/settings.ts';
import { openDomains, recordsFor } from '../../src/store/domains.ts';
import { connectRedis } from '../../src/store/redis.ts';
import { makeSealer } from '../../src/store/seal.ts';
import { watchSettings, type SettingsStore } from '../../src/store/settings.ts';
import { openSuppressions } from '../../src/store/suppressions.ts';
import { randomPrefix, startRedis, type TestRedis } from '../support/redis.ts';

let server: TestRedis;
let settings: SettingsStore;
let context: SettingsContext;
let zone: Record<string, readonly string[]>;
let input = '';

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  const prefix = randomPrefix();
  const redis = connectRedis({ url: server.url, purpose: 'accept', prefix, log: silentLog });
  await redis.whenReady();
  settings = await watchSettings({ redis, clock: systemClock, log: silentLog });
  zone = {};
  context = {
    settings,
    domains: openDomains({ settings, sealer: makeSealer(Buffer.alloc(32, 5)), clock: systemClock }),
    suppressions: openSuppressions({ redis, prefix, clock: systemClock, settings }),
    hashPassword,
    resolveTxt: async (name) => zone[name] ?? [],
    clock: systemClock,
    readInput: async () => input,
    readFile: async (path) => {
      throw new Error(`ENOENT: ${path}`);
    },
  };
  return async () => {
    settings.close();
    await redis.close();
  };
});

/** Runs "user add shop" with options, as main.ts would. */
async function run(line: string, options: Values = {}): Promise<Result> {
  const words = line.split(' ');
  for (const command of settingsCommands) {
    const pattern = command.words.split(' ');
    const required = pattern.filter((word) => !word.startsWith('[')).length;
    if (words.length < required || words.length > pattern.length) continue;
    const args: Record<string, string> = {};
    const fits = words.every((word, i) => {
      const name = /^[<[](.+)[>\]]$/.exec(pattern[i] ?? '')?.[1];
      if (name) args[name] = word;
      return name !== undefined || pattern[i] === word;
    });
    if (fits) return command.run(context, args, options);
  }
  throw new Error(`no command for ${line}`);
}

const user = (name: string) => settings.current()?.users.get(name);

describe('user', () => {
  test('add shows a made password once, and stores a hash of it that fits', async () => {
    const result = await run('user add shop', { domain: ['Shop.example,*.shop.example'] });
    const { password } = result.data as { password: string };
    expect(result.text).toContain(password);
    expect(await verifyPassword(password, user('shop')?.passwordHash)).toBe(true);
    expect(user('shop')?.domains).toEqual(['shop.example', '*.shop.example']);
    expect((await run('user show shop')).text).not.toContain('argon2');
    expect((await run('user list')).text).toMatch(
      /shop +enabled +default +shop.example, \*.shop.example +command/,
    );
  });

  test('add takes a password from standard input and does not repeat it', async () => {
    input = 'correct horse\n';
    const result = await run('user add shop', { passwordStdin: true });
    expect(JSON.stringify(result)).not.toContain('correct horse');
    expect(await verifyPassword('correct horse', user('shop')?.passwordHash)).toBe(true);
    input = 'short';
    expect(await run('user reset-password shop', { passwordStdin: true })).toMatchObject({ code: 2 });
  });

  test('add without a password makes one that only a network knows', async () => {
    await run('user add scanner', { password: false, network: ['192.0.2.0/28'] });
    expect(user('scanner')).toMatchObject({ networks: ['192.0.2.0/28'] });
    expect(user('scanner')?.passwordHash).toBeUndefined();
  });

  test.each([
    ['a name that cannot be one', 'user add Shop!', {}, 2, 'name must be lower-case'],
    ['a priority out of range', 'user add shop', { priority: '9' }, 2, 'from 1 (most urgent) to 5'],
    ['a limit that is no number', 'user add shop', { messagesPerHour: 'many' }, 2, 'not a number'],
    ['a pool that is not there', 'user add shop', { pool: 'fast' }, 1, 'There is no pool fast'],
  ])('add refuses %s', async (_, line, options, code, text) => {
    expect(await run(line, options)).toMatchObject({ code, text: expect.stringContaining(text) });
    expect(settings.current()?.users.size).toBe(0);
  });

  test('set changes what was named and keeps the rest', async () => {
    await run('user add shop', { domain: ['shop.example'], messagesPerHour: '100' });
    const before = user('shop')?.passwordHash;
    await run('user set shop', {
      messagesPerHour: '0',
      messagesPerDay: '5',
      over: 'refuse',
      sender: ['a@b.example'],
      maxPriority: '2',
    });
    expect(user('shop')).toMatchObject({
      domains: ['shop.example'],
      senders: ['a@b.example'],
      maxPriority: 2,
      passwordHash: before,
    });
    expect(user('shop')?.limits).toEqual({ messagesPerDay: 5, over: 'refuse' });
  });

  test('reset-password ends the old password', async () => {
    await run('user add shop');
    const before = user('shop')?.passwordHash;
    await run('user reset-password shop');
    expect(user('shop')?.passwordHash).not.toBe(before);
  });

  test('disable, enable and remove', async () => {
    await run('user add shop');
    await run('user disable shop');
    expect(user('shop')?.disabled).toBe(true);
    await run('user enable shop');
    expect(user('shop')?.disabled).toBe(false);
    expect(await run('user remove shop')).toMatchObject({ code: 0 });
    expect(await run('user remove shop')).toMatchObject({
      code: 1,
      text: expect.stringContaining('no user called shop'),
    });
  });

  test('what the configuration file declares is changed there', async () => {
    await settings.users.declare(userSchema.parse({ v: 1, name: 'shop', origin: 'file' }));
    const text = expect.stringContaining('configuration file');
    expect(await run('user set shop', { priority: '1' })).toMatchObject({ code: 1, text });
    expect(await run('user reset-password shop')).toMatchObject({ code: 1, text });
    expect(await run('user remove shop')).toMatchObject({ code: 1, text });
    expect(await run('user disable shop')).toMatchObject({ code: 0 });
  });
});

describe('domain', () => {
  test('add prints what to publish, check finds it, and no private key is ever shown', async () => {
    const added = await run('domain add Shop.Example');
    expect(added.text).toMatch(/po\d{6}r\._domainkey\.shop\.example\. TXT/);
    expect(await run('domain check shop.example')).toMatchObject({
      code: 1,
      text: expect.stringContaining('not there'),
    });
    const domain = settings.current()?.domains.get('shop.example');
    const now = settings.current();
    if (!domain || !now) throw new Error('not added');
    for (const record of recordsFor(domain, now)) zone[record.name] = [record.value];
    const checked = await run('domain check shop.example');
    expect(checked).toMatchObject({ code: 0 });
    const shown = await run('domain show shop.example');
    expect(JSON.stringify([added, checked, shown, await run('domain list')])).not.toMatch(/sealed|PRIVATE/);
    expect(await run('domain remove shop.example')).toMatchObject({ code: 0 });
    expect(await run('domain show shop.example')).toMatchObject({ code: 1 });
  });
});

describe('pool and transport', () => {
  test('a transport is added to a pool, paused, resumed and shown', async () => {
    expect(
      await run('transport add ip1', { address: '192.0.2.1', ehlo: 'mx1.example.net', pool: 'shops' }),
    ).toMatchObject({ code: 0 });
    await run('transport pause ip1');
    expect((await run('transport list')).text).toMatch(
      /ip1 +smtp +192.0.2.1 +mx1.example.net +shops +paused +command/,
    );
    await run('transport resume ip1');
    await run('transport set ip1', { publicAddress: '198.51.100.1' });
    expect(settings.current()?.transports.get('ip1')).toMatchObject({
      paused: false,
      publicAddress: '198.51.100.1',
      pool: 'shops',
    });
  });

  test.each([
    [{}, 'needs --address'],
    [{ address: 'host' }, 'not an IP address'],
    [{ address: '192.0.2.1', address6: '192.0.2.2' }, 'not an IPv6 address'],
  ])('a transport with %j is refused', async (options, text) =>
    expect(await run('transport add ip1', options)).toMatchObject({
      code: 2,
      text: expect.stringContaining(text),
    }),
  );

  test('the last transport of a pool that somebody uses stays, unless forced', async () => {
    await run('transport add ip1', { address: '192.0.2.1' });
    await run('user add shop');
    expect(await run('transport remove ip1')).toMatchObject({
      code: 1,
      text: expect.stringContaining('shop'),
    });
    expect(await run('transport remove ip1', { force: true })).toMatchObject({ code: 0 });
  });

  test('a pool goes only when nothing belongs to it', async () => {
    await run('pool add shops');
    await run('transport add ip1', { address: '192.0.2.1', pool: 'shops' });
    await run('user add shop', { pool: 'shops' });
    expect((await run('pool list')).text).toMatch(/shops +ip1 +shop/);
    expect(await run('pool remove shops')).toMatchObject({ code: 1, text: expect.stringContaining('ip1') });
    await run('transport set ip1', { pool: 'default' });
    expect(await run('pool remove shops')).toMatchObject({
      code: 1,
      text: expect.stringContaining('used by shop'),
    });
    await run('user set shop', { pool: 'default' });
    expect(await run('pool remove shops')).toMatchObject({ code: 0 });
  });
});

describe('suppression', () => {
  test('addresses are added, found, exported, removed', async () => {
    await run('suppression add A@Shop.example', { reason: 'asked, twice' });
    expect((await run('suppression list a@shop.example')).text).toContain('asked, twice');
    expect((await run('suppression export')).text).toMatch(
      /^address,reason,date,topic\na@shop.example,"asked, twice",\d{4}-\S+,$/,
    );
    expect(await run('suppression remove a@shop.example')).toMatchObject({ code: 0 });
    expect(await run('suppression list a@shop.example')).toMatchObject({ code: 1 });
    expect(await run('suppression add nonsense')).toMatchObject({ code: 2 });
  });

  test('a topic is left and taken back alone', async () => {
    await run('suppression add a@b.example', { topic: 'news', reason: 'asked' });
    expect((await run('suppression list')).text).toMatch(/a@b.example +news +asked/);
    expect((await run('suppression list', { topic: 'other' })).text).toBe('Nobody is suppressed.');
    expect((await run('suppression list a@b.example')).text).toMatch(
      /^a@b.example for the topic news: asked, \d{4}-/,
    );
    expect((await run('suppression export')).text).toMatch(/a@b.example,asked,\S+,news$/);
    expect(await run('suppression remove a@b.example')).toMatchObject({ code: 1 });
    expect(await run('suppression remove a@b.example', { topic: 'news' })).toMatchObject({ code: 0 });
    expect(await run('suppression add a@b.example', { topic: '' })).toMatchObject({ code: 2 });
  });

  test('a file is imported, and says which lines were left out', async () => {
    input = 'email\na@b.example\nnonsense\n';
    expect(await run('suppression import -')).toMatchObject({
      code: 1,
      text: '1 added, 0 known already.\n1 without an address:\n  line 3: nonsense',
    });
    expect(await run('suppression import nowhere.csv')).toMatchObject({
      code: 1,
      text: expect.stringContaining('cannot be read'),
    });
  });
});
