// One attempt at one delivery: record that it begins, compose, deliver, decide what next, record it once and for all.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { RedisTrouble } from '../lib/script.ts';
import { refOf, type Delivery } from '../model/delivery.ts';
import type { Render } from '../model/letter.ts';
import type { Cause, Outcome, Via } from '../model/outcome.ts';
import type { Submission } from '../model/submission.ts';
import { describeAttempt, describeEnd, describeUnsent } from './describe.ts';
import type { Lease } from './lease.ts';
import { jobOf, type Job, type JobAdder } from './queue.ts';
import type { Progress } from './gate.ts';
import { OLD_MS } from './rest.ts';
import { givenUp, outOfTime, whatNext, type RanOut, type RetryPlan } from './retry.ts';
import { whyDropped, type Suppression } from './suppressed.ts';
import type { Begun, Transitions } from './transitions.ts';

/** What is sent, and until when: `mayProceed` turns false when the transport's lease is lost or we are stopping. */
export type Order = Readonly<{
  submission: Submission;
  delivery: Delivery;
  render: Render;
  signal: AbortSignal;
  mayProceed(): boolean;
}>;

/** Why a delivery ended without success, and how its last attempt went out, where there was one. */
export type Failure = Readonly<{ cause: Cause; via?: Via }>;

export type AttemptDeps = Readonly<{
  transitions: Transitions;
  jobs: JobAdder;
  clock: Clock;
  log: Log;
  plan: RetryPlan;
  render(submission: Submission, delivery: Delivery): Render;
  send(order: Order): Promise<Outcome>;
  /** Tells the sender of a final failure, if that is wanted. Must be repeatable: it runs again after a crash. */
  report(submission: Submission, delivery: Delivery, failure: Failure): Promise<void>;
  /** Where a retry goes: another transport of the pool when the present one is not to be used. */
  chooseAgain(delivery: Delivery): string;
  /** The hash to look recipients of this account up in, or "" when it has no suppressions. */
  suppressions(account: string): string;
  /** Drops what lies outside Redis, after the last delivery of a submission. */
  dropBody(submission: Submission): Promise<void>;
  /** Puts the body of a message that waits long on disk, out of Redis' memory. */
  moveOut(submission: Submission): Promise<unknown>;
  /** Told of each end, for counters. */
  tally(kind: Outcome['kind'], transport: string): void;
}>;

/** One transport that this process holds, as attempts see it. */
export type Post = Readonly<{
  transport: string;
  lease: Lease;
  /** Aborts what is left of the running attempts. */
  signal: AbortSignal;
  /** True when we take no new work: what has not come to MAIL goes back at once. */
  stopping(): boolean;
}>;

const STORE_AGAIN_MS = 500;
const HAND_ON_MS = 1_000;

/** A delivery that comes with all that an attempt needs: it was stored by this process a moment ago. */
export type Known = Readonly<{
  submission: Submission;
  delivery: Delivery;
  /** The epoch under which it was stored as begun; absent: it has yet to begin. */
  begunUnder?: string;
}>;

/**
 * Runs one attempt; resolves when its result is stored. Rejects only when it could not begin because of Redis, after
 * which the delivery is found by its due time.
 */
export function makeAttempt(deps: AttemptDeps) {
  return async function attempt(job: Job, post: Post, progress: Progress, known?: Known): Promise<void> {
    // The epoch of the beginning: were the lease lost and gained again meanwhile, the record still knows this one.
    const epoch = known?.begunUnder ?? post.lease.epoch();
    const begun =
      known?.begunUnder === undefined
        ? await begin(deps, { job, known }, { ...post, epoch })
        : startOf(known);
    progress.begun();
    switch (begun.kind) {
      case 'gone':
        return;
      case 'lease':
        return handOn(deps, job, post);
      case 'unknown':
        return deps.log.error(
          { delivery: job.ref },
          'a delivery has a record of an unknown version; it stays where it is',
        );
      case 'suppressed':
        return settle(deps, post, () => drop(deps, begun, begun.by));
      case 'begun':
        return go(deps, { ...post, epoch }, begun, progress);
    }
  };
}

