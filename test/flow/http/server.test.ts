// The HTTP server over real sockets: health, access, log-in, the sandbox's mail, limits, hostile messages.
import { createConnection } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeReader } from '../../../src/http/reader.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { PASSWORD, startPage, type TestPage } from '../../support/page.ts';

let page: TestPage;
beforeEach(async () => {
  page = await startPage();
});
afterEach(() => page.stop());

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(page.url + path, { headers, method, redirect: 'manual' });
async function logIn(password = PASSWORD, headers: Record<string, string> = {}) {
  const response = await fetch(`${page.url}/api/v1/session`, {
    method: 'POST',
    body: JSON.stringify({ name: 'admin', password }),
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { response, cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '' };
}
async function asAdmin(): Promise<Record<string, string>> {
  const { response, cookie } = await logIn();
  const { token }: { token: string } = JSON.parse(await response.text());
  return { cookie, 'x-csrf-token': token };
}
const mail = (body: string, header = ''): string =>
  `From: Shop <shop@shop.example>\r\nTo: ann@example.net\r\nSubject: Hi\r\n${header}\r\n${body}`;

test('healthz says alive, readyz says what fails', async () => {
  expect((await get('/healthz')).status).toBe(200);
  expect((await get('/readyz')).status).toBe(200);
  const sick = await startPage({
    checks: () => Promise.resolve([{ name: 'redis', ok: false, sentence: 'Redis is away.' }]),
  });
  const response = await fetch(`${sick.url}/readyz`);
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ checks: [{ name: 'redis', sentence: 'Redis is away.' }] });
  await sick.stop();
  const broken = await startPage({ checks: () => Promise.reject(new Error('no')) });
  expect((await fetch(`${broken.url}/readyz`)).status).toBe(503);
  await broken.stop();
});

test('metrics are for this host or for an administrator', async () => {
  const text = await (await get('/metrics')).text();
  expect(text).toContain('postino_events_total{type="delivered",class="",transport="ip1"} 3');
  expect(text).toContain('postino_queue_deliveries{transport="ip1",state="waiting"} 7');
  for (const [line, kind] of [
    ['postino_hits_waiting 5', 'gauge'],
    ['postino_hits_lost_total 2', 'counter'],
    ['postino_hits_flooded_total 1', 'counter'],
  ]) {
    const name = line?.split(' ')[0];
    expect(text).toMatch(new RegExp(`^# HELP ${name} \\S.+\n# TYPE ${name} ${kind}\n${line}$`, 'm'));
  }
  for (const line of [
    'postino_transport_state{transport="ip1",state="degraded"} 1',
    'postino_transport_listed{transport="ip1",address="192.0.2.1",list="Some list"} 1',
    'postino_transport_replies{transport="ip1",provider="yahoo",kind="blocked"} 12',
    'postino_transport_replies_share{transport="ip1",provider="yahoo",kind="blocked"} 0.25',
    'postino_sender_state{user="shop",state="warned"} 1',
    'postino_limits{scope="lane",rule="yahoo-tss",action="suspend"} 3',
    'postino_lanes_learnt{transport="ip1",provider="others",learnt="closed"} 2',
  ])
    expect(text.split('\n')).toContain(line);
  expect(text).toContain('nodejs_eventloop_lag_seconds');
  expect((await get('/metrics', { 'x-forwarded-for': '192.0.2.1' })).status).toBe(401);
  const admin = await asAdmin();
  expect((await get('/metrics', { ...admin, 'x-forwarded-for': '192.0.2.1' })).status).toBe(200);
  const broken = await startPage({ figures: () => Promise.reject(new Error('no')) });
  expect(await (await fetch(`${broken.url}/metrics`)).text()).toContain('postino_collect_up 0');
  await broken.stop();
});

