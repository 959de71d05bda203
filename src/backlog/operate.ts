// What operators do with what waits: list it, send it now or later, cancel it, move it, pause and resume it.
import { hashIn, textsIn } from '../lib/answers.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Redis } from '../lib/script.ts';
import { refOf, type Delivery } from '../model/delivery.ts';
import type { Event } from '../model/event.ts';
import type { Submission } from '../model/submission.ts';
import { describeEnd, describeRescheduled } from './describe.ts';
import type { Keys } from './keys.ts';
import { readPauses, type Pause, type PauseName, type PauseWhy } from './pauses.ts';
import { jobOf, type JobAdder } from './queue.ts';
import { OLD_MS } from './rest.ts';
import type { Transitions } from './transitions.ts';

/** Which deliveries are meant; all that is given must match. */
export type Selection = Readonly<{
  /** A delivery's or a submission's id. */
  id?: string | undefined;
  recipient?: string | undefined;
  domain?: string | undefined;
  user?: string | undefined;
  transport?: string | undefined;
  pool?: string | undefined;
  account?: string | undefined;
  campaign?: string | undefined;
  batch?: string | undefined;
}>;

export type OperateDeps = Readonly<{
  redis: Redis;
  keys: Keys;
  transitions: Transitions;
  jobs: JobAdder;
  clock: Clock;
  /** Told after each change of pauses, so that delivering processes need not wait for their poll. */
  announce(): Promise<void>;
  dropBody(submission: Submission): Promise<void>;
}>;

/** How many deliveries a command changed, and how many it could not since they are being sent just now. */
export type Changed = Readonly<{ changed: number; busy: number }>;

const PAGE = 500;
const SCAN = 5_000;
/** Redis syncs once for what comes together. */
const TOGETHER = 64;

export type Operate = ReturnType<typeof makeOperate>;

/** Makes what operators can do. All of it rejects with RedisTrouble. */
export function makeOperate(deps: OperateDeps) {
  return {
    list: list.bind(undefined, deps),
    select: select.bind(undefined, deps),
    cancel: cancel.bind(undefined, deps),
    sendNow: sendNow.bind(undefined, deps),
    move: move.bind(undefined, deps),
    reschedule: reschedule.bind(undefined, deps),
    pause: pause.bind(undefined, deps),
    resume: resume.bind(undefined, deps),
    pauses: pauses.bind(undefined, deps),
    resumeExpired: resumeExpired.bind(undefined, deps),
    depth: depth.bind(undefined, deps),
  };
}

/** Deliveries that wait, soonest first, in pages: bounded memory however long the queue. */
async function* select(deps: OperateDeps, selection: Selection): AsyncGenerator<Delivery> {
  const seen = new Set<string>();
  let cursor = '0';
  do {
    const answer = await deps.redis.call('ZSCAN', deps.keys.due, cursor, ...scanOf(selection));
    const [next, flat] = Array.isArray(answer) ? answer : ['0', []];
    cursor = String(next);
    const refs = [...hashIn(flat).keys()];
    const records = await Promise.all(refs.map((ref) => deps.transitions.read(ref)));
    for (const delivery of records) {
      if (delivery === undefined || delivery === 'unknown' || seen.has(refOf(delivery))) continue;
      seen.add(refOf(delivery));
      if (matches(delivery, selection)) yield delivery;
    }
  } while (cursor !== '0');
}

/** An id stands in the ref itself: then Redis finds it alone, and no record of others is read. */
function scanOf({ id }: Selection): readonly (string | number)[] {
  if (id === undefined) return ['COUNT', PAGE];
  return ['MATCH', `*:${id.replace(/[^\w-]/g, '?')}*`, 'COUNT', SCAN];
}

/** The first `limit` of them by due time. */
async function list(deps: OperateDeps, selection: Selection, limit: number): Promise<Delivery[]> {
  if (Object.values(selection).some((value) => value !== undefined)) {
    const found: Delivery[] = [];
    for await (const delivery of select(deps, selection)) found.push(delivery);
    return found.sort((a, b) => a.due - b.due).slice(0, limit);
  }
  const refs = await deps.redis.call('ZRANGE', deps.keys.due, 0, limit - 1);
  const records = await Promise.all(
    (Array.isArray(refs) ? refs : []).map((ref) => deps.transitions.read(String(ref))),
  );
  return records.filter((delivery) => delivery !== undefined && delivery !== 'unknown');
}

