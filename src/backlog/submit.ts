// Accepted mail enters the backlog: body, record and deliveries in one script, a job for each delivery beside it.
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { loadScript, RedisTrouble, type Redis, type RedisArgument } from '../lib/script.ts';
import { refOf, type Delivery, type Pins, type WayOut } from '../model/delivery.ts';
import type { Priority } from '../model/instructions.ts';
import type { Recipient, Submission } from '../model/submission.ts';
import { describeAccepted } from './describe.ts';
import type { Handover } from './carrier.ts';
import type { Keys } from './keys.ts';
import { jobOf, type JobAdder } from './queue.ts';
import { writeRecord } from './records.ts';
import { restingRef } from './rest.ts';
import { split } from './split.ts';
import { lookUpFields } from './suppressed.ts';
import type { Transitions } from './transitions.ts';

const submitScript = loadScript(new URL('./scripts/submit-7.lua', import.meta.url));

/** The script does nothing once Redis' clock is this far past the call; below the connection's own time-out. */
const DEADLINE_MS = 3_500;
/** A client that repeats a message within this time gets the first one's id again, unless the request says otherwise. */
const REPEAT_MS = 15 * 60_000;

export type SubmitRequest = Readonly<{
  submission: Submission;
  recipients: readonly Recipient[];
  /** Absent when the body lies elsewhere already (see `submission.body`). */
  body?: Buffer;
  /** Names the message for a client that repeats it; "" when it cannot be told. */
  fingerprint: string;
  /** For how long it counts as a repetition, milliseconds; absent: 15 minutes. */
  repeatWithin?: number;
  /** Not to be sent before, epoch milliseconds. */
  holdUntil?: EpochMs;
}>;

export type Submitted =
  | Readonly<{ kind: 'queued'; id: string; repeated: boolean }>
  | Readonly<{ kind: 'refused'; why: 'away' | 'slow' | 'full' | 'broken' }>;

/** One of the connections over which mail comes in, with the job queues that share it. */
export type Entrance = Readonly<{
  redis: Redis;
  jobs: JobAdder;
  park: Transitions['park'];
  /** Where Redis may fail over: how many replicas have what was written before on this connection. */
  confirm?: () => Promise<number>;
}>;

export type SubmitDeps = Readonly<{
  /** Several connections: Redis reads one socket a few kilobytes at a time, and syncs once per turn for all. */
  entrances: readonly Entrance[];
  keys: Keys;
  clock: Clock;
  log: Log;
  /** How long we try before a delivery expires, milliseconds. */
  expireAfterMs: number;
  /** What Redis' clock is ahead of ours, milliseconds. */
  clockOffset(): number;
  /** The pool and the priority that this submission gets. */
  route(submission: Submission): Readonly<{ pool: string; priority: Priority }>;
  /** The transport of a pool for this user and recipient domain; "" when the pool has none. */
  chooseTransport(pool: string, user: string, domain: string): WayOut;
  pin(submission: Submission): Pins;
  /** Gives the deliveries of this submission return paths of their own; undefined: they have its envelope sender. */
  returnPath?: (submission: Submission) => ((delivery: string, due: EpochMs) => string) | undefined;
  /**
   * Asked before places are given: recipients (in lower case) that mail of this submission is held back from. undefined: none,
   * without asking; absent, the same. What cannot be asked now goes by the queue, where it is asked again.
   */
  heldBack?: (
    submission: Submission,
    recipients: readonly Recipient[],
  ) => Promise<ReadonlySet<string>> | undefined;
  /** A place in a lane of this process, for a delivery that may go at once; undefined: it goes by the queue. */
  reserve(delivery: Delivery): Handover | undefined;
}>;

/** Makes the door of the backlog. What it returns resolves within the connection's time-out and never rejects. */
export function makeSubmit(deps: SubmitDeps) {
  let turn = 0;
  return async function submit(request: SubmitRequest): Promise<Submitted> {
    const entrance = deps.entrances[turn++ % deps.entrances.length];
    if (!entrance) return { kind: 'refused', why: 'away' };
    const asked = deps.heldBack?.(request.submission, request.recipients);
    // Most mail has nothing to wait for.
    const held = asked && (await asked.catch(() => 'unknown' as const));
    const entries = makeDeliveries(request, deps).map((delivery) => ({
      delivery,
      handover: mayHandOver(delivery, held) ? deps.reserve(delivery) : undefined,
    }));
    // The script goes out first: on one connection, jobs cannot overtake the records that they point to.
    const keys = scriptKeys(request, deps.keys);
    const stored = entrance.redis.run(submitScript, keys, scriptArguments(request, entries, deps));
    const copies = entrance.confirm?.().catch(() => 0) ?? Promise.resolve(1);
    const queued = entries.filter(({ handover }) => !handover).map(({ delivery }) => delivery);
    const jobs = Promise.all([addJobs(entrance.jobs, queued), parkListed(entrance, entries)]);
    const answer = await outcomeOf({ stored, jobs, copies }, { request, log: deps.log });
    const isNew = answer.kind === 'queued' && !answer.repeated;
    for (const { handover } of entries) {
      if (isNew) handover?.go(request.submission);
      else handover?.giveUp();
    }
    return answer;
  };
}

/** The queue's attempts look at the suppressions themselves; one that is handed over has begun. */
function mayHandOver({ recipient }: Delivery, held: ReadonlySet<string> | 'unknown' | undefined): boolean {
  return held === undefined || (held !== 'unknown' && !held.has(recipient.address.toLowerCase()));
}