function begin(
  deps: AttemptDeps,
  { job, known }: Readonly<{ job: Job; known: Known | undefined }>,
  { transport, lease, epoch }: Begin,
): Promise<Begun> {
  const suppressions = deps.suppressions(job.ref.slice(0, job.ref.indexOf(':')));
  const now = deps.clock.now();
  return deps.transitions.begin(job, { transport, owner: lease.owner, epoch }, { now, suppressions, known });
}

function startOf({ submission, delivery }: Known): Begun {
  return { kind: 'begun', submission, delivery };
}

/** The lease is another's although we took the job: it goes back for the holder, a little later than at once. */
async function handOn({ transitions, jobs, clock }: AttemptDeps, job: Job, post: Post): Promise<void> {
  const due = clock.now() + HAND_ON_MS;
  const next = { due, transport: post.transport, run: job.run, while: 'idle' } as const;
  const run = await transitions.schedule(job.ref, post.transport, next);
  if (run !== undefined) await jobs.add(post.transport, { ...job, run }, due);
}

type Subject = Readonly<{ submission: Submission; delivery: Delivery }>;
type Begin = Post & Readonly<{ epoch: string }>;

async function go(deps: AttemptDeps, post: Begin, subject: Subject, progress: Progress): Promise<void> {
  const { submission, delivery } = subject;
  if (deps.clock.now() >= delivery.expiresAt) return settle(deps, post, () => expire(deps, subject));
  if (submission.instructions.drop === true)
    return settle(deps, post, () => pretend(deps, post.transport, subject));
  const sent = await carry(deps, post, subject);
  progress.sent();
  return settle(deps, post, () => conclude(deps, post, subject, sent));
}

type Ended = Exclude<Outcome, { kind: 'held' }>;

/** What came of it, and what the letter says was asked for and not done. */
type Sent = Readonly<{ outcome: Outcome; notes?: readonly string[] | undefined }>;

async function carry(deps: AttemptDeps, post: Post, { submission, delivery }: Subject): Promise<Sent> {
  const render = deps.render(submission, delivery);
  let notes: readonly string[] | undefined;
  const noting: Render = async (peer) => {
    const rendered = await render(peer);
    if ('letter' in rendered) notes = rendered.letter.notes;
    return rendered;
  };
  try {
    const outcome = await deps.send({
      submission,
      delivery,
      render: noting,
      signal: post.signal,
      mayProceed: () => post.lease.valid() && !post.stopping(),
    });
    return { outcome, notes };
  } catch (error) {
    const isTrouble = error instanceof RedisTrouble;
    const sentence = isTrouble ? 'a letter could not be loaded' : 'an attempt failed in a way that is a bug';
    deps.log[isTrouble ? 'warn' : 'error']({ delivery: delivery.id, error: String(error) }, sentence);
    return { outcome: { kind: 'deferred', conversation: '', cause: bug(error) } };
  }
}

function bug(error: unknown): Cause {
  const detail = `The relay itself failed (${error instanceof Error ? error.message : 'unknown'}); it will try again.`;
  return { phase: 'compose', class: 'local', status: '4.3.0', detail };
}

/** Stores a result, again and again while Redis is away: what the peer said must not be forgotten. */
async function settle(deps: AttemptDeps, post: Post, store: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await store();
    } catch (error) {
      deps.log.warn(
        { transport: post.transport, error: String(error) },
        'a result is not stored yet; trying again',
      );
      if (post.signal.aborted) return;
      await deps.clock.sleep(STORE_AGAIN_MS, post.signal);
    }
  }
}

async function drop(deps: AttemptDeps, subject: Subject, by: Suppression): Promise<void> {
  const { delivery, submission } = unbegun(subject);
  const event = describeEnd(
    { delivery, submission },
    'dropped',
    whyDropped(submission, by),
    deps.clock.now(),
  );
  await end(deps, submission, deps.transitions.finish(delivery, event, 'any'));
}

