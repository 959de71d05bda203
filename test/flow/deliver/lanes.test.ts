// Kept connections and TLS over real sockets: what is used again, what is given up, what is tried without encryption.
import { afterEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/model/outcome.ts';
import { makeBench, orderFor, type Bench, type OrderOptions } from '../../support/deliver.ts';
import { startFakeMx } from '../../support/fake-mx.ts';

let bench: Bench;

const records = {
  'example.test': { mx: [[10, 'mx.example.test']] },
  'other.test': { mx: [[10, 'mx.example.test']] },
  'two.test': {
    mx: [
      [10, 'mx.example.test'],
      [20, 'mx2.example.test'],
    ],
  },
  'mx.example.test': { a: ['127.0.0.21'] },
  'mx2.example.test': { a: ['127.0.0.22'] },
} as const;

const send = (to: string, options: Partial<OrderOptions> = {}): Promise<Outcome> =>
  bench.deliver.send(orderFor({ to, ...options }));

const start = async (delivery: Readonly<Record<string, unknown>> = {}): Promise<void> => {
  bench = await makeBench(records, delivery);
};

afterEach(() => bench.close());

describe('a lane', () => {
  test('uses a connection again, for every domain of the site, up to its number of messages', async () => {
    await start({ messagesPerConnection: 3 });
    const mx = await bench.mx({ host: '127.0.0.21' });
    for (const to of ['a@example.test', 'b@other.test', 'c@example.test', 'd@example.test']) await send(to);
    expect(mx.messages.map(({ connection, nth }) => `${connection}.${nth}`)).toEqual([
      '1.1',
      '1.2',
      '1.3',
      '2.1',
    ]);
    expect(mx.lines).toContain('1 QUIT');
    expect(await bench.deliver.locate('ip1', 'other.test')).toMatchObject({
      lane: 'mx:mx.example.test',
      limit: 10,
    });
  });

  test('tells what it learnt of its site', async () => {
    await start({ timeouts: { connect: '200ms' } });
    expect(bench.deliver.learnt()).toEqual([]);
    // Nobody listens there: after the fifth failure nothing is tried for a while.
    for (let n = 0; n < 5; n++) await send('a@example.test');
    expect(bench.deliver.learnt()).toEqual([{ transport: 'ip1', provider: '', learnt: 'closed', count: 1 }]);
  });

  test('has as many connections as it is asked for at once, and goes on with the one used last', async () => {
    await start();
    const mx = await bench.mx({ host: '127.0.0.21', slowMs: 100 });
    await Promise.all(Array.from({ length: 4 }, () => send('slow@example.test')));
    expect(mx.connections()).toMatchObject({ total: 4, most: 4 });
    expect(bench.deliver.connections()).toEqual([
      { transport: 'ip1', site: 'mx:mx.example.test', open: 4, idle: 4 },
    ]);
    await send('a@example.test');
    await send('b@example.test');
    const [first, second] = mx.messages.slice(-2);
    expect(first?.connection).toBe(second?.connection);
    expect(mx.connections().total).toBe(4);
  });

  test('keeps the connections of two transports apart', async () => {
    await start();
    const mx = await bench.mx({ host: '127.0.0.21' });
    for (const transport of ['ip1', 'ip2', 'ip1', 'ip2']) await send('a@example.test', { transport });
    expect(mx.messages.map(({ peer, connection }) => `${peer} ${connection}`)).toEqual([
      '127.0.0.11 1',
      '127.0.0.12 2',
      '127.0.0.11 1',
      '127.0.0.12 2',
    ]);
  });

  test('leaves a kept connection aside when the transport has another address or name by now', async () => {
    await start();
    const mx = await bench.mx({ host: '127.0.0.21' });
    await send('a@example.test');
    const ip1 = bench.transports.get('ip1');
    if (ip1) bench.transports.set('ip1', { ...ip1, address: '127.0.0.13', ehlo: 'new.relay.test' });
    await send('a@example.test');
    expect(mx.messages.map(({ peer, ehlo }) => `${peer} ${ehlo}`)).toEqual([
      '127.0.0.11 ip1.relay.test',
      '127.0.0.13 new.relay.test',
    ]);
  });

  test('closes what nobody used for a while', async () => {
    await start({ idle: '100ms' });
    const mx = await bench.mx({ host: '127.0.0.21' });
    await send('a@example.test');
    await expect.poll(() => mx.connections().open).toBe(0);
    expect(mx.lines).toContain('1 QUIT');
    expect(bench.deliver.connections()).toEqual([]);
  });

  test('notices a kept connection that died, and goes on with a new one', async () => {
    await start();
    const mx = await bench.mx({ host: '127.0.0.21' });
    await send('a@example.test');
    mx.cut();
    expect((await send('b@example.test')).kind).toBe('delivered');
    expect(mx.connections().total).toBe(2);
  });

  test('tries a new connection when a kept one ends at MAIL, and that is the same attempt', async () => {
    await start();
    const repliesOnce: Record<string, string> = {};
    const mx = await bench.mx({ host: '127.0.0.21', repliesOnce });
    let rendered = 0;
    await send('a@example.test');
    repliesOnce['MAIL'] = '421 4.4.2 you were idle for too long';
    const outcome = await send('b@example.test', { onRender: () => rendered++ });
    expect(mx.connections().total).toBe(2);
    expect(outcome.kind).toBe('delivered');
    expect(outcome.kind === 'delivered' && outcome.conversation).toContain('the kept connection was dead');
    expect(rendered).toBe(1);
  });

  test('says RSET before the next message when the last one was refused', async () => {
    await start();
    const mx = await bench.mx({ host: '127.0.0.21' });
    await send('missing@example.test');
    await send('a@example.test');
    expect(mx.connections().total).toBe(1);
    expect(mx.chunks.some((chunk) => chunk.startsWith('RSET\r\nMAIL FROM'))).toBe(true);
  });

  test('lets running attempts end when we stop, and cuts what takes longer', async () => {
    await start();
    await bench.mx({ host: '127.0.0.21', slowMs: 300 });
    const slow = send('slow@example.test');
    await expect.poll(() => bench.deliver.connections().length).toBe(1);
    await bench.deliver.close(2000);
    expect((await slow).kind).toBe('delivered');
  });
});

describe('the next mail host', () => {
  test('is tried when the best one cannot be reached, and the dead one comes last for a while', async () => {
    await start({ messagesPerConnection: 1 });
    const second = await bench.mx({ host: '127.0.0.22' });
    const outcome = await send('a@two.test');
    expect(outcome).toMatchObject({ kind: 'delivered', via: { host: 'mx2.example.test' } });
    const again = await send('b@two.test');
    expect(again.kind === 'delivered' && again.conversation).not.toContain('127.0.0.21');
    expect(second.messages.length).toBe(2);
  });

  test.each(['421 4.3.2 too busy', '554 5.7.1 go away'])(
    'is tried when the best one greets with %s',
    async (greeting) => {
      await start();
      await bench.mx({ host: '127.0.0.21', replies: { GREETING: greeting } });
      await bench.mx({ host: '127.0.0.22' });
      expect(await send('a@two.test')).toMatchObject({
        kind: 'delivered',
        via: { host: 'mx2.example.test' },
      });
    },
  );

  test('is not tried when a host has refused the recipient', async () => {
    await start();
    await bench.mx({ host: '127.0.0.21' });
    const second = await bench.mx({ host: '127.0.0.22' });
    expect((await send('busy@two.test')).kind).toBe('deferred');
    expect(second.connections().total).toBe(0);
  });

  test('is missing: a greeting of 5xx defers, but 521 bounces', async () => {
    await start();
    const replies: Record<string, string> = { GREETING: '554 5.7.1 blocked using some.dnsbl' };
    await bench.mx({ host: '127.0.0.21', replies });
    expect(await send('a@example.test')).toMatchObject({
      kind: 'deferred',
      cause: { phase: 'greeting', class: 'blocked', status: '4.7.1' },
    });
    replies['GREETING'] = '521 no mail here';
    expect(await send('a@example.test')).toMatchObject({
      kind: 'bounced',
      cause: { class: 'no-mail-domain' },
    });
  });

  test('nobody answers: deferred, with what was tried in the record', async () => {
    await start();
    const outcome = await send('a@two.test');
    expect(outcome).toMatchObject({
      kind: 'deferred',
      cause: { phase: 'connect', class: 'connection', status: '4.4.1' },
    });
    expect(outcome.kind === 'deferred' && outcome.conversation).toMatch(/127\.0\.0\.21.*\n.*127\.0\.0\.22/);
  });
});

describe('encryption', () => {
  test('is used where it is offered, with the MX name as TLS server name', async () => {
    await start();
    const mx = await bench.mx({ host: '127.0.0.21', starttls: true });
    const outcome = await send('a@example.test');
    expect(outcome).toMatchObject({
      kind: 'delivered',
      via: { tls: expect.stringMatching(/^TLSv1\.3 TLS_/) },
    });
    expect(mx.messages[0]).toMatchObject({
      tls: 'TLSv1.3',
      servername: 'mx.example.test',
      ehlo: 'ip1.relay.test',
    });
    await send('b@example.test');
    expect(mx.messages[1]).toMatchObject({ connection: 1, nth: 2 });
    const large = Buffer.from('.a line of a large message\r\n'.repeat(60_000));
    expect((await send('c@example.test', { parts: [large] })).kind).toBe('delivered');
    expect(mx.messages[2]?.data.equals(large)).toBe(true);
  });

  test('that fails is left out once on a new connection, and remembered', async () => {
    await start({ messagesPerConnection: 1 });
    const mx = await bench.mx({ host: '127.0.0.21', starttls: 'broken' });
    const outcome = await send('a@example.test');
    expect(outcome.kind).toBe('delivered');
    expect(mx.messages[0]).toMatchObject({ connection: 2 });
    await send('b@example.test');
    expect(mx.connections().total).toBe(3);
  });

  test('that is refused leaves the session in clear', async () => {
    await start();
    const mx = await bench.mx({ host: '127.0.0.21', starttls: 'refused' });
    expect((await send('a@example.test')).kind).toBe('delivered');
    expect(mx.connections().total).toBe(1);
    expect(mx.messages[0]?.tls).toBeUndefined();
  });
});

describe('a route', () => {
  const route = (more: Readonly<Record<string, unknown>>) => ({
    routes: [{ domain: '*.routed.test', host: '127.0.0.31', ...more }],
  });
  const auth = { username: 'relay', password: 'secret-pass-word' };

  test('goes to its host and port with its log-in, which is in no record', async () => {
    const host = await startFakeMx({
      host: '127.0.0.31',
      starttls: true,
      auth,
    });
    await start(route({ port: host.port, tls: 'required', verify: false, ...auth }));
    const outcome = await send('a@shop.routed.test');
    expect(outcome).toMatchObject({ kind: 'delivered', via: { site: `route:127.0.0.31:${host.port}` } });
    expect(host.messages[0]).toMatchObject({ user: 'relay', tls: 'TLSv1.3' });
    const text = outcome.kind === 'delivered' ? outcome.conversation : '';
    expect(text).toContain('AUTH (not recorded) → 235 2.7.0 welcome');
    expect(text).not.toContain(Buffer.from('relay').toString('base64').slice(0, 5));
    await host.close();
  });

  test.each([
    ['with a certificate that nobody signed', { tls: 'required' }, { starttls: true }, 'tls'],
    ['with implicit TLS and such a certificate', { tls: 'implicit' }, { implicitTls: true }, 'tls'],
    ['without the TLS that is required', { tls: 'required' }, {}, 'tls'],
    ['with a password and no TLS to protect it', { tls: 'opportunistic', ...auth }, { auth }, 'tls'],
    [
      'with a wrong password',
      { tls: 'none', username: 'relay', password: 'wrong' },
      { auth },
      'authentication',
    ],
  ] as const)('%s waits', async (_name, settings, options, kind) => {
    const host = await startFakeMx({ host: '127.0.0.31', ...options });
    await start(route({ port: host.port, ...settings }));
    expect(await send('a@shop.routed.test')).toMatchObject({ kind: 'deferred', cause: { class: kind } });
    expect(host.messages).toEqual([]);
    await host.close();
  });

  test('with implicit TLS works, and limits its connections', async () => {
    const host = await startFakeMx({ host: '127.0.0.31', implicitTls: true });
    await start(route({ port: host.port, tls: 'implicit', verify: false, connections: 2 }));
    expect((await send('a@shop.routed.test')).kind).toBe('delivered');
    expect(host.messages[0]?.tls).toBe('TLSv1.3');
    const lane = `route:127.0.0.31:${host.port}`;
    expect(await bench.deliver.locate('ip1', 'shop.routed.test')).toMatchObject({ lane, limit: 2 });
    await host.close();
  });
});
