// Starts and stops a whole Postino process: Redis, base, roles, in the order in which they need each other.
import { join } from 'node:path';
import { runSinks } from '../events/sinks/index.ts';
import { makeLogSink } from '../events/sinks/log.ts';
import { makeStatsSink } from '../events/sinks/stats.ts';
import { hashPassword } from '../accept/password.ts';
import { unfinishedRestore } from '../backup/restore.ts';
import type { Config } from '../config.ts';
import { startEmbeddedRedis, type EmbeddedRedis } from '../embedded.ts';
import type { Clock } from '../lib/clock.ts';
import { dayOf } from '../lib/day.ts';
import type { Log } from '../lib/log.ts';
import { syncFile } from '../store/declared.ts';
import { VERSION } from '../lib/version.ts';
import { checkDurability } from '../store/durability.ts';
import { beHeard, checkFormat } from '../store/processes.ts';
import { startArchive } from './archive.ts';
import { alertsSink, startAlerts, watchedListeners } from './alerts.ts';
import { BaseProblem, openBase, type Base } from './base.ts';
import { startBatch } from './batch.ts';
import { openSubmit } from './backlog.ts';
import { startDelivery, type DeliveryRole } from './delivery.ts';
import { startFeedback, type FeedbackListeners } from './feedback.ts';
import { firstRun } from './first-run.ts';
import { recipientsSink } from './recipients.ts';
import { healthSink, startMonitor } from './monitor.ts';
import { suppressSink } from './suppress.ts';
import { startHistory, type RunningHistory } from './history.ts';
import { startHttp, type HttpRole } from './http.ts';
import type { RoleName } from './role.ts';
import { startSubmission, type SubmissionRole } from './submission.ts';
import { startTracking, type Tracking } from './tracking.ts';
import { startWebhooks } from './webhooks.ts';

export const PREFIX = 'postino:';

export type Running = Readonly<{
  base: Base;
  submission?: SubmissionRole | undefined;
  delivery?: DeliveryRole | undefined;
  http?: HttpRole | undefined;
  /** The public listener, which is a part of the http role. */
  tracking?: Tracking | undefined;
  /** Mail to ourselves, which is a part of the submission role; undefined where no feedback.domain is configured. */
  feedback?: FeedbackListeners | undefined;
  /** Ends in good order. A second call hurries: what still waits for a reply to its dot is cut. */
  stop(): Promise<void>;
}>;

export type StartOptions = Readonly<{
  config: Config;
  roles: readonly RoleName[];
  clock: Clock;
  log: Log;
  /** Path of a redis-server for the embedded Redis. */
  redisServer?: string | undefined;
}>;

/** Starts the roles. Rejects with a problem in one sentence after undoing what it had started. */
export async function start(options: StartOptions): Promise<Running> {
  const { config, clock, log, roles } = options;
  const undo: (() => Promise<void>)[] = [];
  try {
    const redis = await openRedis(options);
    if (redis) undo.push(redis.stop);
    const redisUrl = redis ? `unix:${redis.socket}` : config.redis;
    const base = await openBase({ config, redisUrl, prefix: PREFIX, log, clock });
    undo.push(base.close);
    await prepare(base);
    undo.push(tellOfUs(base, roles));
    const parts = await startRoles(base, { roles, undo });
    return { base, ...parts, stop: makeStop(parts, { undo, graceMs: config.stopWithin }) };
  } catch (error) {
    for (const step of undo.toReversed()) await step().catch(() => undefined);
    throw error;
  }
}

function tellOfUs(
  { asking: redis, prefix, clock, owner: name }: Base,
  roles: readonly RoleName[],
): () => Promise<void> {
  return beHeard({ redis, prefix, clock, name, version: VERSION, roles });
}

async function openRedis({
  config,
  clock,
  log,
  redisServer,
}: StartOptions): Promise<EmbeddedRedis | undefined> {
  if (config.redis !== 'embedded') return undefined;
  return startEmbeddedRedis({ data: config.data, log, clock, server: redisServer });
}

async function prepare(base: Base): Promise<void> {
  const { config, asking, settings, domains, sealer, prefix } = base;
  const newer = await checkFormat({ redis: asking, prefix, clock: base.clock }, VERSION);
  if (newer !== undefined) throw new BaseProblem(newer);
  const unfinished = await unfinishedRestore(asking, prefix);
  if (unfinished !== undefined) throw new BaseProblem(unfinished);
  const durable = await checkDurability(asking, config.durability);
  if (!durable.ok) throw new BaseProblem(durable.problem);
  const today = (zone = config.warmup.timeZone): string => dayOf(base.clock.now(), zone);
  await syncFile(config, { redis: asking, prefix, settings, domains, sealer, hashPassword, today });
  await firstRun(base);
  await settings.refresh();
}

