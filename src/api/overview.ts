// The endpoint of the dashboard's first page: what comes in and goes out, what waits and why, how everything is.
import { z } from 'zod';
import type { PageQueue } from '../backlog/queue-page.ts';
import type { HistoryReader } from '../history/history.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Principal } from '../model/access.ts';
import type { AlertVerbs } from '../verbs/alert.ts';
import type { VerbContext } from '../verbs/context.ts';
import { listLimits, type LimitVerbs, type ShownLimit } from '../verbs/limit.ts';
import { queueState, type QueueVerbs } from '../verbs/queue.ts';
import { listTransports, type ShownTransport } from '../verbs/transport.ts';
import { endpoint } from './endpoint.ts';

/** What it needs; alerts and the history only where they are there. */
export type OverviewApi = QueueVerbs &
  LimitVerbs &
  Pick<VerbContext, 'settings' | 'states' | 'warmup' | 'sealer' | 'today'> &
  Readonly<{
    pageQueue: PageQueue;
    alerts?: AlertVerbs['alerts'];
    /** undefined: it is switched off. */
    history?: Pick<HistoryReader, 'statistics'> | undefined;
  }>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Deliveries that are looked at to tell where the queue is for. */
const LOOKED = 1000;
const MAX_SITES = 20;
const MAX_ALERTS = 10;

const minute = z.object({
  at: z.number().describe('Its beginning, epoch milliseconds.'),
  accepted: z.number(),
  delivered: z.number(),
  deferred: z.number(),
  bounced: z.number(),
});
const why = z.object({
  kind: z
    .enum(['paused', 'hold', 'limit', 'retry', 'later'])
    .describe(
      'hold: `rule` holds it; limit: `text` is why; retry: it was tried before; later: it is scheduled.',
    ),
  rule: z.string().optional(),
  text: z.string().optional(),
});
const site = z.object({
  pool: z.string(),
  domain: z.string(),
  waiting: z.number(),
  sending: z.number(),
  due: z.number().optional().describe('When the first of them may go; absent: now.'),
  emptyAt: z.number().optional().describe('When all will have left, as things went in the last ten minutes.'),
  why: why.optional().describe('Absent: they only wait for their turn.'),
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
  looked: z
    .boolean()
    .describe('False where the queue is too long: then `sites` tells of its next part only.'),
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
      const all = principal.scopes.has('transports:read');
      const now = api.clock.now();
      const bounds = boundsOf(principal);
      const { deliveries, next } = await api.pageQueue(bounds, { limit: LOOKED });
      const limits = all ? (await listLimits(api)).map(withoutUndefined) : [];
      const flow = await flowOf(api, bounds, now);
      const transports = all ? await listTransports(api) : [];
      const state = all ? await queueState(api) : undefined;
      const sandboxes = [...api.settingsNow().transports.values()].map(({ kind }) => kind);
      return {
        at: now,
        sandboxed: sandboxes.length > 0 && sandboxes.every((kind) => kind === 'sandbox'),
        flow,
        queue: state ? wholeQueue(state) : queueOf(deliveries, now),
        sites: sitesOf(deliveries, { limits, flow, now }),
        looked: next === undefined,
        limits,
        transports: transports.map((one) => transportOf(one, state)),
        alerts: await alertsFor(principal, api),
      };
    },
  }),
];

type Bounds = Readonly<{ account: string; user?: string }>;
type Minute = z.output<typeof minute>;
type Site = z.output<typeof site>;
type QueueState = Awaited<ReturnType<typeof queueState>>;

function boundsOf({ account, user }: Principal): Bounds {
  return user === undefined ? { account } : { account, user };
}

async function flowOf(api: OverviewApi, bounds: Bounds, now: number): Promise<Minute[]> {
  const until = (Math.floor(now / MINUTE) + 1) * MINUTE;
  const query = { ...bounds, since: until - HOUR, until, every: 'minute', limit: 60 } as const;
  const found = await api.history?.statistics(query).catch(() => undefined);
  return (found?.rows ?? []).map(({ at = 0, accepted, delivered, deferred, bounced }) => ({
    at,
    accepted,
    delivered,
    deferred,
    bounced,
  }));
}

