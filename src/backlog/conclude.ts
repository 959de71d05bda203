// What follows from an attempt: the next one, or an end that is stored once and told.
import { refOf, type WayOut } from '../model/delivery.ts';
import type { Held, Outcome } from '../model/outcome.ts';
import type { Submission } from '../model/submission.ts';
import type { AttemptDeps, Begin, Subject } from './attempt.ts';
import { describeAttempt, describeEnd, describeUnsent } from './describe.ts';
import { jobOf } from './queue.ts';
import { OLD_MS } from './rest.ts';
import { givenUp, outOfTime, whatNext, type RanOut } from './retry.ts';
import { whyDropped, type Suppression } from './suppressed.ts';
import { scheduleOf, type Schedule } from './transitions.ts';

/** What came of an attempt, what the letter says was asked for and not done, and its subject where that was made for it. */
export type Sent = Readonly<{
  outcome: Outcome;
  notes?: readonly string[] | undefined;
  subject?: string | undefined;
}>;

type Ended = Exclude<Outcome, { kind: 'held' }>;

/** Stores what came of an attempt: an end, or the next time. */
export async function conclude(
  deps: AttemptDeps,
  post: Begin,
  subject: Subject,
  { outcome, ...told }: Sent,
): Promise<void> {
  const { submission, delivery } = subject;
  const now = deps.clock.now();
  if (outcome.kind === 'held') return hold(deps, post, subject, outcome);
  const interrupted = outcome.kind === 'deferred' && outcome.cause.class === 'local' && post.stopping();
  if (interrupted && outcome.cause.ambiguous !== true)
    return again(deps, post, subject, { due: now, uncount: 1 });
  const ambiguous = outcome.kind === 'deferred' && outcome.cause.ambiguous === true ? 1 : 0;
  const known = { submission, delivery: { ...delivery, ambiguous: delivery.ambiguous + ambiguous } };
  const next = whatNext(outcome, delivery, now, deps.plan);
  deps.tally(outcome.kind, post.transport);
  if (next.do === 'retry') {
    const event = describeAttempt(known, outcome, {
      type: 'deferred',
      at: now,
      due: next.at,
      ...told,
    });
    await again(deps, post, subject, { due: next.at, event, ambiguous });
    if (Math.max(now - submission.at, next.at - now) > OLD_MS) await moveOutQuietly(deps, submission);
    return;
  }
  const last = next.as === 'expired' ? lastWord(outcome, subject, next.of) : outcome;
  // The report goes first: were we to die between the two, it would be repeated under the same name, not lost.
  if ('cause' in last) await deps.report(submission, delivery, last);
  const event = describeAttempt(known, last, { type: next.as, at: now, ...told });
  await end(deps, submission, deps.transitions.finish(delivery, event, 'any'));
}

/**
 * Not now, or not by this transport: at once by another where there is one, else when the hold ends. What a warm-up holds
 * has as much time as before, unless its sender said how long: it is never given up for that.
 */
async function hold(deps: AttemptDeps, post: Begin, subject: Subject, held: Held): Promise<void> {
  const { submission, delivery } = subject;
  const now = deps.clock.now();
  const way = deps.chooseAgain(delivery, held);
  if (way.transport !== post.transport) return go(deps, post, subject, { way, due: now, uncount: 1 });
  const waits = { way, uncount: 1, hold: held.rule } as const;
  if (held.rule === 'warmup' && submission.instructions.ttl === undefined)
    return go(deps, post, subject, { ...waits, due: held.until, movesExpiryAt: now });
  return go(deps, post, subject, { ...waits, due: Math.min(held.until, delivery.expiresAt) });
}

/** Ends a delivery whose recipient is suppressed. */
export async function drop(deps: AttemptDeps, subject: Subject, by: Suppression): Promise<void> {
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
export async function expire(deps: AttemptDeps, subject: Subject): Promise<void> {
  const { delivery, submission } = unbegun(subject);
  const cause = outOfTime(submission);
  await deps.report(submission, delivery, { cause });
  const event = describeEnd({ delivery, submission }, 'expired', cause.detail, deps.clock.now());
  await end(deps, submission, deps.transitions.finish(delivery, event, 'any'));
}

/** Test mode: it ends as if it had been sent. */
export async function pretend(deps: AttemptDeps, transport: string, subject: Subject): Promise<void> {
  const event = describeUnsent(subject, deps.clock.now());
  await end(deps, subject.submission, deps.transitions.finish(subject.delivery, event, 'any'));
  deps.tally('delivered', transport);
}

/** Without the attempt that was counted and is not made. */
function unbegun({ submission, delivery }: Subject): Subject {
  return { submission, delivery: { ...delivery, attempts: Math.max(0, delivery.attempts - 1) } };
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

/** When it goes on, and what is stored with that. */
type Again = Pick<Schedule, 'due' | 'event' | 'uncount' | 'ambiguous' | 'movesExpiryAt' | 'hold'>;

function again(deps: AttemptDeps, post: Begin, subject: Subject, next: Again): Promise<void> {
  return go(deps, post, subject, { ...next, way: deps.chooseAgain(subject.delivery) });
}

async function go(
  deps: AttemptDeps,
  { transport: leaves, epoch }: Begin,
  { delivery }: Subject,
  { way, ...next }: Again & Readonly<{ way: WayOut }>,
): Promise<void> {
  const schedule = { ...next, ...scheduleOf(way), while: { epoch } };
  const run = await deps.transitions.schedule(refOf(delivery), leaves, schedule);
  if (run !== undefined && way.transport !== '')
    await deps.jobs.add(way.transport, jobOf(delivery, run), next.due);
}

async function end(
  deps: AttemptDeps,
  submission: Submission,
  finished: Promise<Readonly<{ last: boolean }>>,
): Promise<void> {
  const { last } = await finished;
  if (last) await deps.dropBody(submission);
}
