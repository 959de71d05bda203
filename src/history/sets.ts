// Dimension sets: by which values counts are kept together, how fine and how long, and which set answers a question. Pure.
import type { EpochMs } from '../lib/clock.ts';
import type { Kind } from './tally.ts';
import { intervals, type Dimension, type Interval, type StatisticsQuery } from './statistics.ts';

/** What every count has one value of. */
export const bases = ['user', 'domain', 'campaign', 'provider', 'transport'] as const;
export type Base = (typeof bases)[number];

/**
 * Sets of values that counts are summed by, smallest first; each is kept beside the others, so that the usual questions read few
 * rows. "fine": by minute, too. "kinds": also by device, country, class, link and tag.
 */
export const sets: readonly Readonly<{ name: string; of: readonly Base[]; fine: boolean; kinds: boolean }>[] =
  [
    { name: 'all', of: [], fine: true, kinds: true },
    { name: 'user', of: ['user'], fine: true, kinds: true },
    { name: 'provider', of: ['provider'], fine: true, kinds: false },
    { name: 'transport', of: ['transport'], fine: true, kinds: false },
    { name: 'domain', of: ['domain'], fine: true, kinds: false },
    { name: 'campaign', of: ['campaign'], fine: true, kinds: false },
    { name: 'user campaign', of: ['user', 'campaign'], fine: true, kinds: true },
    { name: 'full', of: bases, fine: false, kinds: true },
  ];

export const intervalMs: Readonly<Record<Interval, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** Before which moment counts of an interval are gone. */
export type Kept = Readonly<Record<Interval, EpochMs>>;

/** Where to look: a set, its values that are asked for, and the kind and value that rows are of. */
export type Plan = Readonly<{
  set: string;
  kind: Kind;
  fine: boolean;
  where: Readonly<Partial<Record<Base, string>>>;
  /** The column whose values rows are of; undefined: one row. */
  by: Base | 'key' | undefined;
}>;

export function planOf(query: StatisticsQuery): Plan {
  const where = Object.fromEntries(
    bases.flatMap((base) => (query[base] === undefined ? [] : [[base, query[base]]])),
  );
  const by = query.by === undefined ? undefined : isBase(query.by) ? query.by : 'key';
  const kind: Kind = query.by === undefined || isBase(query.by) ? '' : query.by;
  const needed = bases.filter((base) => base in where || base === by);
  const found = sets.find(
    ({ of, kinds }) => (kind === '' || kinds) && needed.every((base) => of.includes(base)),
  );
  return {
    set: found?.name ?? 'full',
    kind,
    fine: kind === '' && (found?.fine ?? false),
    where,
    by,
  };
}

function isBase(name: Dimension): name is Dimension & Base {
  return bases.some((base) => base === name);
}

/** A part of the time asked for, and the interval whose counts make it up. */
export type Span = Readonly<{ interval: Interval; from: EpochMs; to: EpochMs }>;

/**
 * The time in as few counts as possible: whole days in the middle, hours and minutes towards its ends, as fine as they are kept.
 * What is not kept so fine is rounded outwards. With `every`, counts of that interval, or the next coarser one, alone.
 */
export function spansOf(
  { since, until, every }: Pick<StatisticsQuery, 'since' | 'until' | 'every'>,
  kept: Kept,
  fine: boolean,
): readonly Span[] {
  const usable = intervals.filter(
    (interval) => interval === 'day' || (since >= kept[interval] && (fine || interval !== 'minute')),
  );
  if (every !== undefined) {
    const finest = intervals.indexOf(every);
    const interval = usable.find((one) => intervals.indexOf(one) >= finest) ?? 'day';
    return [rounded({ interval, from: since, to: until })];
  }
  const [finest = 'day', ...coarser] = usable;
  return widen([rounded({ interval: finest, from: since, to: until })], coarser);
}

/** The inner part of each span is told by coarser counts where whole ones fit in. */
function widen(spans: readonly Span[], coarser: readonly Interval[]): readonly Span[] {
  const [interval, ...rest] = coarser;
  if (interval === undefined) return spans;
  const unit = intervalMs[interval];
  const next = spans.flatMap((span) => {
    const from = Math.ceil(span.from / unit) * unit;
    const to = Math.floor(span.to / unit) * unit;
    if (from >= to) return [span];
    const ends = [
      { ...span, to: from },
      { ...span, from: to },
    ].filter((end) => end.from < end.to);
    return [...ends, ...widen([{ interval, from, to }], rest)];
  });
  return next;
}

function rounded({ interval, from, to }: Span): Span {
  const unit = intervalMs[interval];
  return { interval, from: Math.floor(from / unit) * unit, to: Math.ceil(to / unit) * unit };
}
