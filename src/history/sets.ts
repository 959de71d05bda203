// Dimension sets: by which values counts are kept together, how fine and how long, and which set answers a question. Pure.
import type { EpochMs } from '../lib/clock.ts';
import type { Kind } from './tally.ts';
import { intervals, type Dimension, type Interval, type StatisticsQuery } from './statistics.ts';

/** What every count has one value of. */
const bases = ['user', 'domain', 'campaign', 'provider', 'transport'] as const;
export type Base = (typeof bases)[number];

/** Which values are kept together, and how fine; `kinds`: the same of counts by device, country, class, link and tag. */
type CountedSet = Readonly<{
  name: string;
  of: readonly Base[];
  intervals: readonly Interval[];
  kinds: readonly Interval[];
}>;

/**
 * Sets of values that counts are summed by, smallest first; each is kept beside the others, so that the usual questions read few
 * rows. Each costs something for every event: the finer, the fewer.
 */
export const sets: readonly CountedSet[] = [
  { name: 'all', of: [], intervals: ['minute', 'hour', 'day'], kinds: ['hour', 'day'] },
  { name: 'user', of: ['user'], intervals: ['minute', 'hour', 'day'], kinds: ['hour', 'day'] },
  { name: 'provider', of: ['provider'], intervals: ['hour', 'day'], kinds: [] },
  { name: 'transport', of: ['transport'], intervals: ['hour', 'day'], kinds: [] },
  { name: 'domain', of: ['domain'], intervals: ['hour', 'day'], kinds: [] },
  { name: 'campaign', of: ['campaign'], intervals: ['hour', 'day'], kinds: [] },
  { name: 'user campaign', of: ['user', 'campaign'], intervals: ['hour', 'day'], kinds: [] },
  { name: 'full', of: bases, intervals: ['day'], kinds: ['day'] },
];

/** How fine the counts of a kind are in a set. */
export function intervalsOf(set: CountedSet, kind: Kind): readonly Interval[] {
  return kind === '' ? set.intervals : set.kinds;
}

export const intervalMs: Readonly<Record<Interval, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** Before which moment counts of an interval are gone. */
export type Kept = Readonly<Record<Interval, EpochMs>>;

/** The same as a store keeps it, by the names that `keptName` gives; nothing is gone yet where it keeps none. */
export function readKept(read: (name: string) => string | undefined): Kept {
  const at = (interval: Interval): EpochMs => Number(read(keptName(interval)) ?? 0);
  return { minute: at('minute'), hour: at('hour'), day: at('day') };
}

/** Under which name a store keeps before when the counts of an interval are gone. */
export function keptName(interval: Interval): string {
  return `kept.${interval}`;
}

/** Where to look: a set, its values that are asked for, and the kind and value that rows are of. */
export type Plan = Readonly<{
  set: string;
  kind: Kind;
  /** How fine its counts are. */
  intervals: readonly Interval[];
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
    (set) => intervalsOf(set, kind).length > 0 && needed.every((base) => set.of.includes(base)),
  );
  const fine = found ? intervalsOf(found, kind) : [];
  return { set: found?.name ?? 'full', kind, intervals: fine, where, by };
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
  fine: readonly Interval[],
): readonly Span[] {
  const usable = fine.filter((interval) => interval === 'day' || since >= kept[interval]);
  if (every !== undefined) {
    const finest = intervals.indexOf(every);
    const interval = usable.find((one) => intervals.indexOf(one) >= finest) ?? 'day';
    return [rounded({ interval, from: since, to: until })];
  }
  const [finest = 'day', ...coarser] = usable;
  return widen([rounded({ interval: finest, from: since, to: until })], coarser);
}

/** The finest counts that these are made up of. */
export function grainOf(spans: readonly Span[]): Interval {
  return intervals.find((one) => spans.some(({ interval }) => interval === one)) ?? 'day';
}

/** The inner part of each span is told by coarser counts where whole ones fit in. */
function widen(spans: readonly Span[], coarser: readonly Interval[]): readonly Span[] {
  const [interval, ...rest] = coarser;
  if (interval === undefined) return spans;
  const unit = intervalMs[interval];
  return spans.flatMap((span) => {
    const from = Math.ceil(span.from / unit) * unit;
    const to = Math.floor(span.to / unit) * unit;
    if (from >= to) return [span];
    const ends = [
      { ...span, to: from },
      { ...span, from: to },
    ].filter((end) => end.from < end.to);
    return [...ends, ...widen([{ interval, from, to }], rest)];
  });
}

function rounded({ interval, from, to }: Span): Span {
  const unit = intervalMs[interval];
  return { interval, from: Math.floor(from / unit) * unit, to: Math.ceil(to / unit) * unit };
}
