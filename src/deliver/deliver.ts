// The door of deliver: a delivery's letter leaves from its transport's own address, and the answer is an Outcome.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Letter, Render } from '../model/letter.ts';
import type { Cause, Outcome } from '../model/outcome.ts';
import type { Transport } from '../model/settings.ts';
import type { Submission } from '../model/submission.ts';
import { Attempt, type Errand, type Path } from './attempt.ts';
import type { BounceRules } from '../model/classify.ts';
import type { DeliveryConfig, DnsConfig } from './config.ts';
import { Lanes, placeOf, type LaneCount, type LearntCount } from './lanes/index.ts';
import { noProviders, type Providers } from './providers.ts';
import { makeDns, type Dns } from './resolve.ts';
import { makeRouting, type Routing, type Upstream, type Way } from './route.ts';
import { openSecurity, type SecurityDeps } from './security/security.ts';
import type { TlsResult } from './security/results.ts';
import type { Throttle } from './shaping/throttle.ts';
import { Shaping, type ShapingDeps } from './shaping/shaping.ts';
import { ownAddresses } from './transports/source.ts';
import { heldForWarmup } from './warmup/allowance.ts';
import { noWarmup, roomFor, type WarmupRoom } from './warmup/room.ts';

/** One attempt to be made: `signal` cuts it off, `mayProceed` is false when the transport's lease is lost. */
export type Order = Errand & Readonly<{ submission: Submission; delivery: Delivery }>;

/** Where a delivery waits, with how many others it may be on its way, and who runs the mail hosts, where that is known. */
export type Place = Readonly<{
  lane: string;
  limit: number;
  provider?: string;
  /** When the lane's next attempt may begin; absent: always. */
  turn?: Throttle;
}>;

/** What the sandbox's store is told about a letter that it catches. */
export type CatchFacts = Readonly<{
  account: string;
  submission: string;
  delivery: string;
  user: string;
  subject: string;
  transport: string;
}>;

export type DeliverDeps = Readonly<{
  config: Readonly<{ delivery: DeliveryConfig; dns: DnsConfig }>;
  /** The EHLO name of transports that have none of their own. */
  hostname: string;
  /** All transports as they stand now; asked at each attempt. */
  transports(): ReadonlyMap<string, Transport>;
  /** Stores a letter of a sandbox transport and gives its id there. */
  catchLetter(letter: Letter, facts: CatchFacts): Promise<string>;
  clock: Clock;
  log: Log;
  /** config/bounces.yaml, read with `bounceRules` of model/classify.ts. */
  bounceRules: BounceRules;
  /** config/providers.yaml; absent: no provider is known. */
  providers?: Providers;
  /** Limits that are in force, and what providers allow all processes together; absent: this process knows of none. */
  shaping?: Pick<ShapingDeps, 'limits' | 'leases' | 'suspendUser'>;
  /** Why this delivery may not leave by this transport now, as a word; absent: only another pool's transport may not. */
  refuses?(transport: Transport, delivery: Delivery): string | undefined;
  /** What transports may send while they are young; absent: all are warm. */
  warmup?: WarmupRoom;
  /** The relay that a transport with `via` sends through, ready to log in; undefined when its password cannot be opened. */
  upstream?(transport: Transport): Upstream | undefined;
  /** Where all processes keep MTA-STS policies; absent: each has its own. */
  stsStore?: SecurityDeps['stsStore'];
  /** Told what the TLS of each session came to. */
  countTls?(result: TlsResult): void;
  /** Takes the place of the resolver, in tests. */
  dns?: Dns;
}>;

export type Deliver = Readonly<{
  /** The lane for a domain (lower-case A-labels) on a transport. Never rejects. */
  locate(transport: string, domain: string): Promise<Place>;
  /**
   * The provider of a domain (lower-case A-labels) as far as it is known without asking the DNS: by where its mail went
   * of late, else by its name.
   */
  providerOf(domain: string): string | undefined;
  /** Makes one attempt. Rejects only when rendering or the sandbox's store does, never for remote trouble. */
  send(order: Order): Promise<Outcome>;
  /** Lets running attempts end for `graceMs`, then cuts them off. */
  close(graceMs: number): Promise<void>;
  /** Connections open now, by lane. */
  connections(): readonly LaneCount[];
  /** Lanes that hold back by what they learnt of their sites. */
  learnt(): readonly LearntCount[];
}>;

