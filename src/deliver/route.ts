// Where mail for a domain goes: a configured smart host, or its MX hosts' addresses (RFC 5321 §5.1), or nowhere.
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import type { Cause } from '../model/outcome.ts';
import type { DeliveryConfig, Route } from './config.ts';
import { isSpecial } from './networks.ts';
import { nowhere } from './nowhere.ts';
import type { Provider, Providers } from './providers.ts';
import type { Dns, MxRecord } from './resolve.ts';

/** One address to try. `host` is the name that TLS and the log use; equal preferences may be taken in any order. */
export type Target = Readonly<{ host: string; address: string; port: number; preference: number }>;

export type Way = Readonly<
  | {
      kind: 'hosts';
      /** The site: domains with the same mail hosts share it, with its limit and connections. */
      lane: string;
      limit: number;
      /** The mail hosts, where the site is more than these: what a kept connection must have been made to. */
      hosts?: string;
      /** Who runs the hosts; absent where no rule knows them, and for smart hosts. */
      provider?: Provider;
      /** At most 5, best first. */
      targets: readonly Target[];
      tls: Route['tls'];
      /** Certificates are verified (where TLS is not opportunistic). */
      verify: boolean;
      login?: Readonly<{ username: string; password: string }>;
      /** A relay that somebody configured: the recipients' mail hosts do not see our address. */
      smartHost?: true;
    }
  /** Permanent when the cause's status begins with 5. */
  | { kind: 'nowhere'; lane: string; limit: number; provider?: Provider; cause: Cause }
>;

/** A relay that takes mail for everywhere. */
export type Upstream = Pick<Route, 'host' | 'port' | 'tls' | 'verify' | 'username' | 'password'>;

export type RoutingDeps = Readonly<{
  config: DeliveryConfig;
  dns: Dns;
  providers: Providers;
  clock: Clock;
  /** What we are called: our host name and the EHLO names of all transports, in lower case. */
  ownNames(): ReadonlySet<string>;
  /** This host's addresses and the public ones of its transports. */
  ownAddresses(): ReadonlySet<string>;
  /** True when some transport can speak IPv6. */
  wantsIpv6(): boolean;
}>;

type Host = Readonly<{ name: string; preference: number; addresses: readonly string[]; failed?: string }>;

const MAX_HOSTS = 5;
const MAX_TARGETS = 5;
const MAX_PER_HOST = 3;
const KEEP_MS = 30_000;
const KEEP_FAILED_MS = 5000;
const MAX_KEPT = 20_000;
const MAX_LANE_CHARS = 120;

export type Routing = Readonly<{
  /**
   * The way for a domain (lower-case A-labels), kept for 30 seconds: its route, else `upstream`, else its mail hosts.
   * Never rejects.
   */
  find(domain: string, upstream?: Upstream): Promise<Way>;
  /** Who runs the domain's mail hosts, by what was found of late, else by its name. */
  providerOf(domain: string): Provider | undefined;
}>;

/** Builds the look-up from domain to way. */
export function makeRouting(deps: RoutingDeps): Routing {
  const kept = new Map<string, Readonly<{ way: Way; until: number }>>();
  const look = async (domain: string, upstream?: Upstream): Promise<Way> => {
    const key = upstream ? [domain, ...Object.values(upstream)].join('\0') : domain;
    const known = kept.get(key);
    if (known && deps.clock.ticks() < known.until) return known.way;
    const way = await find(deps, domain, upstream);
    const keepMs = way.kind === 'hosts' || way.cause.status.startsWith('5') ? KEEP_MS : KEEP_FAILED_MS;
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(key, { way, until: deps.clock.ticks() + keepMs });
    return way;
  };
  return {
    find: look,
    providerOf: (domain) => {
      const way = kept.get(domain)?.way;
      return way?.kind === 'hosts' ? way.provider : deps.providers.ofDomain(domain);
    },
  };
}

async function find(deps: RoutingDeps, domain: string, upstream: Upstream | undefined): Promise<Way> {
  const route = deps.config.routes.find((candidate) => matches(candidate.domain.toLowerCase(), domain));
  if (route) return byHost(deps, route, 'route');
  return upstream ? byHost(deps, upstream, 'via') : byMx(deps, domain);
}

/** "example.org" is the domain itself, "*.example.org" what is below it, "*" all. */
function matches(pattern: string, domain: string): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('*.') ? domain.endsWith(pattern.slice(1)) : domain === pattern;
}

async function byHost(
  deps: RoutingDeps,
  route: Upstream & Pick<Route, 'connections'>,
  kind: 'route' | 'via',
): Promise<Way> {
  const lane = `${kind}:${route.host}:${route.port}`;
  const limit = route.connections ?? deps.config.connectionsPerLane;
  const host = await lookUp(deps, route.host, 0);
  if (host.addresses.length === 0)
    return { kind: 'nowhere', lane, limit, cause: nowhere.smartHost(route.host, host.failed) };
  const { username, password } = route;
  return {
    kind: 'hosts',
    smartHost: true,
    lane,
    limit,
    targets: spread([host], route.port),
    tls: route.tls,
    verify: route.verify && (route.tls === 'required' || route.tls === 'implicit'),
    ...(username !== undefined && password !== undefined && { login: { username, password } }),
  };
}

