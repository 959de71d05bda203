// The carrier of one transport: competes for its lease and, while it holds it, works its queue and its lanes.
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Redis } from '../lib/script.ts';
import type { Known, Post } from './attempt.ts';
import { Gate } from './gate.ts';
import type { Progress } from './gate-deps.ts';
import { putBackStrays, recover } from './hand.ts';
import type { Keys } from './keys.ts';
import { holdLease, type Lease } from './lease.ts';
import type { Place } from './located.ts';
import type { Pauses } from './pauses.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Submission } from '../model/submission.ts';
import { ATTEMPT_CEILING_MS, ROOM_CEILING_MS } from './transitions.ts';
import {
  consumeQueue,
  jobOf,
  type Consumer,
  type Job,
  type JobAdder,
  type QueueConnection,
} from './queue.ts';
import type { Transitions } from './transitions.ts';

export type CarrierDeps = Readonly<{
  redis: Redis;
  connection: QueueConnection;
  keys: Keys;
  transitions: Transitions;
  jobs: JobAdder;
  pauses: Pauses;
  clock: Clock;
  log: Log;
  owner: string;
  locate(transport: string, domain: string): Promise<Place>;
  attempt(job: Job, post: Post, progress: Progress, known?: Known): Promise<void>;
}>;

export type Carrier = Readonly<{
  transport: string;
  holds(): boolean;
  state(): ReturnType<Gate['state']>;
  /** Keeps a place for a delivery that this process is about to store; undefined: let it come by the queue. */
  reserve(delivery: Delivery): Handover | undefined;
  /** Takes no new work, gives running attempts `graceMs`, puts the rest back, gives the lease back. */
  stop(graceMs: number): Promise<void>;
}>;

/** A delivery that skips the queue: where it is in hand, and how it goes on once it is stored. */
export type Handover = Readonly<{
  /** The hand it is stored in; "" when it goes into its lane's list. */
  hand: string;
  /** The lane whose list it goes into, where that is full. */
  list?: Readonly<{ transport: string; site: string }>;
  /** Its record as it is to be stored: begun, where there is a slot for it. */
  delivery: Delivery;
  /** The epoch of its beginning; "" when it only has a seat. */
  epoch: string;
  /** When somebody should wonder what became of it, epoch milliseconds. */
  wonderAt: EpochMs;
  go(submission: Submission): void;
  giveUp(): void;
}>;

/** BullMQ fetches so many one by one before it hands the first on; those that seats hold are fewer. */
const CONCURRENCY = 150;
const TIDY_MS = 5_000;
/** Those beyond are found by their due times. */
const MAX_LOST = 10_000;
/** What attempts that were cut off get to store their end. */
const LAST_WORDS_MS = 2_000;

/** Begins to carry for `transport`. */
export function carry(transport: string, deps: CarrierDeps): Carrier {
  const { clock, log, keys, redis } = deps;
  const abort = new AbortController();
  /** Refs of which this process knows: in rooms and in attempts. */
  const ours = new Set<string>();
  const lost = makeLost(deps, transport);
  let stopping = false;
  let consumer: Consumer | undefined;

  const post = (): Post => ({ transport, lease, signal: abort.signal, stopping: () => stopping });
  const gate: Gate = makeGate(deps, post, ours);

  const listedLanes = async (): Promise<void> => {
    const sites = await redis.call('SMEMBERS', keys.lanes(transport));
    if (lease.valid() && Array.isArray(sites)) for (const site of sites) gate.wake(String(site));
  };
  const begin = async (): Promise<void> => {
    await redis.call('SADD', keys.carried, transport);
    await recover(deps, transport, ours);
    const options = { prefix: keys.queues, transport, concurrency: CONCURRENCY, log };
    if (!stopping) consumer ??= consumeQueue(deps.connection, options, (job) => gate.admit(job), lost.add);
    await listedLanes();
  };
  let strays = new Set<string>();
  const tidy = async (): Promise<void> => {
    if (!lease.valid()) return;
    // The beginning may have been cut off by Redis going away.
    if (!consumer) await begin();
    await Promise.all([listedLanes(), lost.putBack()]);
    strays = await putBackStrays(deps, transport, ours, strays);
  };
  const quietly = (work: Promise<void>): void => {
    work.catch((error: unknown) =>
      log.debug({ transport, error: String(error) }, 'Redis trouble in a carrier'),
    );
  };
  const lease: Lease = holdLease(transport, deps, {
    gained: (epoch) => {
      log.info({ transport, epoch }, 'carrying for this transport');
      quietly(begin());
    },
    lost: () => {
      log.warn({ transport }, 'another process carries for this transport now');
      if (consumer) quietly(consumer.stop());
      consumer = undefined;
    },
  });
  const stopLooking = clock.every(TIDY_MS, () => quietly(tidy()));

  return {
    transport,
    holds: () => lease.valid(),
    state: () => gate.state(),
    reserve: (delivery) => handover(deps, { gate, post: post(), ours }, delivery),
    stop: async (graceMs) => {
      stopping = true;
      stopLooking();
      const cut = clock.after(graceMs, () => abort.abort());
      // The consumer says goodbye to Redis, which may be away for long: that has no more time than the rest.
      const ended = Promise.allSettled([gate.close(), consumer?.stop()]).then(() => gate.idle());
      await Promise.race([ended, clock.sleep(graceMs + LAST_WORDS_MS)]);
      cut();
      await lease.release();
    },
  };
}

