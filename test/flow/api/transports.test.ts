// Endpoints of pools, transports and limits: what they make, change and refuse.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type Client, type TestApi } from '../../support/api.ts';

let api: TestApi;
let admin: Client;
beforeAll(async () => {
  api = await startApi();
  admin = await api.client();
});
afterAll(() => api.close());

const transport = async (name: string) => (await api.base.settings.refresh()).transports.get(name);
const pathsOf = ({ json }: { json: { errors?: { path: string }[] } }) => json.errors?.map(({ path }) => path);

describe('a pool', () => {
  test('is added, changed, listed and removed', async () => {
    const made = await admin.post('/pools', { name: 'vip', fallback: 'default' });
    expect(made).toMatchObject({
      status: 201,
      json: { name: 'vip', fallback: 'default', whenAllBad: 'use', transports: [], users: [] },
    });
    expect(made.headers.get('location')).toBe('/api/v1/pools/vip');
    const before = (await admin.get('/pools/vip')).json;
    expect((await admin.patch('/pools/vip', before)).json).toEqual(before);
    const changed = await admin.patch('/pools/vip', { fallback: null, whenAllBad: 'hold' });
    expect(changed.json).toEqual({ name: 'vip', whenAllBad: 'hold', transports: [], users: [] });
    expect((await admin.get('/pools')).json.items.map((one: { name: string }) => one.name)).toEqual([
      'default',
      'vip',
    ]);
    expect((await admin.delete('/pools/vip')).status).toBe(204);
    expect((await admin.get('/pools/vip')).status).toBe(404);
  });

  test('is refused with all that is wrong, and stays while it is used', async () => {
    expect(pathsOf(await admin.post('/pools', { name: 'No!', whenAllBad: 'sleep', x: 1 }))).toEqual(
      expect.arrayContaining(['body.name', 'body.whenAllBad', 'body.x']),
    );
    expect((await admin.post('/pools', { name: 'self', fallback: 'self' })).status).toBe(422);
    const used = await admin.delete('/pools/default');
    expect(used).toMatchObject({ status: 409, json: { detail: 'Pool default still has transports (box).' } });
  });
});

