// Who may come in over HTTP: members with roles and sessions, keys with scopes, and what ends them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scopes, type MemberRole } from '../../../src/model/access.ts';
import { ADMIN_PASSWORD, startApi, type Client, type TestApi } from '../../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await api.addMember('otto', 'operator');
  await api.addMember('vera', 'viewer');
  await api.addMember('sue', 'user', { user: 'shop' });
});
afterAll(() => api.close());

describe('sessions', () => {
  test('a member logs in, is known, and logs out', async () => {
    const admin = await api.logIn();
    const { json, headers } = await admin.get('/session');
    expect(json).toMatchObject({ name: 'admin', via: 'session', role: 'admin', account: 'default' });
    expect(json.scopes).toHaveLength(scopes.length);
    expect(json.token).toMatch(/^[\w-]{43}$/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect((await admin.delete('/session')).status).toBe(204);
    expect((await admin.get('/session')).status).toBe(401);
  });

  test('Redis holds nothing that opens a session', async () => {
    const answer = await api.stranger.post('/session', { name: 'admin', password: ADMIN_PASSWORD });
    const secret = /postino_session=([\w-]+)/.exec(answer.headers.get('set-cookie') ?? '')?.[1] ?? '?';
    const keys = (await api.base.asking.call('KEYS', '*session:*')) as string[];
    expect(keys.length).toBeGreaterThan(0);
    const all = await Promise.all(keys.map((key) => api.base.asking.call('GET', key)));
    for (const text of [...keys, ...all.map(String)]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(answer.json.token);
    }
    expect(answer.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Strict/);
  });

  test('a wrong password, an unknown and a disabled member are told the same', async () => {
    await api.addMember('gone', 'viewer');
    await api.base.members.change('gone', (member) => ({ ...member, disabled: true }));
    const tries = [
      ['admin', 'wrong'],
      ['nobody', ADMIN_PASSWORD],
      ['gone', ADMIN_PASSWORD],
    ].map(([name, password]) => api.stranger.post('/session', { name, password }));
    const answers = (await Promise.all(tries)).filter(({ status }) => status !== 429);
    for (const { status, json } of answers) {
      expect(status).toBe(401);
      expect(json.detail).toBe('The name or the password is wrong. Please try again.');
    }
    expect(answers.length).toBeGreaterThan(0);
    await api.base.clock.sleep(2_100);
    await api.logIn();
  });

  test('changes need the token, and no other site can make them', async () => {
    const admin = await api.logIn();
    const { json } = await admin.get('/session');
    const cookie = (await api.stranger.post('/session', { name: 'admin', password: ADMIN_PASSWORD })).headers
      .get('set-cookie')
      ?.split(';', 1)[0];
    const wish = { name: 'x', scopes: ['events:read'] };
    const bare = { cookie: cookie ?? '' };
    expect((await api.stranger.post('/keys', wish, bare)).status).toBe(403);
    expect((await api.stranger.post('/keys', wish, { ...bare, 'x-csrf-token': json.token })).status).toBe(
      403,
    );
    for (const foreign of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'same-site' }])
      expect((await admin.post('/keys', wish, foreign)).status).toBe(403);
    // A form of another site cannot send JSON, and a form is not JSON.
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await admin.send('POST', '/keys', 'name=x', form)).status).toBe(415);
    expect((await admin.post('/keys', wish)).status).toBe(201);
    const login = { name: 'admin', password: ADMIN_PASSWORD };
    expect((await api.stranger.post('/session', login, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });

  test("one's own password changes, and the other sessions end", async () => {
    const [vera, elsewhere] = [await api.logIn('vera'), await api.logIn('vera')];
    const wrong = await vera.post('/session/password', { password: 'no', newPassword: 'another-Secret' });
    expect(wrong.status).toBe(401);
    // Its network has had several wrong ones by now.
    await api.base.clock.sleep(2_100);
    const changed = await vera.post('/session/password', {
      password: ADMIN_PASSWORD,
      newPassword: 'another-Secret',
    });
    expect(changed.json).toMatchObject({ name: 'vera', role: 'viewer' });
    expect((await elsewhere.get('/session')).status).toBe(401);
    expect((await (await api.logIn('vera', 'another-Secret')).get('/session')).status).toBe(200);
  });
});

