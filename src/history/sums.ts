// Sums of counts by value and interval, and the rows of an answer that they make. Pure.
import { addTimes, quantile, readTimes, type Times } from './buckets.ts';
import { bytesAt, countColumns, numberAt, type Answer } from './columns.ts';
import { counters, type Counts, type StatisticsQuery, type StatisticsRow } from './statistics.ts';

/** Counts in the order of `counters`. */
export type Sums = { readonly counts: number[]; readonly times: Times };

const NONE = '\u0000';
const MAX_LIMIT = 10_000;

/** Under which sums of a moment and a value are kept. */
export function groupOf(at: string, key: string): string {
  return `${at}${NONE}${key}`;
}

export function sumsOf(groups: Map<string, Sums>, key: string): Sums {
  const known = groups.get(key);
  if (known) return known;
  const made = newSums();
  groups.set(key, made);
  return made;
}

export function newSums(): Sums {
  return { counts: counters.map(() => 0), times: new Map() };
}

/** Adds what a row of an answer has in the columns of the counters, and in "times". */
export function addAnswer(sums: Sums, answer: Answer): void {
  for (const [i, name] of countColumns.entries())
    sums.counts[i] = (sums.counts[i] ?? 0) + (numberAt(answer, name) ?? 0);
  const times = bytesAt(answer, 'times');
  if (times) addTimes(sums.times, readTimes(times));
}

/** Rows in the order of time; of values the first `limit`, those with the most first. */
export function rowsOf(
  groups: ReadonlyMap<string, Sums>,
  query: Pick<StatisticsQuery, 'by' | 'limit'>,
  names: ReadonlyMap<string, string>,
): readonly StatisticsRow[] {
  const rows = [...groups]
    .filter(([, { counts }]) => counts.some((count) => count !== 0))
    .map(([group, sums]) => {
      const [at = '', key = ''] = group.split(NONE);
      return {
        ...(at === '' ? {} : { at: Number(at) }),
        ...(query.by === undefined ? {} : keyed(key, query.by, names)),
        ...countsOf(sums),
      };
    });
  if (query.by === undefined) return rows.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0)).slice(0, MAX_LIMIT);
  const ranks = ranksOf(rows, Math.min(Math.max(1, query.limit), MAX_LIMIT));
  const rankOf = (row: StatisticsRow): number => ranks.get(idOf(row)) ?? 0;
  return rows
    .filter((row) => ranks.has(idOf(row)))
    .toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0) || rankOf(a) - rankOf(b));
}

/** Of the `limit` values with the most, which comes first, which second, and so on. */
function ranksOf(rows: readonly StatisticsRow[], limit: number): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const row of rows) weights.set(idOf(row), (weights.get(idOf(row)) ?? 0) + weightOf(row));
  const order = [...weights].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return new Map(order.slice(0, limit).map(([id], rank) => [id, rank]));
}

function keyed(
  key: string,
  by: NonNullable<StatisticsQuery['by']>,
  names: ReadonlyMap<string, string>,
): Pick<StatisticsRow, 'key' | 'label'> {
  if (by === 'link') return { key: key.replace(/ .*$/s, ''), label: key.replace(/^\S* /s, '') };
  const label = by === 'campaign' ? names.get(key) : undefined;
  return label === undefined ? { key } : { key, label };
}

function idOf({ key = '', label = '' }: StatisticsRow): string {
  return `${key} ${label}`;
}

/** By what a row is one of the first: how much of it there is. */
function weightOf(row: Counts): number {
  return row.accepted || row.delivered + row.deferred + row.bounced + row.dropped + row.opened + row.clicked;
}

export function countsOf({ counts, times }: Sums): Counts {
  const count = (name: (typeof counters)[number]): number => counts[counters.indexOf(name)] ?? 0;
  const p50 = quantile(times, 0.5);
  const p95 = quantile(times, 0.95);
  return {
    accepted: count('accepted'),
    delivered: count('delivered'),
    deferred: count('deferred'),
    bounced: count('bounced'),
    hard: count('hard'),
    soft: count('soft'),
    block: count('block'),
    expired: count('expired'),
    dropped: count('dropped'),
    cancelled: count('cancelled'),
    opened: count('opened'),
    openedUnique: count('openedUnique'),
    openedHuman: count('openedHuman'),
    clicked: count('clicked'),
    clickedUnique: count('clickedUnique'),
    clickedHuman: count('clickedHuman'),
    unsubscribed: count('unsubscribed'),
    complained: count('complained'),
    ...(p50 === undefined ? {} : { p50 }),
    ...(p95 === undefined ? {} : { p95 }),
  };
}