test.each([
  ['/assets/app.js', 404],
  ['/api/v1/nothing', 404],
  ['/api/v1/session', 401],
  ['/page/overview', 404],
  ['/api/v1/sandbox', 401],
  ['/api/v1/sandbox/M1-1', 401],
  ['/api/v1/sandbox/M1-1/html', 401],
  ['/api/v1/sandbox/M1-1/raw', 401],
  ['/nothing', 404],
  ['/assets/../server.ts', 404],
  ['/assets/%2e%2e/server.ts', 404],
])('without a session %s answers %d, with strict headers', async (path, status) => {
  const response = await get(path);
  expect(response.status).toBe(status);
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('cache-control')).toBe('no-store');
  if (status >= 400) expect(response.headers.get('content-type')).toContain('application/problem+json');
});

test('the password opens a session, log-out ends it', async () => {
  expect((await logIn('wrong')).response.status).toBe(401);
  const { response, cookie } = await logIn();
  expect(response.status).toBe(200);
  expect((await get('/api/v1/sandbox', { cookie })).status).toBe(200);
  expect((await get('/api/v1/session', { cookie }, 'DELETE')).status).toBe(403);
  const admin = await asAdmin();
  expect((await get('/api/v1/session', admin, 'DELETE')).status).toBe(204);
  expect((await get('/api/v1/sandbox', { cookie: admin['cookie'] ?? '' })).status).toBe(401);
});

test('another site cannot log in for the visitor', async () => {
  expect((await logIn(PASSWORD, { 'sec-fetch-site': 'cross-site' })).response.status).toBe(403);
  expect((await logIn(PASSWORD, { origin: 'https://evil.example' })).response.status).toBe(403);
});

test('guessing is slowed down, in words that say how long', async () => {
  for (let i = 0; i < 3; i++) await logIn('wrong');
  const { response } = await logIn();
  expect(response.status).toBe(429);
  expect(response.headers.get('retry-after')).toBe('1');
  expect(await response.text()).toContain('Please wait 1 second and try again.');
});

test('the list, a message, its parts and its source are there to read', async () => {
  const admin = await asAdmin();
  const parts = [
    'Content-Type: text/plain\r\n\r\nHello Ann',
    'Content-Type: text/html\r\n\r\n<p>Hello <img src="http://evil.example/x.gif"></p>',
    'Content-Type: image/svg+xml\r\nContent-Disposition: attachment; filename="../a\\"b.svg"\r\n\r\n<svg/>',
  ].map((part) => `--b\r\n${part}\r\n`);
  const id = page.sandbox.add(
    mail(`${parts.join('')}--b--`, 'Content-Type: multipart/mixed; boundary=b\r\n'),
    { subject: 'Hi' },
  );
  expect(await (await get('/api/v1/sandbox', admin)).json()).toMatchObject({ items: [{ id }] });
  const view = await (await get(`/api/v1/sandbox/${id}`, admin)).json();
  expect(view).toMatchObject({
    subject: 'Hi',
    view: { text: 'Hello Ann\n', html: true, remote: true, attachments: [{ type: 'image/svg+xml' }] },
  });
  const html = await get(`/api/v1/sandbox/${id}/html`, admin);
  expect(html.headers.get('content-security-policy')).toMatch(
    /default-src 'none'.*frame-ancestors 'self'; sandbox/,
  );
  expect(html.headers.get('content-security-policy')).not.toContain('script');
  const file = await get(`/api/v1/sandbox/${id}/attachments/0`, admin);
  expect(file.headers.get('content-type')).toBe('application/octet-stream');
  expect(file.headers.get('content-disposition')).toMatch(
    /^attachment; filename="[^"/\\]+"; filename\*=UTF-8''[^"/\\']+$/,
  );
  expect(await file.text()).toContain('<svg/>');
  expect((await get(`/api/v1/sandbox/${id}/attachments/9`, admin)).status).toBe(404);
  const source = await get(`/api/v1/sandbox/${id}/source`, admin);
  expect(source.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(await source.text()).toContain('boundary=b');
});

