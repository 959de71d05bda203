// Mail whose sender demands TLS: never in clear, never on a connection that does not fulfil the demand.
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SecureContext } from 'node:tls';
import { makeProviders } from '../../../src/deliver/providers.ts';
import { providersFile } from '../../../src/deliver/providers-file.ts';
import type { Outcome } from '../../../src/model/outcome.ts';
import { makeAuthority } from '../../support/certificates.ts';
import { makeBench, orderFor, type Bench, type OrderOptions } from '../../support/deliver.ts';
import { startFakeMx, type MxOptions } from '../../support/fake-mx.ts';

const records = {
  'example.test': { mx: [[10, 'mx.example.test']] },
  'mx.example.test': { a: ['127.0.0.21'] },
  'three.test': {
    mx: [
      [10, 'one.three.test'],
      [20, 'two.three.test'],
      [30, 'last.three.test'],
    ],
  },
  'one.three.test': { a: ['127.0.0.22'] },
  'two.three.test': { a: ['127.0.0.23'] },
  'last.three.test': { a: ['127.0.0.24'] },
} as const;

let good: SecureContext;
let elsewhere: SecureContext;
let bench: Bench;

beforeAll(async () => {
  const authority = await makeAuthority();
  good = await authority.contextFor('mx.example.test');
  elsewhere = await authority.contextFor('mx.elsewhere.test');
});
beforeEach(async () => {
  bench = await makeBench(records, { timeouts: { greeting: '500ms', tls: '500ms', connect: '300ms' } });
});
afterEach(() => bench.close());

type Tls = 'encrypted' | 'verified' | undefined;
const send = (tls: Tls, to = 'a@example.test', more: Partial<OrderOptions> = {}): Promise<Outcome> =>
  bench.deliver.send(orderFor({ to, instructions: tls === undefined ? {} : { tls }, ...more }));
const detailOf = (outcome: Outcome): string => ('cause' in outcome ? outcome.cause.detail : '');
const mxAt = (host: string, options: MxOptions = {}) => bench.mx({ host, ...options });

describe.each(['encrypted', 'verified'] as const)('a message to be sent %s', (tls) => {
  test.each([
    ['offers none', {}, 'does not do TLS (it said: 454'],
    ['refuses it', { starttls: 'refused' }, 'does not do TLS (it said: 454 4.7.0 TLS not available)'],
    ['says for good that it knows none', { replies: { STARTTLS: '502 5.5.1 what?' } }, 'does not do TLS'],
    ['breaks it', { starttls: 'broken' }, 'TLS with mx.example.test failed'],
    ['knows no EHLO', { replies: { EHLO: '502 5.5.1 what?' } }, 'does not do TLS (it said: 502'],
  ] as const)('waits where the host %s, and nothing of it is told in clear', async (_name, options, said) => {
    const mx = await mxAt('127.0.0.21', options);
    const outcome = await send(tls);
    expect(outcome).toMatchObject({
      kind: 'deferred',
      cause: { phase: 'tls', class: 'tls', status: '4.7.5' },
    });
    expect(detailOf(outcome)).toContain(said);
    expect(detailOf(outcome)).toMatch(/, and the sender wants this message sent over TLS .*or not at all\.$/);
    expect(mx.messages).toEqual([]);
    expect(mx.lines.some((line) => /MAIL|RCPT|DATA/.test(line))).toBe(false);
    expect(mx.connections().total).toBe(1);
  });

  test('goes to the first host that can, past those that cannot, which others may still use', async () => {
    const one = await mxAt('127.0.0.22');
    const two = await mxAt('127.0.0.23', { starttls: 'broken' });
    const last = await mxAt('127.0.0.24', { starttls: true });
    const outcome = await send(tls, 'a@three.test');
    const three = [one, two, last].map((host) => host.connections().total);
    expect(three).toEqual([1, 1, 1]);
    if (tls === 'encrypted') {
      expect(outcome).toMatchObject({ kind: 'delivered', via: { host: 'last.three.test' } });
      expect(last.messages[0]?.tls).toBe('TLSv1.3');
    } else expect(detailOf(outcome)).toContain('TLS with last.three.test failed (');
    expect(await send(undefined, 'b@three.test')).toMatchObject(
      tls === 'encrypted' ? { kind: 'delivered' } : { kind: 'delivered', via: { host: 'one.three.test' } },
    );
  });

  test('does not take part in what is remembered of broken TLS', async () => {
    const mx = await mxAt('127.0.0.21', { starttls: 'broken' });
    expect((await send(undefined)).kind).toBe('delivered');
    expect(mx.messages[0]?.tls).toBeUndefined();
    expect(await send(tls)).toMatchObject({ kind: 'deferred', cause: { class: 'tls' } });
    expect(mx.messages).toHaveLength(1);
  });

  test('says that TLS was missing although another host is down', async () => {
    await mxAt('127.0.0.22');
    const outcome = await send(tls, 'a@three.test');
    expect(outcome).toMatchObject({
      kind: 'deferred',
      cause: { class: 'tls' },
      via: { host: 'one.three.test' },
    });
  });

  test('is caught by the sandbox all the same', async () => {
    expect((await send(tls, 'a@example.test', { transport: 'box' })).kind).toBe('delivered');
  });

  test('makes a route without TLS use it, or waits', async () => {
    const host = await startFakeMx({ host: '127.0.0.31', starttls: true });
    await bench.close();
    const routes = [{ domain: 'routed.test', host: '127.0.0.31', port: host.port, tls: 'none' }];
    bench = await makeBench(records, { routes });
    const outcome = await send(tls, 'a@routed.test');
    expect(outcome.kind).toBe(tls === 'encrypted' ? 'delivered' : 'deferred');
    expect(host.messages.map((message) => message.tls)).toEqual(tls === 'encrypted' ? ['TLSv1.3'] : []);
    await host.close();
  });
});

