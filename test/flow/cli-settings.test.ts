// The commands that change settings, with a real Redis: what they say, what they store, and what they refuse.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hashPassword, verifyPassword } from '../../src/accept/password.ts';
import type { Result, Values } from '../../src/cli/command.ts';
import type { SettingsContext } from '../../src/cli/context.ts';
import { recipientCommands } from '../../src/cli/recipient.ts';
import { settingsCommands } from '../../src/cli/settings.ts';
import { warmupConfig } from '../../src/deliver/warmup/config.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { dayOf } from '../../src/lib/day.ts';
import { silentLog } from '../../src/lib/log.ts';
import { userSchema } from '../../src/model/settings.ts';
import { UNSEEN, type TransportState } from '../../src/model/transport-state.ts';
import { openWarmup } from '../../src/roles/warmup.ts';
import { openDomains, recordsFor } from '../../src/store/domains.ts';
import { openRecipients } from '../../src/store/recipients.ts';
import { connectRedis } from '../../src/store/redis.ts';
import { makeSealer } from '../../src/store/seal.ts';
import { watchSettings, type SettingsStore } from '../../src/store/settings.ts';
import { openSuppressions } from '../../src/store/suppressions.ts';
import { openApiKeys } from '../../src/store/api-keys.ts';
import { webhookSchema } from '../../src/webhooks/webhook.ts';
import { openMembers } from '../../src/store/members.ts';
import { openTemplates } from '../../src/store/templates.ts';
import type { ForgetVerbs } from '../../src/verbs/forget.ts';
import { openWebhooks } from '../../src/webhooks/store.ts';
import { randomPrefix, startRedis, type TestRedis } from '../support/redis.ts';

let server: TestRedis;
let settings: SettingsStore;
let stores: Readonly<{
  members: ReturnType<typeof openMembers>;
  store: ReturnType<typeof openWebhooks>;
  apiKeys: ReturnType<typeof openApiKeys>;
}>;
let context: SettingsContext & Pick<ForgetVerbs, 'webhooks' | 'archive' | 'traces'>;
let zone: Record<string, readonly string[]>;
let mailHosts: Record<string, string[]>;
let hosts: Record<string, { cname?: string[]; addresses?: string[] }>;
let states: Record<string, TransportState>;
let files: Record<string, string>;
let input = '';
/** No events: what else forgets a person has tests of its own. */
const eventsFolder = mkdtempSync(join(tmpdir(), 'postino-events-'));

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
  states = {};
  const config = warmupConfig.parse({ curve: [10, 20, 30] });
  const transports = () => settings.latest()?.transports.values() ?? [];
  const tell = () => Promise.resolve();
  const warmup = openWarmup({ redis, prefix, clock: systemClock, log: silentLog, config, transports, tell });
  stores = {
    members: openMembers({ redis, prefix }),
    store: openWebhooks({ redis, prefix }),
    apiKeys: openApiKeys({ redis, prefix, clock: systemClock }),
  };
  hosts = {};
  mailHosts = {};
  files = {};
  context = {
    settings,
    domains: openDomains({ settings, sealer: makeSealer(Buffer.alloc(32, 5)), clock: systemClock }),
    suppressions: openSuppressions({
      fingerprint: makeSealer(Buffer.alloc(32)).fingerprint,
      redis,
      prefix,
      clock: systemClock,
      settings,
    }),
    hashPassword,
    states: { stateOf: (name) => states[name] ?? UNSEEN },
    warmup,
    sealer: makeSealer(Buffer.alloc(32, 5)),
    today: (timeZone = 'UTC') => dayOf(systemClock.now(), timeZone),
    templates: openTemplates({ redis, prefix, clock: systemClock, settings }),
    apiKeys: stores.apiKeys,
    webhooks: { store: stores.store },
    members: stores.members,
    archive: { forget: () => Promise.resolve({ removed: 0, changed: 0, complete: true }) },
    traces: {
      cancel: () => Promise.resolve({ changed: 0, busy: 0 }),
      written: () => Promise.resolve(true),
      forget: () => Promise.resolve(0),
      compact: () => Promise.resolve(),
    },
    recipients: openRecipients({ redis, prefix, clock: systemClock, log: silentLog, isOurs: false }),
    resolveTxt: async (name) => zone[name] ?? [],
    resolveHost: async (name) => ({ cname: [], addresses: [], ...hosts[name] }),
    resolveMx: async (name) => mailHosts[name] ?? [],
    feedback: {
      domain: 'bounces.relay.example',
      hostname: 'relay.example',
      complaints: 'fbl-0123@bounces.relay.example',
      unsubscribe: 'unsubscribe@bounces.relay.example',
      postmaster: undefined,
    },
    trackingTarget: 'track.relay.example',
    clock: systemClock,
    readInput: async () => input,
    readFile: async (path) => {
      const text = files[path];
      if (text === undefined) throw new Error(`ENOENT: ${path}`);
      return text;
    },
  };
  return async () => {
    settings.close();
    warmup.stop();
    await redis.close();
  };
});