async function byMx(deps: RoutingDeps, domain: string): Promise<Way> {
  const limit = deps.config.connectionsPerLane;
  const stop = (cause: Cause): Way => ({ kind: 'nowhere', lane: `dns:${domain}`, limit, cause });
  const mx = await deps.dns.mx(domain);
  if (mx.kind === 'nxdomain') return stop(nowhere.noDomain(domain));
  if (mx.kind === 'failed') return stop(nowhere.dnsFailed(domain, mx.code));
  // RFC 5321 §5.1: without MX records the domain is its own mail host.
  const records = mx.kind === 'found' ? inOrder(mx.records) : [{ host: domain, preference: 0 }];
  if (records.every((record) => record.host === '')) return stop(nowhere.nullMx(domain)); // RFC 7505

  const names = records.filter((record) => record.host !== '');
  const hosts = await Promise.all(
    names.slice(0, MAX_HOSTS).map(({ host, preference }) => lookUp(deps, host, preference)),
  );
  const better = withoutOurselves(deps, hosts);
  if (better.length === 0 && hosts.length > 0) return stop(nowhere.loop(domain));
  const open = deps.config.allowPrivateAddresses ? better : better.map(withoutSpecial);
  const targets = spread(open, deps.config.mxPort);
  if (targets.length > 0) return { kind: 'hosts', ...siteOf(deps, domain, names), targets, verify: false };
  return stop(whyNoTarget(domain, better, mx.kind === 'none'));
}

function whyNoTarget(domain: string, hosts: readonly Host[], implicit: boolean): Cause {
  const failed = hosts.find((host) => host.failed !== undefined);
  if (failed) return nowhere.dnsFailed(failed.name, failed.failed ?? '');
  const special = hosts.flatMap((host) => host.addresses)[0];
  if (special !== undefined) return nowhere.special(domain, special);
  return implicit ? nowhere.noMailHost(domain) : nowhere.noAddress(domain);
}

/** RFC 5321 §5.1: a host of the list that is us drops out, with all that are not preferred to it. */
function withoutOurselves(deps: RoutingDeps, hosts: readonly Host[]): readonly Host[] {
  const names = deps.ownNames();
  const addresses = deps.config.allowPrivateAddresses ? new Set<string>() : deps.ownAddresses();
  const us = hosts.filter(
    (host) => names.has(host.name) || host.addresses.some((address) => addresses.has(address)),
  );
  const limit = Math.min(...us.map((host) => host.preference)); // Infinity when none is us
  return hosts.filter((host) => host.preference < limit);
}

function withoutSpecial(host: Host): Host {
  return { ...host, addresses: host.addresses.filter((address) => !isSpecial(address)) };
}

async function lookUp(deps: RoutingDeps, name: string, preference: number): Promise<Host> {
  if (isIP(name) !== 0) return { name, preference, addresses: [name] };
  if (name === 'localhost') return { name, preference, addresses: ['127.0.0.1'] }; // RFC 6761 §6.3: not for the DNS
  const [v4, early] = await Promise.all([
    deps.dns.a(name),
    deps.wantsIpv6() ? deps.dns.aaaa(name) : undefined,
  ]);
  const v6 = early ?? (v4.kind === 'none' ? await deps.dns.aaaa(name) : undefined);
  const addresses = [v4, v6].flatMap((answer) => (answer?.kind === 'found' ? answer.records : []));
  const failed = [v4, v6].find((answer) => answer?.kind === 'failed');
  return failed?.kind === 'failed'
    ? { name, preference, addresses, failed: failed.code }
    : { name, preference, addresses };
}

function spread(hosts: readonly Host[], port: number): readonly Target[] {
  const perHost = hosts.length > 1 ? MAX_PER_HOST : MAX_TARGETS;
  return hosts
    .flatMap(({ name, preference, addresses }) =>
      addresses.slice(0, perHost).map((address) => ({ host: name, address, port, preference })),
    )
    .slice(0, MAX_TARGETS);
}

/** By preference, then by name, so that the order does not hang on how the DNS turned its answer round. */
function inOrder(records: readonly MxRecord[]): readonly MxRecord[] {
  return records.toSorted(
    (a, b) => a.preference - b.preference || (a.host < b.host ? -1 : Number(a.host > b.host)),
  );
}

/** The site, who runs it, and what that means for connections to it. */
function siteOf(
  { providers, config }: RoutingDeps,
  domain: string,
  records: readonly MxRecord[],
): Readonly<{ lane: string; hosts?: string; provider?: Provider; limit: number; tls: Route['tls'] }> {
  const lane = laneOf(records);
  const names = records.map(({ host }) => host);
  const provider = providers.of(domain, names);
  const limit = config.connectionsPerLane;
  if (!provider) return { lane, limit, tls: 'opportunistic' };
  const { connections = limit } = provider.lane;
  return {
    ...siteAt(provider, lane, providers.of('', names) === provider),
    provider,
    limit: Math.min(connections, provider.together.connections ?? Infinity),
    tls: provider.tls,
  };
}

/** Where a provider is known by the domain's name alone, others may share the hosts, and its limits are not theirs. */
function siteAt(
  { name, oneSite }: Provider,
  lane: string,
  isByHosts: boolean,
): Readonly<{ lane: string; hosts?: string }> {
  if (oneSite) return { lane: `provider:${name}`, hosts: lane };
  return { lane: isByHosts ? lane : `${lane}@${name}` };
}

/** The site's name: all mail hosts, best first; a long list ends in a digest. */
function laneOf(records: readonly MxRecord[]): string {
  const names = [...new Set(records.map((record) => record.host))].join(',');
  if (names.length <= MAX_LANE_CHARS) return `mx:${names}`;
  const digest = createHash('sha256').update(names).digest('hex').slice(0, 12);
  return `mx:${names.slice(0, MAX_LANE_CHARS - 20)}~${digest}`;
}
