// Statistics from the counts of all months: sums over a time, by a value, by an interval.
import { addTimes, quantile, readTimes, type Times } from '../buckets.ts';
import { intervalMs, planOf, spansOf, type Kept, type Plan, type Span } from '../sets.ts';
import {
  counters,
  intervals,
  type Counts,
  type Interval,
  type Statistics,
  type StatisticsQuery,
  type StatisticsRow,
} from '../statistics.ts';
import { bytesAt, numberAt, textAt, type Answer, type Database, type Value } from './database.ts';
import { countColumns } from './counts.ts';
import { monthStart, type MonthName } from './months.ts';

type Sums = { readonly counts: number[]; readonly times: Times };
type Open = (month: MonthName) => Database | undefined;

const NONE = '\u0000';
const MAX_LIMIT = 10_000;

/** Answers a query from the counts in these months' files. */
export function sumUp(
  months: readonly MonthName[],
  open: Open,
  { query, kept }: Readonly<{ query: StatisticsQuery; kept: Kept }>,
): Statistics {
  const plan = planOf(query);
  const spans = spansOf(query, kept, plan.intervals);
  const groups = new Map<string, Sums>();
  const total = newSums();
  const names = new Map<string, string>();
  // Whatever is counted in a time was accepted before its end.
  const asked = months.filter((month) => monthStart(month) < query.until);
  for (const month of asked) {
    const database = open(month);
    if (!database) continue;
    for (const span of spans) addSpan(database, { plan, span, query, groups, total });
    if (query.by === 'campaign') addNames(database, query, names);
  }
  // A message has no tag, or several of them: the total is counted by itself.
  const whole = plan.kind === '' ? total : undefined;
  const all = whole ?? totalOf(months, open, { query: withoutGroups(query), kept });
  return {
    total: 'counts' in all ? countsOf(all) : all,
    rows: rowsOf(groups, query, names),
    grain: spans.map(({ interval }) => interval).toSorted(byFineness)[0] ?? 'day',
  };
}

function totalOf(
  months: readonly MonthName[],
  open: Open,
  ask: Readonly<{ query: StatisticsQuery; kept: Kept }>,
): Counts {
  return sumUp(months, open, ask).total;
}

function withoutGroups({ by: _by, every: _every, ...query }: StatisticsQuery): StatisticsQuery {
  return query;
}

function byFineness(a: Interval, b: Interval): number {
  return intervals.indexOf(a) - intervals.indexOf(b);
}

type Adding = Readonly<{
  plan: Plan;
  span: Span;
  query: StatisticsQuery;
  groups: Map<string, Sums>;
  total: Sums;
}>;

function addSpan(database: Database, { plan, span, query, groups, total }: Adding): void {
  const unit = intervalMs[span.interval];
  for (const answer of readSpan(database, { plan, span, query })) {
    const at = query.every === undefined ? '' : String((numberAt(answer, 'at') ?? 0) * unit);
    const key = plan.by === undefined ? '' : (textAt(answer, 'value') ?? '');
    addAnswer(sumsOf(groups, `${at}${NONE}${key}`), answer);
    addAnswer(total, answer);
  }
}

/** Sums by value and interval; how long it took is merged row by row, since SQLite cannot. */
function readSpan(
  database: Database,
  { plan, span, query }: Pick<Adding, 'plan' | 'span' | 'query'>,
): Iterable<Answer> {
  const unit = intervalMs[span.interval];
  const wheres = Object.entries(plan.where);
  const conditions = [
    's.set_name = ? AND s.kind = ?',
    ...(query.account === undefined ? [] : ['s.account = ?']),
    ...wheres.map(([base]) => `s.${base} = ?`),
  ];
  const values: Value[] = [
    plan.set,
    plan.kind,
    ...(query.account === undefined ? [] : [query.account]),
    ...wheres.map(([, value]) => value),
    intervals.indexOf(span.interval),
    span.from / unit,
    span.to / unit,
  ];
  const by = plan.by === undefined ? "''" : `s.${plan.by}`;
  const groups = [...(plan.by === undefined ? [] : [by]), ...(query.every === undefined ? [] : ['c.at'])];
  const sql = `SELECT ${by} AS value, c.at AS at, ${countColumns.map((name) => `sum(c.${name}) AS ${name}`).join(', ')},
    add_times(c.times) AS times FROM series s CROSS JOIN counts c ON c.series = s.id
    WHERE ${conditions.join(' AND ')} AND c.interval = ? AND c.at >= ? AND c.at < ?
    ${groups.length === 0 ? '' : `GROUP BY ${groups.join(', ')}`}`;
  return database.prepare(sql).iterate(...values);
}

function sumsOf(groups: Map<string, Sums>, key: string): Sums {
  const known = groups.get(key);
  if (known) return known;
  const made = newSums();
  groups.set(key, made);
  return made;
}

function newSums(): Sums {
  return { counts: counters.map(() => 0), times: new Map() };
}

function addAnswer(sums: Sums, answer: Answer): void {
  for (const [i, name] of countColumns.entries())
    sums.counts[i] = (sums.counts[i] ?? 0) + (numberAt(answer, name) ?? 0);
  const times = bytesAt(answer, 'times');
  if (times) addTimes(sums.times, readTimes(times));
}

function addNames(database: Database, { account }: StatisticsQuery, names: Map<string, string>): void {
  const where = account === undefined ? '' : 'WHERE account = ?';
  const found = database
    .prepare(`SELECT campaign, name FROM names ${where}`)
    .iterate(...(account === undefined ? [] : [account]));
  // Months come newest first: the latest name counts.
  for (const answer of found) {
    const campaign = textAt(answer, 'campaign') ?? '';
    if (!names.has(campaign)) names.set(campaign, textAt(answer, 'name') ?? '');
  }
}

function rowsOf(
  groups: ReadonlyMap<string, Sums>,
  query: StatisticsQuery,
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
  const limit = Math.min(Math.max(1, query.limit), MAX_LIMIT);
  const weights = new Map<string, number>();
  for (const row of rows) weights.set(idOf(row), (weights.get(idOf(row)) ?? 0) + weightOf(row));
  const order = [...weights].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const place = new Map(order.slice(0, limit).map(([key], i) => [key, i]));
  return rows
    .filter((row) => place.has(idOf(row)))
    .toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0) || (place.get(idOf(a)) ?? 0) - (place.get(idOf(b)) ?? 0));
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

function countsOf({ counts, times }: Sums): Counts {
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
