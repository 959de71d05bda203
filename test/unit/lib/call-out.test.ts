// Calls to addresses that somebody else chose: what a URL gives away, and what happens at real sockets.
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { createServer as createRaw, type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, test } from 'vitest';
import { isSpecial } from '../../../src/deliver/networks.ts';
import { makeCaller, wrongUrl, type CallRules, type LookupAll } from '../../../src/lib/call-out.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

const strict: CallRules = { plain: false, ports: [443], isForbidden: isSpecial, advice: '' };
const local: CallRules = {
  plain: true,
  isForbidden: (address) => address !== '127.0.0.1' && isSpecial(address),
  advice: '',
};

async function listen(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  open.push({ close: () => server.close().closeAllConnections() });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

function caller(rules: CallRules, connections: 'kept' | 'closed' = 'closed') {
  const made = makeCaller(rules, connections);
  open.push(made);
  return (url: string, body = '{}') => made.call({ url, method: 'POST', headers: {}, body });
}

describe('a URL', () => {
  const bad = [
    ['plain http', 'http://hooks.example/', /must begin with https/],
    ['a file', 'file:///etc/passwd', /must begin with https/],
    ['gopher', 'gopher://hooks.example:443/', /must begin with https/],
    ['no URL', 'hooks.example', /not a URL/],
    ['the port of SMTP', 'https://hooks.example:25/', /port 25/],
    ['the port of Redis', 'https://hooks.example:6379/', /port 6379/],
    ['too long', `https://hooks.example/${'x'.repeat(3000)}`, /longer/],
    ['a line end', 'https://hooks.example/\r\nX: y', /not a URL/],
    ['a secret that is not seen as one', 'https:/user:secret@hooks.example/', /not a URL/],
    ['the same with backslashes', 'https:\\\\user:secret@hooks.example/', /not a URL/],
    ['a secret with "@"', 'https://user:sec@ret@hooks.example/', /not a URL/],
    ['the loopback, in disguise', 'https:127.0.0.1/', /not a URL/],
    ['loopback', 'https://127.0.0.1/', /private/],
    ['loopback, IPv6', 'https://[::1]/', /private/],
    ['loopback, mapped', 'https://[::ffff:127.0.0.1]/', /private/],
    ['loopback, mapped in hex', 'https://[::ffff:7f00:1]/', /private/],
    ['loopback, compatible', 'https://[::127.0.0.1]/', /private/],
    ['loopback, translated', 'https://[::ffff:0:127.0.0.1]/', /private/],
    ['zero', 'https://0/', /private/],
    ['all zeros', 'https://0.0.0.0/', /private/],
    ['hex', 'https://0x7f.1/', /private/],
    ['octal', 'https://0177.0.0.1/', /private/],
    ['a number', 'https://2130706433/', /private/],
    ['full-width digits', 'https://１２７.０.０.１/', /private/],
    ['metadata of clouds', 'https://169.254.169.254/latest', /private/],
    ['private', 'https://10.1.2.3/', /private/],
    ['private 2', 'https://192.168.0.1/', /private/],
    ['private 3', 'https://172.31.255.255/', /private/],
    ['shared', 'https://100.64.0.1/', /private/],
    ['unique local', 'https://[fd00::1]/', /private/],
    ['link local', 'https://[fe80::1]/', /private/],
    ['multicast', 'https://[ff02::1]/', /private/],
    ['NAT64', 'https://[64:ff9b::7f00:1]/', /private/],
    ['6to4', 'https://[2002:7f00:1::]/', /private/],
    ['Teredo', 'https://[2001:0:7f00:1::]/', /private/],
    ['userinfo that looks like a host', 'https://hooks.example@127.0.0.1/', /private/],
    ['a backslash', 'https://127.0.0.1\\@hooks.example/', /not a URL/],
  ] as const;
  test.each(bad)('refused: %s', (_, url, why) => {
    expect(wrongUrl(url, strict)).toMatch(why);
  });

  test.each([
    'https://hooks.example/a?b=c',
    'https://hooks.example:443/',
    'https://user:pw@hooks.example/',
    'https://9.9.9.9/',
    'https://[2620:fe::fe]/',
  ])('taken: %s', (url) => expect(wrongUrl(url, strict)).toBeUndefined());
});

describe('a name', () => {
  const names: Readonly<Record<string, readonly string[]>> = {
    'one.example': ['10.0.0.1'],
    'mixed.example': ['93.184.216.34', '127.0.0.1'],
    'mapped.example': ['::ffff:127.0.0.1'],
  };
  const lookup: LookupAll = (name, found) => {
    const addresses = (names[name] ?? []).map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }));
    found(null, addresses);
  };
  test.each([...Object.keys(names), 'none.example'])('%s leads nowhere', async (name) => {
    const answer = await caller({ ...strict, lookup })(`https://${name}/`);
    expect(answer).toMatchObject({ ok: false, problem: expect.stringMatching(/private|no address/) });
  });

  test('localhost, with and without its dot, is looked up and refused', async () => {
    expect(await caller(strict)('https://localhost/')).toMatchObject({
      ok: false,
      problem: expect.stringContaining('private'),
    });
    expect(await caller(strict)('https://localhost./')).toMatchObject({ ok: false });
  });

  test('that changes between two calls is looked at in each of them (DNS rebinding)', async () => {
    let hits = 0;
    const url = await listen((_, response) => {
      hits++;
      response.end();
    });
    const { port } = new URL(url);
    let turn = 0;
    const rebinding: LookupAll = (_, found) =>
      found(null, [{ address: turn++ === 0 ? '127.0.0.1' : '127.0.0.2', family: 4 }]);
    const call = caller({ ...local, lookup: rebinding });
    expect(await call(`http://hooks.example:${port}/`)).toMatchObject({ ok: true, status: 200 });
    expect(await call(`http://hooks.example:${port}/`)).toMatchObject({ ok: false });
    expect([hits, turn]).toEqual([1, 2]);
  });
});