const SANDBOX: Place = { lane: 'sandbox', limit: 20 };
const MAX_WATCH_MS = 1000;
const MIN_WATCH_MS = 20;
const OWN_ADDRESSES_MS = 10_000;

/** Builds the stage. */
export function makeDeliver(deps: DeliverDeps): Deliver {
  const { clock, log, warmup = noWarmup, refuses = refusesOthers } = deps;
  const config = deps.config.delivery;
  const { routing, security, shaping, lanes } = openParts(deps);

  async function send(order: Order): Promise<Outcome> {
    const { delivery } = order;
    const transport = deps.transports().get(delivery.transport);
    if (!transport) return stopped(noTransport(delivery.transport));
    const refusal = refuses(transport, delivery);
    if (refusal !== undefined) return { kind: 'held', rule: refusal, until: clock.now() };
    const slowed = shaping.heldUntil(delivery.user, delivery.id);
    if (slowed !== undefined) return { kind: 'held', rule: 'user-limit', until: slowed };
    if (transport.kind === 'sandbox') return caught(deps, order, transport);
    const way = await wayFor(deps, routing, { transport, domain: delivery.domain });
    if (way.kind === 'nowhere') return stopped(way.cause);
    const room = way.smartHost ? noWarmup : roomFor(warmup, order.submission.at);
    const full = room.fullUntil(transport, way.provider?.name);
    if (full !== undefined) return heldForWarmup(full, way.provider?.name);
    const lane = lanes.of(transport.name, way);
    const ehlo = transport.ehlo ?? deps.hostname;
    const hosts = way.targets.map(({ host }) => host);
    const published = way.smartHost ? undefined : await security.of(delivery.domain, hosts);
    const { tls: demand } = order.submission.instructions;
    const path: Path = { transport, ehlo, lane, way, demand, published };
    const attemptDeps = { config, warmup: room, rules: deps.bounceRules, clock, log, count: deps.countTls };
    const attempt = new Attempt(attemptDeps, path, order);
    const outcome = await attempt.run();
    shaping.heard(outcome, lane.throttle, { ...placeOf(transport.name, way), user: delivery.user });
    return outcome;
  }

  return {
    async locate(name, domain) {
      const transport = deps.transports().get(name);
      if (transport?.kind === 'sandbox') return SANDBOX;
      const way = await wayFor(deps, routing, { transport, domain });
      const { lane, limit, provider } = way;
      if (way.kind === 'nowhere') return { lane, limit };
      if (!way.smartHost) security.prepare(domain);
      return {
        lane,
        limit,
        ...(provider && { provider: provider.name }),
        turn: lanes.of(name, way).throttle,
      };
    },
    providerOf: (domain) => routing.providerOf(domain)?.name,
    send,
    close: (graceMs) => {
      security.close();
      return lanes.close(graceMs);
    },
    connections: () => lanes.counts(),
    learnt: () => lanes.learnt(),
  };
}

/** What the stage keeps in mind: ways, what domains publish, limits, connections. */
function openParts(deps: DeliverDeps) {
  const { clock, log, providers = noProviders } = deps;
  const config = deps.config.delivery;
  const dns = deps.dns ?? makeDns(deps.config.dns, clock);
  const routing = makeRouting({
    config,
    clock,
    dns,
    providers,
    ownNames: () => namesOf(deps),
    ownAddresses: remembering(clock, () => addressesOf(deps)),
    wantsIpv6: () => [...deps.transports().values()].some(speaksIpv6),
  });
  const shortest = Math.min(...Object.values(config.timeouts), config.idle);
  const watchMs = Math.min(Math.max(shortest / 4, MIN_WATCH_MS), MAX_WATCH_MS);
  const shaping = new Shaping({ ...deps.shaping, providers, defaults: config, clock, log });
  const lanes = new Lanes(clock, shaping, watchMs);
  return { routing, security: openSecurity({ ...deps, dns }), shaping, lanes };
}

