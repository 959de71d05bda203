// Endpoints of users: what they make, change and refuse, and who sees whom.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyPassword } from '../../../src/accept/password.ts';
import { userSchema } from '../../../src/model/settings.ts';
import { startApi, type Client, type TestApi } from '../../support/api.ts';

let api: TestApi;
let admin: Client;
beforeAll(async () => {
  api = await startApi();
  admin = await api.client();
});
afterAll(() => api.close());

const stored = async (name: string) => (await api.base.settings.refresh()).users.get(name);

describe('a user', () => {
  test('is made with a password that is shown once, and says where it is', async () => {
    const made = await admin.post('/users', {
      name: 'crm',
      domains: ['crm.example', '*.crm.example'],
      networks: ['192.0.2.0/28'],
      scheduleAhead: '90d',
      limits: { messagesPerHour: 100, messageBytes: '20MB', over: 'refuse' },
      rules: [{ when: { subject: 'Invoice *' }, set: { campaign: 'invoices', ttl: '2h' } }],
    });
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe('/api/v1/users/crm');
    expect(made.json).toMatchObject({
      name: 'crm',
      account: 'default',
      hasPassword: true,
      limits: { messagesPerHour: 100, messageBytes: 20_000_000, over: 'refuse' },
      scheduleAhead: 90 * 86_400_000,
      rules: [{ set: { ttl: 7_200_000 } }],
    });
    expect(await verifyPassword(made.json.password, (await stored('crm'))?.passwordHash)).toBe(true);
    const { json } = await admin.get('/users/crm');
    expect(json).not.toHaveProperty('password');
    expect(JSON.stringify(json)).not.toContain('argon2');
  });

  test('may be made without a password, or with one that is given', async () => {
    expect((await admin.post('/users', { name: 'scanner', password: null })).json.hasPassword).toBe(false);
    const given = await admin.post('/users', { name: 'given', password: 'correct horse' });
    expect(given.json).not.toHaveProperty('password');
    expect(await verifyPassword('correct horse', (await stored('given'))?.passwordHash)).toBe(true);
  });

  test('with everything wrong is told everything, and nothing is made', async () => {
    const bad = await admin.post('/users', {
      name: 'Bad Name!',
      networks: ['nowhere'],
      priority: 9,
      scheduleAhead: 'soon',
      limits: { messagesPerHour: -1 },
      defaults: { opens: 'yes' },
      surprise: 1,
      account: 'other',
    });
    expect(bad.status).toBe(422);
    expect(bad.headers.get('content-type')).toContain('application/problem+json');
    const paths = bad.json.errors.map((one: { path: string }) => one.path);
    for (const path of [
      'name',
      'networks.0',
      'priority',
      'scheduleAhead',
      'limits.messagesPerHour',
      'defaults.opens',
    ])
      expect(paths).toContain(`body.${path}`);
    const pool = await admin.post('/users', { name: 'lost', pool: 'fast', defaults: { pool: 'other' } });
    expect(pool.status).toBe(422);
    expect(pool.json.errors.map((one: { path: string }) => one.path)).toEqual([
      'body.defaults.pool',
      'body.pool',
    ]);
    expect(await stored('lost')).toBeUndefined();
  });

  test('whose name is taken is a conflict in words for programs', async () => {
    const again = await admin.post('/users', { name: 'shop' });
    expect(again).toMatchObject({ status: 409, json: { detail: 'There is already a user called shop.' } });
  });

  test('is changed in part, and what GET shows can be sent back as it is', async () => {
    await admin.post('/users', { name: 'part', domains: ['a.example'], limits: { messagesPerHour: 5 } });
    const before = (await admin.get('/users/part')).json;
    expect((await admin.patch('/users/part', before)).json).toMatchObject(before);
    const changed = await admin.patch('/users/part', {
      limits: { messagesPerDay: 50 },
      defaults: { opens: true },
      footer: { html: '<p>x</p>' },
    });
    expect(changed.json).toMatchObject({
      domains: ['a.example'],
      limits: { messagesPerHour: 5, messagesPerDay: 50 },
      defaults: { opens: true },
      footer: { html: '<p>x</p>' },
    });
    const less = await admin.patch('/users/part', { limits: { messagesPerHour: null }, footer: null });
    expect(less.json.limits).toEqual({ messagesPerDay: 50, over: 'hold' });
    expect(less.json).not.toHaveProperty('footer');
    expect((await stored('part'))?.passwordHash).toMatch(/^\$argon2id/);
  });

  test.each([
    [{ name: 'other' }, 'body.name'],
    [{ account: 'other' }, 'body.account'],
    [{ origin: 'file' }, 'body.origin'],
    [{ disabled: true }, 'body.disabled'],
    [{ hasPassword: false }, 'body.hasPassword'],
    [{ priority: 'urgent' }, 'body.priority'],
    [{ networks: ['10.0.0.0/99'] }, 'body.networks.0'],
    [{ passwordHash: 'x' }, 'body.passwordHash'],
  ])('is not changed by %j', async (patch, path) => {
    await admin.post('/users', { name: 'still' });
    const before = await stored('still');
    const answer = await admin.patch('/users/still', patch);
    expect(answer.status).toBe(422);
    expect(answer.json.errors[0].path).toBe(path);
    expect(await stored('still')).toEqual(before);
  });

  test('of the configuration file is switched and not changed', async () => {
    await api.base.settings.users.declare({ ...(await stored('shop'))!, name: 'filed', origin: 'file' });
    expect(await admin.patch('/users/filed', { priority: 1 })).toMatchObject({ status: 409 });
    expect(await admin.delete('/users/filed')).toMatchObject({ status: 409 });
    expect((await admin.post('/users/filed/disable')).json.disabled).toBe(true);
    expect((await admin.post('/users/filed/enable')).json.disabled).toBe(false);
  });

  test('gets a new password, and goes', async () => {
    await admin.post('/users', { name: 'gone' });
    const reset = await admin.post('/users/gone/reset-password', {});
    expect(await verifyPassword(reset.json.password, (await stored('gone'))?.passwordHash)).toBe(true);
    expect((await admin.post('/users/gone/reset-password', { password: 'short' })).status).toBe(422);
    expect((await admin.delete('/users/gone')).status).toBe(204);
    expect((await admin.delete('/users/gone')).status).toBe(404);
    expect((await admin.get('/users/gone')).status).toBe(404);
  });

  test('list comes in pages', async () => {
    const all = (await admin.get('/users?limit=500')).json.items.map((one: { name: string }) => one.name);
    const seen: string[] = [];
    for (let next: string | undefined = ''; next !== undefined;) {
      const page: { items: { name: string }[]; next?: string } = (
        await admin.get(`/users?limit=2${next === '' ? '' : `&cursor=${next}`}`)
      ).json;
      seen.push(...page.items.map(({ name }) => name));
      next = page.next;
    }
    expect(seen).toEqual(all);
    expect((await admin.get('/users?limit=0')).status).toBe(422);
  });
});

