// BullMQ: hands over deliveries that are due, one queue per transport; the only file that imports bullmq.
import { Queue, Worker, type QueueOptions } from 'bullmq';
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { refOf, type Delivery } from '../model/delivery.ts';
import { prioritySchema, type Priority } from '../model/instructions.ts';

/** A raw Redis connection as BullMQ takes it. */
export type QueueConnection = QueueOptions['connection'];

/** What a job says: which delivery, which of its runs, for which domain, how urgent. Only a hint; the record is the truth. */
export type Job = Readonly<{ ref: string; run: number; domain: string; priority: Priority }>;

/** What goes before all else, even before what has a seat already. */
export const URGENT: Priority = 1;

/** The job of a delivery's present run. */
export function jobOf(delivery: Delivery, run = delivery.run): Job {
  return { ref: refOf(delivery), run, domain: delivery.domain, priority: delivery.priority };
}

/** The producers' side: jobs for any transport, over one connection. */
export type JobAdder = Readonly<{
  /** Adds a job that is due at `due`. Commands keep their order with others of the same connection. */
  add(transport: string, job: Job, due: EpochMs): Promise<void>;
  /** Adds many jobs to one transport in one round trip. */
  addMany(transport: string, jobs: readonly (Job & { due: EpochMs })[]): Promise<void>;
  /** Removes the job of an earlier run that is for later, so that it does not lie there for weeks. */
  forget(transport: string, job: Job): Promise<void>;
  /** The Redis key of a job, to see whether it exists. */
  jobKey(transport: string, job: Pick<Job, 'ref' | 'run'>): string;
  /** Jobs that wait, and jobs for later. */
  depth(transport: string): Promise<Readonly<{ waiting: number; delayed: number }>>;
  close(): Promise<void>;
}>;

export type Consumer = Readonly<{
  /** Takes no new jobs and waits for those in hand to be passed on. */
  stop(): Promise<void>;
}>;

/** BullMQ's own event stream serves nobody here; keep it tiny. */
const STREAMS = { events: { maxLen: 10 } };
/** Jobs last milliseconds; one whose process died is given to another after this, and its record decides. */
const LOCK_MS = 10_000;
const STALLED_CHECK_MS = 5_000;
/** A job that dies again and again with its process must never end as "failed": the record decides. */
const NEVER = 1_000_000;

/** Queue names hold no colon (BullMQ's rule). */
const queueName = (transport: string): string => `deliver.${transport}`;

/** "account:delivery" and run as a job id; BullMQ allows no colon there. */
const jobId = (job: Pick<Job, 'ref' | 'run'>): string => `${job.ref.replace(':', '/')}/${job.run}`;

function readJob(id: string, domain: string, opts: Readonly<{ priority?: number }>): Job {
  const [account = '', delivery = '', run = '0'] = id.split('/');
  const priority = prioritySchema.safeParse(opts.priority ?? URGENT).data ?? 3;
  return { ref: `${account}:${delivery}`, run: Number(run), domain, priority };
}

/** A producer over `connection`; `prefix` begins all of BullMQ's keys. */
export function makeJobAdder(connection: QueueConnection, prefix: string, clock: Clock, log: Log): JobAdder {
  const queues = new Map<string, Queue>();
  const queueOf = (transport: string): Queue => {
    const known = queues.get(transport);
    if (known) return known;
    const queue = new Queue(queueName(transport), {
      connection,
      prefix,
      streams: STREAMS,
      skipVersionCheck: true,
      skipWaitingForReady: true,
    });
    queue.on('error', (error) => log.debug({ transport, error: error.message }, 'queue connection trouble'));
    queues.set(transport, queue);
    return queue;
  };
  const options = (job: Job, due: EpochMs) => ({
    jobId: jobId(job),
    delay: Math.max(0, due - clock.now()),
    removeOnComplete: true,
    removeOnFail: true,
    // BullMQ takes jobs without a priority first, then the others by theirs and by age.
    ...(job.priority === URGENT ? {} : { priority: job.priority }),
  });
  return {
    add: async (transport, job, due) => {
      await queueOf(transport).add(job.domain, {}, options(job, due));
    },
    addMany: async (transport, jobs) => {
      await queueOf(transport).addBulk(
        jobs.map((job) => ({ name: job.domain, data: {}, opts: options(job, job.due) })),
      );
    },
    forget: async (transport, job) => {
      await queueOf(transport).remove(jobId(job));
    },
    jobKey: (transport, job) => `${prefix}:${queueName(transport)}:${jobId(job)}`,
    depth: async (transport) => {
      const counts = await queueOf(transport).getJobCounts('wait', 'delayed', 'prioritized', 'active');
      const { wait = 0, delayed = 0, prioritized = 0, active = 0 } = counts;
      return { waiting: wait + prioritized + active, delayed };
    },
    close: async () => {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

/**
 * Consumes a transport's queue. `pass` takes a job on and resolves when the record shows that it did (an attempt has
 * begun, or the delivery is parked); jobs are short and leave no trace. Where it rejects, the job is gone, and `dropped` is
 * told so.
 */
export function consumeQueue(
  connection: QueueConnection,
  options: Readonly<{ prefix: string; transport: string; concurrency: number; log: Log }>,
  pass: (job: Job) => Promise<void>,
  dropped: (job: Job) => void = () => undefined,
): Consumer {
  const { prefix, transport, concurrency, log } = options;
  const worker = new Worker(
    queueName(transport),
    async (job) => pass(readJob(job.id ?? '', job.name, job.opts)),
    {
      connection,
      prefix,
      concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: NEVER,
      maxStartedAttempts: NEVER,
      runRetryDelay: 500,
      drainDelay: 5,
      skipVersionCheck: true,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    },
  );
  worker.on('error', (error) => log.debug({ transport, error: error.message }, 'queue connection trouble'));
  worker.on('failed', (job, error) => {
    log.error(
      { transport, job: job?.id, error: error.message },
      'a delivery could not be taken up; it is put back',
    );
    if (job) dropped(readJob(job.id ?? '', job.name, job.opts));
  });
  return { stop: () => worker.close() };
}
