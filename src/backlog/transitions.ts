// The transitions of a delivery's record in Redis: begin, finish, schedule, park, pull, shelve.
import { textsIn } from '../lib/answers.ts';
import type { EpochMs } from '../lib/clock.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import { refOf, type Delivery, type WayOut } from '../model/delivery.ts';
import type { Event } from '../model/event.ts';
import { prioritySchema } from '../model/instructions.ts';
import { readSubmission, type Submission } from '../model/submission.ts';
import { splitRef, type Keys } from './keys.ts';
import type { Job } from './queue.ts';
import { readRecord } from './records.ts';
import { isSuppression, type Suppression } from './suppressed.ts';

const beginScript = loadScript(new URL('./scripts/begin-5.lua', import.meta.url));
const finishScript = loadScript(new URL('./scripts/finish-7.lua', import.meta.url));
const scheduleScript = loadScript(new URL('./scripts/schedule-4.lua', import.meta.url));
const parkScript = loadScript(new URL('./scripts/park-6.lua', import.meta.url));
const pullScript = loadScript(new URL('./scripts/pull-6.lua', import.meta.url));
const shelveScript = loadScript(new URL('./scripts/shelve-5.lua', import.meta.url));

/** After this long without an end, the reconciler asks what became of an attempt: above every time-out of a conversation. */
export const ATTEMPT_CEILING_MS = 45 * 60_000;
/** The same for a delivery that waits in its lane's room. */
export const ROOM_CEILING_MS = 30 * 60_000;

const UNCHANGED = '-';

/** A way out as a schedule says it: a new choice, which takes the place of the old one. */
export function scheduleOf({
  transport,
  fallback = '',
  pool,
}: WayOut): Pick<Schedule, 'transport' | 'fallback' | 'pool'> {
  return { transport, fallback, ...(pool === undefined ? {} : { pool }) };
}

export type Begun =
  | Readonly<{ kind: 'begun'; submission: Submission; delivery: Delivery }>
  | Readonly<{ kind: 'suppressed'; by: Suppression; submission: Submission; delivery: Delivery }>
  /** gone: it has ended or was scheduled anew; lease: not ours any more; unknown: a record of another version. */
  | Readonly<{ kind: 'gone' | 'lease' | 'unknown' }>;

/** What a delivery's next time looks like. */
export type Schedule = Readonly<{
  due: EpochMs;
  transport: string;
  /** The fallback pool that the transport is of, "" for none; absent: as it was. */
  fallback?: string;
  /** The pool that it belongs to from now on; absent: as it was. */
  pool?: string;
  /** The rule that holds it until it is due; absent: none does. */
  hold?: string;
  event?: Event;
  /** 1 to take the attempt back that was counted when it began. */
  uncount?: 0 | 1;
  ambiguous?: 0 | 1;
  /** Run that the caller knows; absent: whatever it is. */
  run?: number;
  /** The time now, where its expiry moves along by the difference of its due times. */
  movesExpiryAt?: EpochMs;
  /** Who may do it while an attempt runs: nobody, anybody, or the attempt that this epoch began. */
  while: 'idle' | 'any' | Readonly<{ epoch: string }>;
}>;

export type Pulled = Readonly<{ more: boolean; items: readonly Job[] }>;

/** The transitions, each one script; all reject with RedisTrouble. */
export type Transitions = ReturnType<typeof makeTransitions>;

/** True where the messages of a user are kept after their last delivery. */
export type IsArchived = (user: string) => boolean;

/** Makes the transitions over one connection. */
export function makeTransitions(redis: Redis, keys: Keys, isArchived: IsArchived = () => false) {
  const records: Records = { redis, keys, isArchived };
  return {
    begin: begin.bind(undefined, records),
    finish: finish.bind(undefined, records),
    schedule: schedule.bind(undefined, records),
    park: park.bind(undefined, records),
    pull: pull.bind(undefined, records),
    shelve: shelve.bind(undefined, records),
    read: read.bind(undefined, records),
    readSubmissionOf: readSubmissionOf.bind(undefined, records),
  };
}

