// MTA-STS on the way out: policies are fetched, kept and kept to; a host that does not satisfy one gets nothing.
import { createSecureContext } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/model/outcome.ts';
import type { TlsResult } from '../../../src/deliver/security/results.ts';
import { makeAuthority, makeStranger, type Authority, type Leaf } from '../../support/certificates.ts';
import { makeBench, orderFor, type Bench } from '../../support/deliver.ts';
import type { MxOptions } from '../../support/fake-mx.ts';
import { startPolicyHost, type PolicyHost } from '../../support/policy-host.ts';

const records = {
  'example.test': {
    mx: [
      [10, 'mx.example.test'],
      [20, 'two.example.test'],
    ],
  },
  'mx.example.test': { a: ['127.0.0.21'] },
  'two.example.test': { a: ['127.0.0.22'] },
  // Shares the mail hosts, and has no policy.
  'free.test': {
    mx: [
      [10, 'mx.example.test'],
      [20, 'two.example.test'],
    ],
  },
  '_mta-sts.example.test': { txt: ['v=STSv1; id=1;'] },
  'mta-sts.example.test': { a: ['127.0.0.81'] },
} as const;

const policy = (mode: string, mx = 'mx.example.test', age = 86_400): string =>
  `version: STSv1\r\nmode: ${mode}\r\nmx: ${mx}\r\nmax_age: ${age}\r\n`;

let authority: Authority;
let stranger: Authority;
let policyLeaf: Leaf;
let host: PolicyHost;
let bench: Bench;
let counted: TlsResult[];
let isOpen = false;

beforeAll(async () => {
  authority = await makeAuthority();
  stranger = await makeStranger();
  policyLeaf = await authority.leafFor('mta-sts.example.test');
});
beforeEach(async () => {
  host = await startPolicyHost('127.0.0.81', policyLeaf);
  host.answer.text = policy('enforce');
  await open();
});
afterEach(async () => {
  isOpen = false;
  await bench.close();
  await host.close();
});

async function open(delivery: Readonly<Record<string, unknown>> = {}): Promise<void> {
  if (isOpen) await bench.close();
  isOpen = true;
  counted = [];
  const timeouts = { greeting: '500ms', tls: '500ms', connect: '300ms' };
  bench = await makeBench(
    records,
    { timeouts, httpsPort: host.port, ...delivery },
    { countTls: (one) => counted.push(one) },
  );
}

const send = (to = 'a@example.test', tls?: 'optional' | 'verified'): Promise<Outcome> =>
  bench.deliver.send(orderFor({ to, instructions: tls ? { tls } : {} }));
const detailOf = (outcome: Outcome): string => ('cause' in outcome ? outcome.cause.detail : '');
const mxAt = async (address: string, leaf: Promise<Leaf> | undefined, options: MxOptions = {}) => {
  const shown = await leaf;
  const context = shown && createSecureContext({ key: shown.key, cert: shown.chain });
  return bench.mx({ host: address, ...(context && { starttls: true, context }), ...options });
};
const good = () => authority.leafFor('mx.example.test');
const failures = () => counted.map(({ policy: type, failure }) => `${type} ${failure ?? 'ok'}`);