/** Ends them as cancelled. Those being sent at this moment are left and counted as busy. */
async function cancel(deps: OperateDeps, selection: Selection, reason: string): Promise<Changed> {
  return each(deps, selection, async (delivery) => {
    const submission = await deps.transitions.readSubmissionOf(refOf(delivery));
    if (!submission) return 'busy';
    const event = describeEnd({ submission, delivery }, 'cancelled', reason, deps.clock.now());
    const { ended, last, busy } = await deps.transitions.finish(delivery, event, 'idle');
    if (last) await deps.dropBody(submission);
    if (ended) await forget(deps, delivery);
    return busy ? 'busy' : ended ? 'changed' : 'gone';
  });
}

/**
 * Puts them off, or brings them forward: a time that has passed means now. How long they may be tried stays as it was.
 * Those being sent at this moment are left and counted as busy.
 */
async function reschedule(deps: OperateDeps, selection: Selection, at: EpochMs): Promise<Changed> {
  return each(deps, selection, async (delivery) => {
    const now = deps.clock.now();
    // It waits for nothing but its turn.
    if (delivery.state === 'parked' && at <= now) return 'gone';
    const submission = await deps.transitions.readSubmissionOf(refOf(delivery));
    const event = submission && describeRescheduled({ submission, delivery }, at, now);
    const { transport } = delivery;
    const what = await again(deps, delivery, { transport, due: at, movesExpiryAt: now, event });
    if (what !== 'changed') return what;
    await forget(deps, delivery);
    if (at - now > OLD_MS) await deps.redis.call('SADD', deps.keys.resting, refOf(delivery));
    return what;
  });
}

/** The job for later of a run that is no more; where this fails, it ends silently when its time comes. */
async function forget({ jobs, clock }: OperateDeps, delivery: Delivery): Promise<void> {
  if (delivery.transport === '' || delivery.due <= clock.now()) return;
  await jobs.forget(delivery.transport, jobOf(delivery)).catch(() => undefined);
}

/** Makes them due at once. */
async function sendNow(deps: OperateDeps, selection: Selection): Promise<Changed> {
  return each(deps, selection, (delivery) =>
    delivery.state === 'parked'
      ? Promise.resolve('gone')
      : again(deps, delivery, { transport: delivery.transport, due: 0 }),
  );
}

/** Gives them to another transport, due as they were. */
async function move(deps: OperateDeps, selection: Selection, transport: string): Promise<Changed> {
  return each(deps, selection, (delivery) =>
    delivery.transport === transport
      ? Promise.resolve('gone')
      : again(deps, delivery, { transport, due: delivery.due, fallback: '' }),
  );
}

async function pause(deps: OperateDeps, name: PauseName, why: PauseWhy = {}): Promise<void> {
  await deps.redis.call('HSET', deps.keys.pauses, name, JSON.stringify({ ...why, at: deps.clock.now() }));
  await deps.announce();
}

/** Lifts the pauses whose time is over. Resolves to them. */
async function resumeExpired(deps: OperateDeps): Promise<readonly Pause[]> {
  const now = deps.clock.now();
  const over = (await pauses(deps)).filter(({ until }) => until !== undefined && until <= now);
  const lifted = [];
  for (const one of over) if ((await resume(deps, one.name)).lifted) lifted.push(one);
  return lifted;
}

/** Lifts a pause and puts what it had taken out back into the queues. False when there was no such pause. */
async function resume(
  deps: OperateDeps,
  name: string,
): Promise<Readonly<{ lifted: boolean; changed: number }>> {
  const lifted = Number(await deps.redis.call('HDEL', deps.keys.pauses, name)) === 1;
  await deps.announce();
  let changed = 0;
  for (;;) {
    const refs = await deps.redis.call('ZRANGE', deps.keys.shelf(name), 0, PAGE - 1);
    if (!Array.isArray(refs) || refs.length === 0) return { lifted, changed };
    for (const ref of refs.map(String)) {
      const delivery = await deps.transitions.read(ref);
      const known = delivery !== undefined && delivery !== 'unknown';
      if (known && (await again(deps, delivery, delivery)) === 'changed') changed++;
      await deps.redis.call('ZREM', deps.keys.shelf(name), ref);
    }
  }
}

