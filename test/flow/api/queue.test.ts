// Endpoints of the queue and the sandbox, of each user and account their own.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { userSchema } from '../../../src/model/settings.ts';
import { startApi, type Client, type TestApi } from '../../support/api.ts';

let api: TestApi;
let admin: Client;
beforeAll(async () => {
  api = await startApi();
  admin = await api.client();
  await api.base.settings.users.add(
    userSchema.parse({
      v: 1,
      name: 'acme-shop',
      account: 'acme',
      domains: ['acme.example'],
      origin: 'command',
    }),
  );
  const acme = await api.client({ account: 'acme', user: 'acme-shop' });
  for (const [user, count] of [
    ['shop', 5],
    ['office', 3],
  ] as const) {
    const client = await api.client({ user });
    for (let n = 0; n < count; n++) await send(client, `${user}.example`, `${user}${n}@there.example`);
  }
  for (let n = 0; n < 2; n++) await send(acme, 'acme.example', `acme${n}@there.example`);
});
afterAll(() => api.close());

async function send(client: Client, domain: string, to: string): Promise<string> {
  const answer = await client.post('/messages', {
    from: `me@${domain}`,
    to: [to],
    subject: 'Hi',
    text: 'Hi.',
  });
  expect(answer.status, answer.text).toBeLessThan(300);
  return answer.json.id;
}

/** All items of a list, page by page. */
async function all(
  client: Client,
  query: string,
): Promise<{ id: string; user: string; recipient: string }[]> {
  const items = [];
  for (let next: string | undefined = ''; next !== undefined;) {
    const more: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
    const { json } = await client.get(`/queue/deliveries?${query}${more}`);
    items.push(...json.items);
    next = json.next;
  }
  return items;
}

describe('the queue', () => {
  test('comes in pages, each delivery once, of each principal its own', async () => {
    const own = await all(admin, 'limit=3');
    expect(own.map(({ id }) => id)).toHaveLength(8);
    expect(new Set(own.map(({ id }) => id)).size).toBe(8);
    expect(new Set(own.map(({ user }) => user))).toEqual(new Set(['shop', 'office']));
    const acme = await api.client({ account: 'acme' });
    expect(new Set((await all(acme, 'limit=1')).map(({ user }) => user))).toEqual(new Set(['acme-shop']));
    const shop = await api.client({ user: 'shop' });
    expect(await all(shop, 'limit=2')).toHaveLength(5);
    expect(await all(shop, 'limit=2&user=office')).toEqual([]);
    const [{ id } = { id: '' }] = await all(admin, 'user=office');
    expect(await all(shop, `id=${id}`)).toEqual([]);
    expect(await all(admin, `id=${id}`)).toHaveLength(1);
    expect((await admin.get('/queue/deliveries?cursor=abc')).status).toBe(422);
    expect((await shop.get('/queue/deliveries?limit=0')).status).toBe(422);
  });

  test('cursors tell nothing of others', async () => {
    const shop = await api.client({ user: 'shop' });
    const { next } = (await shop.get('/queue/deliveries?limit=1')).json;
    expect(Buffer.from(next, 'base64url').toString()).not.toMatch(/default|acme/);
  });

  test('is told by transport', async () => {
    const { json } = await admin.get('/queue');
    expect(json).toMatchObject({ open: 10, quarantined: 0, pauses: [] });
    expect(json.perTransport).toMatchObject([{ transport: 'box' }]);
  });

  test('changes need to name something, and stay within the account', async () => {
    for (const path of ['retry', 'cancel']) {
      const bare = await admin.post(`/queue/${path}`, {});
      expect(bare).toMatchObject({ status: 422, json: { errors: [{ path: 'body' }] } });
    }
    const bad = await admin.post('/queue/cancel', { user: 'No!', all: false, x: 1 });
    expect(bad.json.errors.map((one: { path: string }) => one.path)).toEqual(
      expect.arrayContaining(['body.user', 'body.all', 'body.x']),
    );
    const acme = await api.client({ account: 'acme' });
    expect((await acme.post('/queue/cancel', { user: 'shop' })).json).toEqual({ changed: 0, busy: 0 });
    const later = api.base.clock.now() + 3_600_000;
    expect((await acme.post('/queue/reschedule', { all: true, at: later })).json.changed).toBe(2);
    expect((await admin.post('/queue/reschedule', { all: true, at: later * 2 })).status).toBe(422);
    expect(
      (await admin.post('/queue/reschedule', { recipient: 'shop1@there.example', at: later })).json.changed,
    ).toBe(1);
    const [put] = (await admin.get('/queue/deliveries?recipient=shop1@there.example')).json.items;
    expect(put.due).toBe(later);
    expect((await admin.post('/queue/retry', { recipient: 'shop1@there.example' })).json.changed).toBe(1);
    expect((await admin.post('/queue/move', { all: true, to: 'nowhere' })).status).toBe(404);
    expect((await admin.post('/queue/cancel', { recipient: 'shop1@there.example' })).json.changed).toBe(1);
    expect((await acme.post('/queue/cancel', { all: true })).json.changed).toBe(2);
    expect(await all(admin, 'limit=50')).toHaveLength(7);
  });

  test('is paused and resumed; other accounts stop their own users only', async () => {
    const paused = await admin.post('/queue/pause', {
      kind: 'domain',
      name: 'Slow.example',
      for: '2h',
      reason: 'x',
    });
    expect(paused.json).toMatchObject({ paused: 'domain:slow.example', until: expect.any(Number) });
    expect((await admin.get('/queue')).json.pauses).toMatchObject([
      { name: 'domain:slow.example', reason: 'x' },
    ]);
    expect((await admin.get('/limits')).json.items).toMatchObject([
      { id: 'domain:slow.example', does: 'paused' },
    ]);
    const acme = await api.client({ account: 'acme' });
    for (const wish of [
      { kind: 'domain', name: 'slow.example' },
      { kind: 'campaign', name: 'x' },
      { kind: 'user', name: 'shop' },
    ]) {
      expect((await acme.post('/queue/pause', wish)).status).toBe(404);
      expect((await acme.post('/queue/resume', wish)).status).toBe(404);
    }
    expect((await acme.post('/queue/pause', { kind: 'user', name: 'acme-shop' })).status).toBe(200);
    expect((await admin.post('/queue/resume', { kind: 'domain', name: 'slow.example' })).status).toBe(200);
    expect((await admin.post('/queue/resume', { kind: 'domain', name: 'slow.example' })).status).toBe(409);
    const bad = await admin.post('/queue/pause', { kind: 'moon', name: '', for: 'soon' });
    expect(bad.json.errors.map((one: { path: string }) => one.path)).toEqual([
      'body.kind',
      'body.name',
      'body.for',
    ]);
  });

  test('needs the scope', async () => {
    const reader = await api.client({ scopes: ['messages:read'] });
    expect((await reader.get('/queue/deliveries')).status).toBe(200);
    expect((await reader.post('/queue/cancel', { all: true })).status).toBe(403);
    expect((await (await api.client({ user: 'shop' })).post('/queue/cancel', { all: true })).status).toBe(
      403,
    );
  });
});

