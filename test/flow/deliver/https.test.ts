// HTTPS to hosts that strangers name: bounded in time and bytes, verified, to public addresses only.
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TLSSocket, type SecureContext } from 'node:tls';
import { makeHttps, type HttpsAnswer } from '../../../src/deliver/security/https.ts';
import type { Answer } from '../../../src/deliver/resolve.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { makeAuthority, makeStranger, type Authority } from '../../support/certificates.ts';

let authority: Authority;
let server: Server;
let port: number;
/** What the server does with a connection past TLS, or with a raw one. */
let serve: (socket: Socket) => void;
let context: SecureContext;
const sockets = new Set<Socket>();

beforeAll(async () => {
  authority = await makeAuthority();
  server = createServer((raw) => {
    sockets.add(raw);
    raw.on('error', () => {});
    const socket = new TLSSocket(raw, { isServer: true, secureContext: context });
    socket.on('error', () => {});
    socket.once('data', () => serve(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.83', resolve));
  const address = server.address();
  port = typeof address === 'object' && address ? address.port : 0;
});
beforeEach(async () => {
  context = await authority.contextFor('host.test');
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});
afterAll(() => server.close());

const found = (...records: readonly string[]): Answer<string> => ({ kind: 'found', records });
async function ask(
  a: Answer<string> | 'never' = found('127.0.0.83'),
  allow = true,
  host = 'host.test',
): Promise<HttpsAnswer> {
  const never = new Promise<never>(() => {});
  const dns = {
    a: () => (a === 'never' ? never : Promise.resolve(a)),
    aaaa: async () => ({ kind: 'none' }) as const,
  };
  const https = makeHttps({ dns, clock: systemClock, allowPrivateAddresses: allow });
  return https({ host, port, path: '/', method: 'GET', withinMs: 400, maxBytes: 1000 });
}
const say = (text: string) => (serve = (socket) => void socket.write(text));
const OK = 'HTTP/1.1 200 OK\r\nContent-Type: Text/Plain; charset=utf-8\r\n';

test('an answer comes with its status, type and text', async () => {
  say(`${OK}Content-Length: 5\r\n\r\nhello`);
  expect(await ask()).toEqual({ kind: 'answered', status: 200, type: 'text/plain', text: 'hello' });
});

test('a redirect is an answer, and nobody goes there', async () => {
  say(`HTTP/1.1 302 Found\r\nLocation: https://host.test:${port}/x\r\nContent-Length: 0\r\n\r\n`);
  expect(await ask()).toMatchObject({ kind: 'answered', status: 302 });
});

describe('it fails in time', () => {
  test.each([
    ['with silence', () => (serve = () => {})],
    ['with a header that never ends', () => say(OK)],
    ['with a body that never ends', () => say(`${OK}Content-Length: 500\r\n\r\nhello`)],
    [
      'with a body that drips',
      () =>
        (serve = (socket) => {
          socket.write(`${OK}Content-Length: 900\r\n\r\n`);
          const timer = setInterval(() => (socket.writable ? socket.write('x') : clearInterval(timer)), 20);
          socket.once('close', () => clearInterval(timer));
        }),
    ],
    ['with more than it may', () => say(`${OK}\r\n${'x'.repeat(2000)}`)],
    ['with a header that is too large', () => say(`${OK}X: ${'y'.repeat(40_000)}\r\n\r\n`)],
    ['with something else', () => say('220 mx.test ESMTP\r\n')],
    ['with the end', () => (serve = (socket) => void socket.end())],
    ['in the middle', () => (serve = (socket) => void socket.end(`${OK}Content-Length: 500\r\n\r\nhello`))],
  ])('%s', async (_name, prepare) => {
    prepare();
    const since = performance.now();
    expect(await ask()).toMatchObject({ kind: 'failed' });
    expect(performance.now() - since).toBeLessThan(3000);
  });

  test.each([
    ['without an address', { kind: 'nxdomain' } as const],
    ['where the DNS fails', { kind: 'failed', code: 'x' } as const],
    ['where the DNS is silent', 'never' as const],
    ['where nobody listens', found('127.0.0.84')],
  ])('%s', async (_name, a) => {
    expect(await ask(a)).toMatchObject({ kind: 'failed' });
  });
});

test.each([['127.0.0.83'], ['10.0.0.1'], ['169.254.169.254'], ['192.168.1.1'], ['0.0.0.0']])(
  'the private address %s is not asked',
  async (address) => {
    let asked = false;
    serve = () => (asked = true);
    expect(await ask(found(address), false)).toEqual({
      kind: 'failed',
      why: 'host.test has no public address',
    });
    expect(asked).toBe(false);
  },
);

test.each(['127.0.0.83', '[::1]', '::1'])(
  'an address (%s) in the place of a name is not asked',
  async (host) => {
    expect(await ask(found('127.0.0.83'), true, host)).toMatchObject({ kind: 'failed' });
  },
);

test.each([
  ['another name', () => authority.contextFor('other.test')],
  ['nobody known', async () => (await makeStranger()).contextFor('host.test')],
])('a certificate of %s is told apart', async (_name, make) => {
  context = await make();
  say(`${OK}Content-Length: 5\r\n\r\nhello`);
  expect(await ask()).toMatchObject({ kind: 'certificate' });
});