describe('a policy to enforce', () => {
  test('is fetched once, and mail goes to the host it names, verified', async () => {
    const mx = await mxAt('127.0.0.21', good());
    expect(await send()).toMatchObject({ kind: 'delivered', via: { host: 'mx.example.test' } });
    expect(await send('b@example.test')).toMatchObject({ kind: 'delivered' });
    expect(mx.messages.map(({ connection, tls }) => [connection, tls])).toEqual([
      [1, 'TLSv1.3'],
      [1, 'TLSv1.3'],
    ]);
    expect(host.asked).toEqual(['GET mta-sts.example.test /.well-known/mta-sts.txt']);
    expect(failures()).toEqual(['sts ok']);
    expect(counted[0]).toMatchObject({
      mx: ['mx.example.test'],
      host: 'mx.example.test',
      localAddress: '127.0.0.11',
    });
    expect(counted[0]?.lines).toEqual([
      'version: STSv1',
      'mode: enforce',
      'mx: mx.example.test',
      'max_age: 86400',
    ]);
  });

  test.each([
    ['no TLS', undefined, {}, /does not do TLS/, 'sts starttls-not-supported'],
    [
      'broken TLS',
      undefined,
      { starttls: 'broken' },
      /TLS with mx.example.test failed/,
      'sts validation-failure',
    ],
    ['a certificate for another name', 'mx.elsewhere.test', {}, /altnames/, 'sts certificate-host-mismatch'],
    ['a certificate of an unknown authority', 'stranger', {}, /certificate/, 'sts certificate-not-trusted'],
    ['an old certificate', 'expired', {}, /expired/, 'sts certificate-expired'],
    [
      'a self-signed certificate',
      undefined,
      { starttls: true },
      /self.signed/,
      'sts certificate-not-trusted',
    ],
  ] as const)('makes mail wait for a host with %s', async (_name, shown, options, said, failure) => {
    const leaves = {
      'mx.elsewhere.test': () => authority.leafFor('mx.elsewhere.test'),
      stranger: () => stranger.leafFor('mx.example.test'),
      expired: () => authority.leafFor('mx.example.test', 'expired'),
    };
    const mx = await mxAt('127.0.0.21', shown && leaves[shown](), options);
    const two = await mxAt('127.0.0.22', authority.leafFor('two.example.test'));
    const outcome = await send();
    expect(outcome).toMatchObject({
      kind: 'deferred',
      cause: { class: 'tls', phase: 'tls', status: '4.7.5' },
    });
    expect(detailOf(outcome)).toMatch(said);
    expect(detailOf(outcome)).toMatch(
      /, and the MTA-STS policy of example\.test wants TLS with a verified certificate or nothing\.$/,
    );
    expect([...mx.messages, ...two.messages]).toEqual([]);
    expect(mx.lines.some((line) => /MAIL|RCPT|DATA/.test(line))).toBe(false);
    expect(two.connections().total).toBe(0);
    expect(failures()).toEqual([failure, 'sts validation-failure']);
  });

  test('passes over hosts that it does not name', async () => {
    host.answer.text = policy('enforce', 'two.example.test');
    const mx = await mxAt('127.0.0.21', good());
    await mxAt('127.0.0.22', authority.leafFor('two.example.test'));
    expect(await send()).toMatchObject({ kind: 'delivered', via: { host: 'two.example.test' } });
    expect(mx.connections().total).toBe(0);
  });

  test('that names none of the hosts makes the mail wait, with a sentence', async () => {
    host.answer.text = policy('enforce', '*.elsewhere.test');
    const mx = await mxAt('127.0.0.21', good());
    const outcome = await send();
    expect(outcome).toMatchObject({ kind: 'deferred', cause: { class: 'tls' } });
    expect(detailOf(outcome)).toBe(
      'The MTA-STS policy of example.test does not name its mail host mx.example.test, and wants mail to go to none but the hosts it names.',
    );
    expect(mx.connections().total).toBe(0);
  });

  test('does not hold for another domain with the same hosts, whose connections do not serve it either', async () => {
    const mx = await mxAt('127.0.0.21', good());
    for (const to of ['a@free.test', 'b@example.test', 'c@free.test', 'd@example.test'])
      expect((await send(to)).kind).toBe('delivered');
    expect(mx.messages.map(({ connection }) => connection)).toEqual([1, 2, 2, 2]);
  });

  test('is counted with the address that the world sees', async () => {
    const [known] = bench.transports.values();
    if (known) bench.transports.set('ip1', { ...known, publicAddress: '203.0.113.9' });
    await mxAt('127.0.0.21', good());
    await send();
    expect(counted[0]?.localAddress).toBe('203.0.113.9');
  });

  test('does not count for mail that is to go whatever the domain says, and that is not counted', async () => {
    const mx = await mxAt('127.0.0.21', undefined);
    expect((await send('a@example.test', 'optional')).kind).toBe('delivered');
    expect(mx.messages[0]?.tls).toBeUndefined();
    expect(counted).toEqual([]);
  });

  test('is not asked for where the operator wants none', async () => {
    await open({ mtaSts: false });
    await mxAt('127.0.0.21', undefined);
    expect((await send()).kind).toBe('delivered');
    expect(host.asked).toEqual([]);
    expect(bench.dns.questions.some((question) => question.includes('_mta-sts'))).toBe(false);
  });
});

