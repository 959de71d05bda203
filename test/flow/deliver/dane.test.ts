// DANE on the way out: signed TLSA records are kept to, unsigned ones are not looked at, and the resolver must validate.
import { createHash, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { deliveryConfig, dnsConfig } from '../../../src/deliver/config.ts';
import { makeDns } from '../../../src/deliver/resolve.ts';
import { openSecurity } from '../../../src/deliver/security/security.ts';
import { checkValidation } from '../../../src/deliver/security/validating.ts';
import { makeWireAsk } from '../../../src/deliver/security/wire.ts';
import type { TlsResult } from '../../../src/deliver/security/results.ts';
import { systemClock, type Clock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { Outcome } from '../../../src/model/outcome.ts';
import { makeAuthority, makeStranger, type Authority, type Leaf } from '../../support/certificates.ts';
import { makeBench, orderFor, type Bench } from '../../support/deliver.ts';
import { startFakeDns, type FakeDns, type Records } from '../../support/fake-dns.ts';
import type { MxOptions } from '../../support/fake-mx.ts';

type TlsaRecord = NonNullable<Records['tlsa']>[number];

const signed = { secure: true } as const;
const records = {
  '': { ns: ['a.root.test'], ...signed },
  'example.test': { mx: [[10, 'mx.example.test']], ...signed },
  'mx.example.test': { a: ['127.0.0.21'], ...signed },
} as const;

let authority: Authority;
let stranger: Authority;
let leaf: Leaf;
let bench: Bench;
let counted: TlsResult[];

beforeAll(async () => {
  authority = await makeAuthority();
  stranger = await makeStranger();
  leaf = await stranger.leafFor('mx.example.test');
});
beforeEach(async () => {
  counted = [];
  const timeouts = { greeting: '500ms', tls: '500ms', connect: '300ms' };
  const delivery = { timeouts, dane: true, mtaSts: false };
  bench = await makeBench(records, delivery, { countTls: (one) => counted.push(one) });
});
afterEach(() => bench.close());

const digest = (bytes: Buffer, algorithm = 'sha256') => createHash(algorithm).update(bytes).digest();
const der = (pem: string) => new X509Certificate(pem).raw;
const key = (pem: string) => new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
const publish = (tlsa: readonly TlsaRecord[], more: Partial<Records> = signed): void => {
  bench.dns.table.set(`_${bench.port}._tcp.mx.example.test`, { tlsa, ...more });
};
const mxWith = async (shown: Leaf | undefined, options: MxOptions = {}) => {
  const context = shown && createSecureContext({ key: shown.key, cert: shown.chain });
  return bench.mx({ host: '127.0.0.21', ...(context && { starttls: true, context }), ...options });
};
const send = (tls?: 'optional' | 'verified'): Promise<Outcome> =>
  bench.deliver.send(orderFor({ to: 'a@example.test', instructions: tls ? { tls } : {} }));
const detailOf = (outcome: Outcome): string => ('cause' in outcome ? outcome.cause.detail : '');

describe('a host whose certificate is named', () => {
  test.each([
    ['by itself, whole', () => [[3, 0, 0, der(leaf.cert)]]],
    ['by its SHA-256', () => [[3, 0, 1, digest(der(leaf.cert))]]],
    ['by its SHA-512', () => [[3, 0, 2, digest(der(leaf.cert), 'sha512')]]],
    ['by its key', () => [[3, 1, 0, key(leaf.cert)]]],
    ['by the SHA-256 of its key', () => [[3, 1, 1, digest(key(leaf.cert))]]],
    ['by its authority', () => [[2, 0, 1, digest(der(stranger.cert))]]],
    ["by its authority's key", () => [[2, 1, 1, digest(key(stranger.cert))]]],
    ['by its authority, whole', () => [[2, 0, 0, der(stranger.cert)]]],
    [
      'by one of several',
      () => [
        [3, 1, 1, digest(Buffer.from('old'))],
        [1, 0, 1, Buffer.alloc(32)],
        [3, 1, 1, digest(key(leaf.cert))],
      ],
    ],
  ] as const)('%s gets the mail, whoever signed it', async (_name, tlsa) => {
    publish(tlsa() as unknown as readonly TlsaRecord[]);
    const mx = await mxWith(leaf);
    expect(await send()).toMatchObject({ kind: 'delivered' });
    expect((await send()).kind).toBe('delivered');
    expect(mx.messages.map(({ connection, tls }) => [connection, tls])).toEqual([
      [1, 'TLSv1.3'],
      [1, 'TLSv1.3'],
    ]);
    expect(counted.map(({ policy, failure }) => [policy, failure])).toEqual([['tlsa', undefined]]);
  });

  test('gets mail that must be verified, too', async () => {
    publish([[3, 1, 1, digest(key(leaf.cert))]]);
    await mxWith(leaf);
    expect((await send('verified')).kind).toBe('delivered');
  });

  test('and not its authority, need not have the right name or date', async () => {
    const old = await stranger.leafFor('elsewhere.test', 'expired');
    publish([[3, 1, 1, digest(key(old.cert))]]);
    await mxWith(old);
    expect((await send()).kind).toBe('delivered');
  });
});

describe('mail waits', () => {
  test.each([
    ['another certificate', () => [[3, 1, 1, digest(Buffer.from('other'))]], () => leaf, {}],
    ['another authority', () => [[2, 0, 1, digest(der(authority.cert))]], () => leaf, {}],
    ['no TLS', () => [[3, 1, 1, digest(key(leaf.cert))]], () => undefined, {}],
    [
      'broken TLS',
      () => [[3, 1, 1, digest(key(leaf.cert))]],
      () => undefined,
      { starttls: 'broken' as const },
    ],
  ])('for a host with %s', async (_name, tlsa, shown, options) => {
    publish(tlsa() as unknown as readonly TlsaRecord[]);
    const mx = await mxWith(shown(), options);
    const outcome = await send();
    expect(outcome).toMatchObject({ kind: 'deferred', cause: { class: 'tls', phase: 'tls' } });
    expect(detailOf(outcome)).toMatch(
      /, and the TLSA records \(DANE\) of mx\.example\.test want TLS with a certificate that they name or nothing\.$/,
    );
    expect(mx.lines.some((line) => /MAIL|RCPT|DATA/.test(line))).toBe(false);
    expect(counted).toMatchObject([{ policy: 'tlsa', failure: expect.any(String) }]);
    expect((await send('optional')).kind).toBe('delivered');
  });

  test.each([
    ['of another name', () => stranger.leafFor('elsewhere.test'), /for other host names/],
    ['that is over', () => stranger.leafFor('mx.example.test', 'expired'), /none that its TLSA records name/],
  ])('for a certificate %s below an authority that is named', async (_name, make, said) => {
    publish([[2, 0, 1, digest(der(stranger.cert))]]);
    await mxWith(await make());
    expect(detailOf(await send())).toMatch(said);
  });

  test.each(['servfail', 'refused', 'drop'] as const)(
    'where the TLSA records cannot be had (%s)',
    async (fail) => {
      publish([], { fail });
      const mx = await mxWith(leaf);
      const outcome = await send();
      expect(outcome).toMatchObject({ kind: 'deferred', cause: { class: 'tls' } });
      expect(detailOf(outcome)).toMatch(
        /^The TLSA records \(DANE\) of mx\.example\.test could not be looked up/,
      );
      expect(mx.connections().total).toBe(0);
      expect(counted).toMatchObject([{ policy: 'tlsa', failure: 'dnssec-invalid' }]);
    },
  );
});

describe('DANE does not hold', () => {
  const wrong = [[3, 1, 1, Buffer.alloc(32)]] as const;

  test.each([
    ['the TLSA records', () => publish(wrong, {})],
    ['the MX records', () => bench.dns.table.set('example.test', { mx: [[10, 'mx.example.test']] })],
    ['the address records', () => bench.dns.table.set('mx.example.test', { a: ['127.0.0.21'] })],
    [
      'nothing: there are no TLSA records',
      () => bench.dns.table.delete(`_${bench.port}._tcp.mx.example.test`),
    ],
  ])('where not signed: %s', async (_name, change) => {
    publish(wrong);
    change();
    await mxWith(undefined);
    expect((await send()).kind).toBe('delivered');
    expect(counted).toMatchObject([{ policy: 'no-policy-found' }]);
  });

  test('where the resolver does not validate', async () => {
    bench.dns.table.set('', { ns: ['a.root.test'] });
    publish(wrong);
    await mxWith(undefined);
    expect((await send()).kind).toBe('delivered');
  });
});

test('records that cannot be used still demand TLS, with any certificate', async () => {
  publish([[1, 1, 1, Buffer.alloc(32)]]);
  const mx = await mxWith(undefined);
  expect(detailOf(await send())).toMatch(/TLSA records \(DANE\) of mx\.example\.test want TLS or nothing/);
  await mx.close();
  await mxWith(leaf);
  expect((await send()).kind).toBe('delivered');
});

describe('the resolver', () => {
  let dns: FakeDns;
  const deps = (server: string) => ({ servers: [server], timeout: 300, tries: 1, clock: systemClock });
  afterEach(() => dns.close());

  test.each([
    [
      'validates',
      { ns: ['a.root.test'], secure: true },
      true,
      /^DANE is used: 127\.0\.0\.1:\d+ validates DNSSEC\.$/,
    ],
    [
      'does not',
      { ns: ['a.root.test'] },
      false,
      /does not validate .*DANE is off in spite of delivery\.dane/,
    ],
    [
      'fails',
      { fail: 'servfail' },
      false,
      /could not be asked whether it validates \(the resolver says SERVFAIL\)/,
    ],
    ['is silent', { fail: 'drop' }, false, /did not answer in time/],
  ] as const)('that %s is told in a sentence', async (_name, root, ok, sentence) => {
    dns = await startFakeDns({ '': root });
    expect(await checkValidation(deps(dns.server))).toMatchObject({
      ok,
      sentence: expect.stringMatching(sentence),
    });
  });

  test('that is kept from answering does not turn DANE off; one that stops to validate does', async () => {
    const signedHost = { a: ['127.0.0.21'], ...signed };
    dns = await startFakeDns({
      '': { ns: ['a.root.test'], secure: true },
      'example.test': { mx: [[10, 'mx.example.test']], ...signed },
      'mx.example.test': signedHost,
      '_25._tcp.mx.example.test': { tlsa: [[3, 1, 1, Buffer.alloc(32)]], ...signed },
    });
    let look = (): void => {};
    let shift = 0;
    const clock: Clock = {
      ...systemClock,
      ticks: () => systemClock.ticks() + shift,
      every: (_ms, task) => {
        look = task;
        return () => {};
      },
    };
    const dnsConf = dnsConfig.parse({ servers: [dns.server], timeout: '200ms', tries: 1 });
    const delivery = deliveryConfig.parse({ dane: true, mtaSts: false });
    const security = openSecurity({
      config: { delivery, dns: dnsConf },
      dns: makeDns(dnsConf, clock),
      clock,
      log: silentLog,
    });
    const kinds = async () => [...(await security.of('example.test', ['mx.example.test'])).dane.values()];
    const lookLater = async (): Promise<void> => {
      shift += 5 * 60_000;
      look();
      await systemClock.sleep(350);
    };
    expect(await kinds()).toMatchObject([{ kind: 'records' }]);
    dns.table.set('', { fail: 'drop' });
    await lookLater();
    expect(await kinds()).toMatchObject([{ kind: 'records' }]);
    dns.table.set('', { ns: ['a.root.test'] });
    await lookLater();
    expect(await kinds()).toEqual([]);
    security.close();
  });

  test('is asked by TCP where its answer does not fit', async () => {
    dns = await startFakeDns({
      'long.test': { txt: [], mx: [[10, 'mx.long.test']], secure: true, truncate: true },
    });
    const answer = await makeWireAsk(deps(dns.server))('long.test', 'MX');
    expect(answer).toMatchObject({
      kind: 'found',
      secure: true,
      records: [{ data: { exchange: 'mx.long.test' } }],
    });
    expect(dns.questions).toEqual(['MX long.test', 'MX long.test']);
  });
});
