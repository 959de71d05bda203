// One attempt at one delivery: record that it begins, compose, deliver, decide what next, record it once and for all.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { RedisTrouble } from '../lib/script.ts';
import type { Delivery, WayOut } from '../model/delivery.ts';
import type { Render } from '../model/letter.ts';
import type { Cause, Held, Outcome, Via } from '../model/outcome.ts';
import type { Examined } from '../model/scan.ts';
import type { Submission } from '../model/submission.ts';
import { ownSubject } from './own-subject.ts';
import { conclude, drop, expire, pretend, type Sent } from './conclude.ts';
import type { Lease } from './lease.ts';
import type { Job, JobAdder } from './queue.ts';
import type { Progress } from './gate-deps.ts';
import type { RetryPlan } from './retry.ts';
import type { Suppression } from './suppressed.ts';
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
  /** What a scanner says of the message; absent: nobody scans. May reject: the attempt is then made again. */
  examine?(submission: Submission, delivery: Delivery, signal: AbortSignal): Promise<Examined>;
  /** Takes a delivery out whose message is not to be sent before an operator has seen it; there where `examine` is. */
  quarantine?(subject: Subject, why: Readonly<{ reason: string; epoch: string }>): Promise<boolean>;
  /** Tells the sender of a final failure, if that is wanted. Must be repeatable: it runs again after a crash. */
  report(submission: Submission, delivery: Delivery, failure: Failure): Promise<void>;
  /** Where a retry goes: another transport when the present one is not to be used, or `held` the delivery. */
  chooseAgain(delivery: Delivery, held?: Held): WayOut;
  /** The hash to look recipients of this account up in, or "" when it has no suppressions. */
  suppressions(account: string): string;
  /** The same of the whole installation; absent: there is none. */
  suppressedEverywhere?: () => string;
  /** Which list holds mail back from somebody who was forgotten, whom those hashes do not name; undefined at once: none does. */
  forgottenBy?(submission: Submission, delivery: Delivery): Promise<Suppression | undefined> | undefined;
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

/** A post with the epoch under which the attempt began. */
export type Begin = Post & Readonly<{ epoch: string }>;

/** A delivery and what it is of. */
export type Subject = Readonly<{ submission: Submission; delivery: Delivery }>;

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
  const everywhere = deps.suppressedEverywhere?.() ?? '';
  const post = { transport, owner: lease.owner, epoch };
  return deps.transitions.begin(job, post, { now, suppressions, everywhere, known });
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

async function go(deps: AttemptDeps, post: Begin, subject: Subject, progress: Progress): Promise<void> {
  const { submission, delivery } = subject;
  if (deps.clock.now() >= delivery.expiresAt) return settle(deps, post, () => expire(deps, subject));
  const held = await heldBack(deps, subject);
  if (typeof held === 'string') return settle(deps, post, () => drop(deps, subject, held));
  if (held) return settle(deps, post, () => conclude(deps, post, subject, { outcome: held }));
  if (submission.instructions.drop === true)
    return settle(deps, post, () => pretend(deps, post.transport, subject));
  const examined = await examine(deps, post, subject);
  const seen: Subject = { submission: examined.submission, delivery };
  if (examined.kind === 'quarantine') return setAside(deps, post, seen, examined.reason);
  const sent = examined.kind === 'pass' ? await carry(deps, post, seen, examined.notes) : examined;
  progress.sent();
  return settle(deps, post, () => conclude(deps, post, seen, sent));
}

/** Which list holds it back; where that cannot be asked, it is asked again later. */
async function heldBack(
  deps: AttemptDeps,
  { submission, delivery }: Subject,
): Promise<Suppression | Outcome | undefined> {
  try {
    return await deps.forgottenBy?.(submission, delivery);
  } catch (error) {
    return failed(deps, delivery, { error, sentence: 'the suppression list could not be asked' });
  }
}

/** A scan that cannot be made is like a letter that cannot be: later. */
async function examine(deps: AttemptDeps, post: Post, { submission, delivery }: Subject): Promise<Examined> {
  if (!deps.examine) return { kind: 'pass', submission, notes: [] };
  try {
    return await deps.examine(submission, delivery, post.signal);
  } catch (error) {
    const outcome = failed(deps, delivery, { error, sentence: 'a message could not be scanned' });
    return { kind: 'outcome', submission, outcome };
  }
}

async function setAside(deps: AttemptDeps, post: Begin, subject: Subject, reason: string): Promise<void> {
  await settle(deps, post, async () => {
    await deps.quarantine?.(subject, { reason, epoch: post.epoch });
  });
}

async function carry(
  deps: AttemptDeps,
  post: Post,
  { submission, delivery }: Subject,
  scanned: readonly string[],
): Promise<Sent> {
  const render = deps.render(submission, delivery);
  let letter: Pick<Sent, 'notes' | 'subject'> = {};
  const noting: Render = async (peer) => {
    const rendered = await render(peer);
    if ('letter' in rendered)
      letter = {
        notes: [...scanned, ...(rendered.letter.notes ?? [])],
        subject: ownSubject(submission, rendered.letter),
      };
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
    return { outcome, ...letter };
  } catch (error) {
    return { outcome: failed(deps, delivery, { error, sentence: 'a letter could not be loaded' }) };
  }
}

/** Trouble of Redis, which `sentence` is about, or a bug of ours. */
function failed(
  { log }: AttemptDeps,
  delivery: Delivery,
  { error, sentence }: Readonly<{ error: unknown; sentence: string }>,
): Outcome {
  const isTrouble = error instanceof RedisTrouble;
  const said = isTrouble ? sentence : 'an attempt failed in a way that is a bug';
  log[isTrouble ? 'warn' : 'error']({ delivery: delivery.id, error: String(error) }, said);
  return { kind: 'deferred', conversation: '', cause: bug(error) };
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