describe('members', () => {
  test('an admin makes, changes and removes them', async () => {
    const admin = await api.logIn();
    const made = await admin.post('/members', { name: 'anna', role: 'operator' });
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe('/api/v1/members/anna');
    expect(made.json).toMatchObject({ name: 'anna', role: 'operator', disabled: false });
    expect(made.text).not.toContain('argon2');
    const anna = await api.logIn('anna', made.json.password);
    expect((await anna.get('/limits')).status).toBe(200);
    expect((await admin.post('/members', { name: 'anna', role: 'viewer' })).status).toBe(409);
    await admin.patch('/members/anna', { role: 'user', user: 'office' });
    const session = await anna.get('/session');
    expect(session.json).toMatchObject({ role: 'user', user: 'office' });
    expect((await anna.get('/limits')).status).toBe(403);
    await admin.patch('/members/anna', { disabled: true });
    // Nobody uses the session meanwhile: it must be over all the same.
    await admin.patch('/members/anna', { disabled: false });
    expect((await anna.get('/session')).status).toBe(401);
    expect((await admin.delete('/members/anna')).status).toBe(204);
    expect((await admin.get('/members/anna')).status).toBe(404);
    const { items } = (await admin.get('/members')).json;
    expect(items.map(({ name }: { name: string }) => name)).toContain('otto');
    expect(JSON.stringify(items)).not.toContain('argon2');
  });

  test.each([
    [{ name: 'x', role: 'user' }, 'say which user'],
    [{ name: 'x', role: 'user', user: 'none' }, 'no user called none'],
    [{ name: 'x', role: 'viewer', user: 'shop' }, 'leave out shop'],
    [{ name: 'x', role: 'root' }, 'body.role'],
    [{ name: 'X Y', role: 'viewer' }, 'body.name'],
    [{ name: 'x', role: 'viewer', password: 'short' }, 'body.password'],
    [{ name: 'x', role: 'viewer', account: 'other' }, 'account'],
  ])('%j is refused in words', async (body, words) => {
    const admin = await api.client();
    const { status, json } = await admin.post('/members', body);
    expect(status).toBe(422);
    expect(json.detail).toContain(words);
  });

  test("the configuration's admin and the last admin stay", async () => {
    const admin = await api.client();
    expect((await admin.delete('/members/admin')).status).toBe(409);
    expect((await admin.patch('/members/admin', { role: 'viewer' })).status).toBe(409);
    expect((await admin.post('/members/admin/reset-password', {})).json.detail).toContain('adminPassword');
  });

  test.each<[MemberRole, string, number, number]>([
    ['operator', 'otto', 200, 403],
    ['user', 'sue', 403, 403],
  ])('an %s cannot make itself more', async (_, name, reads, writes) => {
    const client = await api.logIn(name);
    expect((await client.get('/members')).status).toBe(reads);
    expect((await client.post('/members', { name: 'evil', role: 'admin' })).status).toBe(writes);
    expect((await client.patch(`/members/${name}`, { role: 'admin' })).status).toBe(writes);
    expect((await client.post('/members/admin/reset-password', {})).status).toBe(writes);
  });

  test('a key for members alone makes nobody who may do more', async () => {
    const key = await api.client({ scopes: ['members:write', 'members:read'] });
    expect((await key.post('/members', { name: 'evil', role: 'admin' })).status).toBe(403);
    expect((await key.post('/members/otto/reset-password', {})).status).toBe(403);
    expect((await key.patch('/members/otto', { disabled: true })).status).toBe(403);
    expect((await key.delete('/members/admin')).status).toBe(403);
  });
});