/** Runs "user add shop" with options, as main.ts would. */
async function run(line: string, options: Values = {}): Promise<Result> {
  const words = line.split(' ');
  const whole = { ...context, openHistory: () => undefined, eventsFolder };
  for (const command of [...settingsCommands, ...recipientCommands]) {
    const pattern = command.words.split(' ');
    const required = pattern.filter((word) => !word.startsWith('[')).length;
    if (words.length < required || words.length > pattern.length) continue;
    const args: Record<string, string> = {};
    const fits = words.every((word, i) => {
      const name = /^[<[](.+)[>\]]$/.exec(pattern[i] ?? '')?.[1];
      if (name) args[name] = word;
      return name !== undefined || pattern[i] === word;
    });
    if (fits) return command.run(whole, args, options);
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

  test('add and set say so when nothing carries the mail of the pool', async () => {
    const idle = /Pool default has no transport, so mail of shop waits/;
    expect((await run('user add shop', {})).text).toMatch(idle);
    await run('transport add box', { sandbox: true, pool: 'box' });
    expect((await run('user set shop', { priority: '2' })).text).toMatch(idle);
    expect((await run('user set shop', { pool: 'box' })).text).not.toMatch(idle);
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
    ['a pool that is not there', 'user add shop', { pool: 'fast' }, 2, 'There is no pool fast'],
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

  test.each([
    ['a pool that is not there', 'shop', { pool: 'fast' }, 2, 'make it with "postino pool add fast"'],
    ['a limit that is no number', 'shop', { messagesPerHour: 'many' }, 2, 'not a number'],
    ['somebody who is not there', 'nobody', { maxPriority: '2' }, 1, '"postino user list" shows them all'],
  ])('set refuses %s', async (_, name, options, code, text) => {
    await run('user add shop');
    const before = user('shop');
    expect(await run(`user set ${name}`, options)).toMatchObject({
      code,
      text: expect.stringContaining(text),
    });
    expect(user('shop')).toEqual(before);
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

  test('what is of one user goes with it, and what is of another stays', async () => {
    const { members, store, apiKeys } = stores;
    for (const name of ['shop', 'office']) {
      await run(`user add ${name}`);
      const shared = { account: 'default', user: name };
      await apiKeys.make({ ...shared, name, scopes: ['events:read'], by: 'command' });
      const times = { madeAt: 1, sessionsFrom: 1 };
      const role = { role: 'user', passwordHash: 'x', disabled: false } as const;
      await members.add({ v: 1, ...shared, name: `${name}-boss`, ...role, ...times });
      const secrets = [{ sealed: 'v1.x', since: 1 }];
      const hook = { name: `${name}-hook`, url: 'https://x.example/', secrets, enabled: true, turn: 1 };
      const parsed = webhookSchema.parse({ v: 1, id: `wh_${name}`, ...shared, ...hook, at: 1 });
      await store.add(parsed, '1-1.0');
    }
    const removed = await run('user remove shop');
    expect(removed.text).toBe(
      'User shop was removed; mail it has handed in is still delivered.\nWith it went 1 key of the API, the member shop-boss, the webhook shop-hook.',
    );
    expect(removed.data).toEqual({
      removed: 'shop',
      keys: 1,
      members: ['shop-boss'],
      webhooks: ['shop-hook'],
    });
    expect((await members.list('default')).map(({ name }) => name)).toEqual(['office-boss']);
    expect((await store.list()).map(({ name }) => name)).toEqual(['office-hook']);
    expect((await apiKeys.list('default')).map(({ key }) => key.user)).toEqual(['office']);
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

describe('what a user’s messages get', () => {
  test('is set by options, kept by later ones, and shown in words', async () => {
    files = { 'footer.html': '<p>Shop Ltd</p>', 'footer.txt': 'Shop Ltd' };
    await run('user add shop', {
      domain: ['shop.example'],
      trackOpens: true,
      trackClicks: 'html',
      footerHtml: 'footer.html',
      footerText: 'footer.txt',
      scheduleAhead: '90d',
      rule: ['{"when":{"subject":"Invoice *"},"set":{"campaign":"invoices","ttl":"2h"}}'],
    });
    await run('user set shop', { topic: 'news', trackOpens: false, campaigns: 'month' });
    expect(user('shop')).toMatchObject({
      defaults: { opens: false, clicks: 'html', footer: true, topic: 'news' },
      footer: { html: '<p>Shop Ltd</p>', text: 'Shop Ltd' },
      rules: [{ when: { subject: 'Invoice *' }, set: { campaign: 'invoices', ttl: 7_200_000 } }],
      scheduleAhead: 90 * 86_400_000,
      campaigns: 'month',
      domains: ['shop.example'],
    });
    const { text } = await run('user show shop');
    expect(text).toMatch(/^defaults +opens no; clicks html; footer yes; topic news$/m);
    expect(text).toMatch(/^rule 1 +when subject Invoice \*: campaign invoices; ttl 2h$/m);
    expect(text).toMatch(/^scheduleAhead +90d$/m);
    expect(text).toMatch(/^footer +html, 15 characters; text, 8 characters$/m);
    await run('user set shop', { footerHtml: '', footerText: '', rule: [''], campaigns: 'none' });
    expect(user('shop')).toMatchObject({ rules: [] });
    expect(user('shop')).not.toHaveProperty('footer');
    expect(user('shop')).not.toHaveProperty('campaigns');
  });

  test('who offers to unsubscribe without a topic is warned that all mail stops', async () => {
    const warning = /^Warning: there is no topic, .* resets and invoices too/m;
    expect((await run('user add shop', { unsubscribe: true })).text).toMatch(warning);
    expect((await run('user set shop', { trackOpens: true })).text).not.toMatch(warning);
    expect((await run('user set shop', { topic: 'news' })).text).not.toMatch(warning);
    expect((await run('user set shop', { topic: '' })).text).toMatch(warning);
    expect((await run('user set shop', { unsubscribe: false })).text).not.toMatch(warning);
    expect((await run('user set shop', { default: '{"unsubscribe":true}' })).text).toMatch(warning);
    expect((await run('user add two', { unsubscribe: true, topic: 'a' })).text).not.toMatch(warning);
  });

  test('nothing is said to be changed when nothing was given', async () => {
    await run('user add shop');
    await run('domain add shop.example');
    await run('transport add box', { sandbox: true });
    for (const line of ['user set shop', 'domain set shop.example', 'transport set box'])
      expect(await run(line, { json: true })).toMatchObject({
        code: 2,
        text: expect.stringMatching(/^Say what to change; "postino \w+ set --help" lists the options\.$/),
      });
    for (const options of [{ trackOpens: false }, { footerText: '' }, { maxPriority: '2' }])
      expect(await run('user set shop', options)).toMatchObject({ code: 0 });
  });

  test('every problem with files and options is told, and nothing is changed', async () => {
    await run('user add shop');
    files = { 'large.html': 'x'.repeat(16_385) };
    const before = user('shop');
    expect(await run('user set shop', { headerHtml: 'large.html', footerText: 'nowhere' })).toMatchObject({
      code: 2,
      text: expect.stringMatching(
        /--header-html: large.html has more than 16384[^]*--footer-text: nowhere cannot/,
      ),
    });
    const bad = await run('user set shop', { trackClicks: 'some', default: '{"opens":"yes","x":1}' });
    expect(bad.text.split('\n').map((line) => line.split(':')[0])).toEqual([
      '--track-clicks',
      '--default opens',
      '--default x',
    ]);
    expect(user('shop')).toEqual(before);
  });
});

describe('domain', () => {
  test('a tracking host is set, printed and checked; a brand is kept', async () => {
    await run('domain add shop.example');
    const set = await run('domain set Shop.example', {
      trackingHost: 'Click.Shop.example',
      brandName: 'Shop & Co',
      brandLogo: 'https://shop.example/logo.png',
    });
    expect(set.text).toMatch(/click\.shop\.example\. CNAME\n +track\.relay\.example\./);
    expect(settings.current()?.domains.get('shop.example')).toMatchObject({
      trackingHost: 'click.shop.example',
      brand: { name: 'Shop & Co', logo: 'https://shop.example/logo.png' },
      keys: [{}, {}],
    });
    expect((await run('domain show shop.example')).text).toMatch(/Shop & Co[^]*click.shop.example. CNAME/);
    const state = async () => {
      const { data } = await run('domain check shop.example');
      return (data as { purpose: string; state: string }[]).find(({ purpose }) => purpose === 'tracking')
        ?.state;
    };
    expect(await state()).toBe('missing');
    hosts = { 'click.shop.example': { cname: ['elsewhere.example'], addresses: ['192.0.2.9'] } };
    expect(await state()).toBe('different');
    hosts = { 'click.shop.example': { cname: ['Track.relay.example'] } };
    expect(await state()).toBe('ok');
    hosts = {
      'click.shop.example': { addresses: ['192.0.2.1'] },
      'track.relay.example': { addresses: ['192.0.2.1', '192.0.2.2'] },
    };
    expect(await state()).toBe('ok');
    await run('domain set shop.example', { trackingHost: '', brandLogo: '' });
    expect(settings.current()?.domains.get('shop.example')).toMatchObject({ brand: { name: 'Shop & Co' } });
    expect(settings.current()?.domains.get('shop.example')).not.toHaveProperty('trackingHost');
  });

  test('without tracking.url a tracking host is said to be of no use', async () => {
    context = { ...context, trackingTarget: undefined };
    await run('domain add shop.example');
    const text = expect.stringContaining('set tracking.url');
    expect(await run('domain set shop.example', { trackingHost: 'click.shop.example' })).toMatchObject({
      text,
    });
    expect(await run('domain check shop.example')).toMatchObject({ code: 1, text });
  });

  test('what is wrong with all options is told at once', async () => {
    await run('domain add shop.example');
    expect(
      await run('domain set shop.example', {
        trackingHost: 'http://x',
        brandName: 'x'.repeat(101),
        brandLogo: 'javascript:alert(1)',
      }),
    ).toMatchObject({
      code: 2,
      text: expect.stringMatching(
        /--tracking-host: must be a host name .*\n--brand-name: .*\n--brand-logo: must be an https/,
      ),
    });
    expect(await run('domain set nobody.example', { brandName: 'x' })).toMatchObject({ code: 1 });
  });

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
      /ip1 +smtp +192.0.2.1 +mx1.example.net +shops +100 +paused +day 1 of 3 +command/,
    );
    await run('transport resume ip1');
    await run('transport set ip1', { publicAddress: '198.51.100.1' });
    expect(settings.current()?.transports.get('ip1')).toMatchObject({
      paused: false,
      publicAddress: '198.51.100.1',
      pool: 'shops',
    });
  });

  test('a pool that nobody sends by is remarked: it may be a slip of the pen', async () => {
    const added = await run('transport add ip1', { address: '192.0.2.1', pool: 'shosp' });
    expect(added.text).toContain('Nobody sends by pool shosp yet');
    await run('pool add shops');
    expect((await run('transport set ip1', { pool: 'shops' })).text).not.toContain('Nobody');
  });

  test('whoever says how far a warm-up is is not told that it begins', async () => {
    const added = await run('transport add ip1', { address: '192.0.2.1', warmupDay: '3' });
    expect(added.text).not.toContain('begins');
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

  const entry = (name = 'ip1') => settings.current()?.transports.get(name);

  test('a new address begins to warm up, and says how far it is', async () => {
    const added = await run('transport add ip1', { address: '192.0.2.1', timeZone: 'Europe/Rome' });
    expect(added.text).toContain('say --warm where the world knows this address');
    expect(entry()?.warmup).toEqual({ since: dayOf(systemClock.now(), 'Europe/Rome') });
    const shown = await run('transport show ip1');
    expect(shown.text).toMatch(/others +1 of 3 +10 +0 +0 +0/);
    expect(shown.data).toMatchObject({
      progress: { done: false, providers: [{ provider: 'others', day: 1, days: 3, cap: 10, used: 0 }] },
    });
    await run('transport set ip1', { warmupDay: '3' });
    expect((await run('transport list')).text).toContain('day 3 of 3');
    await run('transport set ip1', { warmupSince: '2026-01-01' });
    expect((await run('transport show ip1')).text).toContain('began on 2026-01-01 and is over');
    await run('transport set ip1', { warm: true });
    expect(entry()).toMatchObject({ warm: true });
    expect(entry()?.warmup).toBeUndefined();
    // Another address is new to the world; another weight is not.
    await run('transport set ip1', { weight: '20' });
    expect(entry()).toMatchObject({ warm: true, weight: 20 });
    await run('transport set ip1', { address: '192.0.2.9' });
    expect(entry()?.warm).toBeUndefined();
    expect(entry()?.warmup).toBeDefined();
  });

  test('drains, and tells its state and why', async () => {
    await run('transport add ip1', { address: '192.0.2.1', warm: true });
    expect((await run('transport drain ip1')).text).toContain('what waits moves');
    expect((await run('transport list')).text).toMatch(/default +100 +draining/);
    await run('transport undrain ip1');
    expect(entry()?.draining).toBe(false);
    states['ip1'] = { state: 'quarantined', since: 5, reason: 'It is on a block list.', cause: 'listing' };
    expect((await run('transport list')).text).toMatch(/default +100 +quarantined/);
    expect((await run('transport show ip1')).text).toContain('It is on a block list.');
  });

  test('sends through an upstream relay, whose password is sealed and never shown', async () => {
    input = 'upstream-Secret-41\n';
    const added = await run('transport add ip1', {
      address: '192.0.2.1',
      via: 'smtp.example.net:587',
      viaUsername: 'me',
      viaPasswordStdin: true,
    });
    expect(added).toMatchObject({ code: 0, data: { via: { host: 'smtp.example.net', password: 'sealed' } } });
    const sealed = entry()?.via?.sealedPassword;
    expect(sealed).toMatch(/^v1\./);
    expect(entry()).toMatchObject({ via: { port: 587, tls: 'required', verify: true, username: 'me' } });
    expect(entry()?.warmup).toBeUndefined();
    await run('transport set ip1', { viaTls: 'implicit', via: 'smtp.example.net:465' });
    expect(entry()?.via).toMatchObject({
      port: 465,
      tls: 'implicit',
      username: 'me',
      sealedPassword: sealed,
    });
    const said = [
      await run('transport show ip1'),
      await run('transport list'),
      await run('transport set ip1', { weight: '5' }),
    ];
    expect(JSON.stringify(said)).not.toMatch(/upstream-Secret|v1\./);
    // A log-in is for the host that it was given for.
    await run('transport set ip1', { via: 'other.example.net' });
    expect(entry()?.via).toEqual({ host: 'other.example.net', port: 587, tls: 'required', verify: true });
    await run('transport set ip1', { via: '' });
    expect(entry()?.via).toBeUndefined();
  });

  test.each([
    [{ weight: '0' }, '--weight: must be at least 1'],
    [{ weight: 'heavy' }, '--weight: must be a number'],
    [{ warm: true, warmupDay: '2' }, 'exclude each other'],
    [{ warmupSince: '2026-02-30' }, 'is not a day that there is'],
    [{ warmupSince: 'yesterday' }, 'must be a day such as'],
    [{ warmupDay: '0' }, '--warmup-day: must be at least 1'],
    [{ timeZone: 'Middle/Earth' }, 'must be a time zone'],
    [{ via: 'smtp.example.net:99999' }, 'must be a host and a port'],
    [{ viaTls: 'implicit' }, 'need --via'],
    [{ via: 'smtp.example.net', viaUsername: 'me' }, 'needs --via-username and --via-password-stdin'],
  ])('a transport with %j is refused, too', async (options, text) => {
    expect(await run('transport add ip1', { address: '192.0.2.1', ...options })).toMatchObject({
      code: 2,
      text: expect.stringContaining(text),
    });
    expect(entry()).toBeUndefined();
  });

  test('a pool falls back on another, which then stays', async () => {
    await run('transport add ip1', { address: '192.0.2.1', pool: 'shops' });
    await run('pool add spare');
    expect(await run('pool set shops', { fallback: 'nowhere' })).toMatchObject({ code: 2 });
    expect(await run('pool set shops', { fallback: 'shops' })).toMatchObject({ code: 2 });
    expect(await run('pool set nowhere', { whenAllBad: 'hold' })).toMatchObject({ code: 1 });
    expect(await run('pool set shops')).toMatchObject({ code: 2 });
    expect(await run('pool set shops', { fallback: 'spare', whenAllBad: 'hold' })).toMatchObject({ code: 0 });
    expect((await run('pool list')).text).toMatch(/shops +ip1 +spare +hold/);
    await run('pool set shops', { whenAllBad: 'use' });
    expect(settings.current()?.pools.get('shops')).toMatchObject({ fallback: 'spare', whenAllBad: 'use' });
    expect(await run('pool remove spare')).toMatchObject({
      code: 1,
      text: expect.stringContaining('pool shops'),
    });
    await run('pool set shops', { fallback: '' });
    expect(await run('pool remove spare')).toMatchObject({ code: 0 });
  });

  test('a domain has a pool that there is', async () => {
    await run('domain add shop.example');
    await run('pool add shops');
    expect(await run('domain set shop.example', { pool: 'nowhere' })).toMatchObject({ code: 2 });
    await run('domain set shop.example', { pool: 'shops' });
    expect(settings.current()?.domains.get('shop.example')?.pool).toBe('shops');
    expect(await run('pool remove shops')).toMatchObject({ code: 1 });
    await run('domain set shop.example', { pool: '' });
    expect(settings.current()?.domains.get('shop.example')?.pool).toBeUndefined();
  });

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
    expect((await run('pool list')).text).toMatch(/shops +ip1 +use +shop/);
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

describe('bounces', () => {
  test('a host for return paths is shown, checked and taken away', async () => {
    expect((await run('domain add shop.example')).text).toContain('bounce.shop.example. CNAME');
    const set = await run('domain set shop.example', { returnPath: 'Bounce.Shop.example' });
    expect(set.text).toMatch(/bounce\.shop\.example\. CNAME\n {4}bounces\.relay\.example\./);
    expect((await run('domain show shop.example')).text).toContain('bounce.shop.example. CNAME');
    const state = async (): Promise<unknown> => {
      const { data } = await run('domain check shop.example');
      const found = Array.isArray(data) ? data.find(({ purpose }) => purpose === 'return-path') : undefined;
      return found?.state;
    };
    expect(await state()).toBe('missing');
    hosts['bounce.shop.example'] = { cname: ['Bounces.relay.example.'] };
    expect(await state()).toBe('ok');
    hosts['bounce.shop.example'] = { cname: ['elsewhere.example'] };
    expect(await state()).toBe('different');
    hosts = {};
    mailHosts = { 'bounces.relay.example': ['Relay.example'], 'bounce.shop.example': ['relay.example.'] };
    expect(await state()).toBe('ok');
    mailHosts['bounce.shop.example'] = ['relay.example', 'other.example'];
    expect(await state()).toBe('different');
    expect(await run('domain set shop.example', { returnPath: 'no host' })).toMatchObject({ code: 2 });
    await run('domain set shop.example', { returnPath: '' });
    expect(await state()).toBeUndefined();
  });

  test('our own addresses and records are shown', async () => {
    const { text } = await run('feedback show');
    expect(text).toContain('fbl-0123@bounces.relay.example');
    expect(text).toMatch(/bounces\.relay\.example\. MX\n {4}10 relay\.example\./);
    expect(text).toMatch(/bounces\.relay\.example\. TXT\n {4}v=spf1/);
  });

  test('users are switched', async () => {
    await run('user add shop', { domain: ['shop.example'], verp: false, autoSuppress: true });
    expect((await run('user show shop')).data).toMatchObject({ verp: false, autoSuppress: true });
    await run('user set shop', { verp: true });
    expect((await run('user show shop')).data).toMatchObject({ verp: true, autoSuppress: true });
  });
});

describe('suppression', () => {
  test('addresses are added, found, exported, removed', async () => {
    await run('suppression add A@Shop.example', { reason: 'asked, twice' });
    expect((await run('suppression list a@shop.example')).text).toContain('asked, twice');
    expect((await run('suppression export')).text).toMatch(
      /^address,reason,date,topic,scope,expires,reply,delivery,report\na@shop.example,"asked, twice",\d{4}-\S+,,,,,,$/,
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
    expect((await run('suppression export')).text).toMatch(/a@b.example,asked,\S+,news,,,,,$/);
    expect(await run('suppression remove a@b.example')).toMatchObject({ code: 1 });
    expect(await run('suppression remove a@b.example', { topic: 'news' })).toMatchObject({ code: 0 });
    expect(await run('suppression add a@b.example', { topic: '' })).toMatchObject({ code: 2 });
  });

  test('a user, a sender domain, all, and an end', async () => {
    expect(await run('suppression add a@b.example', { user: 'shop' })).toMatchObject({
      code: 2,
      text: 'There is no user called shop.',
    });
    await run('user add shop');
    await run('suppression add a@b.example', { user: 'Shop' });
    await run('suppression add a@b.example', { domain: 'shop.example', for: '30d' });
    await run('suppression add a@b.example', { everywhere: true, reason: 'asked' });
    expect(await run('suppression add a@b.example', { user: 'x', domain: 'y.example' })).toMatchObject({
      code: 2,
    });
    expect(await run('suppression add a@b.example', { for: 'soon' })).toMatchObject({ code: 2 });
    const { text } = await run('suppression list a@b.example');
    expect(text).toMatch(/for mail of the user shop: by hand/);
    expect(text).toMatch(/for mail from shop.example: by hand, \d{4}-\S+, until \d{4}-/);
    expect(text).toMatch(/for the whole installation: asked/);
    expect((await run('suppression list', { user: 'shop' })).text.split('\n')).toHaveLength(2);
    expect((await run('suppression export')).text).toContain('user:shop');
    expect(await run('suppression remove a@b.example', { user: 'shop' })).toMatchObject({ code: 0 });
    expect(await run('suppression remove a@b.example', { everywhere: true })).toMatchObject({ code: 0 });
    expect((await run('suppression list a@b.example')).text.split('\n')).toHaveLength(1);
  });

  test('a file is imported, and says which lines were left out', async () => {
    input = 'email\na@b.example\nnonsense\n';
    expect(await run('suppression import -')).toMatchObject({
      code: 1,
      text: '1 added, 0 known already.\n1 without an address or with a wrong scope:\n  line 3: nonsense',
    });
    expect(await run('suppression import nowhere.csv')).toMatchObject({
      code: 1,
      text: expect.stringContaining('cannot be read'),
    });
  });
});

describe('template', () => {
  test('is put from files, listed, shown, and removed', async () => {
    files = { 'order.html': '<p>[id]</p>', 'order.txt': '[id]' };
    input = 'from a pipe';
    const put = { html: 'order.html', text: 'order.txt', subject: 'Order [id]' };
    expect((await run('template put order', put)).text).toBe('Template order is stored as version 1.');
    expect((await run('template put order', put)).text).toBe('Template order is the same as version 1.');
    expect((await run('template put order', { text: '-', engine: 'tags' })).text).toContain('version 2');
    expect((await run('template list')).text).toMatch(/order +tags +2 +2/);
    expect((await run('template show order')).text).toContain('-- text\nfrom a pipe');
    expect((await run('template show order', { version: '1' })).data).toMatchObject({
      subject: 'Order [id]',
      html: '<p>[id]</p>',
      versions: [1, 2],
    });
    expect(await run('template show order', { version: '9' })).toMatchObject({ code: 1 });
    expect(await run('template remove order')).toMatchObject({ code: 0 });
    expect(await run('template remove order')).toMatchObject({ code: 1 });
    expect(await run('template show order')).toMatchObject({ code: 1 });
  });

  test.each([
    [{ html: 'a', text: 'b' }, 1, /a cannot be read[^]*b cannot be read/],
    [{}, 2, /needs HTML or text/],
    [{ html: 'x', engine: 'php' }, 2, /tags or liquid/],
  ])('%j is refused', async (options, code, text) =>
    expect(await run('template put order', options)).toMatchObject({
      code,
      text: expect.stringMatching(text),
    }),
  );
});

describe('recipient', () => {
  test('is set, listed, shown and forgotten', async () => {
    expect((await run('recipient list')).text).toBe('Nobody is known yet.');
    await run('recipient set Mario@x.example', { name: 'Mario', field: ['city=Roma', 'motto=a=b', 'x=1'] });
    await run('recipient set mario@x.example', { field: ['x='] });
    const { data, text } = await run('recipient show mario@x.example');
    expect(data).toMatchObject({ name: 'Mario', fields: { city: 'Roma', motto: 'a=b' }, status: 'new' });
    expect(text).toMatch(/^\[city\] +Roma$/m);
    expect((await run('recipient list')).text).toMatch(/mario@x.example +Mario +new +0/);
    expect(await run('recipient forget mario@x.example')).toMatchObject({ code: 0 });
    expect(await run('recipient forget mario@x.example')).toMatchObject({ code: 1 });
    expect(await run('recipient show mario@x.example')).toMatchObject({ code: 1 });
  });

  test.each([
    ['recipient set nobody', { name: 'x' }, 1],
    ['recipient set a@x.example', { field: ['city'] }, 2],
    ['recipient set a@x.example', { name: 'a\nb' }, 1],
    ['recipient list', { limit: 'many' }, 2],
  ])('%s with %j is refused', async (line, options, code) =>
    expect(await run(line, options)).toMatchObject({ code }),
  );
});