type Parts = Pick<Running, 'submission' | 'delivery' | 'http' | 'tracking' | 'feedback'>;

async function startRoles(
  base: Base,
  { roles, undo }: Readonly<{ roles: readonly RoleName[]; undo: (() => Promise<void>)[] }>,
): Promise<Parts> {
  const stats = makeStatsSink();
  let delivery: DeliveryRole | undefined;
  const submit = await openSubmit(
    base,
    (ours) => delivery?.reserve(ours),
    roles.includes('delivery'),
    (domain) => delivery?.deliver.providerOf(domain),
  );
  if (roles.includes('delivery')) delivery = await startDelivery(base, submit);
  if (delivery) undo.push(() => delivery.stop(0));
  if (delivery) undo.push(startMonitor(base).stop, startArchive(base).stop);
  const submission = roles.includes('submission') ? await startSubmission(base, submit) : undefined;
  if (submission) undo.push(() => submission.stop(0));
  const sinks = startSinks(base, { delivery, stats: roles.includes('http') ? stats : undefined });
  undo.push(sinks.stop);
  const tracking = roles.includes('http') ? await startTracking(base) : undefined;
  if (tracking) undo.push(tracking.stop);
  const feedback = submission && (await startFeedback(base, tracking?.unsubscribe, submit));
  if (feedback) undo.push(() => feedback.stop(0));
  const listeners = watchedListeners({ tracking, feedback });
  undo.push(startAlerts(base, { roles, submit, listeners, historyLag: sinks.historyLag }).stop);
  // Last, since it tells of all the others.
  const neighbours = { submission, delivery, tracking, feedback };
  const http = roles.includes('http') ? await startHttp(base, { neighbours, submit, stats }) : undefined;
  if (http) undo.push(() => http.stop(0));
  return { submission, delivery, http, tracking, feedback };
}

/** The log, webhooks and batch files are fed by the one process that writes events down; every process with a page counts for itself. */
function startSinks(
  base: Base,
  {
    delivery,
    stats,
  }: Readonly<{ delivery: DeliveryRole | undefined; stats: ReturnType<typeof makeStatsSink> | undefined }>,
): Readonly<{ historyLag: RunningHistory['lag'] | undefined; stop(): Promise<void> }> {
  const { config, clock, log } = base;
  const abort = new AbortController();
  const folder = join(config.data, 'events');
  const logsEvents = ['info', 'debug', 'trace'].includes(config.log.level);
  const events = base.eventLog;
  const elected = (): boolean => delivery?.segments().working ?? false;
  const endBatch = delivery && startBatch(base, elected);
  const webhooks = delivery && startWebhooks(base, { events, elected });
  const history = delivery && startHistory(base, elected);
  const running = runSinks(
    {
      events,
      folder: join(folder, 'cursors'),
      sinks: [
        ...(delivery && logsEvents ? [makeLogSink(log.child({ role: 'events' }))] : []),
        ...(stats ? [stats.sink] : []),
        ...(history ? [history.sink] : []),
        ...(delivery ? [recipientsSink(base), healthSink(base), alertsSink(base), suppressSink(base)] : []),
      ],
      elected,
      clock,
      log,
    },
    abort.signal,
  );
  const stop = async (): Promise<void> => {
    abort.abort();
    await Promise.all([running, webhooks?.stop(), endBatch?.()]);
    await history?.stop();
  };
  return { historyLag: history?.lag, stop };
}

/** Listeners first (no new mail), then http, then what is under way, then the rest in reverse order of the start. */
function makeStop(
  { submission, feedback, delivery, http }: Parts,
  { undo, graceMs }: Readonly<{ undo: (() => Promise<void>)[]; graceMs: number }>,
): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  const inOrder = async (): Promise<void> => {
    await Promise.all([submission?.stop(graceMs), feedback?.stop(graceMs)]);
    await http?.stop(0);
    await delivery?.stop(graceMs);
    for (const step of undo.toReversed()) await step().catch(() => undefined);
  };
  const hurry = async (): Promise<void> => {
    await Promise.allSettled([submission?.stop(0), feedback?.stop(0), delivery?.stop(0)]);
  };
  return async () => {
    if (stopping) return hurry();
    stopping = inOrder();
    return stopping;
  };
}
