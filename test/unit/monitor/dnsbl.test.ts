import { describe, expect, test } from 'vitest';
import { publicAddresses, reversedName } from '../../../src/monitor/addresses.ts';
import type { Answer } from '../../../src/monitor/answer.ts';
import { blocklistSchema, DEFAULT_BLOCKLISTS, hasCode } from '../../../src/monitor/blocklists.ts';
import { questionFor, troubleOf, verdictOf } from '../../../src/monitor/dnsbl.ts';
import { transportSchema } from '../../../src/model/settings.ts';

const list = blocklistSchema.parse({
  name: 'Test',
  zone: 'bl.test',
  families: ['ipv4', 'ipv6'],
  quarantine: ['127.0.0.2-4', '127.0.1.9'],
  warn: ['127.0.0.10-11'],
});

describe('the name that is asked for (RFC 5782)', () => {
  const cases = [
    ['192.0.2.99', '99.2.0.192'],
    // The example of RFC 5782 §2.4.
    ['2001:db8:1:2:3:4:567:89ab', 'b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2'],
    ['2001:DB8::1', '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2'],
    ['::ffff:7f00:2', '2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0'],
    ['::ffff:127.0.0.2', '2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0'],
    ['::', Array(32).fill('0').join('.')],
    ['1::', [...Array(28).fill('0'), '1', '0', '0', '0'].join('.')],
    ['example.org', undefined],
    ['', undefined],
    ['1.2.3', undefined],
  ] as const;
  for (const [address, want] of cases)
    test(address || 'nothing', () => expect(reversedName(address)).toBe(want));

  test('a list is asked only for addresses of the kind it lists', () => {
    expect(questionFor('192.0.2.1', list)).toBe('1.2.0.192.bl.test');
    expect(questionFor('2001:db8::1', { ...list, families: ['ipv4'] })).toBeUndefined();
    expect(questionFor('192.0.2.1', { ...list, families: ['ipv6'] })).toBeUndefined();
  });
});

describe('what an answer means', () => {
  const found = (...records: string[]): Answer => ({ kind: 'found', records });
  const cases: readonly (readonly [string, Answer, object])[] = [
    ['no such name', { kind: 'nxdomain' }, { kind: 'clean' }],
    ['a name without addresses', { kind: 'none' }, { kind: 'clean' }],
    ['SERVFAIL', { kind: 'failed', code: 'ESERVFAIL' }, { kind: 'unknown' }],
    ['a time-out', { kind: 'failed', code: 'ETIMEOUT' }, { kind: 'unknown' }],
    ['refused', { kind: 'failed', code: 'EREFUSED' }, { kind: 'unknown' }],
    ['a code that counts', found('127.0.0.2'), { kind: 'listed', act: 'quarantine', codes: ['127.0.0.2'] }],
    ['the end of a range', found('127.0.0.4'), { kind: 'listed', act: 'quarantine' }],
    ['behind a range', found('127.0.0.5'), { kind: 'clean' }],
    ['another network', found('127.0.1.2'), { kind: 'clean' }],
    ['a code that warns', found('127.0.0.11'), { kind: 'listed', act: 'warn' }],
    ['both: the worse one wins', found('127.0.0.10', '127.0.0.3'), { kind: 'listed', act: 'quarantine' }],
    ['open resolver', found('127.255.255.254'), { kind: 'unknown' }],
    ['too many questions', found('127.255.255.255'), { kind: 'unknown' }],
    ['a refusal beside an entry', found('127.0.0.2', '127.255.255.252'), { kind: 'unknown' }],
    ['127.0.0.1, another form of refusal', found('127.0.0.1'), { kind: 'unknown' }],
    ['a resolver that invents answers', found('203.0.113.80'), { kind: 'unknown' }],
    ['an invented one beside an entry', found('127.0.0.2', '93.184.215.14'), { kind: 'unknown' }],
    ['almost 127/8', found('12.7.0.2'), { kind: 'unknown' }],
    ['no address at all', found(''), { kind: 'unknown' }],
  ];
  for (const [name, answer, want] of cases)
    test(name, () => expect(verdictOf(answer, list)).toMatchObject(want));

  test('whether a list works is told by its test entries', () => {
    const good = { listed: found('127.0.0.2'), clean: { kind: 'nxdomain' } } as const;
    expect(troubleOf(good)).toBeUndefined();
    expect(troubleOf({ ...good, clean: found('127.0.0.2') })).toMatch(/lists everything/);
    expect(troubleOf({ ...good, listed: { kind: 'nxdomain' } })).toMatch(/says nothing/);
    expect(troubleOf({ ...good, listed: { kind: 'failed', code: 'ETIMEOUT' } })).toMatch(/ETIMEOUT/);
    expect(troubleOf({ ...good, listed: found('127.255.255.254') })).toMatch(/refuses/);
  });
});