test('deleting needs the token, and deletes', async () => {
  const admin = await asAdmin();
  const { cookie = '' } = admin;
  const [first] = [page.sandbox.add(mail('1')), page.sandbox.add(mail('2'))];
  expect((await get(`/api/v1/sandbox/${first}`, { cookie }, 'DELETE')).status).toBe(403);
  const foreign = { ...admin, 'sec-fetch-site': 'cross-site' };
  expect((await get(`/api/v1/sandbox/${first}`, foreign, 'DELETE')).status).toBe(403);
  expect((await get(`/api/v1/sandbox/${first}`, admin, 'DELETE')).status).toBe(204);
  expect((await get(`/api/v1/sandbox/${first}`, admin, 'DELETE')).status).toBe(404);
  expect((await get('/api/v1/sandbox', admin, 'DELETE')).status).toBe(204);
  expect((await page.sandbox.list(0, 9)).total).toBe(0);
});

test('a port in use is one sentence', async () => {
  const port = Number(new URL(page.url).port);
  const second = await startPage({ config: { host: '127.0.0.1', port } }).catch(
    (error: Error) => error.message,
  );
  expect(second).toBe(
    `http: cannot listen on 127.0.0.1, port ${port}: another program uses it. ` +
      'Stop that one, or choose another port under "http" in the configuration.',
  );
});

test('too much is refused: headers, bodies, methods, types', async () => {
  expect((await get('/healthz', { x: 'y'.repeat(20_000) })).status).toBe(431);
  const type = { 'content-type': 'application/json' };
  const body = JSON.stringify({ name: 'admin', password: 'x'.repeat(300_000) });
  const big = await fetch(`${page.url}/api/v1/session`, { method: 'POST', body, headers: type });
  expect(big.status).toBe(413);
  const typed = await fetch(`${page.url}/api/v1/session`, {
    method: 'POST',
    body: new URLSearchParams({ a: 'b' }),
  });
  expect(typed.status).toBe(415);
  expect((await get('/healthz', {}, 'DELETE')).status).toBe(404);
  const garbage = await new Promise<string>((resolve) => {
    const socket = createConnection(Number(new URL(page.url).port), '127.0.0.1');
    socket.on('data', (bytes) => resolve(bytes.toString())).on('error', () => resolve('reset'));
    socket.write('EHLO this is no HTTP\r\n\r\n');
  });
  expect(garbage).toMatch(/^HTTP\/1.1 400|reset/);
});

const hostile: readonly (readonly [string, string])[] = [
  ['nothing at all', ''],
  ['only a header', 'Subject: x'],
  ['binary noise', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256)).toString('latin1')],
  [
    'a thousand nested parts',
    'Content-Type: multipart/mixed; boundary=a\r\n\r\n'.concat(
      '--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n'.repeat(2000),
    ),
  ],
  ['a huge header', `X: ${'a'.repeat(3_000_000)}\r\n\r\n`],
  ['an endless encoded word', mail('x', `X-A: ${'=?utf-8?q?=41?= '.repeat(20_000)}\r\n`)],
  ['deep HTML', mail('<div>'.repeat(100_000), 'Content-Type: text/html\r\n')],
];
test.each(hostile)('%s is read or refused, and the server lives on', async (_, raw) => {
  const reader = makeReader(systemClock);
  const view = await reader.view(Buffer.from(raw, 'latin1'));
  if (!view.ok) expect(view.problem).toMatch(/^[A-Z].*\.$/);
});

test('a message that takes too long is given up in a sentence', async () => {
  const hasty = { ...systemClock, after: (_: number, task: () => void) => systemClock.after(1, task) };
  expect(await makeReader(hasty).view(Buffer.from(mail('x')))).toEqual({
    ok: false,
    problem: 'This message took longer than 5 s to read; look at its source instead.',
  });
});

test('many readers wait their turn, too many are told to come back', async () => {
  const reader = makeReader(systemClock);
  const all = await Promise.all(Array.from({ length: 25 }, () => reader.view(Buffer.from(mail('x')))));
  expect(all.filter((view) => view.ok).length).toBe(22);
});