/** Its time passed while it waited: nothing is sent any more, and the sender hears of it. */
async function expire(deps: AttemptDeps, subject: Subject): Promise<void> {
  const { delivery, submission } = unbegun(subject);
  const cause = outOfTime(submission);
  await deps.report(submission, delivery, { cause });
  const event = describeEnd({ delivery, submission }, 'expired', cause.detail, deps.clock.now());
  await end(deps, submission, deps.transitions.finish(delivery, event, 'any'));
}

/** Test mode: it ends as if it had been sent. */
async function pretend(deps: AttemptDeps, transport: string, subject: Subject): Promise<void> {
  deps.tally('delivered', transport);
  const event = describeUnsent(subject, deps.clock.now());
  await end(deps, subject.submission, deps.transitions.finish(subject.delivery, event, 'any'));
}

/** Without the attempt that was counted and is not made. */
function unbegun({ submission, delivery }: Subject): Subject {
  return { submission, delivery: { ...delivery, attempts: Math.max(0, delivery.attempts - 1) } };
}

async function conclude(
  deps: AttemptDeps,
  post: Begin,
  subject: Subject,
  { outcome, notes }: Sent,
): Promise<void> {
  const { submission, delivery } = subject;
  const now = deps.clock.now();
  if (outcome.kind === 'held')
    return again(deps, post, subject, { due: Math.min(outcome.until, delivery.expiresAt), uncount: 1 });
  const interrupted = outcome.kind === 'deferred' && outcome.cause.class === 'local' && post.stopping();
  if (interrupted && outcome.cause.ambiguous !== true)
    return again(deps, post, subject, { due: now, uncount: 1 });
  const ambiguous = outcome.kind === 'deferred' && outcome.cause.ambiguous === true ? 1 : 0;
  const known = { submission, delivery: { ...delivery, ambiguous: delivery.ambiguous + ambiguous } };
  const next = whatNext(outcome, delivery, now, deps.plan);
  deps.tally(outcome.kind, post.transport);
  if (next.do === 'retry') {
    const event = describeAttempt(known, outcome, { type: 'deferred', at: now, due: next.at, notes });
    await again(deps, post, subject, { due: next.at, event, ambiguous });
    if (now - submission.at > OLD_MS) await moveOutQuietly(deps, submission);
    return;
  }
  const last = next.as === 'expired' ? lastWord(outcome, subject, next.of) : outcome;
  // The report goes first: were we to die between the two, it would be repeated under the same name, not lost.
  if ('cause' in last) await deps.report(submission, delivery, last);
  const event = describeAttempt(known, last, { type: next.as, at: now, notes });
  await end(deps, submission, deps.transitions.finish(delivery, event, 'any'));
}

/** The last outcome, which also says why there is no other attempt. */
function lastWord(outcome: Ended, subject: Subject, of: RanOut): Ended {
  return 'cause' in outcome ? { ...outcome, cause: givenUp(outcome.cause, subject, of) } : outcome;
}

/** Where that cannot be done, the body stays in memory, which is no harm. */
async function moveOutQuietly(deps: AttemptDeps, submission: Submission): Promise<void> {
  await deps.moveOut(submission).catch((error: unknown) => {
    deps.log.warn(
      { submission: submission.id, error: String(error) },
      'a body that waits could not be put on disk',
    );
  });
}

async function again(
  deps: AttemptDeps,
  post: Begin,
  { delivery }: Subject,
  next: Readonly<{
    due: number;
    event?: ReturnType<typeof describeAttempt>;
    uncount?: 0 | 1;
    ambiguous?: 0 | 1;
  }>,
): Promise<void> {
  const transport = deps.chooseAgain(delivery);
  const ref = refOf(delivery);
  const { epoch } = post;
  const run = await deps.transitions.schedule(ref, post.transport, { ...next, transport, while: { epoch } });
  if (run !== undefined && transport !== '') await deps.jobs.add(transport, jobOf(delivery, run), next.due);
}

async function end(
  deps: AttemptDeps,
  submission: Submission,
  finished: Promise<Readonly<{ last: boolean }>>,
): Promise<void> {
  const { last } = await finished;
  if (last) await deps.dropBody(submission);
}
