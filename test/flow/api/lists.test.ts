// Endpoints of suppressions, recipients, templates, quarantine and alerts: pages, bounds, and what is refused.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type Client, type TestApi } from '../../support/api.ts';

let api: TestApi;
let admin: Client;
beforeAll(async () => {
  api = await startApi();
  admin = await api.client();
});
afterAll(() => api.close());

const pathsOf = ({ json }: { json: { errors?: { path: string }[] } }) => json.errors?.map(({ path }) => path);

/** All items of a list, page by page. */
async function all(client: Client, path: string): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  for (let next: string | undefined = ''; next !== undefined;) {
    const more: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
    const page: { items: Record<string, unknown>[]; next?: string } = (await client.get(path + more)).json;
    items.push(...page.items);
    next = page.next;
  }
  return items;
}

describe('suppressions', () => {
  test('are added, looked up, listed and taken back', async () => {
    const made = await admin.post('/suppressions', {
      address: 'A@b.example',
      reason: 'asked us',
      for: '30d',
    });
    expect(made).toMatchObject({ status: 201, json: { address: 'a@b.example', came: 'added' } });
    expect(made.json.until - made.json.at).toBe(30 * 86_400_000);
    expect(made.headers.get('location')).toBe('/api/v1/suppressions/a%40b.example');
    const again = await admin.post('/suppressions', { address: 'a@b.example' });
    expect(again.json).toMatchObject({ came: 'known', reason: 'by hand' });
    expect(again.json).not.toHaveProperty('until');
    await admin.post('/suppressions', { address: 'a@b.example', topic: 'news' });
    const found = await admin.get('/suppressions/a%40b.example');
    expect(found.json.entries).toHaveLength(2);
    expect((await admin.delete('/suppressions/a%40b.example')).status).toBe(204);
    expect((await admin.get('/suppressions/a%40b.example')).json.entries).toMatchObject([{ topic: 'news' }]);
    expect((await admin.delete('/suppressions/a%40b.example?topic=news')).status).toBe(204);
    expect((await admin.get('/suppressions/a%40b.example')).status).toBe(404);
    expect((await admin.delete('/suppressions/a%40b.example')).status).toBe(404);
  });

  test('are refused with all that is wrong', async () => {
    const bad = await admin.post('/suppressions', { address: 1, for: 'soon', user: 'No!', x: 1 });
    expect(pathsOf(bad)).toEqual(expect.arrayContaining(['body.address', 'body.for', 'body.user', 'body.x']));
    expect((await admin.post('/suppressions', { address: 'nobody' })).status).toBe(422);
    expect(
      (await admin.post('/suppressions', { address: 'a@b.example', topic: 'x', user: 'shop' })).status,
    ).toBe(422);
  });

  test.each([300, 3000])('%i of them come in pages, each once, as CSV as well', async (count) => {
    const account = `many${count}`;
    const client = await api.client({ account });
    const lines = Array.from({ length: count }, (_, n) => `p${n}@many.example,test`);
    const csv = ['address,reason', ...lines, 'nonsense,x'].join('\n');
    const came = await client.send('POST', '/suppressions/import', csv, { 'content-type': 'text/csv' });
    expect(came.json).toMatchObject({ added: count, known: 0, wrong: 1, problems: [{ line: count + 2 }] });
    const items = await all(client, '/suppressions?limit=100');
    expect(new Set(items.map(({ address }) => address)).size).toBe(count);
    const file = await client.get('/suppressions/export');
    expect(file.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(file.text.trim().split('\r\n')).toHaveLength(count + 1);
  });

  test('of an account are its own, and of a user that user’s', async () => {
    await admin.post('/suppressions', { address: 'x@y.example', reason: 'the whole account' });
    await admin.post('/suppressions', { address: 'all@y.example', everywhere: true });
    const shop = await api.client({ user: 'shop' });
    const acme = await api.client({ account: 'acme' });
    expect((await shop.get('/suppressions')).json.items).toEqual([]);
    expect((await shop.get('/suppressions/x%40y.example')).status).toBe(404);
    const own = await shop.post('/suppressions', { address: 'mine@y.example' });
    expect(own.json).toMatchObject({ user: 'shop' });
    expect((await shop.post('/suppressions', { address: 'z@y.example', user: 'office' })).status).toBe(404);
    expect((await shop.delete('/suppressions/x%40y.example')).status).toBe(404);
    expect((await shop.get('/suppressions?everywhere=true')).status).toBe(404);
    expect(
      (await shop.send('POST', '/suppressions/import', 'a@b.example', { 'content-type': 'text/csv' })).status,
    ).toBe(403);
    expect((await acme.get('/suppressions/x%40y.example')).status).toBe(404);
    expect((await acme.post('/suppressions', { address: 'z@y.example', everywhere: true })).status).toBe(404);
    expect((await acme.get('/suppressions/all%40y.example')).json.entries).toMatchObject([
      { isEverywhere: true },
    ]);
    expect((await admin.get('/suppressions?everywhere=true')).json.items).toMatchObject([
      { address: 'all@y.example' },
    ]);
    expect((await admin.get('/suppressions/x%40y.example')).status).toBe(200);
    const reader = await api.client({ scopes: ['suppressions:read'] });
    expect((await reader.post('/suppressions', { address: 'q@y.example' })).status).toBe(403);
  });
});

describe('recipients', () => {
  test('are made, changed in part, paged by when they were seen, and forgotten', async () => {
    for (let n = 0; n < 7; n++)
      expect((await admin.patch(`/recipients/r${n}%40x.example`, { name: `R ${n}` })).status).toBe(200);
    const set = await admin.patch('/recipients/r1%40x.example', { fields: { city: 'Roma', vip: 'yes' } });
    expect(set.json).toMatchObject({ name: 'R 1', fields: { city: 'Roma', vip: 'yes' } });
    const less = await admin.patch('/recipients/r1%40x.example', { name: null, fields: { vip: null } });
    expect(less.json.fields).toEqual({ city: 'Roma' });
    expect(less.json).not.toHaveProperty('name');
    const before = (await admin.get('/recipients/r2%40x.example')).json;
    expect((await admin.patch('/recipients/r2%40x.example', before)).status).toBe(200);
    expect(pathsOf(await admin.patch('/recipients/r2%40x.example', { status: 'bounced' }))).toEqual([
      'body.status',
    ]);
    expect((await admin.patch('/recipients/nobody', { name: 'x' })).status).toBe(422);
    expect(pathsOf(await admin.patch('/recipients/r2%40x.example', { name: 1, fields: [], x: 1 }))).toEqual(
      expect.arrayContaining(['body.name', 'body.fields', 'body.x']),
    );
    const seen = (await all(admin, '/recipients?limit=2')).map(({ address }) => address);
    expect(seen).toHaveLength(7);
    expect(new Set(seen)).toEqual(new Set(Array.from({ length: 7 }, (_, n) => `r${n}@x.example`)));
    expect((await (await api.client({ account: 'acme' })).get('/recipients')).json.items).toEqual([]);
    expect((await (await api.client({ user: 'shop' })).get('/recipients')).status).toBe(403);
    expect((await admin.delete('/recipients/r1%40x.example')).status).toBe(204);
    expect((await admin.get('/recipients/r1%40x.example')).status).toBe(404);
  });
});

describe('templates', () => {
  test('are stored in versions, shown, listed and removed', async () => {
    const first = await admin.put('/templates/Welcome', { subject: 'Hi [name]', html: '<p>Hi</p>' });
    expect(first.json).toEqual({ name: 'Welcome', version: 1, came: 'added' });
    const same = await admin.put('/templates/Welcome', { subject: 'Hi [name]', html: '<p>Hi</p>' });
    expect(same.json).toMatchObject({ version: 1, came: 'known' });
    await admin.put('/templates/Welcome', { text: 'Hi' });
    expect((await admin.get('/templates/Welcome')).json).toMatchObject({
      version: 2,
      versions: [1, 2],
      text: 'Hi',
    });
    expect((await admin.get('/templates/Welcome?version=1')).json).toMatchObject({ html: '<p>Hi</p>' });
    expect((await admin.get('/templates/Welcome?version=9')).status).toBe(404);
    expect((await admin.get('/templates')).json.items).toEqual([
      { name: 'Welcome', engine: 'tags', versions: [1, 2], latest: 2 },
    ]);
    const broken = await admin.put('/templates/broken', { engine: 'liquid', text: '{% if %}' });
    expect(broken.status === 422 || broken.json.mistake !== undefined).toBe(true);
    expect((await admin.put('/templates/bad!', { text: 'x' })).status).toBe(422);
    expect(pathsOf(await admin.put('/templates/x', { engine: 'php', text: 1, y: 1 }))).toEqual(
      expect.arrayContaining(['body.engine', 'body.text', 'body.y']),
    );
    const acme = await api.client({ account: 'acme' });
    expect((await acme.get('/templates/Welcome')).status).toBe(404);
    expect((await acme.delete('/templates/Welcome')).status).toBe(404);
    const reader = await api.client({ scopes: ['templates:read'] });
    expect((await reader.put('/templates/x', { text: 'x' })).status).toBe(403);
    expect((await admin.delete('/templates/Welcome')).status).toBe(204);
    expect((await admin.get('/templates/Welcome')).status).toBe(404);
  });
});

describe('what goes on', () => {
  test('alerts and their rules are told, to the installation’s account', async () => {
    expect((await admin.get('/alerts')).json).toMatchObject({ now: { limits: 0 }, recent: [] });
    expect((await admin.get('/alerts?limit=0')).status).toBe(422);
    expect((await admin.get('/alerts/rules')).json).toEqual({ items: [] });
    expect((await admin.post('/alerts/test', {})).status).toBe(409);
    expect((await admin.post('/alerts/test', { rule: 'nobody' })).status).toBe(404);
    expect((await (await api.client({ account: 'acme' })).get('/alerts')).status).toBe(403);
  });

  test('the quarantine shows what is one’s own', async () => {
    const entry = { account: 'default', by: 'scan', reason: 'spam', from: 'a@shop.example', subject: 'Hi' };
    const key = api.base.keys.quarantine;
    for (const [id, user] of [
      ['M1', 'shop'],
      ['M2', 'office'],
    ] as const)
      await api.base.asking.call('HSET', key, `default:${id}`, JSON.stringify({ ...entry, id, user, at: 5 }));
    const shop = await api.client({ user: 'shop' });
    expect((await admin.get('/quarantine')).json.items).toHaveLength(2);
    expect((await shop.get('/quarantine')).json.items).toMatchObject([{ id: 'M1' }]);
    expect((await shop.get('/quarantine/M2')).status).toBe(404);
    expect((await shop.post('/quarantine/M1/release', {})).status).toBe(403);
    expect((await admin.get('/quarantine/M9')).status).toBe(404);
    expect((await admin.delete('/quarantine/M1')).status).toBe(204);
    expect((await admin.post('/quarantine/M2/release', {})).json).toEqual({ released: 'M2', changed: 0 });
    expect((await admin.get('/quarantine')).json.items).toEqual([]);
  });

  test('the overview shows each one no more than its own', async () => {
    const all = (await admin.get('/overview')).json;
    expect(all).toMatchObject({ sandboxed: true, transports: [{ name: 'box' }], alerts: [] });
    const shop = (await (await api.client({ user: 'shop' })).get('/overview')).json;
    expect(shop).toMatchObject({ transports: [], limits: [], alerts: [], queue: { waiting: 0 } });
    expect((await (await api.client({ account: 'acme' })).get('/overview')).json.transports).toEqual([]);
    expect((await (await api.client({ scopes: ['events:read'] })).get('/overview')).status).toBe(403);
  });

  test('checks say what there is to do', async () => {
    const { json } = await admin.get('/checks');
    expect(json.items.find(({ name }: { name: string }) => name === 'redis')).toMatchObject({
      sentence: expect.any(String),
    });
    expect((await admin.get('/feedback')).status).toBe(404);
    expect((await (await api.client({ scopes: ['alerts:read'] })).get('/checks')).status).toBe(403);
  });

  test('the configuration in effect is shown with its sources, and no secret', async () => {
    const { json, text } = await admin.get('/settings');
    const at = (path: string) => json.items.find((one: { path: string }) => one.path === path);
    expect(at('smtp.maxRecipients')).toMatchObject({ source: 'default', value: 500 });
    expect(at('data')).toMatchObject({ source: 'file', description: expect.any(String) });
    expect(at('adminPassword')).toMatchObject({ value: '••••', masked: true });
    expect(text).not.toMatch(/Secret-1\d/);
    expect((await (await api.client({ account: 'acme' })).get('/settings')).status).toBe(403);
  });
});