describe('the sandbox', () => {
  const raw = (subject: string, html: string): Buffer =>
    Buffer.from(
      [
        'From: Shop <me@shop.example>',
        'To: a@b.example',
        `Subject: ${subject}`,
        'MIME-Version: 1.0',
        'Content-Type: multipart/mixed; boundary=x',
        '',
        '--x',
        'Content-Type: text/html; charset=utf-8',
        '',
        html,
        '--x',
        'Content-Type: application/octet-stream; name="a.txt"',
        'Content-Disposition: attachment; filename="a.txt"',
        '',
        'attached',
        '--x--',
        '',
      ].join('\r\n'),
    );
  const keep = (id: string, user: string, body: Buffer): Promise<void> =>
    api.base.sandbox.keep(
      {
        id,
        at: 1000 + Number(id.slice(1)),
        from: 'me@shop.example',
        to: 'a@b.example',
        subject: 'S',
        size: body.length,
        user,
      },
      body,
    );

  test('is an inbox: newest first, read, with its links looked at and not opened', async () => {
    const html = [
      '<script>alert(1)</script>',
      '<a href="https://shop.example/a">Our shop</a>',
      '<a href="http://plain.example/">plain</a>',
      '<a href="https://evil.example/">www.shop.example/login</a>',
      "<a href='javascript:alert(1)'>x</a>",
      '<img src="https://tracker.example/p.gif">',
    ].join('');
    for (let n = 1; n <= 5; n++) await keep(`S${n}`, 'shop', raw(`Nr ${n}`, html));
    await keep('S9', 'office', raw('Office', '<p>x</p>'));
    const page = (await admin.get('/sandbox?limit=4')).json;
    expect(page.items.map(({ id }: { id: string }) => id)).toEqual(['S9', 'S5', 'S4', 'S3']);
    expect((await admin.get(`/sandbox?cursor=${page.next}`)).json.items).toHaveLength(2);
    const { view } = (await admin.get('/sandbox/S1')).json;
    expect(view).toMatchObject({
      subject: 'Nr 1',
      html: true,
      remote: true,
      attachments: [{ name: 'a.txt', size: 8 }],
    });
    expect(view.links).toEqual([
      { url: 'https://shop.example/a', text: 'Our shop' },
      { url: 'http://plain.example/', text: 'plain', oddity: 'insecure' },
      { url: 'https://evil.example/', text: 'www.shop.example/login', oddity: 'elsewhere' },
      { url: 'javascript:alert(1)', text: 'x', oddity: 'not-a-link' },
    ]);
    const shown = await admin.get('/sandbox/S1/html');
    expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(shown.headers.get('content-security-policy')).toContain('sandbox');
    expect((await admin.get('/sandbox/S1/source')).text).toContain('Subject: Nr 1');
    const file = await admin.get('/sandbox/S1/attachments/0');
    expect(file.text).toBe('attached');
    expect(file.headers.get('content-disposition')).toMatch(/^attachment/);
    expect((await admin.get('/sandbox/S1/attachments/7')).status).toBe(404);
    expect((await admin.get('/sandbox/S1/raw')).headers.get('content-disposition')).toContain('S1.eml');
  });

  test('shows each one its own, and deletes no more than that', async () => {
    const shop = await api.client({ user: 'shop' });
    const acme = await api.client({ account: 'acme' });
    for (const part of ['', '/html', '/source', '/raw', '/attachments/0'])
      for (const client of [shop, acme]) expect((await client.get(`/sandbox/S9${part}`)).status).toBe(404);
    expect((await shop.delete('/sandbox/S9')).status).toBe(404);
    expect((await acme.get('/sandbox')).json.items).toEqual([]);
    expect((await shop.delete('/sandbox/S1')).status).toBe(204);
    expect((await shop.delete('/sandbox/S1')).status).toBe(404);
    expect((await shop.delete('/sandbox')).status).toBe(204);
    expect((await admin.get('/sandbox')).json.items).toMatchObject([{ id: 'S9' }]);
    const reader = await api.client({ scopes: ['messages:read'] });
    expect((await reader.delete('/sandbox/S9')).status).toBe(403);
  });
});
