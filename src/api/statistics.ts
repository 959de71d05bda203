// Endpoints of statistics, and of the history that they are made from.
import { present } from '../lib/present.ts';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { counters, dimensions, intervals } from '../history/statistics.ts';
import type { ForgetVerbs } from '../verbs/forget.ts';
import { lagOf, type HistoryVerbs } from '../verbs/history.ts';
import { endpoint } from './endpoint.ts';
import { moment } from './moment.ts';
import { noHistory } from './messages-read.ts';
import { boundsOf } from './principal.ts';
import { notFound } from './problem.ts';

const count = z.number();
const counts = z.object({
  ...Object.fromEntries(counters.map((name) => [name, count])),
  p50: z
    .number()
    .optional()
    .describe('Milliseconds from accepted to delivered that half of them took at most.'),
  p95: z.number().optional(),
});
const row = counts.extend({
  at: z.number().optional().describe('Beginning of the interval, epoch milliseconds.'),
  key: z.string().optional().describe('The value that it is of; "": not known.'),
  label: z.string().optional().describe("A campaign's name, a link's address."),
});

const text = z.string().max(500).optional();

export const statisticsEndpoints = [
  endpoint({
    id: 'statistics',
    verb: 'stats',
    method: 'GET',
    path: '/statistics',
    scope: 'statistics:read',
    summary: 'Counts of a time: in all, by a value, by an interval.',
    description:
      'Each event counts when it happened. "Unique" are deliveries, counted at their first; "Human" those of them where a person came.',
    query: z.object({
      since: moment,
      until: moment,
      every: z.enum(intervals).optional().describe('A row for each minute, hour or day (UTC).'),
      by: z.enum(dimensions).optional().describe('A row for each value.'),
      user: text,
      domain: text.describe('Of the From address.'),
      campaign: text,
      provider: text,
      transport: text,
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(1000)
        .default(100)
        .describe('Values at most, those with the most.'),
    }),
    answer: z.object({ total: counts, rows: z.array(row), grain: z.enum(intervals) }),
    run: async ({ principal, query }, { history }: HistoryVerbs) => {
      const bounds = boundsOf(principal, query.user);
      // Somebody else's: nothing is counted.
      const asked = { ...present(query), ...(bounds ?? { account: principal.account, user: '\0' }) };
      const { since, until } = query;
      return (await history?.statistics({ ...asked, since, until }).catch(() => undefined)) ?? noHistory;
    },
  }),
  endpoint({
    id: 'historyStatus',
    verb: 'history status',
    method: 'GET',
    path: '/history',
    scope: 'settings:read',
    summary: 'How far the history is, and how large.',
    answer: z.object({
      kind: z.enum(['sqlite', 'postgresql']),
      deliveries: z.number(),
      bytes: z.number(),
      oldest: z.number().optional(),
      newest: z.number().optional(),
      behindMs: z.number().optional().describe('How far behind the event log.'),
      problem: z.string().optional(),
      files: z.array(z.object({ name: z.string(), bytes: z.number(), deliveries: z.number() })),
    }),
    run: async ({ principal }, verbs: HistoryVerbs) => {
      if (principal.user !== undefined) return notFound('history');
      const state = await verbs.history?.state().catch(() => undefined);
      const behindMs = await lagOf(verbs);
      return state ? { ...state, ...(behindMs === undefined ? {} : { behindMs }) } : noHistory;
    },
  }),
  endpoint({
    id: 'pruneHistory',
    verb: 'history prune',
    method: 'POST',
    path: '/history/prune',
    scope: 'recipients:write',
    summary: 'Removes what is kept no longer, now; it is done every hour by itself.',
    answer: z.object({ deliveries: z.number(), files: z.array(z.string()) }),
    run: async ({ principal }, { openHistory, clock }: ForgetVerbs & Readonly<{ clock: Clock }>) => {
      if (principal.user !== undefined) return notFound('history');
      const history = openHistory();
      if (!history) return noHistory;
      try {
        return await history.prune(clock.now());
      } finally {
        await history.close();
      }
    },
  }),
];