describe('who asks', () => {
  test('needs the scope', async () => {
    const reader = await api.client({ scopes: ['users:read'] });
    expect((await reader.get('/users')).status).toBe(200);
    expect((await reader.post('/users', { name: 'x' })).status).toBe(403);
    expect((await (await api.client({ scopes: ['domains:read'] })).get('/users')).status).toBe(403);
    expect((await api.stranger.get('/users')).status).toBe(401);
  });

  test('of another account sees its own users only, and grants itself nothing', async () => {
    const other = await api.client({ account: 'acme' });
    for (const path of ['/users/shop', '/users/shop/guide-data'])
      expect((await other.get(path)).status).toBe(404);
    expect((await other.patch('/users/shop', { priority: 1 })).status).toBe(404);
    expect((await other.delete('/users/shop')).status).toBe(404);
    expect((await other.post('/users/shop/disable')).status).toBe(404);
    expect((await other.get('/users')).json.items).toEqual([]);
    await api.base.settings.users.add(
      userSchema.parse({ v: 1, name: 'acme-shop', account: 'acme', origin: 'command' }),
    );
    const wishes = {
      domains: ['shop.example'],
      senders: ['boss@shop.example'],
      pools: ['default', 'vip'],
      trustedSmartHost: true,
      networks: ['0.0.0.0/0'],
      limits: { messagesPerHour: 1_000_000 },
      bypassSuppression: true,
    };
    const answer = await other.patch('/users/acme-shop', wishes);
    expect(answer.status).toBe(422);
    const paths = new Set(answer.json.errors.map((one: { path: string }) => one.path));
    for (const field of ['domains', 'senders', 'trustedSmartHost', 'networks', 'limits', 'bypassSuppression'])
      expect(paths).toContain(`body.${field}`);
    expect((await other.patch('/users/acme-shop', { priority: 4 })).json.priority).toBe(4);
    expect((await other.post('/users', { name: 'acme-two' })).status).toBe(201);
  });

  test('a set-up guide names what a program needs, and no secret', async () => {
    const own = await api.client({ user: 'shop' });
    expect((await own.get('/users/shop/guide-data')).json).toMatchObject({
      user: 'shop',
      from: 'you@shop.example',
      hasPassword: true,
      sandboxed: true,
      ports: expect.arrayContaining([expect.objectContaining({ tls: expect.any(String) })]),
    });
    expect((await own.get('/users/office/guide-data')).status).toBe(404);
    expect((await own.get('/users')).status).toBe(403);
  });
});
