// The API against strangers and forgers: scopes, forged requests, wrong keys, JSON bombs, slow senders, stored scripts.
import { createConnection } from 'node:net';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeAuthenticate } from '../../../src/api/authenticate.ts';
import { isProblem } from '../../../src/api/problem.ts';
import type { Ask } from '../../../src/http/exchange.ts';
import { scopes, type Scope } from '../../../src/model/access.ts';
import { startApi, type Client, type TestApi, type Told } from '../../support/api.ts';
import { operations } from '../../support/openapi.ts';
import { bodyFor, fill, queryFor } from '../../support/walk.ts';

let api: TestApi;
let shop: Client;
beforeAll(async () => {
  api = await startApi();
  shop = await api.client({ user: 'shop' });
  // It was right once: wrong keys of its network do not stop it.
  await shop.get('/session');
});
afterAll(() => api.close());

async function patiently(client: Client, ...asked: Parameters<Client['send']>): Promise<Told> {
  const answer = await client.send(...asked);
  if (answer.status !== 429) return answer;
  await api.base.clock.sleep(1000 * Number(answer.headers.get('retry-after') ?? 1));
  return patiently(client, ...asked);
}

const guarded = operations.filter(({ operation }) =>
  scopes.some((scope) => scope === operation['x-postino-scope']),
);
const LACKING = 'it needs the scope';

describe('scopes', () => {
  test.each(scopes)(
    '%s opens its endpoints and no others',
    async (scope: Scope) => {
      const only = await api.client({ scopes: [scope] });
      for (const place of guarded.filter(({ path }) => !path.endsWith('/stream'))) {
        const path = `${fill(place.path, ['none-such'])}${queryFor(place)}`;
        const isMine = place.operation['x-postino-scope'] === scope;
        // Nothing is to happen: a body that fits is only sent where it is refused.
        const { status, text } = await patiently(
          only,
          place.method,
          path,
          isMine ? undefined : bodyFor(place),
        );
        const where = `${place.method} ${path} → ${status}`;
        if (isMine) expect(text, where).not.toContain(LACKING);
        else expect([status, text.includes(LACKING)], where).toEqual([403, true]);
      }
    },
    60_000,
  );
});

test('no session changes anything without its token, or for another site', async () => {
  const admin = await api.logIn();
  const login = await api.stranger.post('/session', { name: 'admin', password: 'admin-Secret-19' });
  const cookie = login.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
  const changing = operations.filter(
    ({ method, operation }) => method !== 'GET' && operation['x-postino-scope'] !== 'open',
  );
  expect(changing.length).toBeGreaterThan(20);
  for (const place of changing) {
    const path = fill(place.path, ['none-such']);
    const bare = await api.stranger.send(place.method, path, bodyFor(place), { cookie });
    expect([bare.status, bare.json.title], path).toEqual([403, 'Forbidden']);
    const foreign = await admin.send(place.method, path, bodyFor(place), { origin: 'https://evil.example' });
    expect([foreign.status, foreign.json.title], path).toEqual([403, 'Forbidden']);
  }
});