/** A delivery to be stored; with a place in a lane it needs no job. */
type Entry = Readonly<{ delivery: Delivery; handover: Handover | undefined }>;

async function outcomeOf(
  {
    stored,
    jobs,
    copies,
  }: Readonly<{ stored: Promise<unknown>; jobs: Promise<unknown>; copies: Promise<number> }>,
  { request, log }: Readonly<{ request: SubmitRequest; log: Log }>,
): Promise<Submitted> {
  const { id } = request.submission;
  // The records are safe and the reconciler makes lost jobs anew; the client need not know.
  const added = jobs.catch((error: unknown) =>
    log.debug({ submission: id, error: String(error) }, 'jobs were not added'),
  );
  try {
    const answer = String(await stored);
    await added;
    if (answer === 'late') return { kind: 'refused', why: 'slow' };
    // A master alone may be replaced by a replica that never heard of this message: 250 would not mean that it is safe.
    if ((await copies) < 1) return { kind: 'refused', why: 'away' };
    return { kind: 'queued', id: answer === 'ok' ? id : answer, repeated: answer !== 'ok' };
  } catch (error) {
    log.warn({ submission: id, error: String(error) }, 'Redis did not take a message');
    return { kind: 'refused', why: error instanceof RedisTrouble ? error.kind : 'broken' };
  }
}

function makeDeliveries(request: SubmitRequest, deps: SubmitDeps): Delivery[] {
  const { submission } = request;
  const { pool, priority } = deps.route(submission);
  const returnPath = deps.returnPath?.(submission);
  return split(request, {
    pool,
    priority,
    pins: deps.pin(submission),
    ...(returnPath === undefined ? {} : { returnPath }),
    expireAfterMs: deps.expireAfterMs,
    wayFor: (domain) => deps.chooseTransport(pool, submission.user, domain),
  });
}

function scriptKeys({ submission, fingerprint }: SubmitRequest, keys: Keys): string[] {
  const { account, id } = submission;
  return [
    keys.submission(account, id),
    keys.body(account, id),
    keys.open(account, id),
    fingerprint === '' ? '' : keys.same(account, fingerprint),
    keys.due,
    keys.events,
    keys.resting,
  ];
}

function scriptArguments(
  request: SubmitRequest,
  entries: readonly Entry[],
  deps: SubmitDeps,
): RedisArgument[] {
  const { submission, body, repeatWithin = REPEAT_MS } = request;
  const now = deps.clock.now();
  const deliveries = entries.map(({ delivery }) => delivery);
  const { event, pairs } = announce(submission, deliveries);
  return [
    Math.round(now + deps.clockOffset() + DEADLINE_MS),
    submission.id,
    JSON.stringify(submission),
    body ?? '',
    Math.max(1, Math.round(repeatWithin)),
    event,
    pairs,
    entries.length,
    body ? restingRef(deliveries, now) : '',
    ...entries.flatMap((entry) => entryArguments(entry, submission, deps.keys)),
  ];
}

/** The event, and for which deliveries it is told: where their times differ, each has its own behind its address. */
function announce(
  submission: Submission,
  deliveries: readonly Delivery[],
): Readonly<{ event: string; pairs: string }> {
  const [first] = deliveries;
  if (!first) return { event: '', pairs: '' };
  const differ = deliveries.some(({ due }) => due !== first.due);
  const shared = differ ? { ...first, due: submission.at } : first;
  const event = JSON.stringify(describeAccepted(submission, shared));
  if (deliveries.length === 1) return { event, pairs: '' };
  const pairs = deliveries.map(({ id, recipient, due }) =>
    differ && due > submission.at ? [id, recipient.address, due] : [id, recipient.address],
  );
  return { event, pairs: JSON.stringify(pairs) };
}

function entryArguments({ delivery, handover }: Entry, submission: Submission, keys: Keys): RedisArgument[] {
  const ref = refOf(delivery);
  const begun =
    handover && handover.epoch !== '' ? ['epoch', handover.epoch, 'began', String(delivery.due)] : [];
  const fields = [
    ...writeRecord(handover?.delivery ?? delivery),
    ...lookUpFields(submission, delivery),
    ...begun,
  ];
  const due = handover?.wonderAt ?? delivery.due;
  return [keys.delivery(ref), ref, delivery.id, due, handover?.hand ?? '', fields.length / 2, ...fields];
}

/** Those whose lane is full go into its list at once, behind the script that stores them. */
function parkListed(entrance: Entrance, entries: readonly Entry[]): Promise<unknown> {
  const parking = entries.flatMap(({ delivery, handover }) =>
    handover?.list ? [entrance.park(jobOf(delivery), handover.list)] : [],
  );
  return Promise.all(parking);
}

function addJobs(jobs: JobAdder, deliveries: readonly Delivery[]): Promise<unknown> {
  const byTransport = Map.groupBy(
    deliveries.filter((delivery) => delivery.transport !== ''),
    (delivery) => delivery.transport,
  );
  return Promise.all(
    [...byTransport].map(([transport, group]) => {
      const [only] = group;
      if (group.length === 1 && only) return jobs.add(transport, jobOf(only), only.due);
      return jobs.addMany(
        transport,
        group.map((delivery) => ({ ...jobOf(delivery), due: delivery.due })),
      );
    }),
  );
}
