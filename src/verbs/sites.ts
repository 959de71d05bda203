// What waits by pool and recipient domain: how many, why most of them do, and when those that are due will have left. Pure.
import type { Counted, Group } from '../backlog/census.ts';
import type { EpochMs } from '../lib/clock.ts';
import { isOwn, type Owner } from '../model/owner.ts';
import { whyWaits, type Around, type Why } from './waiting.ts';

const MAX_SITES = 20;

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

/** How many deliveries these are. */
export const sumOf = (groups: readonly Group[]): number => groups.reduce((sum, { count }) => sum + count, 0);

export type Sights = Around & Readonly<{ poolSpeeds: ReadonlyMap<string, number>; now: EpochMs }>;

/** A group, and why those in it wait; `why` undefined: for their turn. */
type Reasoned = Readonly<{ group: Group; why: Why | undefined }>;

const siteOf = ({ pool, domain }: Group): string => `${pool} ${domain}`;

/** Where the queue is for, those with the most first. */
export function sitesOf(counted: Counted, owner: Owner, sights: Sights): readonly Site[] {
  const all = counted.groups.filter(({ account }) => account === owner.account);
  const own = owner.user === undefined ? all : all.filter((group) => isOwn(owner, group));
  const most = [...sumsBy(own, siteOf)].sort(([, a], [, b]) => b - a).slice(0, MAX_SITES);
  const wanted = new Set(most.map(([site]) => site));
  const groups = Map.groupBy(
    all.filter((group) => wanted.has(siteOf(group))),
    siteOf,
  );
  const dueInPool = sumsBy(all.filter(isDue), ({ pool }) => pool);
  return most.map(([site]) => {
    const whole = (groups.get(site) ?? []).map((group) => ({ group, why: whyWaits(group, sights) }));
    return describeSite({
      whole,
      own: whole.filter(({ group }) => isOwn(owner, group)),
      counted,
      dueInPool,
      sights,
    });
  });
}

const isDue = ({ ahead, state, hold }: Group): boolean =>
  ahead === '' && hold === '' && (state === 'waiting' || state === 'parked');

function sumsBy(groups: readonly Group[], of: (group: Group) => string): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const group of groups) sums.set(of(group), (sums.get(of(group)) ?? 0) + group.count);
  return sums;
}

type SiteParts = Readonly<{
  /** All that waits for the site. */
  whole: readonly Reasoned[];
  /** What the viewer sees of it; never empty. */
  own: readonly Reasoned[];
  counted: Counted;
  dueInPool: ReadonlyMap<string, number>;
  sights: Sights;
}>;

function describeSite(parts: SiteParts): Site {
  const { own, sights } = parts;
  const { pool = '', domain = '' } = own[0]?.group ?? {};
  const count = (is: (one: Reasoned) => boolean): number => weight(own.filter(is));
  const sending = count(({ why }) => why?.kind === 'sending');
  const most = mostOf(own.filter(({ why }) => why?.kind !== 'sending'));
  const why = most[0]?.why;
  const due = Math.min(...most.map(({ group }) => group.due));
  const emptyAt = why === undefined || why.kind === 'limit' ? emptyAtOf(parts) : undefined;
  return {
    pool,
    domain,
    waiting: weight(own) - sending,
    ready: count((one) => one.why === undefined),
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
function emptyAtOf({ whole, own, counted, dueInPool, sights }: SiteParts): EpochMs | undefined {
  const [first] = own;
  if (!first) return undefined;
  const { pool } = first.group;
  const pace = counted.paceOf(first.group);
  const due = weight(whole.filter(({ group }) => isDue(group)));
  const seconds =
    pace === undefined ? (dueInPool.get(pool) ?? due) / (sights.poolSpeeds.get(pool) ?? 0) : due / pace;
  return Number.isFinite(seconds) ? Math.round(sights.now + seconds * 1000) : undefined;
}