describe('block lists of the configuration', () => {
  test('the default ones can be read, and each says something of its terms', () => {
    for (const one of DEFAULT_BLOCKLISTS) {
      expect(blocklistSchema.parse(one)).toEqual(one);
      expect(one.note?.length).toBeGreaterThan(20);
      expect(one.quarantine.length + one.warn.length).toBeGreaterThan(0);
    }
  });
  test('Spamhaus’ policy list warns and does not quarantine', () => {
    const [zen] = DEFAULT_BLOCKLISTS;
    expect(zen && hasCode(zen.quarantine, '127.0.0.10')).toBe(false);
    expect(zen && hasCode(zen.quarantine, '127.0.0.4')).toBe(true);
  });
  const bad = ['127.0.0', '128.0.0.2', '127.0.0.300', '127.0.0.9-2', '127.0.0.2-256', '127.0.0.x', ''];
  for (const code of bad)
    test(`"${code}" is no code`, () =>
      expect(blocklistSchema.safeParse({ name: 'x', zone: 'bl.test', warn: [code] }).success).toBe(false));
  const zones = [
    '',
    'test',
    'bl..test',
    '.bl.test',
    'bl test.org',
    'http://bl.test',
    `${'a'.repeat(64)}.test`,
  ];
  for (const zone of zones)
    test(`"${zone}" is no zone`, () =>
      expect(blocklistSchema.safeParse({ name: 'x', zone }).success).toBe(false));
  test('a zone with a key is one', () =>
    expect(blocklistSchema.parse({ name: 'x', zone: 'AbC123.zen.dq.spamhaus.net' }).zone).toBe(
      'abc123.zen.dq.spamhaus.net',
    ));
});

describe('addresses that the world sees', () => {
  const addresses = (fields: object) =>
    publicAddresses(transportSchema.parse({ v: 1, name: 'ip1', origin: 'command', ...fields }));
  const cases: readonly (readonly [string, object, readonly string[]])[] = [
    ['its own', { address: '192.0.2.1' }, ['192.0.2.1']],
    ['behind NAT', { address: '10.0.0.5', publicAddress: '192.0.2.7' }, ['192.0.2.7']],
    ['behind NAT without a word of it', { address: '10.0.0.5' }, []],
    ['loopback', { address: '127.0.1.1', address6: '::1' }, []],
    ['both', { address: '192.0.2.1', address6: '2001:DB8:0:0::1' }, ['192.0.2.1', '2001:db8::1']],
    ['IPv6 alone', { address: '2001:db8::1' }, ['2001:db8::1']],
    ['private and link-local', { address: '172.31.0.1', address6: 'fe80::1' }, []],
    [
      'public IPv6 beside a private IPv4',
      { address: '10.1.1.1', publicAddress: '2001:db8::2' },
      ['2001:db8::2'],
    ],
    ['a sandbox', { kind: 'sandbox', address: '192.0.2.1' }, []],
  ];
  for (const [name, fields, want] of cases) test(name, () => expect(addresses(fields)).toEqual(want));
});
