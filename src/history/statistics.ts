// Statistics: what can be counted, over which time, by what; the query and the answer. Pure.
import type { Owner } from '../model/owner.ts';
import type { EpochMs } from '../lib/clock.ts';

/**
 * Counts of events at the time they happened; each event once, however often it was told.
 *
 * deferred: attempts that were put off · bounced: hard, soft and block together, also those that came by mail after "delivered"
 * (which stays counted) · opened, clicked: all of them · …Unique: deliveries that had one, counted at the first ·
 * …Human: of these, the ones where a person came, as far as can be told · unsubscribed, complained: deliveries.
 */
export const counters = [
  'accepted',
  'delivered',
  'deferred',
  'bounced',
  'hard',
  'soft',
  'block',
  'expired',
  'dropped',
  'cancelled',
  'opened',
  'openedUnique',
  'openedHuman',
  'clicked',
  'clickedUnique',
  'clickedHuman',
  'unsubscribed',
  'complained',
] as const;
export type Counter = (typeof counters)[number];

/** p50 and p95: milliseconds from accepted to delivered, to about 10 %; absent where nothing was delivered. */
export type Counts = Readonly<Record<Counter, number>> & Readonly<{ p50?: number; p95?: number }>;

export const intervals = ['minute', 'hour', 'day'] as const;
export type Interval = (typeof intervals)[number];

/** domain: of the From address · class: of failures and delays · link: `key` is its number, `label` its address. */
export const dimensions = [
  'campaign',
  'user',
  'domain',
  'provider',
  'transport',
  'device',
  'country',
  'class',
  'link',
  'tag',
] as const;
export type Dimension = (typeof dimensions)[number];

export type StatisticsQuery = Partial<Owner> &
  Readonly<{
    domain?: string;
    campaign?: string;
    provider?: string;
    transport?: string;
    /** From then on and before then, to whole minutes, hours or days (UTC) as far as these are kept. */
    since: EpochMs;
    until: EpochMs;
    /** A row for each interval (UTC) that has something; absent: one for the whole time. */
    every?: Interval;
    /** A row for each value, those with the most first. */
    by?: Dimension;
    /** Rows at most; with `every` and `by`: of so many values. */
    limit: number;
  }>;

/** Rows have `at` where `every` was asked for, and `key` where `by` was; key "" is "not known". */
export type Statistics = Readonly<{
  total: Counts;
  rows: readonly StatisticsRow[];
  /** How fine the counts are that this was made from. */
  grain: Interval;
}>;

export type StatisticsRow = Readonly<{ at?: EpochMs; key?: string; label?: string }> & Counts;
