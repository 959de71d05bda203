// Who runs a domain's mail hosts, by rules that are data (config/providers.yaml). Pure.
import {
  providersFile,
  type AutomationRule,
  type ProviderRule,
  type ProvidersFile,
} from './providers-file.ts';

export type Provider = Readonly<{ name: string }> & ProviderRule;

/** The rules, ready to be asked. Names of domains and hosts are in lower case, without a last dot. */
export type Providers = Readonly<{
  all: readonly Provider[];
  /** Automation for all sites. */
  automation: readonly AutomationRule[];
  /** The provider of a recipient domain, as far as its name tells. */
  ofDomain(domain: string): Provider | undefined;
  /** The provider of a domain whose mail hosts are known: undefined unless one rule knows them all. */
  of(domain: string, hosts: readonly string[]): Provider | undefined;
}>;

/** Makes the rules of a file ready. */
export function makeProviders({ providers, automation }: ProvidersFile): Providers {
  const all = Object.entries(providers).map(([name, rule]) => ({ name, ...rule }));
  const exact = new Map(
    all.toReversed().flatMap((provider) => provider.domains.map((key) => [key, provider])),
  );
  const below = all.filter(({ domains }) => domains.some((name) => name.startsWith('*.')));
  const ofDomain = (name: string): Provider | undefined =>
    exact.get(name) ?? below.find(({ domains }) => domains.some((pattern) => isBelow(name, pattern)));
  return {
    all,
    automation,
    ofDomain,
    of: (name, hosts) => ofDomain(name) ?? all.find((provider) => runsAll(provider, hosts)),
  };
}

/** No rules: no provider is known. */
export const noProviders: Providers = makeProviders(providersFile.parse({}));

function isBelow(name: string, pattern: string): boolean {
  return pattern.startsWith('*.') && name.endsWith(pattern.slice(1));
}

function runsAll({ mx }: Provider, hosts: readonly string[]): boolean {
  return hosts.length > 0 && hosts.every((name) => mx.some((pattern) => isHost(name, pattern)));
}

function isHost(name: string, pattern: string): boolean {
  return pattern.startsWith('.') ? name.endsWith(pattern) : name === pattern;
}
