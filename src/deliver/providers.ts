// Who runs a domain's mail hosts, by rules that are data (config/providers.yaml). Pure.
import { z } from 'zod';
import { nameSchema } from '../model/settings.ts';

const host = z
  .string()
  .regex(
    /^\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/,
    'must be a host name, or one that begins with a dot for all below it; lower case, no dot at its end',
  );

const domain = z
  .string()
  .regex(
    /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/,
    'must be a domain such as "example.org" or "*.example.org", lower case',
  );

const ruleSchema = z
  .strictObject({
    domains: z.array(domain).default([]).describe('Recipient domains; "*.example.org" is all below it.'),
    mx: z
      .array(host)
      .default([])
      .describe('Names of mail hosts; ".example.net" is all below it. All hosts of a domain must match.'),
    examples: z
      .strictObject({ hosts: z.array(z.string()).default([]), domains: z.array(z.string()).default([]) })
      .optional()
      .describe('Hosts and domains that the rule must know.'),
  })
  .refine(({ domains, mx }) => domains.length + mx.length > 0, { message: 'needs "domains" or "mx"' });

/** The shape of config/providers.yaml. */
export const providersFile = z.strictObject({ providers: z.record(nameSchema, ruleSchema) });

export type ProvidersFile = Readonly<z.infer<typeof providersFile>>;
export type Provider = Readonly<{ name: string }> & Readonly<ProvidersFile['providers'][string]>;

/** The rules, ready to be asked. Names of domains and hosts are in lower case, without a last dot. */
export type Providers = Readonly<{
  all: readonly Provider[];
  /** The provider of a recipient domain, as far as its name tells. */
  ofDomain(domain: string): Provider | undefined;
  /** The provider of a domain whose mail hosts are known: undefined unless one rule knows them all. */
  of(domain: string, hosts: readonly string[]): Provider | undefined;
}>;

/** Makes the rules of a file ready. */
export function makeProviders(file: ProvidersFile): Providers {
  const all = Object.entries(file.providers).map(([name, rule]) => ({ name, ...rule }));
  const exact = new Map(
    all.toReversed().flatMap((provider) => provider.domains.map((key) => [key, provider])),
  );
  const below = all.filter(({ domains }) => domains.some((name) => name.startsWith('*.')));
  const ofDomain = (name: string): Provider | undefined =>
    exact.get(name) ?? below.find(({ domains }) => domains.some((pattern) => isBelow(name, pattern)));
  return {
    all,
    ofDomain,
    of: (name, hosts) => ofDomain(name) ?? all.find((provider) => runsAll(provider, hosts)),
  };
}

/** No rules: no provider is known. */
export const noProviders: Providers = makeProviders({ providers: {} });

function isBelow(name: string, pattern: string): boolean {
  return pattern.startsWith('*.') && name.endsWith(pattern.slice(1));
}

function runsAll({ mx }: Provider, hosts: readonly string[]): boolean {
  return hosts.length > 0 && hosts.every((name) => mx.some((pattern) => isHost(name, pattern)));
}

function isHost(name: string, pattern: string): boolean {
  return pattern.startsWith('.') ? name.endsWith(pattern) : name === pattern;
}
