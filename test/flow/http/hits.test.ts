// The public listener over real sockets, with a real Redis behind it: links, pixels, unsubscribing, hosts, limits, outages.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadCertificates } from '../../../src/http/hits/tls.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { newId } from '../../../src/lib/ids.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { domainSchema } from '../../../src/model/settings.ts';
import type { Base } from '../../../src/roles/base.ts';
import type { Tracking } from '../../../src/roles/tracking.ts';
import type { Facts } from '../../../src/tracking/facts.ts';
import { handClock } from '../../support/hand-clock.ts';
import { letterLinks, openHits, writtenEvents } from '../../support/hits.ts';
import { makeMmdb } from '../../support/mmdb.ts';
import { startPage } from '../../support/page.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const DAY = 86_400_000;
let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

let data = '';
let base: Base;
let tracking: Tracking;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'postino-hits-'));
});
afterEach(async () => {
  await tracking?.stop();
  await base?.close();
  rmSync(data, { recursive: true, force: true });
});

async function start(more: object = {}, port = 0): Promise<void> {
  ({ base, tracking } = await openHits({ redis, data, tracking: { port, ...more } }));
}
const linksOf = (more: Partial<Facts> = {}) => letterLinks(base, more);
const pathOf = (url: string): string => new URL(url).pathname;

type Answer = Readonly<{
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}>;
type Ask = Readonly<{
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  secure?: boolean;
}>;

