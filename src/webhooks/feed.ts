// Feeds one webhook from its cursor on: batch after batch, again after trouble, until it is parked or stopped.
import { makeCaller, type Caller, type CallRules } from '../lib/call-out.ts';
import type { Clock } from '../lib/clock.ts';
import { sayDuration } from '../lib/duration.ts';
import type { Log } from '../lib/log.ts';
import { sayMoment } from '../lib/moment.ts';
import type { Notice } from '../model/notice.ts';
import { nextTry } from './plan.ts';
import { openReader, type Batch, type Reader, type ReadLog } from './reader.ts';
import { openLogin, openSecrets, type Seals } from './secrets.ts';
import { send, type Sent, type Target } from './send.ts';
import { shapes } from './shapes/index.ts';
import { AFRESH, timeOfCursor, type Changes, type State } from './state.ts';
import type { WebhookStore } from './store.ts';
import { joinUrl, wants, type Webhook } from './webhook.ts';

export type FeedDeps = Readonly<{
  store: WebhookStore;
  events: ReadLog;
  seals: Seals;
  rules: CallRules;
  clock: Clock;
  log: Log;
  /** How long it is tried before it is parked, milliseconds. */
  tryForMs: number;
  /** How long events are kept, milliseconds. */
  keptMs: number;
  tell(notice: Notice): Promise<void>;
}>;

/** Requests under way may end when we stop; what is not answered by then comes again. */
const GRACE_MS = 2000;
const LOOK_MS = 500;
/** For longer waits what was read is not kept in memory. */
const SHORT_WAIT_MS = 60_000;
/** Somebody is told when it fails for so long. */
const TELL_MS = 3_600_000;
/** Events that are sent one by one go in smaller batches: the cursor moves on with each. */
const ONES = 50;

/** Why feeding ended: somebody stopped it, it waits for a person, or another process moved it. */
export type Ended = 'stopped' | 'parked' | 'moved';