describe('a transport', () => {
  test('is added with an upstream relay, whose password nobody sees again', async () => {
    const made = await admin.post('/transports', {
      name: 'up',
      address: '127.0.0.2',
      via: { host: 'smtp.example.net', username: 'me', password: 'relay-Secret-1' },
    });
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe('/api/v1/transports/up');
    expect(made.json.via).toEqual({
      host: 'smtp.example.net',
      port: 587,
      tls: 'required',
      verify: true,
      username: 'me',
      password: 'sealed',
    });
    for (const { text } of [made, await admin.get('/transports/up'), await admin.get('/transports')]) {
      expect(text).not.toContain('relay-Secret-1');
      expect(text).not.toContain('sealedPassword');
    }
    const before = (await admin.get('/transports/up')).json;
    const sealed = (await transport('up'))?.via?.sealedPassword;
    expect((await admin.patch('/transports/up', before)).json).toEqual(before);
    expect((await transport('up'))?.via?.sealedPassword).toBe(sealed);
    await admin.patch('/transports/up', { via: { port: 2525 } });
    expect((await transport('up'))?.via).toMatchObject({ port: 2525, sealedPassword: sealed });
    const elsewhere = await admin.patch('/transports/up', { via: { host: 'other.example.net' } });
    expect(elsewhere.status).toBe(422);
    expect(pathsOf(elsewhere)).toEqual(['body.via.password']);
    await admin.patch('/transports/up', { via: { host: 'other.example.net', password: 'another-Secret-2' } });
    expect((await transport('up'))?.via?.sealedPassword).not.toBe(sealed);
    await admin.patch('/transports/up', { via: null });
    expect(await transport('up')).not.toHaveProperty('via');
  });

  test('begins its warm-up, and keeps what is not named', async () => {
    const made = await admin.post('/transports', {
      name: 'ip1',
      address: '192.0.2.10',
      address6: '2001:db8::1',
      ehlo: 'mx1.example.net',
      weight: 50,
    });
    expect(made.json).toMatchObject({ progress: { done: false }, weight: 50, state: expect.any(String) });
    expect((await admin.get('/transports/ip1/warmup')).json).toMatchObject({
      warm: false,
      timeZone: expect.any(String),
    });
    expect((await admin.get('/transports/box/warmup')).json).toEqual({ warm: true });
    const changed = await admin.patch('/transports/ip1', { address6: null, warm: true });
    expect(changed.json).toMatchObject({ warm: true, ehlo: 'mx1.example.net', weight: 50 });
    expect(changed.json).not.toHaveProperty('address6');
    expect(await transport('ip1')).not.toHaveProperty('warmup');
  });

  test.each([
    [
      { name: 'x', address: 'nowhere', weight: 0, timeZone: 'Mars/Base', y: 1 },
      ['address', 'weight', 'timeZone', 'y'],
    ],
    [{ name: 'x' }, ['address']],
    [{ name: 'X!', kind: 'sandbox' }, ['name']],
    [{ name: 'x', address: '127.0.0.3', warm: true, warmup: { day: 3 } }, ['warmup']],
    [{ name: 'x', address: '127.0.0.3', warmup: { since: '2026-02-31' } }, ['warmup.since']],
    [{ name: 'x', address: '127.0.0.3', via: { host: '', port: 70_000 } }, ['via.host', 'via.port']],
  ])('is refused as %j', async (body, fields) => {
    const answer = await admin.post('/transports', body);
    expect(answer.status).toBe(422);
    expect(pathsOf(answer)).toEqual(expect.arrayContaining(fields.map((field) => `body.${field}`)));
    expect(await transport('x')).toBeUndefined();
  });

  test('is paused, resumed, drained, quarantined and released', async () => {
    await admin.post('/transports', { name: 'sw', address: '127.0.0.4', pool: 'sw' });
    const state = async (word: string) => (await admin.post(`/transports/sw/${word}`, {})).json.state;
    expect(await state('pause')).toBe('paused');
    expect(await state('resume')).not.toBe('paused');
    expect(await state('drain')).toBe('draining');
    await state('undrain');
    const put = await admin.post('/transports/sw/quarantine', { reason: 'A test.' });
    expect(put.json).toMatchObject({
      name: 'sw',
      state: 'quarantined',
      reason: 'A test.',
      cause: 'operator',
    });
    expect((await admin.get('/transports/sw')).json).toMatchObject({
      state: 'quarantined',
      because: { reason: 'A test.' },
    });
    expect((await admin.post('/transports/sw/release', {})).json.state).toBe('healthy');
    expect((await admin.post('/transports/sw/release', {})).status).toBe(409);
    expect((await admin.get('/transports/sw/findings')).json).toMatchObject({
      listings: [],
      at: expect.any(Number),
    });
    for (const path of ['pause', 'quarantine', 'release'])
      expect((await admin.post(`/transports/none/${path}`, {})).status).toBe(404);
    expect((await admin.get('/transports/none/findings')).status).toBe(404);
  });

  test('the last one of a pool that users need goes only by force', async () => {
    expect(await admin.delete('/transports/none')).toMatchObject({ status: 404 });
    const lone = await api.base.settings.refresh();
    for (const { name, pool } of lone.transports.values())
      if (pool === 'default' && name !== 'box') await admin.delete(`/transports/${name}`);
    const refused = await admin.delete('/transports/box');
    expect(refused.status).toBe(409);
    expect(refused.json.detail).not.toContain('--force');
    expect((await admin.get('/transports/box')).status).toBe(200);
  });

  test('check finds out by itself, in bounded time', async () => {
    const { status, json } = await admin.post('/transports/box/check');
    expect(status).toBe(200);
    expect(json.items.every((one: { sentence: string }) => one.sentence.length > 0)).toBe(true);
  });
});

test('transports are the installation’s: other accounts, users and keys without the scope see none', async () => {
  const acme = await api.client({ account: 'acme' });
  const shop = await api.client({ user: 'shop' });
  const reader = await api.client({ scopes: ['transports:read'] });
  for (const path of [
    '/transports',
    '/transports/box',
    '/pools',
    '/limits',
    '/transports/box/findings',
    '/queue',
  ])
    for (const client of [acme, shop]) expect((await client.get(path)).status).toBe(403);
  expect((await reader.get('/transports')).status).toBe(200);
  expect((await reader.post('/transports/box/pause')).status).toBe(403);
  expect((await reader.post('/pools', { name: 'x' })).status).toBe(403);
});
