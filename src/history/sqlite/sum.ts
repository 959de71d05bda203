// Statistics from the counts of all months: sums over a time, by a value, by an interval.
import { countColumns, numberAt, textAt, type Answer, type Value } from '../columns.ts';
import { grainOf, intervalMs, planOf, spansOf, type Kept, type Plan, type Span } from '../sets.ts';
import { intervals, type Statistics, type StatisticsQuery } from '../statistics.ts';
import { addAnswer, countsOf, groupOf, newSums, rowsOf, sumsOf, type Sums } from '../sums.ts';
import type { Database } from './database.ts';
import { monthStart, type MonthName } from './months.ts';

type Open = (month: MonthName) => Database | undefined;

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
  const { by: _by, every: _every, ...whole } = query;
  return {
    total: plan.kind === '' ? countsOf(total) : sumUp(months, open, { query: whole, kept }).total,
    rows: rowsOf(groups, query, names),
    grain: grainOf(spans),
  };
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
    addAnswer(sumsOf(groups, groupOf(at, key)), answer);
    addAnswer(total, answer);
  }
}

/** Sums by value and interval. */
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
