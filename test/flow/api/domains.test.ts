// Endpoints of domains: keys and records, live checks, and proof by DNS for who is not the operator.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { userSchema } from '../../../src/model/settings.ts';
import { startFakeDns, type FakeDns } from '../../support/fake-dns.ts';
import { startApi, type Client, type TestApi } from '../../support/api.ts';

let api: TestApi;
let admin: Client;
let dns: FakeDns;
beforeAll(async () => {
  dns = await startFakeDns({});
  api = await startApi({ dns: dns.server });
  admin = await api.client();
});
afterAll(async () => {
  await api.close();
  await dns.close();
});

const publish = (name: string, text: string) => dns.table.set(name, { txt: [text] });
const domain = async (name: string) => (await api.base.settings.refresh()).domains.get(name);

describe('a domain', () => {
  test('is added with keys, tells its records, and no secret', async () => {
    const made = await admin.post('/domains', { name: 'New.example' });
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe('/api/v1/domains/new.example');
    expect(made.json).toMatchObject({ name: 'new.example', account: 'default', lacks: [] });
    expect(made.json.keys).toHaveLength(2);
    const purposes = made.json.records.map((one: { purpose: string }) => one.purpose);
    expect(purposes).toEqual(['dkim', 'dkim', 'spf', 'dmarc']);
    for (const { text } of [made, await admin.get('/domains/new.example'), await admin.get('/domains')])
      expect(text).not.toMatch(/sealed|PRIVATE/i);
    expect(await admin.post('/domains', { name: 'new.example' })).toMatchObject({ status: 409 });
    expect((await admin.post('/domains', { name: 'no domain' })).json.errors).toEqual([
      { path: 'body.name', message: expect.stringContaining('domain name') },
    ]);
  });

  test('is changed in part; null takes a field away', async () => {
    await admin.post('/domains', { name: 'part.example' });
    const before = (await admin.get('/domains/part.example')).json;
    expect((await admin.patch('/domains/part.example', before)).status).toBe(200);
    const set = await admin.patch('/domains/part.example', {
      trackingHost: 'Click.part.example',
      returnPath: 'bounce.part.example',
      brand: { name: 'Part & Co', logo: 'https://part.example/logo.png' },
    });
    expect(set.json).toMatchObject({ trackingHost: 'click.part.example', brand: { name: 'Part & Co' } });
    expect(set.json.lacks).toContain('feedback.domain');
    const less = await admin.patch('/domains/part.example', { returnPath: null, brand: { logo: null } });
    expect(less.json).not.toHaveProperty('returnPath');
    expect(less.json.brand).toEqual({ name: 'Part & Co' });
    expect((await domain('part.example'))?.keys).toHaveLength(2);
    const bad = await admin.patch('/domains/part.example', {
      trackingHost: 'http://x',
      brand: { logo: 'javascript:alert(1)' },
      pool: 'nowhere',
      keys: [],
      surprise: 1,
    });
    expect(bad.status).toBe(422);
    const paths = bad.json.errors.map((one: { path: string }) => one.path);
    expect(paths).toEqual(expect.arrayContaining(['body.trackingHost', 'body.brand.logo', 'body.surprise']));
    expect((await admin.patch('/domains/part.example', { pool: 'nowhere' })).json.errors[0].path).toBe(
      'body.pool',
    );
    expect((await admin.patch('/domains/part.example', { keys: [] })).json.errors[0].path).toBe('body.keys');
  });

  test('check says of each record how the DNS has it', async () => {
    const { json } = await admin.post('/domains', { name: 'live.example' });
    const [rsa, ed] = json.records;
    publish(rsa.name, rsa.value);
    publish(ed.name, 'v=DKIM1; k=ed25519; p=other');
    const checked = (await admin.get('/domains/live.example/check')).json;
    const states = checked.records.map(({ purpose, state }: { purpose: string; state: string }) => [
      purpose,
      state,
    ]);
    expect(states).toEqual([
      ['dkim', 'ok'],
      ['dkim', 'different'],
      ['spf', 'missing'],
      ['dmarc', 'missing'],
    ]);
    expect(checked.isGood).toBe(false);
  });

  test('goes with its keys', async () => {
    await admin.post('/domains', { name: 'gone.example' });
    expect((await admin.delete('/domains/gone.example')).status).toBe(204);
    expect((await admin.get('/domains/gone.example')).status).toBe(404);
    expect((await admin.delete('/domains/gone.example')).status).toBe(404);
  });

  test('needs the scope', async () => {
    const reader = await api.client({ scopes: ['domains:read'] });
    expect((await reader.get('/domains')).status).toBe(200);
    expect((await reader.post('/domains', { name: 'x.example' })).status).toBe(403);
    expect((await (await api.client({ scopes: ['users:read'] })).get('/domains')).status).toBe(403);
  });
});

describe('proof', () => {
  test('another account proves a domain first, by a record that proves it for nobody else', async () => {
    const acme = await api.client({ account: 'acme' });
    const rival = await api.client({ account: 'rival' });
    const asked = await acme.post('/domains', { name: 'acme.example' });
    expect(asked.status).toBe(409);
    const { json } = await acme.get('/domains/acme.example/proof');
    const proof = json.record;
    expect(json).toMatchObject({ isProved: false, record: { name: '_postino.acme.example', type: 'TXT' } });
    expect(asked.json.detail).toContain(proof.value);
    expect((await rival.get('/domains/acme.example/proof')).json.record.value).not.toBe(proof.value);
    expect(await domain('acme.example')).toBeUndefined();
    publish('_postino.acme.example', proof.value);
    expect((await acme.get('/domains/acme.example/proof')).json.isProved).toBe(true);
    expect((await rival.post('/domains', { name: 'acme.example' })).status).toBe(409);
    expect((await acme.post('/domains', { name: 'acme.example' })).status).toBe(201);
    expect(await domain('acme.example')).toMatchObject({ account: 'acme' });
    for (const answer of [
      await rival.get('/domains/acme.example'),
      await rival.get('/domains/acme.example/check'),
      await rival.patch('/domains/acme.example', { trackingHost: 'evil.example' }),
      await rival.delete('/domains/acme.example'),
    ])
      expect(answer.status).toBe(404);
    expect((await rival.get('/domains')).json.items).toEqual([]);
  });

  test('one user proves it, may then send as it, and sees its own domains only', async () => {
    await api.base.settings.users.add(
      userSchema.parse({ v: 1, name: 'sue', domains: [], origin: 'command' }),
    );
    const sue = await api.client({ user: 'sue' });
    expect((await sue.get('/domains')).json.items).toEqual([]);
    expect((await sue.get('/domains/shop.example')).status).toBe(404);
    expect((await sue.post('/domains', { name: 'sue.example' })).status).toBe(409);
    const { json } = await sue.get('/domains/sue.example/proof');
    publish('_postino.sue.example', json.record.value);
    expect((await sue.post('/domains', { name: 'sue.example' })).status).toBe(201);
    const settings = await api.base.settings.refresh();
    expect(settings.users.get('sue')?.domains).toEqual(['sue.example']);
    expect((await sue.get('/domains')).json.items.map((one: { name: string }) => one.name)).toEqual([
      'sue.example',
    ]);
    expect((await sue.delete('/domains/sue.example')).status).toBe(403);
    expect((await sue.patch('/domains/sue.example', { pool: 'vip' })).status).toBe(403);
  });
});
