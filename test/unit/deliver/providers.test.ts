// Who runs a domain's mail hosts: every rule of config/providers.yaml can match, and only what it should.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { makeProviders, providersFile } from '../../../src/deliver/providers.ts';

const file = providersFile.parse(
  parse(readFileSync(new URL('../../../config/providers.yaml', import.meta.url), 'utf8')),
);
const shipped = makeProviders(file);

describe('config/providers.yaml', () => {
  test.each(shipped.all.map((provider) => [provider.name, provider] as const))(
    '%s knows its examples, and no rule before it takes them',
    (name, { mx, domains, examples }) => {
      expect(examples?.hosts.length ?? 0).toBeGreaterThanOrEqual(Math.min(1, mx.length));
      expect(examples?.domains.length ?? 0).toBeGreaterThanOrEqual(Math.min(1, domains.length));
      for (const host of examples?.hosts ?? [])
        expect([host, shipped.of('unheard.example', [host])?.name]).toEqual([host, name]);
      for (const domain of examples?.domains ?? [])
        expect([domain, shipped.ofDomain(domain)?.name]).toEqual([domain, name]);
    },
  );
  test.each(
    shipped.all.flatMap(({ name, mx, examples }) =>
      mx.map((pattern) => [name, pattern, examples?.hosts ?? []] as const),
    ),
  )('%s: %s has an example', (_, pattern, hosts) => {
    expect(hosts.some((host) => (pattern.startsWith('.') ? host.endsWith(pattern) : host === pattern))).toBe(
      true,
    );
  });
});

describe('matching', () => {
  const rules = makeProviders(
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
    expect(rules.of(domain, hosts)?.name).toBe(provider);
  });
  test.each([
    ['a dot at the end of a host, which would never match', { mx: ['.mx.example.'] }],
    ['capitals, which would never match', { mx: ['.MX.example'] }],
    ['a rule that matches nothing', {}],
    ['a domain with an @', { domains: ['@shop.example'] }],
    ['an unknown key', { mx: ['.mx.example'], conections: 5 }],
  ])('refuses %s', (_, rule) => {
    expect(providersFile.safeParse({ providers: { one: rule } }).success).toBe(false);
  });
});
