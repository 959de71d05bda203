// What the first page tells: flow, queue with why and how long, limits, transports, alerts; asked once for all who look.
import type { Census, Counted, Group } from '../backlog/census.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { HistoryReader } from '../history/history.ts';
import type { Owner } from '../model/owner.ts';
import type { AlertVerbs } from './alert.ts';
import type { ShownLimit } from './limit.ts';
import type { LookAround } from './look.ts';
import { queueState, type QueueState, type QueueVerbs } from './queue.ts';
import { makeShared } from './shared.ts';
import type { ShownTransport } from './transport.ts';
import { whyWaits, type Around, type Why } from './waiting.ts';

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

/** What waits in one pool for one domain; `domain` "": for many others. */
export type Site = Readonly<{
  pool: string;
  domain: string;
  /** All but those that are being sent. */
  waiting: number;
  /** How many of these wait for nothing but their turn. */
  ready: number;
  sending: number;
  due?: EpochMs;
  emptyAt?: EpochMs;
  why?: Why;
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
const MAX_SITES = 20;
const MAX_ALERTS = 10;
/** All who look within this time are told the same. */
const FRESH_MS = 1500;
/** How long somebody who looks waits for something newer. */
const PATIENCE_MS = 40;
/** How many owners' flows are kept: those that looked last. */
const MAX_OWNERS = 100;

type Ask<T> = () => Promise<T>;

/** Makes the overview; each of its parts is asked for once, however many look. Rejects with RedisTrouble. */
export function makeOverview(deps: OverviewDeps): (bounds: Owner) => Promise<Overview> {
  const { clock, alerts } = deps;
  const shared = <T>(ask: Ask<T>): Ask<T> =>
    makeShared({ clock, freshMs: FRESH_MS, patienceMs: PATIENCE_MS }, ask);
  const depth = shared(() => queueState(deps));
  const recent = shared(async () => (await alerts?.recent(MAX_ALERTS)) ?? []);
  const flowOf = perOwner((bounds) => shared(() => readFlow(deps, bounds)));
  const speedsOf = perOwner((bounds) => shared(() => readSpeeds(deps, bounds)));
  return async (bounds) => {
    const at = clock.now();
    const [counted, { limits, transports }, state, told, flow, speeds] = await Promise.all([
      deps.census(),
      deps.around(),
      depth(),
      recent(),
      flowOf(bounds)(),
      speedsOf({ account: bounds.account })(),
    ]);
    const sights = { limits, transports, poolSpeeds: byPool(speeds, transports), now: at };
    return {
      at,
      flow,
      queue: bounds.user === undefined ? wholeQueue(state) : countQueue(counted, bounds),
      sites: sitesOf(counted, bounds, sights),
      countedAt: counted.at,
      looked: counted.whole,
      limits,
      transports,
      depth: state,
      alerts: told,
    };
  };
}

/** The same asker for the same owner; those that were not asked for the longest time are forgotten. */
function perOwner<T>(make: (bounds: Owner) => Ask<T>): (bounds: Owner) => Ask<T> {
  const askers = new Map<string, Ask<T>>();
  return (bounds) => {
    const key = `${bounds.account} ${bounds.user ?? ''}`;
    const ask = askers.get(key) ?? make(bounds);
    askers.delete(key);
    askers.set(key, ask);
    const [oldest] = askers.keys();
    if (askers.size > MAX_OWNERS && oldest !== undefined) askers.delete(oldest);
    return ask;
  };
}

async function readFlow({ history, clock }: OverviewDeps, bounds: Owner): Promise<readonly Minute[]> {
  const until = (Math.floor(clock.now() / MINUTE) + 1) * MINUTE;
  const query = { ...bounds, since: until - HOUR, until, every: 'minute', limit: 60 } as const;
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
function countQueue({ groups }: Counted, bounds: Owner): QueueCounts {
  const own = groups.filter((group) => isOf(group, bounds));
  const count = (is: (group: Group) => boolean): number => sumOf(own.filter(is));
  const sending = count(({ state }) => state === 'sending');
  const paused = count(({ state }) => state === 'paused');
  const later = count(({ state, ahead }) => state === 'waiting' && ahead !== '');
  return { waiting: sumOf(own) - sending - paused - later, later, sending, paused, quarantined: 0 };
}

const sumOf = (groups: readonly Group[]): number => groups.reduce((sum, { count }) => sum + count, 0);

const isOf = (group: Group, { account, user }: Owner): boolean =>
  group.account === account && (user === undefined || group.user === user);

type Sights = Around & Readonly<{ poolSpeeds: ReadonlyMap<string, number>; now: EpochMs }>;

/** A group, and why those in it wait; `why` undefined: for their turn. */
type Reasoned = Readonly<{ group: Group; why: Why | undefined }>;

/** Where the queue is for, those with the most first. */
export function sitesOf(counted: Counted, bounds: Owner, sights: Sights): readonly Site[] {
  const all = counted.groups
    .filter(({ account }) => account === bounds.account)
    .map((group): Reasoned => ({ group, why: whyWaits(group, sights) }));
  const readyInPool = new Map<string, number>();
  for (const { group, why } of all)
    if (why === undefined) readyInPool.set(group.pool, (readyInPool.get(group.pool) ?? 0) + group.count);
  const sites = Map.groupBy(all, ({ group: { pool, domain } }) => `${pool} ${domain}`);
  return [...sites.values()]
    .map((whole) => ({ whole, own: whole.filter(({ group }) => isOf(group, bounds)) }))
    .map(({ whole, own }) => ({ whole, own, count: sumOf(own.map(({ group }) => group)) }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, MAX_SITES)
    .map(({ whole, own }) => siteOf({ whole, own, counted, readyInPool, sights }));
}

type SiteOf = Readonly<{
  /** All that waits for the site. */
  whole: readonly Reasoned[];
  /** What the viewer sees of it; never empty. */
  own: readonly Reasoned[];
  counted: Counted;
  readyInPool: ReadonlyMap<string, number>;
  sights: Sights;
}>;

function siteOf(of: SiteOf): Site {
  const { own, sights } = of;
  const { pool = '', domain = '' } = own[0]?.group ?? {};
  const count = (is: (one: Reasoned) => boolean): number => sumOf(own.filter(is).map(({ group }) => group));
  const sending = count(({ why }) => why?.kind === 'sending');
  const ready = count(({ why }) => why === undefined);
  const most = mostOf(own.filter(({ why }) => why?.kind !== 'sending'));
  const why = most[0]?.why;
  const due = Math.min(...most.map(({ group }) => group.due));
  const emptyAt = why === undefined || why.kind === 'limit' ? emptyAtOf(of) : undefined;
  return {
    pool,
    domain,
    waiting: count(() => true) - sending,
    ready,
    sending,
    ...(due > sights.now && due !== Infinity ? { due } : {}),
    ...(emptyAt === undefined ? {} : { emptyAt }),
    ...(why === undefined ? {} : { why }),
  };
}

/** Those of the reason that holds the most. */
function mostOf(waiting: readonly Reasoned[]): readonly Reasoned[] {
  const reasons = Map.groupBy(waiting, ({ why }) => JSON.stringify(why) ?? '');
  return [...reasons.values()].reduce<readonly Reasoned[]>(
    (most, some) => (weight(some) > weight(most) ? some : most),
    [],
  );
}

const weight = (some: readonly Reasoned[]): number => sumOf(some.map(({ group }) => group));

/** When those that are due will have left: by the site's own pace, else by its pool's, which they share. */
function emptyAtOf({ whole, own, counted, readyInPool, sights }: SiteOf): EpochMs | undefined {
  const [first] = own;
  if (!first) return undefined;
  const due = whole.filter(
    ({ group, why }) => group.ahead === '' && (why === undefined || why.kind === 'limit'),
  );
  const pace = counted.paceOf(first.group);
  const seconds =
    pace === undefined
      ? (readyInPool.get(first.group.pool) ?? weight(due)) / (sights.poolSpeeds.get(first.group.pool) ?? 0)
      : weight(due) / pace;
  return Number.isFinite(seconds) ? Math.round(sights.now + seconds * 1000) : undefined;
}