describe('a policy to test', () => {
  test.each([
    ['no TLS', undefined, {}, 'sts starttls-not-supported'],
    ['a self-signed certificate', undefined, { starttls: true }, 'sts certificate-not-trusted'],
    ['broken TLS', undefined, { starttls: 'broken' }, 'sts validation-failure'],
    ['a certificate for another name', 'mx.elsewhere.test', {}, 'sts certificate-host-mismatch'],
    ['all that it wants', 'mx.example.test', {}, 'sts ok'],
  ] as const)('lets mail go to a host with %s, and counts it', async (_name, shown, options, result) => {
    host.answer.text = policy('testing');
    await mxAt('127.0.0.21', shown && authority.leafFor(shown), options);
    expect((await send()).kind).toBe('delivered');
    expect(failures()).toEqual([result]);
  });

  test('lets mail go to a host that it does not name', async () => {
    host.answer.text = policy('testing', 'mx.elsewhere.test');
    await mxAt('127.0.0.21', good());
    expect((await send()).kind).toBe('delivered');
    expect(failures()).toEqual(['sts validation-failure']);
  });
});

describe('a policy that cannot be had', () => {
  test.each([
    ['is not there', { status: 404 }, 'sts-policy-fetch-error'],
    [
      'is elsewhere',
      { status: 301, headers: { location: 'https://mta-sts.example.test/x' } },
      'sts-policy-fetch-error',
    ],
    ['is a page', { type: 'text/html' }, 'sts-policy-invalid'],
    ['is none', { text: 'hello' }, 'sts-policy-invalid'],
    ['is too large', { text: `${policy('enforce')}x: ${'y'.repeat(70_000)}` }, 'sts-policy-fetch-error'],
  ] as const)('since it %s: mail goes as without, and this is counted', async (_name, answer, failure) => {
    Object.assign(host.answer, answer);
    await mxAt('127.0.0.21', undefined);
    expect((await send()).kind).toBe('delivered');
    expect(failures()).toEqual(['no-policy-found starttls-not-supported', `sts ${failure}`]);
    expect(host.asked).toHaveLength(1);
    expect((await send()).kind).toBe('delivered');
    expect(host.asked).toHaveLength(1);
  });

  test('since its certificate is for another name', async () => {
    await host.close();
    host = await startPolicyHost('127.0.0.81', await authority.leafFor('elsewhere.test'));
    host.answer.text = policy('enforce');
    await open();
    await mxAt('127.0.0.21', undefined);
    expect((await send()).kind).toBe('delivered');
    expect(failures()).toContain('sts sts-webpki-invalid');
    expect(host.asked).toEqual([]);
  });

  test('since its host is in a private network, which is not asked', async () => {
    await open({ allowPrivateAddresses: false, routes: [] });
    bench.dns.table.set('mx.example.test', { a: ['192.0.2.1'] });
    await send();
    expect(host.asked).toEqual([]);
  });

  test('since the DNS does not answer', async () => {
    bench.dns.table.set('_mta-sts.example.test', { fail: 'drop' });
    await mxAt('127.0.0.21', undefined);
    expect((await send()).kind).toBe('delivered');
  });
});
