// The reconciler: looks after deliveries whose due time has passed with nobody at work on them; driven by the index, never a scan.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Redis } from '../lib/script.ts';
import { refOf, type Delivery, type WayOut } from '../model/delivery.ts';
import type { Submission } from '../model/submission.ts';
import type { Failure } from './attempt.ts';
import { describeEnd } from './describe.ts';
import type { Keys } from './keys.ts';
import { jobOf, type JobAdder } from './queue.ts';
import { outOfTime } from './retry.ts';
import { scheduleOf, type Transitions } from './transitions.ts';

export type ReconcileDeps = Readonly<{
  redis: Redis;
  keys: Keys;
  transitions: Transitions;
  jobs: JobAdder;
  clock: Clock;
  log: Log;
  chooseAgain(delivery: Delivery): WayOut;
  report(submission: Submission, delivery: Delivery, failure: Failure): Promise<void>;
  dropBody(submission: Submission): Promise<void>;
}>;

/** A delivery is overdue this long after its time: before, its job is most likely on its way. */
const PATIENCE_MS = 30_000;
const LOOK_AGAIN_MS = 5 * 60_000;
const BATCH = 500;
const MAX_BATCHES = 20;

/** One round over what is overdue. Resolves to how many were put back into their queues. Rejects with RedisTrouble. */
export async function reconcile(deps: ReconcileDeps): Promise<number> {
  const { redis, keys, clock } = deps;
  let rebuilt = 0;
  let homeless = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const before = clock.now() - PATIENCE_MS;
    const refs = await redis.call('ZRANGEBYSCORE', keys.due, '-inf', before, 'LIMIT', 0, BATCH);
    if (!Array.isArray(refs) || refs.length === 0) break;
    const results = await Promise.all(refs.map((ref) => lookAfter(deps, String(ref))));
    rebuilt += results.filter((done) => done === 'rebuilt').length;
    homeless += results.filter((done) => done === 'homeless').length;
    if (refs.length < BATCH) break;
  }
  if (homeless > 0)
    deps.log.warn(
      { deliveries: homeless },
      'deliveries wait for their pool to get a transport: "postino transport add"',
    );
  if (rebuilt > 0) deps.log.info({ deliveries: rebuilt }, 'overdue deliveries were given new jobs');
  return rebuilt;
}

type Looked = 'rebuilt' | 'homeless' | 'left';

async function lookAfter(deps: ReconcileDeps, ref: string): Promise<Looked> {
  const { redis, keys, transitions, clock } = deps;
  const delivery = await transitions.read(ref);
  if (delivery === undefined) {
    await redis.call('ZREM', keys.due, ref);
    return 'left';
  }
  if (delivery === 'unknown') {
    deps.log.error(
      { delivery: ref },
      'a delivery has a record of an unknown version; it is parked until a newer Postino runs',
    );
    return postpone(deps, ref);
  }
  if (delivery.expiresAt <= clock.now() && delivery.state !== 'sending') return expire(deps, delivery);
  if (delivery.state === 'sending' && (await isInHand(deps, delivery))) return postpone(deps, ref);
  if (delivery.state === 'waiting' && (await hasJob(deps, delivery))) return postpone(deps, ref);
  return rebuild(deps, delivery);
}

/** An attempt is in good hands while its transport's lease is held by anybody: a new holder recovers it by itself. */
async function isInHand({ redis, keys }: ReconcileDeps, delivery: Delivery): Promise<boolean> {
  const held = await redis.call('EXISTS', keys.lease(delivery.transport));
  const inHand = await redis.call('SISMEMBER', keys.hand(delivery.transport), refOf(delivery));
  return Number(held) === 1 && Number(inHand) === 1;
}

async function hasJob({ redis, jobs }: ReconcileDeps, delivery: Delivery): Promise<boolean> {
  if (delivery.transport === '') return false;
  const key = jobs.jobKey(delivery.transport, { ref: refOf(delivery), run: delivery.run });
  return Number(await redis.call('EXISTS', key)) === 1;
}

async function postpone({ redis, keys, clock }: ReconcileDeps, ref: string): Promise<'left'> {
  await redis.call('ZADD', keys.due, 'XX', clock.now() + LOOK_AGAIN_MS, ref);
  return 'left';
}

async function rebuild(deps: ReconcileDeps, delivery: Delivery): Promise<Looked> {
  const due = deps.clock.now();
  const way = deps.chooseAgain(delivery);
  const { transport } = way;
  const ref = refOf(delivery);
  const ambiguous = delivery.state === 'sending' ? 1 : 0;
  const next = { ...scheduleOf(way), due, run: delivery.run, ambiguous, while: 'any' } as const;
  const run = await deps.transitions.schedule(ref, delivery.transport, next);
  if (run === undefined) return 'left';
  // Without a transport there is no queue: it stays in the index, and this loop comes back to it.
  if (transport === '') {
    await postpone(deps, ref);
    return 'homeless';
  }
  await deps.jobs.add(transport, jobOf(delivery, run), due);
  return 'rebuilt';
}

async function expire(deps: ReconcileDeps, delivery: Delivery): Promise<'left'> {
  const submission = await deps.transitions.readSubmissionOf(refOf(delivery));
  if (!submission) return postpone(deps, refOf(delivery));
  const cause = outOfTime(submission);
  await deps.report(submission, delivery, { cause });
  const event = describeEnd({ submission, delivery }, 'expired', cause.detail, deps.clock.now());
  const { last } = await deps.transitions.finish(delivery, event, 'idle');
  if (last) await deps.dropBody(submission);
  return 'left';
}