async function pauses({ redis, keys }: OperateDeps): Promise<readonly Pause[]> {
  return readPauses(redis, keys);
}

export type Depth = Readonly<{
  /** Deliveries that have not ended. */
  open: number;
  perTransport: readonly Readonly<{
    transport: string;
    /** In its queue, or in its lanes' lists. */
    waiting: number;
    /** In its queue for later. */
    later: number;
    /** In the hands of the process that carries for it. */
    sending: number;
  }>[];
  /** Taken out by pauses. */
  paused: number;
}>;

/** How much waits, per transport. */
async function depth(deps: OperateDeps, transports: readonly string[]): Promise<Depth> {
  const { redis, keys } = deps;
  const count = async (command: string, key: string): Promise<number> =>
    Number(await redis.call(command, key));
  const perTransport = await Promise.all(
    transports.map(async (transport) => {
      const { waiting, delayed } = await deps.jobs.depth(transport);
      const sites = await redis.call('SMEMBERS', keys.lanes(transport));
      const names = textsIn(sites);
      const listed = await Promise.all(names.map((site) => count('ZCARD', keys.lane(transport, site))));
      const parked = listed.reduce((sum, length) => sum + length, 0);
      const sending = await count('SCARD', keys.hand(transport));
      return { transport, waiting: waiting + parked, later: delayed, sending };
    }),
  );
  const shelves = await Promise.all((await pauses(deps)).map(({ name }) => count('ZCARD', keys.shelf(name))));
  const paused = shelves.reduce((sum, length) => sum + length, 0);
  return { open: await count('ZCARD', keys.due), perTransport, paused };
}

async function again(
  deps: OperateDeps,
  delivery: Delivery,
  to: Readonly<{
    transport: string;
    due: EpochMs;
    movesExpiryAt?: EpochMs;
    event?: Event | undefined;
    /** Where the transport is another one: the fallback pool that it is of, "" for none. */
    fallback?: string;
  }>,
): Promise<'changed' | 'busy' | 'gone'> {
  const { transport, movesExpiryAt, event, fallback } = to;
  const at = Math.max(to.due, deps.clock.now());
  const ref = refOf(delivery);
  const more = {
    ...(movesExpiryAt === undefined ? {} : { movesExpiryAt }),
    ...(event === undefined ? {} : { event }),
    ...(fallback === undefined ? {} : { fallback }),
  };
  const next = { due: at, transport, while: 'idle', ...more } as const;
  const run = await deps.transitions.schedule(ref, delivery.transport, next);
  if (run === undefined) return (await deps.transitions.read(ref)) === undefined ? 'gone' : 'busy';
  if (transport !== '') await deps.jobs.add(transport, jobOf(delivery, run), at);
  return 'changed';
}

async function each(
  deps: OperateDeps,
  selection: Selection,
  change: (delivery: Delivery) => Promise<'changed' | 'busy' | 'gone'>,
): Promise<Changed> {
  const results: ('changed' | 'busy' | 'gone')[] = [];
  let together: Delivery[] = [];
  const flush = async (): Promise<void> => {
    results.push(...(await Promise.all(together.map(change))));
    together = [];
  };
  for await (const delivery of select(deps, selection)) {
    if (together.push(delivery) >= TOGETHER) await flush();
  }
  await flush();
  const count = (wanted: string): number => results.filter((what) => what === wanted).length;
  return { changed: count('changed'), busy: count('busy') };
}

/** Is it one of those that are meant? */
export function matches(delivery: Delivery, wanted: Selection): boolean {
  const { id, recipient, domain, ...same } = wanted;
  const isIt = id === undefined || delivery.id === id || delivery.submission === id;
  const isTo =
    recipient === undefined || delivery.recipient.address.toLowerCase() === recipient.toLowerCase();
  const isThere = domain === undefined || delivery.domain === domain.toLowerCase();
  const names = ['user', 'transport', 'pool', 'account', 'campaign', 'batch'] as const;
  return (
    isIt &&
    isTo &&
    isThere &&
    names.every((name) => same[name] === undefined || same[name] === delivery[name])
  );
}
