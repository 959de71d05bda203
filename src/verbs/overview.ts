// What the first page tells: flow, queue with why and how long, limits, transports, alerts; asked once for all who look.
import type { Census, Counted, Group } from '../backlog/census.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { HistoryReader } from '../history/history.ts';
import { isOwn, type Owner } from '../model/owner.ts';
import type { AlertVerbs } from './alert.ts';
import type { ShownLimit } from './limit.ts';
import type { LookAround } from './look.ts';
import { queueState, type QueueState, type QueueVerbs } from './queue.ts';
import { makeShared } from './shared.ts';
import { sitesOf, sumOf, type Site } from './sites.ts';
import type { ShownTransport } from './transport.ts';

export type OverviewDeps = QueueVerbs &
  Readonly<{
    census: Census;
    around: LookAround;
    alerts?: AlertVerbs['alerts'];
    /** undefined: it is switched off. */
    history?: Pick<HistoryReader, 'statistics'> | undefined;
  }>;

export type Minute = Readonly<{
  at: EpochMs;
  accepted: number;
  delivered: number;
  deferred: number;
  bounced: number;
}>;

export type QueueCounts = Readonly<{
  waiting: number;
  later: number;
  sending: number;
  paused: number;
  quarantined: number;
}>;

export type Overview = Readonly<{
  at: EpochMs;
  flow: readonly Minute[];
  queue: QueueCounts;
  sites: readonly Site[];
  /** When the sites were counted; `looked` false: it goes on. */
  countedAt: EpochMs;
  looked: boolean;
  limits: readonly ShownLimit[];
  transports: readonly ShownTransport[];
  depth: QueueState;
  alerts: Awaited<ReturnType<NonNullable<AlertVerbs['alerts']>['recent']>>;
}>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MAX_ALERTS = 10;
/** All who look within this time are told the same. */
const FRESH_MS = 1500;
/** How long somebody who looks waits for something newer. */
const PATIENCE_MS = 25;
/** How long the first one waits for the flow: without it the page would say that no mail has come. */
const FIRST_MS = 1000;
/** How many owners' flows are kept: those that looked last. */
const MAX_OWNERS = 100;

type Ask<T> = () => Promise<T>;

/** Makes the overview; each of its parts is asked for once, however many look. Rejects with RedisTrouble. */
export function makeOverview(deps: OverviewDeps): (owner: Owner) => Promise<Overview> {
  const { clock, alerts } = deps;
  const rules = { clock, freshMs: FRESH_MS, patienceMs: PATIENCE_MS };
  const shared = <T>(ask: Ask<T>): Ask<T> => makeShared(rules, ask);
  const depth = shared(() => queueState(deps));
  const recent = shared(async () => (await alerts?.recent(MAX_ALERTS)) ?? []);
  const flowOf = perOwner((owner) =>
    makeShared({ ...rules, otherwise: [], firstMs: FIRST_MS }, () => readFlow(deps, owner)),
  );
  const speedsOf = perOwner((owner) =>
    makeShared({ ...rules, otherwise: new Map() }, () => readSpeeds(deps, owner)),
  );
  const sightOf = perOwner((owner) =>
    shared(() => lookAtQueue(deps, owner, speedsOf({ account: owner.account }))),
  );
  return async (owner) => {
    const [sight, { limits, transports }, state, told, flow] = await Promise.all([
      sightOf(owner)(),
      deps.around(),
      depth(),
      recent(),
      flowOf(owner)(),
    ]);
    const { sites, counts, countedAt, looked } = sight;
    return {
      at: clock.now(),
      flow,
      queue: owner.user === undefined ? wholeQueue(state) : counts,
      sites,
      countedAt,
      looked,
      limits,
      transports,
      depth: state,
      alerts: told,
    };
  };
}

type Sight = Readonly<{
  sites: readonly Site[];
  counts: QueueCounts;
  countedAt: EpochMs;
  looked: boolean;
}>;

async function lookAtQueue(
  { census, around, clock }: OverviewDeps,
  owner: Owner,
  speeds: Ask<ReadonlyMap<string, number>>,
): Promise<Sight> {
  const [counted, { limits, transports }, found] = await Promise.all([census(), around(), speeds()]);
  const sights = { limits, transports, poolSpeeds: byPool(found, transports), now: clock.now() };
  return {
    sites: sitesOf(counted, owner, sights),
    counts: countQueue(counted, owner),
    countedAt: counted.at,
    looked: counted.whole,
  };
}

/** The same asker for the same owner; those that were not asked for the longest time are forgotten. */
function perOwner<T>(make: (owner: Owner) => Ask<T>): (owner: Owner) => Ask<T> {
  const askers = new Map<string, Ask<T>>();
  return (owner) => {
    const key = `${owner.account} ${owner.user ?? ''}`;
    const ask = askers.get(key) ?? make(owner);
    askers.delete(key);
    askers.set(key, ask);
    const [oldest] = askers.keys();
    if (askers.size > MAX_OWNERS && oldest !== undefined) askers.delete(oldest);
    return ask;
  };
}

async function readFlow({ history, clock }: OverviewDeps, owner: Owner): Promise<readonly Minute[]> {
  const until = (Math.floor(clock.now() / MINUTE) + 1) * MINUTE;
  const query = { ...owner, since: until - HOUR, until, every: 'minute', limit: 60 } as const;
  const found = await history?.statistics(query).catch(() => undefined);
  return (found?.rows ?? []).map(({ at = 0, accepted, delivered, deferred, bounced }) => {
    return { at, accepted, delivered, deferred, bounced };
  });
}

const SPEED_MINUTES = 10;

/** Deliveries that left in a second, in the last ten minutes, by transport. */
async function readSpeeds(
  { history, clock }: OverviewDeps,
  { account }: Owner,
): Promise<ReadonlyMap<string, number>> {
  const until = (Math.floor(clock.now() / MINUTE) + 1) * MINUTE;
  const since = until - (SPEED_MINUTES + 1) * MINUTE;
  const query = { account, since, until, by: 'transport', limit: 100 } as const;
  const found = await history?.statistics(query).catch(() => undefined);
  const seconds = (clock.now() - since) / 1000;
  return new Map(
    (found?.rows ?? []).map(({ key = '', delivered, bounced }) => [key, (delivered + bounced) / seconds]),
  );
}

function byPool(
  speeds: ReadonlyMap<string, number>,
  transports: readonly ShownTransport[],
): ReadonlyMap<string, number> {
  const pools = new Map<string, number>();
  for (const { transport } of transports) {
    const speed = speeds.get(transport.name) ?? 0;
    pools.set(transport.pool, (pools.get(transport.pool) ?? 0) + speed);
  }
  return pools;
}

function wholeQueue({ perTransport, paused, quarantined }: QueueState): QueueCounts {
  const sum = (name: 'waiting' | 'later' | 'sending'): number =>
    perTransport.reduce((total, one) => total + one[name], 0);
  return { waiting: sum('waiting'), later: sum('later'), sending: sum('sending'), paused, quarantined };
}

/** One user's, of what was counted. */
function countQueue({ groups }: Counted, owner: Owner): QueueCounts {
  const own = groups.filter((group) => isOwn(owner, group));
  const count = (is: (group: Group) => boolean): number => sumOf(own.filter(is));
  const sending = count(({ state }) => state === 'sending');
  const paused = count(({ state }) => state === 'paused');
  const later = count(({ state, ahead }) => state === 'waiting' && ahead !== '');
  return { waiting: sumOf(own) - sending - paused - later, later, sending, paused, quarantined: 0 };
}
