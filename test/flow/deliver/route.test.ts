// Routing over a real DNS on loopback: order, fallbacks, failures, and addresses that mail must not go to.
import { afterEach, describe, expect, test } from 'vitest';
import { makeProviders, noProviders } from '../../../src/deliver/providers.ts';
import { providersFile } from '../../../src/deliver/providers-file.ts';
import { makeRouting, type Way } from '../../../src/deliver/route.ts';
import { deliveryConfig, dnsConfig } from '../../../src/deliver/config.ts';
import { makeDns } from '../../../src/deliver/resolve.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { startFakeDns, type FakeDns, type Records } from '../../support/fake-dns.ts';

let dns: FakeDns | undefined;

afterEach(async () => {
  await dns?.close();
  dns = undefined;
});

type Extra = Readonly<{
  delivery?: Readonly<Record<string, unknown>>;
  own?: readonly string[];
  ipv6?: boolean;
  providers?: unknown;
}>;

async function start(records: Readonly<Record<string, Records>>, extra: Extra = {}) {
  dns = await startFakeDns(records);
  const { find } = makeRouting({
    providers: makeProviders(providersFile.parse(extra.providers ?? { providers: {} })),
    config: deliveryConfig.parse(extra.delivery ?? {}),
    dns: makeDns(dnsConfig.parse({ servers: [dns.server], timeout: '250ms', tries: 1 }), systemClock),
    clock: systemClock,
    ownNames: () => new Set(['relay.test']),
    ownAddresses: () => new Set(extra.own ?? []),
    wantsIpv6: () => extra.ipv6 ?? false,
  });
  return find;
}

const targets = (way: Way): readonly string[] =>
  way.kind === 'hosts' ? way.targets.map(({ host, address, port }) => `${host} ${address} ${port}`) : [];

const cause = (way: Way): string =>
  way.kind === 'nowhere' ? `${way.cause.status} ${way.cause.class}` : `hosts ${targets(way).join(', ')}`;

describe('mail hosts', () => {
  test('come by preference, at most five addresses, and name the lane', async () => {
    const route = await start({
      'a.test': {
        mx: [
          [20, 'B.mx.test'],
          [10, 'a.mx.test'],
          [30, 'c.mx.test'],
        ],
      },
      'a.mx.test': { a: ['8.0.0.1', '8.0.0.2', '8.0.0.3', '8.0.0.4'] },
      'b.mx.test': { a: ['8.0.1.1'] },
      'c.mx.test': { a: ['8.0.2.1', '8.0.2.2', '8.0.2.3'] },
    });
    const way = await route('a.test');
    expect(way).toMatchObject({ lane: 'mx:a.mx.test,b.mx.test,c.mx.test', limit: 10, tls: 'opportunistic' });
    const addresses = targets(way).map((target) => target.split(' ')[1]);
    expect(addresses.map((address) => address?.split('.')[2])).toEqual(['0', '0', '0', '1', '2']);
  });

  test('are the domain itself where there is no MX record, IPv6 only where we can speak it', async () => {
    const records = { 'a.test': { a: ['8.0.0.1'], aaaa: ['2a00::1'] } };
    expect(targets(await (await start(records))('a.test'))).toEqual(['a.test 8.0.0.1 25']);
    await dns?.close();
    const both = await start(records, { ipv6: true });
    expect(targets(await both('a.test'))).toEqual(['a.test 8.0.0.1 25', 'a.test 2a00::1 25']);
  });

  test('with a hundred MX records ask for five names only', async () => {
    const mx = Array.from({ length: 100 }, (_, i) => [i, `m${i}.mx.test`] as const);
    const hosts = Object.fromEntries(mx.map(([i, host]) => [host, { a: [`8.0.0.${i}`] }]));
    const route = await start({ 'a.test': { mx }, ...hosts });
    const way = await route('a.test');
    expect(targets(way).length).toBe(5);
    expect(dns?.questions.length).toBe(6);
    expect(way.lane.length).toBeLessThanOrEqual(128);
  });

  test('are found by way of TCP when the answer is too long for UDP', async () => {
    const route = await start({
      'a.test': { mx: [[1, 'm.test']], truncate: true },
      'm.test': { a: ['8.0.0.1'] },
    });
    expect(targets(await route('a.test'))).toEqual(['m.test 8.0.0.1 25']);
  });

  test('are asked for once, however many ask at the same time', async () => {
    const route = await start({ 'a.test': { mx: [[1, 'm.test']] }, 'm.test': { a: ['8.0.0.1'] } });
    await Promise.all(Array.from({ length: 20 }, () => route('a.test')));
    await route('a.test');
    expect(dns?.questions.sort()).toEqual(['A m.test', 'MX a.test']);
  });
});

