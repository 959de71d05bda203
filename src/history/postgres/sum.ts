// Statistics from the counts: sums over a time, by a value, by an interval.
import { countColumns, numberAt, textAt, type Answer } from '../columns.ts';
import { grainOf, intervalMs, planOf, spansOf, type Kept, type Plan, type Span } from '../sets.ts';
import { intervals, type Statistics, type StatisticsQuery } from '../statistics.ts';
import { addAnswer, countsOf, groupOf, newSums, rowsOf, sumsOf, type Sums } from '../sums.ts';
import type { Ask } from './driver.ts';
import { cleanText } from './params.ts';

/** Answers a query from the counts. */
export async function sumUp(ask: Ask, query: StatisticsQuery, kept: Kept): Promise<Statistics> {
  const plan = planOf(query);
  const spans = spansOf(query, kept, plan.intervals);
  const groups = new Map<string, Sums>();
  const total = newSums();
  for (const span of spans) {
    const unit = intervalMs[span.interval];
    for (const answer of await readSpan(ask, { plan, span, query })) {
      const at = query.every === undefined ? '' : String((numberAt(answer, 'at') ?? 0) * unit);
      addAnswer(sumsOf(groups, groupOf(at, textAt(answer, 'value') ?? '')), answer);
      addAnswer(total, answer);
    }
  }
  const names = query.by === 'campaign' ? await readNames(ask, query) : new Map<string, string>();
  // A message has no tag, or several of them: the total is counted by itself.
  const { by: _by, every: _every, ...whole } = query;
  return {
    total: plan.kind === '' ? countsOf(total) : (await sumUp(ask, whole, kept)).total,
    rows: rowsOf(groups, query, names),
    grain: grainOf(spans),
  };
}

type Reading = Readonly<{ plan: Plan; span: Span; query: StatisticsQuery }>;

const sums = countColumns.map((name) => `sum(c.${name})::bigint AS ${name}`).join(', ');

function readSpan(ask: Ask, { plan, span, query }: Reading): Promise<readonly Answer[]> {
  const unit = intervalMs[span.interval];
  const values: string[] = [];
  const is = (column: string, value: string): string => `s."${column}" = $${values.push(cleanText(value))}`;
  const conditions = [
    is('set_name', plan.set),
    is('kind', plan.kind),
    ...(query.account === undefined ? [] : [is('account', query.account)]),
    ...Object.entries(plan.where).map(([base, value]) => is(base, value)),
    `c.interval = ${intervals.indexOf(span.interval)} AND c.at >= ${span.from / unit} AND c.at < ${span.to / unit}`,
  ];
  const groups = [
    ...(plan.by === undefined ? [] : [`s."${plan.by}"`]),
    ...(query.every === undefined ? [] : ['c.at']),
  ];
  return ask(
    `SELECT ${plan.by === undefined ? "''" : `s."${plan.by}"`} AS value, ${query.every === undefined ? '0' : 'c.at'} AS at,
      ${sums}, string_agg(c.times, ''::bytea) AS times
      FROM postino.series s JOIN postino.counts c ON c.series = s.id WHERE ${conditions.join(' AND ')}
      ${groups.length === 0 ? '' : `GROUP BY ${groups.join(', ')}`}`,
    values,
  );
}

/** The latest name of each campaign. */
async function readNames(ask: Ask, { account }: StatisticsQuery): Promise<ReadonlyMap<string, string>> {
  const found = await ask(
    `SELECT DISTINCT ON (campaign) campaign, name FROM postino.names WHERE account = coalesce($1, account)
      ORDER BY campaign, month DESC, account`,
    [account ?? null],
  );
  return new Map(found.map((answer) => [textAt(answer, 'campaign') ?? '', textAt(answer, 'name') ?? '']));
}
