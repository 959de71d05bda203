// Who runs a domain's mail hosts: every rule of config/providers.yaml can match, and only what it should.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { makeProviders } from '../../../src/deliver/providers.ts';
import { overlay, providersFile } from '../../../src/deliver/providers-file.ts';
import { knows } from '../../../src/deliver/shaping/automation.ts';
import { parseReply } from '../../../src/mail/reply.ts';

const raw: unknown = parse(readFileSync(new URL('../../../config/providers.yaml', import.meta.url), 'utf8'));
const shipped = makeProviders(providersFile.parse(raw));
const rules = (['', ...shipped.all] as const).flatMap((provider) =>
  provider === ''
    ? shipped.automation.map((rule) => [`all: ${rule.name}`, rule] as const)
    : provider.automation.map((rule) => [`${provider.name}: ${rule.name}`, rule] as const),
);
const replyOf = (text: string) => parseReply([text]);
const isHost = (host: string, pattern: string): boolean =>
  pattern.startsWith('.') ? host.endsWith(pattern) : host === pattern;
const isDomain = (name: string, pattern: string): boolean =>
  pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) : name === pattern;

describe('every provider that comes with Postino', () => {
  test.each(shipped.all.map((provider) => [provider.name, provider] as const))(
    '%s knows its examples, and no rule before it takes them',
    (name, { examples }) => {
      for (const host of examples?.hosts ?? [])
        expect([host, shipped.of('unheard.example', [host])?.name]).toEqual([host, name]);
      for (const domain of examples?.domains ?? [])
        expect([domain, shipped.ofDomain(domain)?.name]).toEqual([domain, name]);
    },
  );
  test.each(shipped.all.map((provider) => [provider.name, provider] as const))(
    '%s has an example for each of its patterns, and says where its numbers are from',
    (_, { mx, domains, examples, source, automation }) => {
      for (const pattern of mx)
        expect([pattern, examples?.hosts.some((host) => isHost(host, pattern))]).toEqual([pattern, true]);
      for (const pattern of domains)
        expect([pattern, examples?.domains.some((name) => isDomain(name, pattern))]).toEqual([pattern, true]);
      expect(source).toMatch(/KumoMTA|cautious guess/);
      for (const rule of automation) expect([rule.name, rule.source]).not.toContain(undefined);
    },
  );
});

describe('every automation rule that comes with Postino', () => {
  test.each(rules)('%s knows its examples', (_, rule) => {
    for (const example of rule.examples) {
      const reply = replyOf(example);
      expect(reply.code).toBeGreaterThanOrEqual(400);
      expect([example, knows(rule, reply)]).toEqual([example, true]);
    }
  });
  test.each(rules)('%s knows no reply that takes a message, nor what we say ourselves', (_, rule) => {
    const others = [
      '250 2.0.0 Ok: queued as 1234',
      '450 4.2.1 busy',
      '550 5.1.1 no such user',
      '451 4.3.0 not stored, please try again',
    ];
    for (const other of others) expect([other, knows(rule, replyOf(other))]).toEqual([other, false]);
  });
  test('has a name of its own, but for those that two providers share', () => {
    const names = new Set(rules.map(([, { name }]) => name));
    const shared = shipped.all.find(({ name }) => name === 'outlook')?.automation.length ?? 0;
    expect(rules.length - names.size).toBe(shared);
  });
});