type Records = Readonly<{ redis: Redis; keys: Keys; isArchived: IsArchived }>;

function submissionKeys(keys: Keys, ref: string): readonly [string, string, string] {
  const { account, submission } = splitRef(ref);
  return [
    keys.submission(account, submission),
    keys.body(account, submission),
    keys.open(account, submission),
  ];
}

/** A delivery and its submission, where the caller has them in memory. */
type Subject = Readonly<{ submission: Submission; delivery: Delivery }>;

/**
 * Records that an attempt begins. `suppressions` and `everywhere` are the hashes to look the recipient up in, those of the
 * account and of all, or ""; `now` is epoch ms. What is `known` is not read again.
 */
async function begin(
  { redis, keys }: Records,
  job: Job,
  post: Readonly<{ transport: string; owner: string; epoch: string }>,
  at: Readonly<{ now: EpochMs; suppressions: string; everywhere?: string; known?: Subject | undefined }>,
): Promise<Begun> {
  const { transport, owner, epoch } = post;
  const [submissionKey] = submissionKeys(keys, job.ref);
  const answer = await redis.run(
    beginScript,
    [keys.delivery(job.ref), keys.lease(transport), keys.hand(transport), keys.due, submissionKey],
    [
      job.ref,
      job.run,
      owner,
      epoch,
      at.now,
      at.now + ATTEMPT_CEILING_MS,
      at.suppressions,
      at.known ? 'known' : '',
      at.everywhere ?? '',
    ],
  );
  return at.known ? readVerdict(answer, at.known) : readBegun(answer);
}

/**
 * The last transition. `ended` once only; `last` when its submission ended with it and its body can go; `busy` while an attempt
 * runs.
 */
async function finish(
  { redis, keys, isArchived }: Records,
  delivery: Delivery,
  event: Event,
  when: 'idle' | 'any',
) {
  const ref = refOf(delivery);
  const keyList = [
    keys.delivery(ref),
    ...submissionKeys(keys, ref),
    keys.due,
    keys.events,
    keys.hand(delivery.transport),
  ];
  const archived = isArchived(delivery.user) ? event.at : '';
  const args = [ref, delivery.id, JSON.stringify(event), keys.prefix, when, archived];
  const answer = Number(await redis.run(finishScript, keyList, args));
  return { ended: answer > 0, last: answer === 2, busy: answer < 0 } as const;
}

/** Gives it its next time and transport. Resolves to the new run, or undefined when that was not to be. */
async function schedule({ redis, keys }: Records, ref: string, leaves: string, next: Schedule) {
  const args = [
    ref,
    next.run ?? '',
    Math.round(next.due),
    next.transport,
    next.event ? JSON.stringify(next.event) : '',
    next.uncount ?? 0,
    next.ambiguous ?? 0,
    keys.prefix,
    typeof next.while === 'string' ? next.while : next.while.epoch,
    next.movesExpiryAt === undefined ? '' : Math.round(next.movesExpiryAt),
    next.fallback ?? UNCHANGED,
    next.pool ?? '',
    next.hold ?? '',
  ];
  const keyList = [keys.delivery(ref), keys.due, keys.events, keys.hand(leaves)];
  const run = Number(await redis.run(scheduleScript, keyList, args));
  return run > 0 ? run : undefined;
}

/** Puts it into its lane's own list. False when it has ended or was scheduled anew. */
async function park(
  { redis, keys }: Records,
  job: Job,
  lane: Readonly<{ transport: string; site: string }>,
): Promise<boolean> {
  const { transport, site } = lane;
  const keyList = [
    keys.delivery(job.ref),
    keys.lane(transport, site),
    keys.fair(transport, site),
    keys.lanes(transport),
    keys.due,
    keys.hand(transport),
  ];
  return Number(await redis.run(parkScript, keyList, [job.ref, job.run, site])) === 1;
}