describe('keys', () => {
  test('a key is shown once, kept as a hash, and dies at once', async () => {
    const admin = await api.client();
    const made = await admin.post('/keys', { name: 'Shop', scopes: ['transports:read'] });
    expect(made.json.key).toMatch(/^pk_[a-z2-7]{16}_[\w-]{43}$/);
    const { id, key } = made.json;
    const bearer = { authorization: `Bearer ${key}` };
    expect((await api.stranger.get('/limits', bearer)).status).toBe(200);
    expect(await api.base.asking.call('HGET', `${api.base.prefix}api-keys`, id)).not.toContain(key);
    const listed = (await admin.get('/keys?limit=500')).json.items.find(
      (one: { id: string }) => one.id === id,
    );
    expect(listed).toMatchObject({ name: 'Shop', scopes: ['transports:read'] });
    expect(listed.usedAt).toBeGreaterThan(0);
    expect(JSON.stringify(listed)).not.toMatch(/hash|"key"/);
    expect((await admin.delete(`/keys/${id}`)).status).toBe(204);
    expect((await api.stranger.get('/limits', bearer)).status).toBe(401);
  });

  test('nobody hands on more than it has', async () => {
    const few = await api.client({ scopes: ['keys:write', 'events:read'] });
    expect((await few.post('/keys', { name: 'x', scopes: ['events:read'] })).status).toBe(201);
    expect((await few.post('/keys', { name: 'x', scopes: ['users:write'] })).status).toBe(403);
    const sue = await api.logIn('sue');
    const made = await sue.post('/keys', { name: 'x', scopes: ['messages:send'] });
    expect(made.json).toMatchObject({ user: 'shop', by: 'sue' });
    expect((await sue.post('/keys', { name: 'x', scopes: ['messages:send'], user: 'office' })).status).toBe(
      404,
    );
    expect((await sue.post('/keys', { name: 'x', scopes: ['users:read'] })).status).toBe(403);
  });

  test('a key of a user cannot have what is of the installation', async () => {
    const admin = await api.client();
    const made = await admin.post('/keys', { name: 'x', scopes: ['transports:read'], user: 'shop' });
    expect(made.status).toBe(422);
    expect(made.json.detail).toContain('transports:read');
    const none = await admin.post('/keys', { name: 'x', scopes: ['events:read'], user: 'none' });
    expect(none.json.detail).toBe('There is no user called none.');
  });

  test('keys of others are not there, or not to be removed', async () => {
    const ofOffice = (
      await (await api.client()).post('/keys', { name: 'o', scopes: ['events:read'], user: 'office' })
    ).json;
    const sue = await api.logIn('sue');
    const seen: { user?: string }[] = (await sue.get('/keys')).json.items;
    expect(seen.every(({ user }) => user === 'shop')).toBe(true);
    expect((await sue.delete(`/keys/${ofOffice.id}`)).status).toBe(404);
    const otto = await api.logIn('otto');
    expect((await otto.delete(`/keys/${ofOffice.id}`)).status).toBe(403);
    const own = (await otto.post('/keys', { name: 'mine', scopes: ['events:read'] })).json;
    expect((await otto.delete(`/keys/${own.id}`)).status).toBe(204);
  });

  test('a key does not outlive its user, nor opens another one of that name', async () => {
    const admin = await api.client();
    await admin.post('/users', { name: 'brief', domains: ['brief.example'] });
    const own = await api.client({ user: 'brief' });
    expect((await own.get('/session')).status).toBe(200);
    expect((await admin.delete('/users/brief')).status).toBe(204);
    expect((await own.get('/session')).status).toBe(401);
    await admin.post('/users', { name: 'brief', domains: ['brief.example'] });
    expect((await own.get('/session')).status).toBe(401);
    await admin.delete('/users/brief');
  });

  test('a key that expires makes none that lasts longer', async () => {
    const admin = await api.client();
    const wish = { name: 'x', scopes: ['keys:write'] };
    const expiresAt = Date.now() + 60_000;
    const { key } = (await admin.post('/keys', { ...wish, expiresAt })).json;
    const bearer = { authorization: `Bearer ${key}` };
    expect((await api.stranger.post('/keys', wish, bearer)).status).toBe(403);
    expect((await api.stranger.post('/keys', { ...wish, expiresAt: expiresAt + 1 }, bearer)).status).toBe(
      403,
    );
    expect((await api.stranger.post('/keys', { ...wish, expiresAt }, bearer)).status).toBe(201);
  });

  test('a key expires', async () => {
    const admin = await api.client();
    const past = await admin.post('/keys', { name: 'x', scopes: ['events:read'], expiresAt: 1 });
    expect(past.status).toBe(422);
    const soon = await admin.post('/keys', {
      name: 'x',
      scopes: ['transports:read'],
      expiresAt: Date.now() + 400,
    });
    const bearer = { authorization: `Bearer ${soon.json.key}` };
    expect((await api.stranger.get('/limits', bearer)).status).toBe(200);
    await api.base.clock.sleep(500);
    expect((await api.stranger.get('/limits', bearer)).status).toBe(401);
  });

  test.each([
    ['', 401],
    ['Bearer', 401],
    ['Bearer x', 401],
    ['Bearer pk_aaaaaaaaaaaaaaaa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 401],
    ['Basic YWRtaW46YWRtaW4tU2VjcmV0LTE5', 401],
    [`Bearer ${'x'.repeat(5000)}`, 401],
  ])('"%s" opens nothing', async (authorization, status) => {
    expect((await api.stranger.get('/limits', { authorization })).status).toBe(status);
  });

  test('a key that differs in its last letter opens nothing', async () => {
    const client: Client = await api.client();
    const last = client.secret.at(-1) === 'A' ? 'B' : 'A';
    const authorization = `Bearer ${client.secret.slice(0, -1)}${last}`;
    expect((await api.stranger.get('/limits', { authorization })).status).toBe(401);
  });
});

test('the first start makes an admin, whose password is in a private file', async () => {
  const fresh = await startApi({ config: { adminPassword: undefined } });
  const text = readFileSync(join(fresh.relay.data, 'first-run'), 'utf8');
  const password = /^page \(admin\): (\S+)$/m.exec(text)?.[1] ?? '';
  const admin = await fresh.logIn('admin', password);
  expect((await admin.get('/session')).json).toMatchObject({ role: 'admin' });
  const reset = await admin.post('/members/admin/reset-password', {});
  expect(reset.json.password).toMatch(/^\w{24}$/);
  expect((await admin.delete('/members/admin')).status).toBe(401);
  const again = await fresh.logIn('admin', reset.json.password);
  expect((await again.delete('/members/admin')).json.detail).toContain('the last admin');
  await fresh.close();
});