describe('matching', () => {
  const own = makeProviders(
    providersFile.parse({
      providers: {
        first: { mx: ['.mx.example', 'one.example'] },
        second: { domains: ['shop.example', '*.shop.example'], mx: ['.mx.example', '.second.example'] },
      },
    }),
  );
  test.each<[string, string[], string | undefined]>([
    ['a.example', ['a.mx.example'], 'first'],
    ['a.example', ['a.mx.example', 'b.c.mx.example'], 'first'],
    ['a.example', ['a.mx.example', 'one.example'], 'first'],
    ['a.example', ['a.mx.example', 'a.second.example'], 'second'],
    ['a.example', ['a.mx.example', 'elsewhere.example'], undefined],
    ['a.example', ['mx.example'], undefined],
    ['a.example', ['evilmx.example'], undefined],
    ['a.example', ['a.mx.example.evil.example'], undefined],
    ['a.example', ['two.one.example'], undefined],
    ['a.example', [], undefined],
    ['shop.example', ['a.mx.example'], 'second'],
    ['www.shop.example', ['elsewhere.example'], 'second'],
    ['bigshop.example', ['elsewhere.example'], undefined],
  ])('%s at %j is of %s', (domain, hosts, provider) => {
    expect(own.of(domain, hosts)?.name).toBe(provider);
  });

  const automation = { name: 'x', text: 'x', do: { suspend: true }, for: '1h', examples: ['421 x'] };
  test.each([
    ['a dot at the end of a host, which would never match', { mx: ['.mx.example.'] }],
    ['capitals, which would never match', { mx: ['.MX.example'] }],
    ['a rule that matches nothing', {}],
    ['a domain with an @', { domains: ['@shop.example'] }],
    ['an unknown key', { mx: ['.mx.example'], conections: 5 }],
    ['no connections at all', { mx: ['.mx.example'], lane: { connections: 0 } }],
    ['a rate that is none', { mx: ['.mx.example'], lane: { messages: 'often' } }],
    ['a pattern that is none', { mx: ['.mx.example'], automation: [{ ...automation, text: '(' }] }],
    ['automation that does nothing', { mx: ['.mx.example'], automation: [{ ...automation, do: {} }] }],
    ['automation without an example', { mx: ['.mx.example'], automation: [{ ...automation, examples: [] }] }],
  ])('refuses %s', (_, rule) => {
    expect(providersFile.safeParse({ providers: { one: rule } }).success).toBe(false);
  });
});

describe("an operator's own file", () => {
  const over = (own: unknown) => makeProviders(providersFile.parse(overlay(raw, own)));
  test('changes what it names of a provider, and keeps the rest', () => {
    const google = over({
      providers: { google: { together: { connections: 9 }, tls: 'opportunistic' } },
    }).ofDomain('gmail.com');
    expect(google).toMatchObject({
      together: { connections: 9 },
      tls: 'opportunistic',
      lane: { messagesPerConnection: 50 },
    });
    expect(google?.automation.length).toBeGreaterThan(1);
  });
  test('comes first with providers of its own', () => {
    const mine = over({ providers: { mine: { mx: ['.google.com'], lane: { connections: 1 } } } });
    expect(mine.of('a.example', ['aspmx.l.google.com'])?.name).toBe('mine');
    expect(mine.ofDomain('gmail.com')?.name).toBe('google');
  });
  test('replaces automation rules by name, and takes them out', () => {
    const rule = {
      name: 'yahoo-tss05',
      text: 'TSS05',
      do: { messages: '1/h' },
      for: '1h',
      examples: ['421 TSS05'],
    };
    const gone = { ...rule, name: 'yahoo-tss04', off: true };
    const yahoo = over({ providers: { yahoo: { automation: [rule, gone] } } }).ofDomain('yahoo.com');
    const before = shipped.ofDomain('yahoo.com');
    expect(yahoo?.automation.length).toBe((before?.automation.length ?? 0) - 1);
    expect(yahoo?.automation.find(({ name }) => name === 'yahoo-tss05')?.do).toEqual({
      messages: { count: 1, perMs: 3_600_000 },
    });
    expect(over({ automation: [{ ...rule, name: 'any-busy', off: true }] }).automation.length).toBe(
      shipped.automation.length - 1,
    );
  });
  test.each([undefined, null, '', [], 'text'])('that is %j changes nothing', (own) => {
    expect(over(own).all.length).toBe(shipped.all.length);
  });
});
