// The dashboard's files over HTTP: compressed, cached for ever by their hash, a page for every address of ours; and no page at all.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { dashboardRoutes } from '../../../src/http/dashboard-files.ts';
import type { Ask, Answer } from '../../../src/http/exchange.ts';

const folder = mkdtempSync(join(tmpdir(), 'postino-dashboard-'));
afterAll(() => rmSync(folder, { recursive: true }));
const page = '<!doctype html><title>Postino</title>';
const script = 'export const a = 1;';

async function ask(path: string, headers: Record<string, string> = {}, routes = dashboardRoutes(folder)) {
  const found = routes.find((one) => one.path === path) ?? routes.find((one) => matches(one.path, path));
  if (!found || !('handle' in found)) throw new Error(`no route for ${path}`);
  const request: Ask = {
    method: 'GET',
    path,
    params: { name: path.split('/').at(-1) ?? '' },
    query: new URLSearchParams(),
    header: (name) => headers[name],
    type: '',
    body: Buffer.alloc(0),
    form: new URLSearchParams(),
    peer: '127.0.0.1',
  };
  return found.handle(request);
}
const matches = (pattern: string, path: string): boolean =>
  pattern === (/^\/assets\/[^/]+$/.test(path) ? '/assets/:name' : '/*');
const bytes = ({ body }: Answer): Buffer => {
  if (typeof body === 'string') return Buffer.from(body);
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
};

test('without a built dashboard the page says what to run, and it is there as soon as it is built', async () => {
  const routes = dashboardRoutes(folder);
  const before = await ask('/', {}, routes);
  expect(before.status).toBe(503);
  expect(bytes(before).toString()).toContain('npm run build:dashboard');
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), page);
  writeFileSync(join(folder, 'assets', 'app-1a2b.js'), script);
  writeFileSync(join(folder, 'assets', 'app-1a2b.js.br'), brotliCompressSync(script));
  writeFileSync(join(folder, 'assets', 'app-1a2b.js.gz'), gzipSync(script));
  writeFileSync(join(folder, 'secret.txt'), 'no');
  expect(bytes(await ask('/', {}, routes)).toString()).toBe(page);
});

test.each([
  ['gzip, deflate, br, zstd', 'br', brotliCompressSync(script)],
  ['gzip;q=0.5', 'gzip', gzipSync(script)],
  ['identity', undefined, Buffer.from(script)],
  ['brx', undefined, Buffer.from(script)],
])('whoever takes %s gets %s', async (accepts, encoding, want) => {
  const answer = await ask('/assets/app-1a2b.js', { 'accept-encoding': accepts });
  expect(answer.headers?.['content-encoding']).toBe(encoding);
  expect(answer.headers?.['vary']).toBe('accept-encoding');
  expect(answer.headers?.['cache-control']).toBe('public, max-age=31536000, immutable');
  expect(bytes(answer)).toEqual(want);
});

test('the page itself is asked for anew each time', async () => {
  const answer = await ask('/');
  expect(answer.headers?.['cache-control']).toBe('no-cache');
  expect(answer.policy).toBe('page');
});

test.each([
  ['/messages', 'text/html', 200],
  ['/messages/01KATM1V6J3Q5Z8W9X7Y6T5R4E-1', 'text/html,application/xhtml+xml', 200],
  ['/messages', '*/*', 404],
  ['/messages', '', 404],
  ['/api/v1/nothing', 'text/html', 404],
  ['/page/nothing', 'text/html', 404],
  ['/domains/shop.it', 'text/html', 200],
  ['/secret.txt', '*/*', 404],
  ['/assets/secret.txt', 'text/html', 404],
  ['/assets/..%2fsecret.txt', 'text/html', 404],
  ['/assets/__proto__', 'text/html', 404],
])('GET %s, accepting "%s", answers %d', async (path, accept, status) => {
  expect((await ask(path, { accept })).status).toBe(status);
});