/** It was given to another pool while the delivery waited: that is not how its user's mail may leave. */
function refusesOthers(transport: Transport, delivery: Delivery): string | undefined {
  return transport.pool === delivery.pool ? undefined : 'pool';
}

function wayFor(
  deps: DeliverDeps,
  routing: Routing,
  { transport, domain }: Readonly<{ transport: Transport | undefined; domain: string }>,
): Promise<Way> | Way {
  if (!transport?.via) return routing.find(domain);
  const upstream = deps.upstream?.(transport);
  if (upstream) return routing.find(domain, upstream);
  const lane = `via:${transport.via.host}:${transport.via.port}`;
  return { kind: 'nowhere', lane, limit: 1, cause: sealedUp(transport) };
}

function sealedUp({ name }: Transport): Cause {
  const detail = `The password of transport "${name}" for its upstream relay cannot be opened with this master key; give it anew.`;
  return { phase: 'policy', class: 'local', status: '4.3.5', detail };
}

/** The sandbox takes everything and sends nothing. */
async function caught(deps: DeliverDeps, order: Order, transport: Transport): Promise<Outcome> {
  const { submission, delivery } = order;
  const since = deps.clock.ticks();
  const rendered = await renderFor(order.render);
  if ('refusal' in rendered) return stopped(rendered.refusal);
  const facts = {
    account: submission.account,
    submission: submission.id,
    delivery: delivery.id,
    user: submission.user,
    subject: submission.subject,
  };
  const id = await deps.catchLetter(rendered.letter, { ...facts, transport: transport.name });
  const reply = { code: 250, status: '2.0.0', text: `caught in the sandbox as ${id}` };
  const via = {
    transport: transport.name,
    site: SANDBOX.lane,
    host: 'sandbox',
    address: 'sandbox',
    localAddress: '',
    ehlo: transport.ehlo ?? deps.hostname,
    ms: Math.round(deps.clock.ticks() - since),
  };
  return { kind: 'delivered', via, reply, conversation: 'caught in the sandbox, nothing was sent' };
}

const renderFor = (render: Render) => render({ eightBitMime: true, smtputf8: true, dsn: false });

/** An attempt that ended before a connection. */
function stopped(cause: Cause): Outcome {
  return { kind: cause.status.startsWith('5') ? 'bounced' : 'deferred', cause, conversation: '' };
}

function noTransport(name: string): Cause {
  const detail = `The transport "${name}" does not exist (any more); the delivery waits until its pool has one.`;
  return { phase: 'policy', class: 'local', status: '4.3.5', detail };
}

function namesOf(deps: DeliverDeps): ReadonlySet<string> {
  const names = [...deps.transports().values()].map((transport) => transport.ehlo ?? deps.hostname);
  return new Set([deps.hostname, ...names].map((name) => name.toLowerCase()));
}

function addressesOf(deps: DeliverDeps): ReadonlySet<string> {
  const transports = [...deps.transports().values()];
  const published = transports.flatMap(({ address, address6, publicAddress }) => [
    address,
    address6,
    publicAddress,
  ]);
  return new Set([...ownAddresses(), ...published.filter((address) => address !== undefined)]);
}

const speaksIpv6 = (transport: Transport): boolean =>
  transport.address6 !== undefined || (transport.address?.includes(':') ?? false);

/** Asking the system for its interfaces costs a few system calls: every ten seconds is enough. */
function remembering<T>(clock: Clock, ask: () => T): () => T {
  let known: Readonly<{ value: T; until: number }> | undefined;
  return () => {
    if (!known || clock.ticks() > known.until)
      known = { value: ask(), until: clock.ticks() + OWN_ADDRESSES_MS };
    return known.value;
  };
}