describe('100,000 wrong keys', () => {
  const wrongKey = (): string => `pk_${'a'.repeat(16)}_${randomBytes(32).toString('base64url')}`;
  const askOf = (key: string, peer: string): Ask => ({
    method: 'GET',
    path: '/',
    params: {},
    query: new URLSearchParams(),
    header: (name) => (name === 'authorization' ? `Bearer ${key}` : undefined),
    type: '',
    body: Buffer.alloc(0),
    form: new URLSearchParams(),
    peer,
  });

  test.each<[string, (n: number) => string, number]>([
    ['of one network ask Redis a few times', () => '192.0.2.1', 15_000],
    [
      'of as many networks cost a command each',
      (n) => `2001:db8:${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}::1`,
      60_000,
    ],
  ])(
    '%s, and nothing is kept of them',
    async (name, peerOf, withinMs) => {
      const { apiKeys, clock, settingsNow } = api.base;
      let asked = 0;
      const count = (secret: string): ReturnType<typeof apiKeys.find> => {
        asked++;
        return apiKeys.find(secret);
      };
      const keys = { ...apiKeys, find: count };
      const sessions = { find: () => Promise.resolve(undefined) } as never;
      const authenticate = makeAuthenticate({ keys, sessions, settingsNow, clock });
      const before = process.memoryUsage().heapUsed;
      const begun = performance.now();
      for (let n = 0; n < 100_000; n += 500) {
        const batch = Array.from({ length: 500 }, (_, i) => authenticate(askOf(wrongKey(), peerOf(n + i))));
        expect((await Promise.all(batch)).every(isProblem)).toBe(true);
      }
      const ms = Math.round(performance.now() - begun);
      const grown = Math.round((process.memoryUsage().heapUsed - before) / 1024 / 1024);
      console.log(`100,000 wrong keys ${name}: ${ms} ms, ${asked} asked, heap ${grown} MiB more`);
      expect(ms).toBeLessThan(withinMs);
      expect(grown).toBeLessThan(100);
      if (name.startsWith('of one')) expect(asked).toBeLessThan(200);
      // Who has a right one is let in all the same, once it was known.
      const { secret } = await api.base.apiKeys.make({
        name: 'x',
        account: 'default',
        by: 'test',
        scopes: ['events:read'],
      });
      expect(isProblem(await authenticate(askOf(secret, '198.51.100.1')))).toBe(false);
      for (let i = 0; i < 80; i++) await authenticate(askOf(wrongKey(), '198.51.100.1'));
      expect(isProblem(await authenticate(askOf(secret, '198.51.100.1')))).toBe(false);
    },
    120_000,
  );

  test('over HTTP they are told to wait', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, () =>
        api.stranger.get('/limits', { authorization: `Bearer ${wrongKey()}` }),
      ),
    );
    expect(answers.filter(({ status }) => status === 401).length).toBeGreaterThan(10);
    const late = answers.find(({ status }) => status === 429);
    expect(Number(late?.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('JSON', () => {
  const deep = (n: number, open: string, close: string): string => open.repeat(n) + close.repeat(n);
  test.each<[string, string | Buffer, number]>([
    ['10,000 levels', deep(10_000, '[', ']'), 400],
    ['a million levels', '['.repeat(1_000_000), 400],
    ['objects in objects', deep(5000, '{"a":', '}'), 400],
    ['a million names', `{${Array.from({ length: 1_000_000 }, (_, i) => `"${i}":1`).join(',')}}`, 400],
    ['a million items', `[${'1,'.repeat(1_000_000)}1]`, 400],
    ['more than is taken', Buffer.alloc(51 * 1024 * 1024, ' '), 413],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400],
    ['half of it', '{"from":"me@shop.exam', 400],
    ['a text of backslashes', `{"from":"${'\\'.repeat(300_000)}"}`, 422],
    ['an endless text', `{"from":"${'\\"'.repeat(300_000)}`, 400],
    ['nothing', 'null', 422],
    ['a number', '1e999', 422],
    ['the prototype', '{"__proto__":{"polluted":1},"from":"me@shop.example","to":["a@b.example"]}', 422],
    ['a constructor', '{"constructor":{"prototype":{"polluted":1}}}', 422],
    ['the prototype in data', '{"data":{"__proto__":{"polluted":1}},"to":["a@b.example"]}', 422],
    ['a huge number', `{"sendAt":${'9'.repeat(400)}}`, 422],
  ])('%s is refused at once, and pollutes nothing', async (_, body, status) => {
    const begun = performance.now();
    const answer = await shop.send('POST', '/messages', body, { 'content-type': 'application/json' });
    expect(answer.status).toBe(status);
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect((await api.stranger.get('/api/openapi.json')).status).toBe(200);
  });
});

test('who sends its header or body slowly is cut off', async () => {
  const { port } = new URL(api.url);
  const { secret } = shop;
  const cut = (head: string, drip: string): Promise<number> =>
    new Promise((resolve) => {
      const begun = performance.now();
      const socket = createConnection(Number(port), '127.0.0.1', () => socket.write(head));
      const timer = setInterval(() => socket.write(drip), 500);
      socket.on('error', () => undefined).resume();
      socket.on('close', () => {
        clearInterval(timer);
        resolve(performance.now() - begun);
      });
    });
  const start = `POST /api/v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\n`;
  const [header, body] = await Promise.all([
    cut('GET /api/v1/limits HTTP/1.1\r\nHost: x\r\n', 'X-A: b\r\n'),
    cut(`${start}Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{`, ' '),
  ]);
  expect(header).toBeLessThan(16_000);
  expect(body).toBeLessThan(40_000);
}, 60_000);

test('a body is not read for who may not send it', async () => {
  const reader = await api.client({ scopes: ['messages:read'] });
  const begun = performance.now();
  const { status } = await reader
    .send('POST', '/messages', Buffer.alloc(20_000_000, ' '), { 'content-type': 'application/json' })
    .catch(() => ({ status: 403 }));
  expect(status).toBe(403);
  expect(performance.now() - begun).toBeLessThan(5000);
});

test('scripts that somebody stored come back as JSON, which no browser runs', async () => {
  const client = await api.client();
  const script = '<script>alert(1)</script><img src=x onerror=alert(1)>';
  await api.base.operate.pause('campaign:x', { by: script, reason: script });
  const key = await client.post('/keys', { name: script, scopes: ['events:read'] });
  for (const path of [
    '/limits',
    '/keys',
    `/limits/${encodeURIComponent(script)}`,
    `/keys?cursor=${encodeURIComponent(script)}`,
  ]) {
    const { headers } = await client.get(path);
    expect(headers.get('content-type')).toMatch(/^application\/(?:problem\+)?json; charset=utf-8$/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'.*sandbox$/);
  }
  expect(
    (await client.get('/keys?limit=500')).json.items.some(({ name }: { name: string }) => name === script),
  ).toBe(true);
  await client.delete(`/keys/${key.json.id}`);
});