describe('an answer', () => {
  test('is its status and the beginning of what it says', async () => {
    const url = await listen((_, response) => {
      response.writeHead(503, { 'retry-after': '7' }).end(`\u0007${'x'.repeat(5000)}`);
    });
    const answer = await caller(local)(url);
    expect(answer).toEqual({ ok: true, status: 503, excerpt: ` ${'x'.repeat(1023)}`, retryAfter: '7' });
  });

  test('that redirects is not followed', async () => {
    const urls: string[] = [];
    const url = await listen((request, response) => {
      urls.push(request.url ?? '');
      response.writeHead(302, { location: '/secret' }).end();
    });
    expect(await caller(local)(url)).toMatchObject({ ok: true, status: 302 });
    expect(urls).toEqual(['/hook']);
  });

  test('that never comes ends by itself', async () => {
    const url = await listen(() => undefined);
    const before = performance.now();
    expect(await caller({ ...local, timeoutMs: 300 })(url)).toEqual({
      ok: false,
      problem: 'no answer within 0.3 s',
    });
    expect(performance.now() - before).toBeLessThan(2000);
  });

  test('whose head trickles is cut, and one whose body trickles counts by its status', async () => {
    const raw = createRaw((socket) => {
      socket.on('error', () => undefined);
      const drip = setInterval(() => socket.write('x: y\r\n'), 20);
      socket.on('close', () => clearInterval(drip));
      socket.write('HTTP/1.1 200 OK\r\n');
    });
    open.push(raw);
    await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
    const head = `http://127.0.0.1:${(raw.address() as AddressInfo).port}/`;
    expect(await caller({ ...local, timeoutMs: 300 })(head)).toMatchObject({ ok: false });
    const body = await listen((_, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
    });
    const before = performance.now();
    expect(await caller({ ...local, timeoutMs: 300 })(body)).toMatchObject({ ok: true, status: 200 });
    expect(performance.now() - before).toBeLessThan(2000);
  });

  test('that is endless is cut after 64 KiB, and what is packed is not unpacked', async () => {
    let sent = 0;
    const url = await listen((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(16_384))) sent += 16_384;
      };
      response.on('drain', more);
      more();
    });
    expect(await caller(local)(url)).toMatchObject({ ok: true, status: 200 });
    expect(sent).toBeLessThan(8_000_000);
    const bomb = await listen((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000)));
    });
    expect(await caller(local)(bomb)).toMatchObject({ ok: true, status: 200 });
  });

  test.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
    ['nothing', ''],
    ['a huge head', `HTTP/1.1 200 OK\r\n${'x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n'.repeat(10_000)}`],
  ])('that is %s is a problem and no crash', async (_, text) => {
    const raw = createRaw((socket) => {
      socket.on('error', () => undefined);
      socket.end(text);
    });
    open.push(raw);
    await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
    const answer = await caller({ ...local, timeoutMs: 2000 })(
      `http://127.0.0.1:${(raw.address() as AddressInfo).port}/`,
    );
    expect(answer.ok).toBe(false);
  });
});

describe('connections', () => {
  test('are used again where they are kept, and one that was closed meanwhile does no harm', async () => {
    const ports = new Set<number>();
    let hits = 0;
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      ports.add(request.socket.remotePort ?? 0);
      request.resume();
      // The third request on this connection is not read any more.
      if (++hits === 3) return void request.socket.destroy();
      response.end();
    });
    open.push({ close: () => server.close().closeAllConnections() });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const call = caller(local, 'kept');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    for (let i = 0; i < 3; i++) expect(await call(url)).toMatchObject({ ok: true, status: 200 });
    expect([hits, ports.size]).toEqual([4, 2]);
  });

  test('are secured, and a certificate that nobody vouches for is refused', async () => {
    const made = await generate([{ name: 'commonName', value: 'hooks.example' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'hooks.example' }] }],
    });
    const server = createSecure({ key: made.private, cert: made.cert }, (_, response) => response.end());
    open.push({ close: () => server.close().closeAllConnections() });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const lookup: LookupAll = (_, found) => found(null, [{ address: '127.0.0.1', family: 4 }]);
    const url = (name: string) => `https://${name}:${(server.address() as AddressInfo).port}/`;
    const rules = { ...local, lookup };
    expect(await caller(rules)(url('hooks.example'))).toMatchObject({ ok: false });
    expect(await caller({ ...rules, ca: made.cert })(url('hooks.example'))).toMatchObject({
      ok: true,
      status: 200,
    });
    expect(await caller({ ...rules, ca: made.cert })(url('other.example'))).toMatchObject({ ok: false });
  });
});
