// The endpoint of the dashboard's first page: what comes in and goes out, what waits and why, how everything is.
import { present } from '../lib/present.ts';
import { z } from 'zod';
import type { Owner } from '../model/owner.ts';
import type { Overview } from '../verbs/overview.ts';
import type { QueueState } from '../verbs/queue.ts';
import type { ShownTransport } from '../verbs/transport.ts';
import type { Settings } from '../model/settings.ts';
import { endpoint } from './endpoint.ts';
import { ownerOf } from './principal.ts';
import { whySchema } from './waiting.ts';

/** What it needs. */
export type OverviewApi = Readonly<{
  overview(bounds: Owner): Promise<Overview>;
  settingsNow(): Settings;
}>;

const minute = z.object({
  at: z.number().describe('Its beginning, epoch milliseconds.'),
  accepted: z.number(),
  delivered: z.number(),
  deferred: z.number(),
  bounced: z.number(),
});
const site = z.object({
  pool: z.string(),
  domain: z.string().describe('"": many others, where there are too many to tell them apart.'),
  waiting: z.number(),
  ready: z.number().describe('How many of these wait for their turn only.'),
  sending: z.number(),
  due: z.number().optional().describe('When the first of them may go; absent: now.'),
  emptyAt: z
    .number()
    .optional()
    .describe('When those that are due will have left, as fast as they leave now; absent: nobody knows.'),
  why: whySchema.optional().describe('Why most of them wait; absent: for their turn only.'),
});
const transport = z.object({
  name: z.string(),
  pool: z.string(),
  kind: z.enum(['smtp', 'sandbox']),
  address: z.string().optional(),
  state: z.string(),
  reason: z.string().optional(),
  warmup: z.object({ day: z.number(), days: z.number() }).optional(),
  waiting: z.number(),
  sending: z.number(),
});
const limit = z.object({
  id: z.string(),
  scope: z.string(),
  key: z.string(),
  does: z.string(),
  until: z.number().optional(),
  rule: z.string(),
  why: z.string(),
  at: z.number(),
});
const alert = z.object({
  id: z.string(),
  kind: z.string(),
  at: z.number(),
  key: z.string(),
  reason: z.string(),
  advice: z.string(),
  over: z.boolean(),
});

const overview = z.object({
  at: z.number(),
  sandboxed: z.boolean().describe('All mail is caught and none is sent.'),
  flow: z.array(minute).describe('The last hour; absent minutes had nothing.'),
  queue: z.object({
    waiting: z.number(),
    later: z.number(),
    sending: z.number(),
    paused: z.number(),
    quarantined: z.number(),
  }),
  sites: z.array(site).describe('Where the queue is for, those with the most first.'),
  countedAt: z
    .number()
    .describe('When the queue was counted for `sites`: a long one is counted now and then.'),
  looked: z.boolean().describe('False while it is counted for the first time: then `sites` tells of a part.'),
  limits: z.array(limit),
  transports: z.array(transport),
  alerts: z.array(alert).describe('Newest first.'),
});

export const overviewEndpoints = [
  endpoint({
    id: 'showOverview',
    method: 'GET',
    path: '/overview',
    scope: 'messages:read',
    summary: 'The last hour, what waits and why, limits, transports and alerts, for the dashboard.',
    description: 'Who is bound to one user sees the flow and the queue of that user only.',
    answer: overview,
    run: async ({ principal }, api: OverviewApi) => {
      const seesAll = principal.scopes.has('transports:read');
      const { limits, transports, depth, alerts, ...told } = await api.overview(ownerOf(principal));
      const kinds = [...api.settingsNow().transports.values()].map(({ kind }) => kind);
      return {
        ...told,
        sandboxed: kinds.length > 0 && kinds.every((kind) => kind === 'sandbox'),
        limits: seesAll ? limits.map((one) => present(one)) : [],
        transports: seesAll ? transports.map((one) => transportOf(one, depth)) : [],
        alerts: principal.scopes.has('alerts:read') ? alerts.map(alertOf) : [],
      };
    },
  }),
];

function transportOf(
  { transport: { name, pool, kind, address }, state, because, warmup }: ShownTransport,
  { perTransport }: QueueState,
): z.output<typeof transport> {
  const counts = perTransport.find((one) => one.transport === name);
  const progress = warmup && !warmup.done ? warmup.providers.at(0) : undefined;
  return {
    name,
    pool,
    kind,
    state,
    ...(address === undefined ? {} : { address }),
    ...(because === undefined ? {} : { reason: because.reason }),
    ...(progress === undefined ? {} : { warmup: { day: progress.day, days: progress.days } }),
    waiting: (counts?.waiting ?? 0) + (counts?.later ?? 0),
    sending: counts?.sending ?? 0,
  };
}

function alertOf({
  id,
  kind,
  at,
  key,
  reason,
  advice,
  over,
}: Overview['alerts'][number]): z.output<typeof alert> {
  return { id, kind, at, key, reason, advice, over };
}