function wholeQueue({ perTransport, paused, quarantined }: QueueState): z.output<typeof overview>['queue'] {
  const sum = (name: 'waiting' | 'later' | 'sending'): number =>
    perTransport.reduce((total, one) => total + one[name], 0);
  return { waiting: sum('waiting'), later: sum('later'), sending: sum('sending'), paused, quarantined };
}

function queueOf(deliveries: readonly Delivery[], now: number): z.output<typeof overview>['queue'] {
  const count = (is: (delivery: Delivery) => boolean): number => deliveries.filter(is).length;
  const sending = count(({ state }) => state === 'sending');
  const paused = count(({ state }) => state === 'paused');
  const later = count(({ state, due }) => state === 'waiting' && due > now);
  return { waiting: deliveries.length - sending - paused - later, later, sending, paused, quarantined: 0 };
}

type Around = Readonly<{ limits: readonly z.output<typeof limit>[]; flow: readonly Minute[]; now: number }>;

function sitesOf(deliveries: readonly Delivery[], around: Around): Site[] {
  const groups = Map.groupBy(deliveries, ({ pool, domain }) => `${pool} ${domain}`);
  const perMinute = speedOf(around.flow, around.now);
  return [...groups.values()]
    .sort((a, b) => b.length - a.length)
    .slice(0, MAX_SITES)
    .flatMap((group) => {
      const [first] = group;
      if (!first) return [];
      const { pool, domain } = first;
      const sending = group.filter(({ state }) => state === 'sending').length;
      const because = whyOf(group, around);
      const due = Math.min(...group.map((one) => one.due));
      const minutes = because === undefined && perMinute > 0 ? deliveries.length / perMinute : undefined;
      return {
        pool,
        domain,
        sending,
        waiting: group.length - sending,
        ...(due > around.now ? { due } : {}),
        ...(minutes === undefined ? {} : { emptyAt: around.now + minutes * MINUTE }),
        ...(because === undefined ? {} : { why: because }),
      };
    });
}

/** Deliveries that left a minute, in the last ten. */
function speedOf(flow: readonly Minute[], now: number): number {
  const late = flow.filter(({ at }) => at > now - 10 * MINUTE);
  return late.reduce((sum, { delivered, bounced }) => sum + delivered + bounced, 0) / 10;
}

/** Why most of a group wait; what holds all of it counts before what holds one. */
function whyOf(group: readonly Delivery[], { limits, now }: Around): z.output<typeof why> | undefined {
  const [first] = group;
  if (!first) return undefined;
  const { transport: name, user, domain, hold } = first;
  if (group.every(({ state }) => state === 'paused')) return { kind: 'paused' };
  const found = limits.find(
    ({ scope, key }) =>
      (scope === 'transport' && key === name) ||
      (scope === 'user' && key === user) ||
      (scope === 'domain' && key === domain) ||
      (scope === 'lane' && key.startsWith(`${name}/`) && key.endsWith(domain)),
  );
  if (found) return { kind: 'limit', text: found.why || found.does };
  if (hold !== undefined) return { kind: 'hold', rule: hold };
  if (group.some(({ due }) => due <= now)) return undefined;
  return group.some(({ attempts }) => attempts > 0) ? { kind: 'retry' } : { kind: 'later' };
}

function transportOf(
  { transport: { name, pool, kind, address }, state, because, warmup }: ShownTransport,
  queue: QueueState | undefined,
): z.output<typeof transport> {
  const counts = queue?.perTransport.find((one) => one.transport === name);
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

async function alertsFor(principal: Principal, api: OverviewApi): Promise<z.output<typeof alert>[]> {
  const { alerts } = api;
  if (!alerts || !principal.scopes.has('alerts:read')) return [];
  const recent = await alerts.recent(MAX_ALERTS);
  return recent.map(({ id, kind, at, key, reason, advice, over }) => {
    return { id, kind, at, key, reason, advice, over };
  });
}

function withoutUndefined({ until, ...rest }: ShownLimit): z.output<typeof limit> {
  return until === undefined ? rest : { ...rest, until };
}
