// What replies say of a transport: counts of outcomes per provider, and whether they are good, bad or worst. Pure.
import type { Event } from '../model/event.ts';
import type { RatesConfig } from './config.ts';

/** How an attempt ended, as far as it tells something of our address. */
export const outcomeKinds = ['delivered', 'deferred', 'blocked', 'bounced', 'complained'] as const;
export type OutcomeKind = (typeof outcomeKinds)[number];
export type Tally = Readonly<Record<OutcomeKind, number>>;

export const NO_TALLY: Tally = { delivered: 0, deferred: 0, blocked: 0, bounced: 0, complained: 0 };

const BLOCKS = new Set(['blocked', 'reputation']);
/** Deferrals that say nothing of us: the mailbox is full, or newcomers have to wait. */
const INNOCENT = new Set(['greylisted', 'mailbox-full']);

/** What an event counts as for its transport; undefined: nothing. Without a reply of the peer an end is its trouble, not ours. */
export function outcomeOf({ type, class: cause = '', reply, report }: Event): OutcomeKind | undefined {
  if (type === 'delivered' || type === 'complained') return type;
  const isLater = type === 'bounced' && report !== undefined;
  if ((type !== 'deferred' && type !== 'bounced') || (!reply && !isLater)) return undefined;
  if (BLOCKS.has(cause)) return 'blocked';
  return type === 'deferred' && INNOCENT.has(cause) ? undefined : type;
}

export function addTallies(tallies: Iterable<Tally>): Tally {
  const sum = { ...NO_TALLY };
  for (const tally of tallies) for (const kind of outcomeKinds) sum[kind] += tally[kind];
  return sum;
}

/** Percent of each kind. Fewer attempts than `minimum` count as so many; complaints are counted against deliveries. */
export function percentOf(tally: Tally, minimum: number): Readonly<Record<OutcomeKind, number>> {
  const attempts = Math.max(minimum, tally.delivered + tally.deferred + tally.blocked + tally.bounced);
  const share = (kind: OutcomeKind): number => (100 * tally[kind]) / attempts;
  return {
    delivered: share('delivered'),
    deferred: share('deferred'),
    blocked: share('blocked'),
    bounced: share('bounced'),
    complained: (100 * tally.complained) / Math.max(minimum, tally.delivered),
  };
}

/** Counts of one transport by provider ("" where no rule knows it): of the last hour, and of the last day for complaints. */
export type Counts = Readonly<{ hour: ReadonlyMap<string, Tally>; day: ReadonlyMap<string, Tally> }>;

export type RatesJudgement = Readonly<{ level: 'good' | 'bad' | 'worst'; reason: string }>;

/** What was bad before is so until it is clearly below its threshold. */
const EASE = 0.8;

/**
 * One provider whose replies are bad makes it bad; only what all providers say together makes it the worst. `was`: what
 * it was judged before.
 */
export function judgeRates(
  counts: Counts,
  config: RatesConfig,
  was: RatesJudgement['level'],
): RatesJudgement {
  const all = addTallies(counts.hour.values());
  const blocked = percentOf(all, config.minimum).blocked;
  const worst = config.blockedByAll * (was === 'worst' ? EASE : 1);
  if (config.blockedByAll > 0 && blocked >= worst)
    return { level: 'worst', reason: say('of all replies refused our address', blocked, all.blocked) };
  const ease = was === 'good' ? 1 : EASE;
  for (const kind of ['blocked', 'deferred', 'bounced', 'complained'] as const) {
    if (config[kind] <= 0) continue;
    for (const [provider, tally] of kind === 'complained' ? counts.day : counts.hour) {
      const percent = percentOf(tally, config.minimum)[kind];
      if (percent < config[kind] * ease) continue;
      return { level: 'bad', reason: say(`${SAID[kind]} ${provider || 'others'}`, percent, tally[kind]) };
    }
  }
  return { level: 'good', reason: '' };
}

const SAID = {
  blocked: 'refused for our address by',
  deferred: 'deferred by',
  bounced: 'bounced by',
  complained: 'complained of at',
} as const;

function say(what: string, percent: number, count: number): string {
  return `${percent >= 10 ? percent.toFixed(0) : percent.toFixed(1)} % ${what} (${count})`;
}
