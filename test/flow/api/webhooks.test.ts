// Webhooks by the API: made, tested, changed, replayed and removed, and never somebody else's.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type Client, type TestApi } from '../../support/api.ts';
import { openReceiver, type Receiver } from '../../support/webhooks.ts';
import * as vendors from '../../support/vendor-receivers.ts';

let api: TestApi;
let receiver: Receiver;
let admin: Client;

beforeAll(async () => {
  receiver = await openReceiver();
  api = await startApi({
    config: {
      webhooks: { http: true, ports: [Number(new URL(receiver.url).port)], networks: ['127.0.0.0/8'] },
      domains: [{ name: 'shop.example' }, { name: 'office.example' }],
      transports: [{ name: 'box', kind: 'sandbox', pool: 'default' }],
      users: [
        { name: 'shop', password: 'shop-Secret-17', domains: ['shop.example'] },
        { name: 'office', password: 'office-Secret-18', domains: ['office.example'] },
      ],
    },
  });
  admin = await api.client();
}, 120_000);
afterAll(async () => {
  await api.close();
  receiver.close();
});

test('a webhook is made, its secret told once, tested and changed', async () => {
  const made = await admin.post('/webhooks', {
    name: 'orders',
    url: receiver.url,
    types: ['delivered', 'bounced'],
  });
  expect(made.status).toBe(201);
  const { webhook, secret } = made.json;
  expect(made.headers.get('location')).toBe(`/api/v1/webhooks/${webhook.id}`);
  expect(webhook).toMatchObject({
    name: 'orders',
    shape: 'standard',
    enabled: true,
    condition: 'well',
    sent: 0,
  });
  expect(secret).toMatch(/^whsec_/);
  expect(JSON.stringify((await admin.get('/webhooks')).json)).not.toContain(secret);
  const tested = await admin.post(`/webhooks/${webhook.id}/test`, {});
  expect(tested.json).toMatchObject({ taken: true, status: 200, test: true, types: ['delivered'] });
  const hit = receiver.hits.at(-1);
  expect(hit && vendors.standardWebhooks(secret, hit)).toMatchObject({
    data: { events: [{ type: 'delivered' }] },
  });
  const changed = await admin.patch('/webhooks/orders', { tags: ['a'] });
  expect(changed.json).toMatchObject({
    id: webhook.id,
    tags: ['a'],
    types: ['delivered', 'bounced'],
    batchSize: 100,
  });
  expect((await admin.patch('/webhooks/orders', { shape: 'mailgun' })).status).toBe(422);
  expect((await admin.patch('/webhooks/orders', { user: 'shop' })).json.user).toBe('shop');
  expect((await admin.patch('/webhooks/orders', { tags: [] })).json.user).toBe('shop');
  expect((await admin.patch('/webhooks/orders', { user: null })).json.user).toBeUndefined();
  expect((await admin.post('/webhooks/orders/pause')).json.condition).toBe('off');
  expect((await admin.post('/webhooks/orders/resume')).json.condition).toBe('well');
  const turned = await admin.post('/webhooks/orders/rotate', {});
  expect(turned.json.secret).not.toBe(secret);
  expect(turned.json.webhook.secrets).toHaveLength(2);
  expect(
    (await admin.post('/webhooks/orders/replay', { since: Date.now() - 3_600_000 })).json.cursor,
  ).toMatch(/-/);
  expect((await admin.post('/webhooks/orders/replay', {})).status).toBe(422);
  // From there it could never go on.
  for (const since of [1e300, -5, 1.5])
    expect((await admin.post('/webhooks/orders/replay', { since })).status).toBe(422);
  const { items } = (await admin.get('/webhooks/orders/log')).json;
  expect(items).toMatchObject([
    { status: 200, request: { method: 'POST', headers: { 'webhook-signature': '…' } } },
  ]);
});