function ask(
  path: string,
  { method = 'GET', headers = {}, body, secure = false }: Ask = {},
): Promise<Answer> {
  const options = {
    host: '127.0.0.1',
    port: tracking.port,
    path,
    method,
    headers: { host: 'click.shop.example', 'user-agent': FIREFOX, ...headers },
    servername: headers['host'] ?? 'click.shop.example',
    rejectUnauthorized: false,
  };
  return new Promise((resolve, reject) => {
    const sent = (secure ? secureRequest : request)(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const written = () => writtenEvents(base);
const eventually = (count: number) =>
  expect.poll(written, { timeout: 10_000, interval: 100 }).toHaveLength(count);

describe('links', () => {
  test('a click is redirected, is not to be stored, and is told with who came', async () => {
    writeFileSync(join(data, 'geo.mmdb'), makeMmdb({ '127.0.0.0/8': 'IT' }));
    await start({ geo: join(data, 'geo.mmdb') });
    const links = linksOf({ campaign: 'spring', tags: ['a'], metadata: { order: '17' } });
    const target = 'https://shop.example/a?b=c&d=%20#e';
    const answer = await ask(pathOf(links.click(4, target)));
    expect(answer).toMatchObject({ status: 302, body: '' });
    expect(answer.headers).toMatchObject({
      location: target,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    expect(answer.headers['set-cookie']).toBeUndefined();
    await eventually(1);
    expect((await written())[0]).toMatchObject({
      type: 'clicked',
      url: target,
      link: 4,
      recipient: 'anna.rossi@example.net',
      campaign: 'spring',
      tags: ['a'],
      metadata: { order: '17' },
      client: 'Firefox',
      os: 'Linux',
      device: 'desktop',
      country: 'IT',
      ip: '127.0.0.1',
      userAgent: FIREFOX,
    });
    expect((await written())[0]).not.toHaveProperty('machine');
  });

  test('HEAD and what a browser fetches ahead are redirected too, and marked', async () => {
    await start();
    const links = linksOf();
    const path = pathOf(links.click(0, 'https://shop.example/'));
    expect(await ask(path, { method: 'HEAD' })).toMatchObject({ status: 302, body: '' });
    expect((await ask(path, { headers: { 'sec-purpose': 'prefetch;prerender' } })).status).toBe(302);
    expect((await ask(path)).status).toBe(302);
    await eventually(3);
    expect((await written()).map(({ machine }) => machine)).toEqual(['scanner', 'scanner', undefined]);
  });

  test('a target that was too long for its link is found again; without Redis the visitor is told to come back', async () => {
    await start();
    const links = linksOf();
    const target = `https://shop.example/${'x'.repeat(3000)}`;
    const path = pathOf(links.click(0, target));
    expect(path.length).toBeLessThan(400);
    expect((await ask(path)).status).toBe(410);
    await links.settle();
    expect((await ask(path)).headers['location']).toBe(target);
    const key = String((await base.asking.call('KEYS', `${base.prefix}link:*`)) as unknown);
    expect(Number(await base.asking.call('PTTL', key))).toBeGreaterThan(364 * DAY);
    await redis.kill9();
    const late = await ask(path);
    expect(late.status).toBe(503);
    expect(late.headers['retry-after']).toBe('60');
    await redis.restart();
  });

  test('what is no link of ours is a page that says so', async () => {
    await start();
    const links = linksOf();
    const path = pathOf(links.click(0, 'https://shop.example/'));
    for (const wrong of [
      `${path}x`,
      path.slice(0, -1),
      '/t/c/x',
      path.replace('/c/', '/u/'),
      pathOf(links.open()).replace('/o/', '/c/'),
    ]) {
      const answer = await ask(wrong, { headers: { 'accept-language': 'it' } });
      expect(answer.status).toBe(404);
      expect(answer.body).toContain('Questo link non funziona');
    }
    const old = linksOf({ delivery: `${newId(systemClock.now() - 366 * DAY)}-1` });
    expect(await ask(pathOf(old.click(0, 'https://shop.example/')))).toMatchObject({ status: 410 });
    expect((await ask(`${path}?utm_source=x&fbclid=y`)).status).toBe(302);
    await eventually(1);
  });

  test.each([
    ['/', 404],
    ['/t', 404],
    ['/t/', 404],
    ['/t/c/', 404],
    ['/t/x/abc', 404],
    ['/healthz', 404],
    ['/metrics', 404],
    ['/api/v1/sandbox', 404],
    ['/t/c/../../etc/passwd', 404],
    ['/t/c/%2e%2e', 404],
    ['/t/c/a/b', 404],
    ['//evil.example/t/c/abc', 404],
    ['/t/c/https://evil.example', 404],
    ['/t/c/abc?url=https://evil.example', 404],
    ['*', 404],
  ])('%s answers %d, and leads nowhere', async (path, status) => {
    await start();
    const answer = await ask(path);
    expect(answer.status).toBe(status);
    expect(answer.headers['location']).toBeUndefined();
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH'])(
    '%s to a link is no click',
    async (method) => {
      await start();
      const answer = await ask(pathOf(linksOf().click(0, 'https://shop.example/')), { method });
      expect(answer.status).toBe(405);
      expect(answer.headers['allow']).toBe('GET, HEAD');
    },
  );
});

describe('pixels', () => {
  test('everybody gets one; only a true one is told', async () => {
    await start();
    const links = linksOf();
    const good = await ask(pathOf(links.open()), {
      headers: {
        'user-agent':
          'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)',
      },
    });
    const others = await Promise.all(
      ['/t/o/x.gif', '/t/o/x', pathOf(links.open()).replace('.gif', 'A.gif')].map((path) => ask(path)),
    );
    for (const answer of [good, ...others]) {
      expect(answer.status).toBe(200);
      expect(answer.headers).toMatchObject({ 'content-type': 'image/gif', 'cache-control': 'no-store' });
      expect(answer.body.startsWith('GIF89a')).toBe(true);
      expect({ ...answer.headers, date: '' }).toEqual({ ...good.headers, date: '' });
    }
    await eventually(1);
    expect((await written())[0]).toMatchObject({
      type: 'opened',
      machine: 'proxy',
      client: 'Gmail',
      device: 'unknown',
    });
  });
});

describe('unsubscribing', () => {
  const topics = { topic: 'news', topics: ['news', 'offers'] };

  test.each([
    ['urlencoded', 'application/x-www-form-urlencoded', 'List-Unsubscribe=One-Click'],
    [
      'multipart',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
    ],
  ])('one click, %s: done at once, without cookie or redirect, again is no harm', async (_, type, body) => {
    await start();
    const path = pathOf(linksOf(topics).unsubscribe());
    for (let i = 0; i < 3; i++) {
      const answer = await ask(path, { method: 'POST', headers: { 'content-type': type }, body });
      expect(answer.status).toBe(200);
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect(answer.headers['location']).toBeUndefined();
    }
    expect(await base.suppressions.isSuppressed('default', 'anna.rossi@example.net', 'news')).toBe(true);
    expect(await base.suppressions.isSuppressed('default', 'anna.rossi@example.net', 'offers')).toBe(false);
    const events = await written();
    expect(new Set(events.map(({ id }) => id)).size).toBe(1);
    expect(events[0]).toMatchObject({
      type: 'unsubscribed',
      how: 'one-click',
      topic: 'news',
      headerFrom: 'news@shop.example',
    });
  });

  test('GET, HEAD and scanners change nothing', async () => {
    await start();
    const path = pathOf(linksOf(topics).unsubscribe());
    for (const userAgent of [FIREFOX, 'curl/8', 'Mimecast', '']) {
      const page = await ask(path, { headers: { 'user-agent': userAgent } });
      expect(page.status).toBe(200);
      expect(page.body).toContain('The Shop');
      expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
      expect((await ask(path, { method: 'HEAD' })).body).toBe('');
      expect((await ask(`${path}?List-Unsubscribe=One-Click`)).status).toBe(200);
    }
    for (const method of ['PUT', 'DELETE', 'OPTIONS']) expect((await ask(path, { method })).status).toBe(405);
    expect(await base.suppressions.show('default', 'anna.rossi@example.net', 'news')).toBeUndefined();
    expect(await written()).toEqual([]);
  });

  test('the page’s form: a choice, its result, and the way back', async () => {
    await start();
    const path = pathOf(linksOf(topics).unsubscribe());
    const post = (body: string) => ask(path, { method: 'POST', body, headers: { 'accept-language': 'de' } });
    expect(await post('do=stop')).toMatchObject({
      status: 400,
      body: expect.stringContaining('mindestens ein Kästchen'),
    });
    expect(await post('do=stop&topic=7')).toMatchObject({ status: 400 });
    expect(await post('hello')).toMatchObject({
      status: 400,
      body: expect.stringContaining('nicht verstanden'),
    });
    const done = await post('do=stop&topic=1');
    expect(done.body).toContain('Sie sind abgemeldet');
    expect(done.body).toContain('<bdi>offers</bdi>');
    expect(await base.suppressions.isSuppressed('default', 'anna.rossi@example.net', 'offers')).toBe(true);
    expect((await post('do=resume&topic=1')).body).toContain('wieder angemeldet');
    expect(await base.suppressions.isSuppressed('default', 'anna.rossi@example.net', 'offers')).toBe(false);
    await post('do=stop&all=1');
    expect(await base.suppressions.isSuppressed('default', 'anna.rossi@example.net', 'anything')).toBe(true);
    expect((await written()).map(({ how, topic }) => [how, topic])).toEqual([
      ['page', 'offers'],
      ['resubscribe', 'offers'],
      ['page', undefined],
    ]);
  });

  test('a token of another kind, of others, or too old does nothing', async () => {
    await start();
    const body = 'List-Unsubscribe=One-Click';
    const links = linksOf();
    const wrong = pathOf(links.open()).replace('/o/', '/u/').replace('.gif', '');
    expect(await ask(wrong, { method: 'POST', body })).toMatchObject({ status: 404 });
    const old = linksOf({ delivery: `${newId(systemClock.now() - 366 * DAY)}-1` });
    expect(await ask(pathOf(old.unsubscribe()), { method: 'POST', body })).toMatchObject({ status: 410 });
    expect((await ask(pathOf(old.unsubscribe()))).body).toContain('expired');
    expect(await written()).toEqual([]);
  });

  test('a body has 4 KiB at most, however it comes', async () => {
    await start();
    const path = pathOf(linksOf().unsubscribe());
    const body = 'a'.repeat(5000);
    expect(await ask(path, { method: 'POST', body, headers: { 'content-length': '5000' } })).toMatchObject({
      status: 413,
    });
    const chunked = await ask(path, { method: 'POST', body, headers: { 'transfer-encoding': 'chunked' } });
    expect(chunked.status).toBe(413);
  });

  test('by mail, for whoever reads the mailbox', async () => {
    await start();
    const token = linksOf().unsubscribeToken();
    expect(await tracking.unsubscribe.stop(token, { how: 'mail', scope: 'message' })).toEqual({
      kind: 'done',
    });
    expect(await base.suppressions.isSuppressed('default', 'anna.rossi@example.net')).toBe(true);
    expect(await written()).toMatchObject([{ type: 'unsubscribed', how: 'mail' }]);
  });
});

describe('while Redis is away', () => {
  test('links lead on, pixels come, and what happened is written when it is back', async () => {
    await start();
    const links = linksOf({ tags: ['x'.repeat(800)] });
    links.open();
    await links.settle();
    await redis.kill9();
    for (let link = 0; link < 5; link++) {
      const began = performance.now();
      expect((await ask(pathOf(links.click(0, 'https://shop.example/')))).status).toBe(302);
      expect(performance.now() - began).toBeLessThan(500);
    }
    expect((await ask(pathOf(links.open()))).status).toBe(200);
    await systemClock.sleep(3000);
    await redis.restart();
    await eventually(6);
    const events = await written();
    expect(events.map(({ type }) => type)).toEqual([...Array<string>(5).fill('clicked'), 'opened']);
    expect(events[0]).toMatchObject({ tags: ['x'.repeat(800)] });
    expect(new Set(events.map(({ id }) => id)).size).toBe(6);
  });

  test('an order to unsubscribe is taken, is on the disk, and is done when it is back', async () => {
    await start();
    const path = pathOf(linksOf({ topic: 'news' }).unsubscribe());
    await redis.kill9();
    const one = await ask(path, { method: 'POST', body: 'List-Unsubscribe=One-Click' });
    expect(one.status).toBe(200);
    expect((await ask(path, { method: 'POST', body: 'do=stop&all=1' })).body).toContain(
      'You are unsubscribed',
    );
    expect(await ask(path, { method: 'POST', body: 'do=resume&all=1' })).toMatchObject({ status: 503 });
    expect(readdirSync(join(data, 'unsubscribed'))).toHaveLength(2);
    await redis.restart();
    await expect.poll(() => readdirSync(join(data, 'unsubscribed')), { timeout: 15_000 }).toEqual([]);
    expect(await base.suppressions.show('default', 'anna.rossi@example.net', 'news')).toMatchObject({
      reason: 'unsubscribed',
    });
    expect(await base.suppressions.show('default', 'anna.rossi@example.net')).toMatchObject({
      reason: 'unsubscribed',
    });
    expect((await written()).map(({ how }) => how)).toEqual(expect.arrayContaining(['one-click', 'page']));
  });

  test('a stop writes the hits that wait', async () => {
    await start();
    await ask(pathOf(linksOf().open()));
    await tracking.stop();
    expect(await written()).toHaveLength(1);
  });
});

describe('hosts', () => {
  test.each([
    ['click.shop.example', 302],
    ['CLICK.shop.example:8081', 302],
    ['localhost:8081', 302],
    ['127.0.0.1', 302],
    ['shop.example', 421],
    ['evil.example', 421],
    ['click.shop.example.evil.example', 421],
    ['click.shop.example@evil.example', 421],
  ])('Host: %s answers %d', async (host, status) => {
    await start();
    const path = pathOf(linksOf().click(0, 'https://shop.example/'));
    expect((await ask(path, { headers: { host } })).status).toBe(status);
  });

  test('a link leads nowhere at the host of another account, in whose name it would be', async () => {
    await start();
    await base.settings.domains.add(
      domainSchema.parse({
        v: 1,
        name: 'bank.example',
        account: 'bank',
        trackingHost: 'click.bank.example',
        origin: 'command',
      }),
    );
    const path = pathOf(linksOf().click(0, 'https://evil.example/'));
    const statusAt = async (host: string) => (await ask(path, { headers: { host } })).status;
    expect(await statusAt('click.bank.example')).toBe(404);
    expect(await statusAt('click.shop.example')).toBe(302);
  });

  test('a host that is added is served at once, one that is removed no more', async () => {
    await start();
    const path = pathOf(linksOf().click(0, 'https://shop.example/'));
    const status = async () => (await ask(path, { headers: { host: 'go.new.example' } })).status;
    expect(await status()).toBe(421);
    await base.settings.domains.add(
      domainSchema.parse({ v: 1, name: 'new.example', trackingHost: 'go.new.example', origin: 'command' }),
    );
    await expect.poll(status).toBe(302);
    await base.settings.domains.remove('new.example');
    await expect.poll(status).toBe(421);
  });

  test('a trusted proxy says who came and for which host', async () => {
    await start({ trustProxy: ['127.0.0.1'] });
    const path = pathOf(linksOf().click(0, 'https://shop.example/'));
    const headers = {
      host: 'backend',
      'x-forwarded-host': 'click.shop.example',
      'x-forwarded-for': '1.1.1.1, 203.0.113.5',
    };
    expect((await ask(path, { headers })).status).toBe(302);
    await eventually(1);
    expect((await written())[0]?.ip).toBe('203.0.113.5');
  });
});

describe('limits', () => {
  /** What the server says to raw bytes until it closes. */
  const raw = (text: string, port = tracking.port): Promise<string> =>
    new Promise((resolve) => {
      const socket = createConnection(port, '127.0.0.1', () => socket.write(text));
      let said = '';
      socket.on('data', (chunk: Buffer) => (said += chunk.toString()));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(said));
    });

  test.each([
    [
      'a header of 20 KiB',
      `GET /t/c/x HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
      '431',
    ],
    ['an address of 20 KiB', `GET /t/c/${'a'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, '431'],
    ['no HTTP', 'EHLO evil.example\r\n\r\n', '400'],
    ['no Host', 'GET /t/c/x HTTP/1.1\r\n\r\n', '400'],
    [
      'two lengths',
      'POST /t/u/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      '400',
    ],
    [
      'a length and chunks',
      'POST /t/u/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      '400',
    ],
    [
      'the absolute form for another host',
      'GET http://evil.example/t/c/x HTTP/1.0\r\nHost: evil.example\r\n\r\n',
      '421',
    ],
  ])('%s', async (_, text, status) => {
    await start();
    expect(await raw(text)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  test('headers that come drop by drop, and silence, are cut after 10 seconds', async () => {
    await start();
    const began = performance.now();
    const [slow, silent] = await Promise.all([raw('GET /t/c/x HTTP/1.1\r\nHost: loc'), raw('')]);
    expect(slow).toContain('408');
    expect(silent === '' || silent.includes('408')).toBe(true);
    expect(performance.now() - began).toBeLessThan(14_000);
  });

  test('a port that is taken is one sentence', async () => {
    await start();
    const { port } = tracking;
    await expect(openHits({ redis, data, tracking: { port } })).rejects.toThrow(
      `tracking: cannot listen on 127.0.0.1, port ${port}: another program uses it.`,
    );
  });
});

describe('https', () => {
  async function writeCertificate(name: string) {
    const made = await generate([{ name: 'commonName', value: name }], { keySize: 2048 });
    const files = { certificate: join(data, `${name}.crt`), key: join(data, `${name}.key`) };
    writeFileSync(files.certificate, made.cert);
    writeFileSync(files.key, made.private);
    return files;
  }

  /** Whose certificate a client is shown that asks for a host, or for none. */
  const nameFor = (servername?: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const where = { port: tracking.port, host: '127.0.0.1', rejectUnauthorized: false };
      const socket = connect({ ...where, ...(servername === undefined ? {} : { servername }) }, () => {
        resolve(socket.getPeerCertificate().subject.CN);
        socket.destroy();
      });
      socket.on('error', reject);
    });

  test('one certificate for all, and others for single hosts', async () => {
    const [common, own] = [await writeCertificate('common.example'), await writeCertificate('own.example')];
    await start({ ...common, certificates: [{ host: '*.shop.example', ...own }] });
    expect(await nameFor('click.shop.example')).toBe('own.example');
    expect(await nameFor('CLICK.shop.example')).toBe('own.example');
    expect(await nameFor('a.b.shop.example')).toBe('common.example');
    expect(await nameFor('other.example')).toBe('common.example');
    expect(await nameFor()).toBe('common.example');
    const path = pathOf(linksOf().click(0, 'https://shop.example/'));
    expect(await ask(path, { secure: true })).toMatchObject({ status: 302 });
  });

  test('a changed certificate is used without a restart; a broken one leaves the old', async () => {
    const clock = handClock();
    const [first, second] = [
      await writeCertificate('first.example'),
      await writeCertificate('second.example'),
    ];
    const found = await loadCertificates({ ...first, certificates: [] }, { clock, log: silentLog });
    const used: string[] = [];
    found.onFirst(({ cert }) => used.push(cert.toString()));
    const before = found.contextFor('x');
    writeFileSync(first.certificate, readFileSync(second.certificate));
    clock.pass(30_000);
    await systemClock.sleep(100);
    expect(found.contextFor('x')).toBe(before); // the key is still the old one
    writeFileSync(first.key, readFileSync(second.key));
    clock.pass(30_000);
    await expect.poll(() => used).toEqual([readFileSync(second.certificate, 'utf8')]);
    expect(found.contextFor('x')).not.toBe(before);
    found.stop();
  });

  test('a certificate that cannot be used is one sentence', async () => {
    const files = await writeCertificate('common.example');
    const other = await writeCertificate('other.example');
    await expect(start({ certificate: files.certificate, key: other.key })).rejects.toThrow(
      /cannot be used .* check both PEM files/,
    );
  });
});

test('a reverse proxy learns on the private side which hosts are ours', async () => {
  const page = await startPage();
  const status = async (query: string) => (await fetch(`${page.url}/tracking/ask${query}`)).status;
  expect(await status('?domain=click.shop.example')).toBe(200);
  expect(await status('?domain=CLICK.shop.example.')).toBe(200);
  for (const other of ['?domain=evil.example', '?domain=', '', '?domain=click.shop.example/x', '?domain=%00'])
    expect(await status(other)).toBe(404);
  await page.stop();
});