function makeGate(deps: CarrierDeps, post: () => Post, ours: Set<string>): Gate {
  return new Gate({
    log: deps.log,
    locate: (domain) => deps.locate(post().transport, domain),
    clock: deps.clock,
    attempt: (job, progress) => attemptOurs(deps, { job, post: post(), ours }, progress),
    park: async (job, site) => {
      await deps.transitions.park(job, { transport: post().transport, site });
    },
    pull: async (site, count) => {
      const pulled = await pullSome(deps, post(), { site, count });
      for (const { ref } of pulled.items) ours.add(ref);
      return pulled;
    },
    putBack: async (job) => {
      ours.delete(job.ref);
      await putBack(deps, job, post().transport);
    },
  });
}

async function attemptOurs(
  deps: CarrierDeps,
  { job, post, ours }: Readonly<{ job: Job; post: Post; ours: Set<string> }>,
  progress: Progress,
  known?: Known,
): Promise<void> {
  ours.add(job.ref);
  try {
    // A pause stops what already waits in a room.
    if (known?.begunUnder !== undefined || !(await isShelved(deps, job)))
      await deps.attempt(job, post, progress, known);
  } finally {
    ours.delete(job.ref);
  }
}

/** See `reserve`: pauses, another's lease and a lane without room send it to the queue. */
function handover(
  deps: CarrierDeps,
  { gate, post, ours }: Readonly<{ gate: Gate; post: Post; ours: Set<string> }>,
  delivery: Delivery,
): Handover | undefined {
  const { lease, transport } = post;
  const now = deps.clock.now();
  if (!lease.valid() || post.stopping() || deps.pauses.any() || delivery.due > now) return undefined;
  const place = gate.reserve(delivery.domain, delivery.priority);
  if (!place) return undefined;
  if (place.kind === 'list') {
    const list = { transport, site: place.lane };
    const wake = (): void => gate.wake(place.lane, delivery.priority);
    return { hand: '', list, delivery, epoch: '', wonderAt: delivery.due, go: wake, giveUp: wake };
  }
  const begins = place.kind === 'slot';
  const epoch = begins ? lease.epoch() : '';
  const stored: Delivery = begins ? { ...delivery, state: 'sending', attempts: 1 } : delivery;
  const job = jobOf(stored);
  ours.add(job.ref);
  return {
    hand: deps.keys.hand(transport),
    delivery: stored,
    epoch,
    wonderAt: now + (begins ? ATTEMPT_CEILING_MS : ROOM_CEILING_MS),
    go: (submission) => {
      const known: Known = { submission, delivery: stored, ...(begins ? { begunUnder: epoch } : {}) };
      const attempt = (progress: Progress): Promise<void> =>
        attemptOurs(deps, { job, post, ours }, progress, known);
      place.take({ job, begun: () => undefined, attempt });
    },
    giveUp: () => {
      ours.delete(job.ref);
      place.giveUp();
    },
  };
}

async function pullSome(
  deps: CarrierDeps,
  { transport, lease }: Post,
  want: Readonly<{ site: string; count: number }>,
): Promise<Readonly<{ items: readonly Job[]; more: boolean }>> {
  const lane = { transport, site: want.site };
  const held = { owner: lease.owner, epoch: lease.epoch() };
  const pulled = await deps.transitions.pull(lane, held, { count: want.count, now: deps.clock.now() });
  return pulled ?? { items: [], more: false };
}

/** Jobs that ended without anybody having taken up their deliveries: Redis was away. */
function makeLost(deps: CarrierDeps, transport: string) {
  const jobs = new Map<string, Job>();
  return {
    add: (job: Job): void => void (jobs.size < MAX_LOST && jobs.set(job.ref, job)),
    putBack: async (): Promise<void> => {
      for (const [ref, job] of jobs) {
        await putBack(deps, job, transport);
        jobs.delete(ref);
      }
    },
  };
}

async function putBack(deps: CarrierDeps, job: Job, transport: string): Promise<void> {
  const due = deps.clock.now();
  const run = await deps.transitions.schedule(job.ref, transport, {
    due,
    transport,
    run: job.run,
    while: 'idle',
  });
  if (run !== undefined) await deps.jobs.add(transport, { ...job, run }, due);
}

/** Takes a delivery out that a pause stops. The record is read only while there is any pause at all. */
async function isShelved(deps: CarrierDeps, job: Job): Promise<boolean> {
  if (!deps.pauses.any()) return false;
  const delivery = await deps.transitions.read(job.ref);
  if (delivery === undefined || delivery === 'unknown') return false;
  const pause = deps.pauses.match(delivery);
  return pause !== undefined && (await deps.transitions.shelve({ ...delivery, run: job.run }, pause));
}