test('what cannot be is refused with its place, and a private address in a sentence', async () => {
  expect((await admin.post('/webhooks', { name: 'orders', url: receiver.url })).status).toBe(409);
  const wrong = await admin.post('/webhooks', { name: 'x', url: receiver.url, types: ['nonsense'] });
  expect(wrong.json.errors).toMatchObject([{ path: 'body.types.0' }]);
  const port = new URL(receiver.url).port;
  const inside = await admin.post('/webhooks', { name: 'x', url: `https://169.254.169.254:${port}/` });
  expect([inside.status, inside.json.detail]).toEqual([422, expect.stringContaining('private address')]);
});

test('a key of one user sees, makes and changes webhooks of that user alone', async () => {
  const shop = await api.client({ user: 'shop', scopes: ['webhooks:read', 'webhooks:write', 'events:read'] });
  await admin.post('/webhooks', { name: 'of-office', url: receiver.url, user: 'office' });
  const made = await shop.post('/webhooks', { name: 'of-shop', url: receiver.url });
  expect(made.json.webhook.user).toBe('shop');
  expect((await shop.get('/webhooks')).json.items.map(({ name }: { name: string }) => name)).toEqual([
    'of-shop',
  ]);
  expect((await shop.post('/webhooks', { name: 'x', url: receiver.url, user: 'office' })).status).toBe(422);
  expect((await shop.patch('/webhooks/of-shop', { user: 'office' })).status).toBe(422);
  expect((await shop.patch('/webhooks/of-shop', { user: null })).status).toBe(422);
  const other = await api.client({ account: 'other' });
  for (const [client, name] of [
    [shop, 'of-office'],
    [shop, 'orders'],
    [other, 'of-shop'],
  ] as const) {
    const tries = [
      client.get(`/webhooks/${name}`),
      client.get(`/webhooks/${name}/log`),
      client.patch(`/webhooks/${name}`, { people: true }),
      client.delete(`/webhooks/${name}`),
      client.post(`/webhooks/${name}/test`, {}),
      client.post(`/webhooks/${name}/pause`),
      client.post(`/webhooks/${name}/resume`),
      client.post(`/webhooks/${name}/rotate`, {}),
      client.post(`/webhooks/${name}/replay`, { since: 0 }),
    ];
    for (const answer of await Promise.all(tries)) expect([name, answer.status]).toEqual([name, 404]);
  }
  const reader = await api.client({ scopes: ['webhooks:read'] });
  expect((await reader.delete('/webhooks/orders')).status).toBe(403);
});

test('who may not read events gets none by a webhook', async () => {
  const blind = await api.client({ scopes: ['webhooks:read', 'webhooks:write'] });
  for (const answer of [
    await blind.post('/webhooks', { name: 'blind', url: receiver.url }),
    await blind.patch('/webhooks/orders', { url: `${receiver.url}/mine` }),
  ])
    expect([answer.status, answer.json.detail]).toEqual([403, expect.stringContaining('events:read')]);
  expect((await blind.get('/webhooks')).status).toBe(200);
});

test('one is removed', async () => {
  expect((await admin.delete('/webhooks/orders')).status).toBe(204);
  expect((await admin.get('/webhooks/orders')).status).toBe(404);
});

test('who is bound to a user takes the places of nobody else', async () => {
  const shop = await api.client({ user: 'shop' });
  let webhooks = 0;
  for (let i = 0; i < 30; i++) {
    const made = await shop.post('/webhooks', { name: `many-${i}`, url: receiver.url });
    if (made.status === 201) webhooks++;
    else expect(made.json.detail).toContain('at most 20');
  }
  expect(webhooks).toBeLessThanOrEqual(20);
  expect((await admin.post('/webhooks', { name: 'one-more', url: receiver.url })).status).toBe(201);
  let keys = 0;
  for (let i = 0; i < 60; i++) {
    const made = await shop.post('/keys', { name: `many-${i}`, scopes: ['events:read'] });
    if (made.status === 201) keys++;
    else expect(made.json.detail).toContain('at most 50');
  }
  expect(keys).toBeLessThan(60);
  expect((await admin.post('/keys', { name: 'one-more', scopes: ['events:read'] })).status).toBe(201);
});
