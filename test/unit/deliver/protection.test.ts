// The one TLS rule for a host: of all that hold, the strictest, with the reasons in a sentence.
import { describe, expect, test } from 'vitest';
import {
  protectionOf,
  ruleFor,
  serves,
  unmet,
  type Demand,
  type TlsRule,
  type WayRule,
} from '../../../src/deliver/protection.ts';
import type { HostDane } from '../../../src/deliver/security/dane.ts';
import type { Published } from '../../../src/deliver/security/published.ts';
import type { StsMode } from '../../../src/deliver/security/sts-policy.ts';
import type { Tlsa } from '../../../src/deliver/security/tlsa.ts';

const HOST = 'mx.example.test';
const record: Tlsa = { usage: 3, selector: 1, matching: 1, data: Buffer.alloc(32, 1) };
const open: WayRule = { tls: 'opportunistic', verify: false };
const provider: WayRule = { tls: 'required', verify: false, provider: { name: 'google' } };
const route: WayRule = { tls: 'implicit', verify: true, smartHost: true };

function published(mode?: StsMode, dane?: HostDane, mx: readonly string[] = [HOST]): Published {
  const sts = mode && { sts: { mode, mx, maxAgeMs: 1, lines: [] } };
  return { domain: 'example.test', ...sts, dane: new Map(dane ? [[HOST, dane]] : []) };
}
const records: HostDane = { kind: 'records', records: [record] };
const unusable: HostDane = { kind: 'records', records: [] };

const cases: readonly (readonly [string, WayRule, Demand, Published | undefined, string])[] = [
  ['nobody wants anything', open, undefined, published(), 'opportunistic'],
  ['a route with TLS from the first byte', route, undefined, undefined, 'implicit verify'],
  ['the same, and an encrypted message', route, 'encrypted', undefined, 'implicit verify | sender'],
  [
    'a route without verification, and a verified message',
    { ...route, verify: false },
    'verified',
    undefined,
    'implicit verify | sender',
  ],
  ['an encrypted message', open, 'encrypted', published(), 'required | sender'],
  ['a verified message', open, 'verified', published(), 'required verify | sender'],
  ['a provider', provider, undefined, published(), 'required | provider'],
  [
    'a provider, and a message that is to go whatever the domain says',
    provider,
    'optional',
    published(),
    'required | provider',
  ],
  ['a policy to test', open, undefined, published('testing'), 'opportunistic'],
  ['a policy of none', open, undefined, published('none'), 'opportunistic'],
  ['a policy to enforce', open, undefined, published('enforce'), 'required verify | sts'],
  [
    'the same, and an encrypted message',
    open,
    'encrypted',
    published('enforce'),
    'required verify | sender sts',
  ],
  [
    'the same, and a message that is to go all the same',
    open,
    'optional',
    published('enforce'),
    'opportunistic',
  ],
  ['TLSA records', open, undefined, published(undefined, records), 'required dane | dane'],
  [
    'the same, and a verified message: DANE is enough',
    open,
    'verified',
    published(undefined, records),
    'required dane | sender dane',
  ],
  [
    'the same, and a policy to enforce: both count',
    open,
    undefined,
    published('enforce', records),
    'required verify dane | dane sts',
  ],
  ['the same, and a policy to test', open, undefined, published('testing', records), 'required dane | dane'],
  ['TLSA records that cannot be used', open, undefined, published(undefined, unusable), 'required | dane'],
  [
    'the same, and a verified message',
    open,
    'verified',
    published(undefined, unusable),
    'required verify | sender dane',
  ],
  [
    'TLSA records and a message that is to go all the same',
    open,
    'optional',
    published(undefined, records),
    'opportunistic',
  ],
  [
    'a host that the policy to enforce does not name',
    open,
    undefined,
    published('enforce', undefined, ['*.test']),
    'shut mx',
  ],
  [
    'the same, and a message that is to go all the same',
    open,
    'optional',
    published('enforce', undefined, ['*.test']),
    'opportunistic',
  ],
  [
    'a host that the policy to test does not name',
    open,
    undefined,
    published('testing', undefined, ['*.test']),
    'opportunistic',
  ],
  [
    'TLSA records that nobody knows',
    open,
    undefined,
    published(undefined, { kind: 'failed', why: 'x' }),
    'shut dnssec',
  ],
  ['no TLSA records', open, undefined, published(undefined, { kind: 'none' }), 'opportunistic'],
  [
    'all of them',
    provider,
    'verified',
    published('enforce', records),
    'required verify dane | provider sender dane sts',
  ],
];

test.each(cases)('%s', (_name, way, demand, says, want) => {
  expect(tell(ruleFor(way, demand, HOST, says))).toBe(want);
});

function tell(rule: ReturnType<typeof ruleFor>): string {
  if ('shut' in rule) return `shut ${rule.failure}`;
  const who = {
    sender: 'the sender wants',
    provider: 'rule for provider google',
    sts: 'MTA-STS policy of example.test',
    dane: 'TLSA records',
  };
  const reasons = rule.because.map(
    (reason) => Object.entries(who).find(([, part]) => reason.includes(part))?.[0],
  );
  return [
    rule.tls,
    ...(rule.verify ? ['verify'] : []),
    ...(rule.dane ? ['dane'] : []),
    ...(reasons.length > 0 ? ['|', ...reasons] : []),
  ].join(' ');
}

describe('a connection that is there', () => {
  const optional: TlsRule = { tls: 'opportunistic', verify: false, because: [] };
  const encrypted: TlsRule = { tls: 'required', verify: false, because: ['x'] };
  const verified: TlsRule = { tls: 'required', verify: true, because: ['x'] };
  const dane: TlsRule = { tls: 'required', verify: false, dane: [record], because: ['x'] };
  const other: TlsRule = { ...dane, dane: [{ ...record, usage: 2 }] };
  const both: TlsRule = { ...dane, verify: true };
  const all = { optional, encrypted, verified, dane, other, both };

  test.each([
    ['in clear', undefined, optional, ['optional']],
    ['with any TLS', 'TLS', optional, ['optional', 'encrypted']],
    ['with TLS that was demanded', 'TLS', encrypted, ['optional', 'encrypted']],
    ['with a verified certificate', 'TLS', verified, ['optional', 'encrypted', 'verified']],
    ['with a certificate that records name', 'TLS', dane, ['optional', 'encrypted', 'dane']],
    ['with both', 'TLS', both, ['optional', 'encrypted', 'verified', 'dane', 'both']],
  ] as const)('%s', (_name, tls, opened, want) => {
    const protection = protectionOf(tls, opened);
    expect(Object.entries(all).flatMap(([name, rule]) => (serves(protection, rule) ? [name] : []))).toEqual(
      want,
    );
  });
});

test('the sentence of a failure names everybody who wanted TLS', () => {
  const rule = ruleFor(provider, undefined, HOST, published('enforce'));
  if ('shut' in rule) throw new Error('shut');
  const trouble = unmet({ kind: 'tls', phase: 'tls', detail: 'certificate has expired' }, HOST, rule);
  expect(trouble.detail).toBe(
    'TLS with mx.example.test failed (certificate has expired), and the rule for provider google wants TLS or nothing (providers.yaml), and the MTA-STS policy of example.test wants TLS with a verified certificate or nothing.',
  );
});
