// The http role: health, metrics and the page.
import { makeDoor } from '../accept/hand-in.ts';
import type { makeStatsSink, EventCount } from '../events/sinks/stats.ts';
import { makeHttp } from '../http/server.ts';
import type { Check } from '../http/health.ts';
import type { Figures } from '../http/metrics.ts';
import { checkDurability } from '../store/durability.ts';
import type { GuideVerbs } from '../verbs/guide.ts';
import { openAccess, openApi } from './api.ts';
import type { SubmitMail } from './backlog.ts';
import { BaseProblem, type Base } from './base.ts';
import type { DeliveryRole } from './delivery.ts';
import { doorLimits, openWays } from './door.ts';
import type { FeedbackListeners } from './feedback.ts';
import { healthFigures } from './health-figures.ts';
import { feedbackChecks, trackingChecks } from './public-checks.ts';
import type { Role } from './role.ts';
import type { SubmissionRole } from './submission.ts';
import { watchHosts, type Tracking } from './tracking.ts';

/** The other roles of this process, where it has them: for figures that only they know. */
export type Neighbours = Readonly<{
  submission?: SubmissionRole | undefined;
  delivery?: DeliveryRole | undefined;
  tracking?: Tracking | undefined;
  feedback?: FeedbackListeners | undefined;
}>;

export type HttpRole = Role & Readonly<{ host: string; port: number }>;

export type HttpRoleDeps = Readonly<{
  neighbours: Neighbours;
  /** Where mail goes that comes in over HTTP. */
  submit: SubmitMail;
  /** Counts of events since this process started. */
  stats: ReturnType<typeof makeStatsSink>;
}>;

const NO_HITS: Figures['hits'] = { waiting: 0, lost: 0, flooded: 0 };

/** Opens the http listener. Throws a BaseProblem with one sentence when that cannot be done. */
export async function startHttp(base: Base, deps: HttpRoleDeps): Promise<HttpRole> {
  const { config, clock } = base;
  const access = openAccess(base);
  const ways = await openWays(base, deps.submit, 'http');
  const server = makeHttp({
    config: config.http,
    clock,
    log: base.log.child({ role: 'http' }),
    checks: () => checks(base, deps.neighbours),
    figures: () => figures(base, deps.neighbours, deps.stats.counts()),
    ...access,
    isTrackingHost: watchHosts(base).isTracking,
    api: openApi(base, {
      ...access,
      door: makeDoor({ ...ways.asked, ...doorLimits(base) }),
      connection: () => connection(base, deps.neighbours),
    }),
  });
  const listening = await server.listen();
  if (!listening.ok) {
    ways.stop();
    ways.end();
    throw new BaseProblem(listening.problem);
  }
  const { host, port } = listening;
  return {
    name: 'http',
    host,
    port,
    stop: async () => {
      ways.stop();
      await server.close();
      ways.end();
    },
  };
}

async function checks(base: Base, neighbours: Neighbours): Promise<readonly Check[]> {
  const { submission, delivery, tracking, feedback } = neighbours;
  const list: Check[] = [await redisCheck(base)];
  const settings = base.settings.fresh();
  list.push({
    name: 'settings',
    ok: settings,
    sentence: settings ? 'Settings are current.' : 'Settings are stale: Redis is away.',
  });
  if (submission) {
    const ports = submission.listeners.map(({ port }) => port).join(', ');
    const full = submission.room();
    list.push({ name: 'room', ok: full === undefined, sentence: full ?? 'There is room for more mail.' });
    list.push({ name: 'listeners', ok: true, sentence: `Listening on port ${ports}.` });
  }
  if (delivery) list.push(...deliveryChecks(base, delivery));
  if (tracking) list.push(...trackingChecks(tracking.state(), tracking.port));
  if (feedback) list.push(...feedbackChecks(feedback.state(), feedback.listeners));
  return list;
}

async function redisCheck({ asking, config }: Base): Promise<Check> {
  const found = await checkDurability(asking, config.durability).catch(
    (error: unknown) => ({ ok: false, problem: String(error) }) as const,
  );
  return {
    name: 'redis',
    ok: found.ok,
    sentence: found.ok ? 'Redis answers and keeps what it acknowledges.' : found.problem,
  };
}

function deliveryChecks(base: Base, delivery: DeliveryRole): Check[] {
  const idle = [...base.settingsNow().transports.values()].filter(
    ({ name, paused }) => !paused && !base.holders.isHeld(name),
  );
  const names = idle.map(({ name }) => name).join(', ');
  const { problem } = delivery.segments();
  return [
    {
      name: 'transports',
      ok: idle.length === 0,
      sentence:
        idle.length === 0
          ? 'Every transport is worked by a process.'
          : `Nobody can send from ${names}: no running process has the address on its host. Check "address" and "ip addr".`,
    },
    { name: 'events', ok: problem === undefined, sentence: problem ?? 'Events are written to disk.' },
  ];
}

async function figures(base: Base, neighbours: Neighbours, events: readonly EventCount[]): Promise<Figures> {
  const { submission, delivery, tracking, feedback } = neighbours;
  const names = [...base.settingsNow().transports.keys()];
  const { perTransport, paused } = await base.operate.depth(names);
  const lanes = delivery?.deliver.connections() ?? [];
  return {
    events,
    queue: [
      ...perTransport.flatMap(({ transport, waiting, later, sending }) => [
        { transport, state: 'waiting', count: waiting },
        { transport, state: 'later', count: later },
        { transport, state: 'sending', count: sending },
      ]),
      { transport: '', state: 'paused', count: paused },
    ],
    connections: [
      ...(submission ? [{ side: 'in', name: 'smtp', count: submission.accept.connections() }] : []),
      ...(feedback ? [{ side: 'in', name: 'feedback', count: feedback.state().connections }] : []),
      ...[...Map.groupBy(lanes, ({ transport }) => transport)].map(([name, group]) => ({
        side: 'out',
        name,
        count: group.reduce((sum, { open }) => sum + open, 0),
      })),
    ],
    bytesInFlight: submission?.accept.bytesInFlight() ?? 0,
    redis: base.asking.state(),
    eventsWaiting: Number(await base.asking.call('XLEN', base.keys.events)),
    hits: tracking?.state().hits ?? NO_HITS,
    health: {
      ...(await healthFigures(base)),
      learnt: (delivery?.deliver.learnt() ?? []).map((one) => ({
        ...one,
        provider: one.provider || 'others',
      })),
    },
  };
}

/** How clients reach the listeners that this process has, or else those of the configuration. */
function connection(
  { config, settingsNow }: Base,
  { submission }: Neighbours,
): ReturnType<GuideVerbs['connection']> {
  const kinds = [...settingsNow().transports.values()].map(({ kind }) => kind);
  const listeners = submission?.listeners ?? config.smtp.listeners;
  return {
    host: config.hostname,
    listeners: listeners.map(({ port, tls }) => ({ port, tls })),
    sandboxed: kinds.length > 0 && kinds.every((kind) => kind === 'sandbox'),
  };
}