/** Takes the heads of a lane's list into our hands; undefined when the lease is not ours. */
async function pull(
  { redis, keys }: Records,
  lane: Readonly<{ transport: string; site: string }>,
  lease: Readonly<{ owner: string; epoch: string }>,
  want: Readonly<{ count: number; now: EpochMs }>,
): Promise<Pulled | undefined> {
  const { transport, site } = lane;
  const keyList = [
    keys.lane(transport, site),
    keys.fair(transport, site),
    keys.lanes(transport),
    keys.lease(transport),
    keys.hand(transport),
    keys.due,
  ];
  const args = [want.count, lease.owner, lease.epoch, site, keys.prefix, want.now + ROOM_CEILING_MS];
  return readPulled(await redis.run(pullScript, keyList, args));
}

/** Takes it out until an operator resumes. False when it has ended or is being sent. */
async function shelve({ redis, keys }: Records, delivery: Delivery, pause: string): Promise<boolean> {
  const ref = refOf(delivery);
  const keyList = [
    keys.delivery(ref),
    keys.shelf(pause),
    keys.due,
    keys.hand(delivery.transport),
    keys.pauses,
  ];
  return Number(await redis.run(shelveScript, keyList, [ref, delivery.run, pause, delivery.expiresAt])) === 1;
}

/** The record as it stands; undefined when there is none, "unknown" when its version is not one that we know. */
async function read({ redis, keys }: Records, ref: string): Promise<Delivery | 'unknown' | undefined> {
  const answer = await redis.call('HGETALL', keys.delivery(ref));
  const flat = textsIn(answer);
  return flat.length === 0 ? undefined : (readRecord(flat) ?? 'unknown');
}

/** The submission of a delivery, for events and reports; undefined when it is gone or of an unknown version. */
async function readSubmissionOf({ redis, keys }: Records, ref: string): Promise<Submission | undefined> {
  const [key] = submissionKeys(keys, ref);
  const json = await redis.call('GET', key);
  return typeof json === 'string' ? readSubmission(json) : undefined;
}

function readVerdict(answer: unknown, { submission, delivery }: Subject): Begun {
  const verdict = Array.isArray(answer) ? String(answer[0]) : '';
  const begun: Delivery = { ...delivery, attempts: delivery.attempts + 1, state: 'sending' };
  return judge(verdict, { submission, delivery: begun }) ?? { kind: verdict === 'lease' ? 'lease' : 'gone' };
}

/** What a verdict says that lets the attempt go on; undefined for all others. */
function judge(verdict: string, subject: Subject): Begun | undefined {
  if (verdict === 'begun') return { kind: 'begun', ...subject };
  return isSuppression(verdict) ? { kind: 'suppressed', by: verdict, ...subject } : undefined;
}

function readBegun(answer: unknown): Begun {
  const [verdict, json, ...flat] = textsIn(answer);
  if (verdict === 'lease' || verdict === 'unknown') return { kind: verdict };
  if (verdict === undefined || json === undefined) return { kind: 'gone' };
  const submission = readSubmission(json);
  const delivery = readRecord(flat);
  return (submission && delivery && judge(verdict, { submission, delivery })) ?? { kind: 'unknown' };
}

function readPulled(answer: unknown): Pulled | undefined {
  const [verdict, more, ...flat] = textsIn(answer);
  if (verdict !== 'ok') return undefined;
  const items = [];
  for (let i = 0; i + 3 < flat.length; i += 4) {
    const priority = prioritySchema.safeParse(Number(flat[i + 3])).data ?? 3;
    items.push({ ref: flat[i] ?? '', run: Number(flat[i + 1]), domain: flat[i + 2] ?? '', priority });
  }
  return { more: more === '1', items };
}