describe('a certificate', () => {
  test('that names the host and is trusted is enough for verified', async () => {
    const mx = await mxAt('127.0.0.21', { starttls: true, context: good });
    expect(await send('verified')).toMatchObject({
      kind: 'delivered',
      via: { tls: expect.stringMatching(/^TLS/) },
    });
    expect(mx.messages[0]?.servername).toBe('mx.example.test');
  });

  test.each([
    ['of another name', () => elsewhere, /altnames|not match/],
    ['that nobody signed', () => undefined, /self.signed/],
  ])('%s is not, and is enough for encrypted', async (_name, context, why) => {
    const shown = context();
    const mx = await mxAt('127.0.0.21', { starttls: true, ...(shown && { context: shown }) });
    const outcome = await send('verified');
    expect(outcome).toMatchObject({ kind: 'deferred', cause: { class: 'tls' } });
    expect(detailOf(outcome)).toMatch(why);
    expect(mx.messages).toEqual([]);
    expect((await send('encrypted')).kind).toBe('delivered');
  });
});

describe('a provider whose rule wants TLS', () => {
  const providers = makeProviders(
    providersFile.parse({ providers: { big: { mx: ['.example.test'], tls: 'required' } } }),
  );

  beforeEach(async () => {
    await bench.close();
    bench = await makeBench(records, {}, { providers });
  });

  test.each([
    ['no TLS', {}, 'does not do TLS (it said: 454'],
    ['broken TLS', { starttls: 'broken' }, 'TLS with mx.example.test failed'],
  ] as const)(
    'gets no mail where its host has %s, and the sentence names the rule',
    async (_name, options, said) => {
      const mx = await mxAt('127.0.0.21', options);
      const outcome = await send(undefined);
      expect(outcome).toMatchObject({ kind: 'deferred', cause: { class: 'tls', phase: 'tls' } });
      expect(detailOf(outcome)).toContain(said);
      expect(detailOf(outcome)).toMatch(
        /, and the rule for provider big wants TLS or nothing \(providers\.yaml\)\.$/,
      );
      expect(mx.lines.some((line) => /MAIL|RCPT|DATA/.test(line))).toBe(false);
    },
  );

  test('takes any certificate', async () => {
    const mx = await mxAt('127.0.0.21', { starttls: true });
    expect((await send(undefined)).kind).toBe('delivered');
    expect(mx.messages[0]?.tls).toBe('TLSv1.3');
  });
});

describe('kept connections', () => {
  test('in clear serve nobody who demands TLS', async () => {
    const options: { host: string; port: number; starttls?: boolean } = {
      host: '127.0.0.21',
      port: bench.port,
    };
    const mx = await startFakeMx(options);
    await send(undefined);
    options.starttls = true;
    expect((await send('encrypted')).kind).toBe('delivered');
    expect(mx.messages.map(({ connection, tls }) => [connection, tls])).toEqual([
      [1, undefined],
      [2, 'TLSv1.3'],
    ]);
    await mx.close();
  });

  test('that were not verified serve the encrypted and not the verified, and the other way round', async () => {
    const mx = await mxAt('127.0.0.21', { starttls: true, context: good });
    for (const tls of [undefined, 'encrypted', 'verified', 'verified', 'encrypted', undefined] as const)
      expect((await send(tls)).kind).toBe('delivered');
    expect(mx.messages.map(({ connection }) => connection)).toEqual([1, 1, 2, 2, 2, 2]);
  });

  test('that cannot serve a message make room for one that can', async () => {
    await bench.close();
    bench = await makeBench(records, { connectionsPerLane: 1 });
    const mx = await mxAt('127.0.0.21', { starttls: true, context: good });
    for (const tls of ['encrypted', 'verified', 'encrypted'] as const)
      expect((await send(tls)).kind).toBe('delivered');
    expect(mx.messages.map(({ connection }) => connection)).toEqual([1, 2, 2]);
    expect(bench.deliver.connections()).toMatchObject([{ open: 1, idle: 1 }]);
    expect(mx.lines.filter((line) => line === '1 QUIT')).toHaveLength(1);
  });

  test('of the wrong certificate are never taken for verified ones', async () => {
    const mx = await mxAt('127.0.0.21', { starttls: true, context: elsewhere });
    expect((await send('encrypted')).kind).toBe('delivered');
    expect((await send('verified')).kind).toBe('deferred');
    expect(mx.messages).toHaveLength(1);
  });
});

describe('REQUIRETLS', () => {
  const keywords = ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'SIZE 36000000', 'REQUIRETLS'];

  test('is said for verified mail where the host offers it', async () => {
    const mx = await mxAt('127.0.0.21', { starttls: true, context: good, keywords });
    await send('verified');
    await send('encrypted');
    await send(undefined);
    expect(mx.messages.map(({ mail }) => mail.endsWith(' REQUIRETLS'))).toEqual([true, false, false]);
  });

  test('is not said where the host does not know it', async () => {
    const mx = await mxAt('127.0.0.21', { starttls: true, context: good });
    expect((await send('verified')).kind).toBe('delivered');
    expect(mx.messages[0]?.mail).not.toContain('REQUIRETLS');
  });
});