/** Feeds until it ends. Rejects with RedisTrouble, and with what the log of events rejects with. */
export async function feed(hook: Webhook, deps: FeedDeps, signal: AbortSignal): Promise<Ended> {
  const { clock, rules } = deps;
  const hurry = new AbortController();
  const stop = (): void => void clock.after(GRACE_MS, () => hurry.abort());
  signal.addEventListener('abort', stop, { once: true });
  const caller = makeCaller(rules, 'kept');
  try {
    for (;;) {
      const state = await deps.store.state(hook.id);
      if (state.parked !== undefined) return 'parked';
      await waitUntil(state.tryAt, clock, signal);
      if (signal.aborted) return 'stopped';
      const ended = await serve({ hook, caller, deps, signal, hurry: hurry.signal }, state);
      if (ended !== 'later') return ended;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    caller.close();
  }
}

/** The URL and secrets as they are in use now; undefined: they cannot be opened. */
function openTarget(hook: Webhook, { seals, clock }: FeedDeps): Pick<Target, 'url' | 'secrets'> | undefined {
  const login = openLogin(seals, hook);
  const secrets = openSecrets(seals, hook, clock.now());
  if (!secrets || (hook.login !== undefined && login === undefined)) return undefined;
  return { url: joinUrl(hook.url, login), secrets };
}

type Service = Readonly<{
  hook: Webhook;
  caller: Caller;
  deps: FeedDeps;
  signal: AbortSignal;
  hurry: AbortSignal;
}>;

/** Reads and sends until something ends that; later: it is to be tried again after a while. */
async function serve(service: Service, from: State): Promise<Ended | 'later'> {
  const { hook, deps, signal } = service;
  const after = deps.events.parse(from.cursor);
  if (!after) return 'moved'; // it is just being added, or removed
  await tellOfGap(from, service);
  const reader = openReader({
    events: deps.events,
    clock: deps.clock,
    after,
    wants: (event) => wants(hook, event),
    signal,
  });
  const size = shapes[hook.shape].carries === 'one' ? Math.min(hook.batchSize, ONES) : hook.batchSize;
  let state = from;
  try {
    for (;;) {
      const batch = await reader.next({ size, waitMs: hook.batchWait, until: state.until });
      if (!batch) return 'stopped';
      const next = await pass(service, { state, batch, reader });
      if (typeof next === 'string') return next;
      state = next;
    }
  } finally {
    await reader.close();
  }
}

type Passing = Readonly<{ state: State; batch: Batch; reader: Reader }>;

/** One batch, from the first try to the last; the state after it, or why it ended. */
async function pass(service: Service, { state, batch, reader }: Passing): Promise<State | Ended | 'later'> {
  const { store } = service.deps;
  const { id } = service.hook;
  if (batch.events.length > 0) {
    // What is in the batch is fixed before it is sent: after a crash it is the same again, under the same id.
    const fixed = { until: batch.until, waiting: batch.since };
    if (state.until !== batch.until && !(await store.progress(id, state.cursor, fixed))) return 'moved';
    return sendUntilTaken(service, { state: { ...state, ...fixed }, batch, reader });
  }
  if (batch.until === state.cursor && state.until === undefined) return state;
  const moved = { cursor: batch.until, until: undefined, waiting: undefined };
  const isOurs = await store.progress(id, state.cursor, { ...moved, acked: undefined });
  return isOurs ? { ...state, ...moved, acked: [] } : 'moved';
}

async function sendUntilTaken(
  service: Service,
  { state: first, batch, reader }: Passing,
): Promise<State | Ended | 'later'> {
  const { hook, deps, signal, hurry } = service;
  const { store, clock } = deps;
  for (let state = first; ;) {
    const sent = await sendBatch(service, state, batch);
    if (sent.kind !== 'taken' && hurry.aborted) return 'stopped';
    const ahead = reader.ahead();
    const step =
      sent.kind === 'taken' ? taken(state, { batch, ahead, now: clock.now() }) : failed(state, sent, service);
    await tellOf(state, step.state, service); // first: what is told twice is better than what is not told
    const counts = { posts: sent.entries.length, sent: sent.kind === 'taken' ? batch.events.length : 0 };
    const isOurs = await store.progress(hook.id, state.cursor, { ...step.changes, ...counts }, sent.entries);
    if (!isOurs) return 'moved';
    if (sent.kind === 'taken') return step.state;
    state = step.state;
    if (state.parked !== undefined) return 'parked';
    if (state.tryAt - clock.now() > SHORT_WAIT_MS) return 'later';
    await waitUntil(state.tryAt, clock, signal);
    if (signal.aborted) return 'stopped';
  }
}

function sendBatch({ hook, caller, deps, hurry }: Service, state: State, { events }: Batch): Promise<Sent> {
  const opened = openTarget(hook, deps);
  const { acked, tries } = state;
  if (opened)
    return send(
      { hook, caller, clock: deps.clock, ...opened },
      { events, acked, attempt: tries + 1, signal: hurry },
    );
  const problem = 'its secret cannot be opened, since the master key is another than it was';
  return Promise.resolve({ kind: 'failed', acked, entries: [], problem, retryAfter: undefined });
}

type Step = Readonly<{ state: State; changes: Changes }>;

function taken(
  state: State,
  { batch, ahead, now }: Readonly<{ batch: Batch; ahead: number | undefined; now: number }>,
): Step {
  const plain = { cursor: batch.until, until: undefined, waiting: ahead, lastAt: Math.round(now) };
  return {
    state: {
      ...state,
      ...plain,
      acked: [],
      since: undefined,
      tries: 0,
      tryAt: 0,
      problem: undefined,
      told: false,
    },
    changes: { ...plain, acked: undefined, ...AFRESH },
  };
}

function failed(state: State, sent: Sent, { hook, deps }: Service): Step {
  const now = Math.round(deps.clock.now());
  const since = state.since ?? now;
  const tries = state.tries + 1;
  const failure = { id: hook.id, now, since, tries, retryAfter: sent.retryAfter };
  const tryAt = sent.kind === 'gone' ? undefined : nextTry(failure, deps.tryForMs);
  const plain = {
    since,
    tries,
    problem: sent.problem,
    ...(tryAt === undefined ? { parked: now } : { tryAt: Math.round(tryAt) }),
  };
  const told = tryAt === undefined || now - since >= TELL_MS;
  return {
    state: { ...state, ...plain, acked: sent.acked, told },
    changes: { ...plain, acked: sent.acked.join(' '), told: told ? 1 : undefined },
  };
}

/** Somebody hears once that it has failed for long, that it is parked, and that it works again. */
async function tellOf(before: State, after: State, { hook, deps }: Service): Promise<void> {
  const now = deps.clock.now();
  const lasts = sayDuration(Math.max(1000, Math.round((now - (after.since ?? now)) / 1000) * 1000));
  const common = noticeOf(hook, now);
  if (after.parked !== undefined)
    return deps.tell({
      ...common,
      state: 'parked',
      reason: `The webhook ${hook.name} is parked after ${lasts}: ${after.problem ?? ''}. Its events are kept; "postino webhook resume ${hook.name}" goes on where it stopped.`,
    });
  if (after.told && !before.told)
    return deps.tell({
      ...common,
      state: 'failing',
      reason: `The webhook ${hook.name} has failed for ${lasts}: ${after.problem ?? ''}. Its events wait and are sent when it works again.`,
    });
  if (before.told && after.since === undefined)
    return deps.tell({
      ...common,
      state: 'well',
      over: true,
      reason: `The webhook ${hook.name} works again; what waited since ${sayMoment(before.waiting ?? timeOfCursor(before.cursor), 'second')} UTC follows.`,
    });
}

/** What waited for longer than events are kept is not there any more: that is said, and not passed over. */
async function tellOfGap({ waiting }: State, { hook, deps }: Service): Promise<void> {
  const { clock, keptMs, tell } = deps;
  const now = clock.now();
  if (waiting === undefined || now - waiting <= keptMs) return;
  await tell({
    ...noticeOf(hook, now),
    state: 'gap',
    reason: `The webhook ${hook.name} waited for longer than events are kept: those before ${sayMoment(now - keptMs, 'second')} UTC cannot be sent any more.`,
  });
}

function noticeOf({ name, account, user }: Webhook, at: number) {
  return {
    type: 'trouble',
    rule: 'webhook',
    scope: 'webhook',
    key: name,
    at: Math.round(at),
    account,
    ...(user === undefined ? {} : { user }),
  } as const;
}

/** Looks at the clock now and then, since it may step. */
async function waitUntil(at: number, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && clock.now() < at)
    await clock.sleep(Math.min(LOOK_MS, Math.max(1, at - clock.now())), signal);
}
