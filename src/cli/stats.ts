// postino stats: what became of the mail of a time, in all, by a value, by an interval.
import type { HistoryReader } from '../history/history.ts';
import {
  counters,
  dimensions,
  intervals,
  type Counter,
  type Counts,
  type Statistics,
  type StatisticsQuery,
  type StatisticsRow,
} from '../history/statistics.ts';
import { sayDuration } from '../lib/duration.ts';
import { done, failed, misused, table, textOf, type Command, type Result, type Values } from './command.ts';
import { readLimit, readWhen, type Read } from './history-context.ts';
import type { Clock } from '../lib/clock.ts';
import { sayTime } from './timeline.ts';

export type StatsContext = Readonly<{ history: HistoryReader | undefined; clock: Clock }>;

const LIMIT = 50;
const DAY_MS = 86_400_000;
const FILTERS = ['account', 'user', 'domain', 'campaign', 'provider', 'transport'] as const;

export const statsCommands: readonly Command<StatsContext>[] = [
  {
    words: 'stats',
    summary: 'Count what became of mail: by campaign, user, provider and so on, over a time.',
    options: [
      { flags: '--since <when>', summary: 'from then on: "24h" (ago) or "2026-01-31" (default: 24h)' },
      { flags: '--until <when>', summary: 'up to then (default: now)' },
      { flags: '--by <value>', summary: `a row for each: ${dimensions.join(' ')}` },
      { flags: '--every <interval>', summary: `a row for each: ${intervals.join(' ')} (UTC)` },
      ...FILTERS.map((name) => ({ flags: `--${name} <name>`, summary: `only of this ${name}` })),
      { flags: '--limit <n>', summary: `rows at most, those with the most first (default: ${LIMIT})` },
    ],
    run: async ({ history, clock }, _, options) => {
      const query = readQuery(options, clock.now());
      if (!query.ok) return misused(query.problem);
      if (!history) return failed('There is no history: the configuration says history.enabled: false.');
      return print(await history.statistics(query.value), query.value);
    },
  },
];

function readQuery(options: Values, now: number): Read<StatisticsQuery> {
  const since = readWhen(options, 'since', now);
  const until = readWhen(options, 'until', now);
  const limit = readLimit(options, LIMIT);
  const by = oneOf(dimensions, 'by', textOf(options, 'by'));
  const every = oneOf(intervals, 'every', textOf(options, 'every'));
  for (const read of [since, until, limit, by, every]) if (!read.ok) return read;
  if (!since.ok || !until.ok || !limit.ok || !by.ok || !every.ok) return { ok: false, problem: '' };
  const filters = FILTERS.flatMap((name) => {
    const value = textOf(options, name);
    return value === undefined ? [] : [[name, value]];
  });
  return {
    ok: true,
    value: {
      ...Object.fromEntries(filters),
      since: since.value ?? now - DAY_MS,
      until: until.value ?? now,
      limit: limit.value,
      ...(by.value === undefined ? {} : { by: by.value }),
      ...(every.value === undefined ? {} : { every: every.value }),
    },
  };
}

function oneOf<T extends string>(
  all: readonly T[],
  name: string,
  text: string | undefined,
): Read<T | undefined> {
  const found = all.find((one) => one === text);
  if (text === undefined || found !== undefined) return { ok: true, value: found };
  return { ok: false, problem: `--${name} ${text}: give one of ${all.join(', ')}.` };
}

/** Columns that say something; the first ones always. */
const ALWAYS: ReadonlySet<Counter> = new Set(['accepted', 'delivered', 'bounced']);
const HEADS: Partial<Record<Counter, string>> = {
  openedUnique: 'unique',
  openedHuman: 'human',
  clickedUnique: 'unique',
  clickedHuman: 'human',
};

function print(statistics: Statistics, { by, every }: StatisticsQuery): Result {
  const { total, rows } = statistics;
  const columns = counters.filter((name) => ALWAYS.has(name) || total[name] > 0);
  const cells = (counts: Counts): string[] => [
    ...columns.map((name) => String(counts[name])),
    counts.p50 === undefined ? '' : sayDuration(counts.p50),
    counts.p95 === undefined ? '' : sayDuration(counts.p95),
  ];
  const lead = (row: StatisticsRow): string[] => [
    ...(every === undefined ? [] : [sayTime(row.at ?? 0)]),
    ...(by === undefined ? [] : [sayKey(row)]),
  ];
  const head = [
    ...(every === undefined ? [] : ['utc']),
    ...(by === undefined ? [] : [by]),
    ...columns.map((name) => HEADS[name] ?? name),
    'p50',
    'p95',
  ];
  const isWhole = by === undefined && every === undefined;
  const listed = isWhole ? [] : rows.map((row) => [...lead(row), ...cells(row)]);
  const blank = every !== undefined && by !== undefined ? ['total', ''] : ['total'];
  const last = isWhole ? cells(total) : [...blank, ...cells(total)];
  return done(table(head, [...listed, last], 'Nothing happened in this time.'), statistics);
}

function sayKey({ key = '', label }: StatisticsRow): string {
  const named = label === undefined ? key : `${key} ${label}`;
  return named === '' ? '(none)' : named.replace(/\p{Cc}/gu, ' ');
}