describe('failures', () => {
  test.each([
    ['a name that does not exist', {}, '5.1.2 bad-domain'],
    ['a null MX', { 'a.test': { mx: [[0, '']] } }, '5.1.10 no-mail-domain'],
    ['neither MX nor address', { 'a.test': {} }, '5.1.2 no-mail-domain'],
    ['SERVFAIL', { 'a.test': { fail: 'servfail' } }, '4.4.3 dns'],
    ['REFUSED', { 'a.test': { fail: 'refused' } }, '4.4.3 dns'],
    ['silence', { 'a.test': { fail: 'drop' } }, '4.4.3 dns'],
    ['mail hosts without addresses', { 'a.test': { mx: [[1, 'm.test']] } }, '5.4.4 bad-domain'],
    [
      'a mail host whose address nobody knows',
      { 'a.test': { mx: [[1, 'm.test']] }, 'm.test': { fail: 'servfail' } },
      '4.4.3 dns',
    ],
    ['an endless alias', { 'a.test': { cname: 'a.test' } }, /^(4\.4\.3 dns|5\.1\.2 no-mail-domain)$/],
  ] as readonly (readonly [string, Record<string, Records>, string | RegExp])[])(
    '%s',
    async (_name, records, wanted) => {
      const route = await start(records);
      expect(cause(await route('a.test'))).toMatch(wanted);
    },
  );

  test('are asked again soon, and mail goes on when the DNS is back', async () => {
    let now = 0;
    const fake = await startFakeDns({ 'a.test': { fail: 'servfail' } });
    dns = fake;
    const clock = { ...systemClock, ticks: () => now };
    const { find: route, providerOf } = makeRouting({
      providers: noProviders,
      config: deliveryConfig.parse({}),
      dns: makeDns(dnsConfig.parse({ servers: [fake.server], timeout: '250ms', tries: 1 }), clock),
      clock,
      ownNames: () => new Set(),
      ownAddresses: () => new Set(),
      wantsIpv6: () => false,
    });
    expect(cause(await route('a.test'))).toBe('4.4.3 dns');
    expect(providerOf('a.test')).toBeUndefined();
    fake.table.set('a.test', { a: ['8.0.0.1'] });
    now = 10_001;
    expect(targets(await route('a.test'))).toEqual(['a.test 8.0.0.1 25']);
  });
});

describe('who runs the mail hosts', () => {
  const providers = { providers: { big: { mx: ['.big.test'] }, small: { domains: ['small.test'] } } };
  test.each<[string, string[], string | undefined]>([
    ['a.test', ['a.big.test', 'b.big.test'], 'big'],
    ['a.test', ['a.big.test', 'backup.elsewhere.test'], undefined],
    ['small.test', ['mail.elsewhere.test'], 'small'],
  ])('%s with %j: %s', async (domain, hosts, provider) => {
    const mx = hosts.map((name, i) => [i, name] as const);
    const a = hosts.map((name) => [name, { a: ['8.0.0.1'] }] as const);
    const way = await (await start({ [domain]: { mx }, ...Object.fromEntries(a) }, { providers }))(domain);
    expect(way.kind === 'hosts' && way.provider?.name).toBe(provider);
  });
});

describe('addresses that mail must not go to', () => {
  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.254.1.1',
    '0.0.0.0',
    '192.168.1.1',
    '224.0.0.1',
    '255.255.255.255',
  ])('%s', async (address) => {
    const records = { 'a.test': { mx: [[1, 'm.test']] as const }, 'm.test': { a: [address] } };
    expect(cause(await (await start(records))('a.test'))).toBe('5.4.4 routing');
    await dns?.close();
    const allowed = await start(records, { delivery: { allowPrivateAddresses: true } });
    expect(targets(await allowed('a.test'))).toEqual([`m.test ${address} 25`]);
  });

  test('an address literal and "localhost" as mail hosts', async () => {
    const literal = await start({ 'a.test': { mx: [[1, '127.0.0.1']] } });
    expect(cause(await literal('a.test'))).toBe('5.4.4 routing');
    await dns?.close();
    const localhost = await start({ 'a.test': { mx: [[1, 'localhost']] } });
    expect(cause(await localhost('a.test'))).toBe('5.4.4 routing');
  });

  test('our own, by address and by name, with all that are not preferred to it', async () => {
    const records = {
      'a.test': {
        mx: [
          [10, 'm.test'],
          [20, 'relay.test'],
          [30, 'n.test'],
        ] as const,
      },
      'b.test': { mx: [[10, 'm.test']] as const },
      'm.test': { a: ['8.0.0.1'] },
      'n.test': { a: ['8.0.0.3'] },
      'relay.test': { a: ['8.0.0.2'] },
    };
    const byName = await start(records);
    expect(targets(await byName('a.test'))).toEqual(['m.test 8.0.0.1 25']);
    await dns?.close();
    const byAddress = await start(records, { own: ['8.0.0.1'] });
    expect(cause(await byAddress('b.test'))).toBe('5.4.6 routing');
  });
});

describe('routes from the configuration', () => {
  test('the first that matches wins over MX; private addresses are allowed there', async () => {
    const routes = [
      { domain: 'in.a.test', host: '10.0.0.1', port: 2525, connections: 3 },
      { domain: '*.a.test', host: 'smart.test' },
      { domain: '*', host: 'missing.test' },
    ];
    const route = await start({ 'smart.test': { a: ['10.0.0.2'] } }, { delivery: { routes } });
    expect(await route('in.a.test')).toMatchObject({ lane: 'route:10.0.0.1:2525', limit: 3 });
    expect(targets(await route('b.a.test'))).toEqual(['smart.test 10.0.0.2 25']);
    expect(cause(await route('a.test'))).toBe('4.4.3 routing');
  });
});
