// Sends events to a webhook: one request for many or one for each, in the order of each delivery, and what came of it.
import { createHash } from 'node:crypto';
import type { Called, Caller } from '../lib/call-out.ts';
import type { Clock } from '../lib/clock.ts';
import type { Event } from '../model/event.ts';
import { shapes } from './shapes/index.ts';
import type { Ask, Made, Shape } from './shapes/shape.ts';
import type { LogEntry } from './store.ts';
import type { Webhook } from './webhook.ts';
import { reasonOf } from '../lib/reason.ts';

/** A webhook with all that sending needs. */
export type Target = Readonly<{
  hook: Webhook;
  /** With its user and password, where it has them. */
  url: string;
  secrets: readonly string[];
  caller: Caller;
  clock: Clock;
}>;

export type Sending = Readonly<{
  events: readonly Event[];
  /** Messages that were taken by an earlier try. */
  acked: readonly string[];
  /** Counted from 1. */
  attempt: number;
  /** Cuts requests that are under way. */
  signal: AbortSignal;
  test?: boolean;
}>;

export type Sent = Readonly<{
  /** taken: all of it · failed: to be tried again · gone: the receiver is there no more. */
  kind: 'taken' | 'failed' | 'gone';
  acked: readonly string[];
  entries: readonly LogEntry[];
  problem: string;
  retryAfter: string | undefined;
}>;

type Failure = Pick<Sent, 'problem' | 'retryAfter'> & Readonly<{ kind: Exclude<Sent['kind'], 'taken'> }>;

type Message = Readonly<{ id: string; events: readonly Event[] }>;

/** Requests at the same time, where each carries one event. */
const AT_ONCE = 8;
const GONE = 410;
const MAX_BODY = 4096;
const MAX_TYPES = 10;

const STOPPED: Failure = { kind: 'failed', problem: 'we stopped', retryAfter: undefined };

/** Sends what was not taken yet. After the first failure nothing more is begun. Never rejects. */
export async function send(target: Target, sending: Sending): Promise<Sent> {
  const { acked: before } = sending;
  const acked = [...before];
  const entries: LogEntry[] = [];
  let failure: Failure | undefined;
  const chains = chainsOf(target.hook, sending.events, new Set(before));
  const work = async (): Promise<void> => {
    for (let chain = chains.shift(); chain && !failure; chain = chains.shift())
      for (const message of chain) {
        if (failure || sending.signal.aborted) return;
        const { called, entry } = await sendOne(target, message, sending);
        entries.push(entry);
        if (entry.taken) acked.push(message.id);
        else failure ??= failureOf(called);
      }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, chains.length) }, work));
  const end = failure ?? (sending.signal.aborted ? STOPPED : undefined);
  return {
    kind: end?.kind ?? 'taken',
    acked,
    entries,
    problem: end?.problem ?? '',
    retryAfter: end?.retryAfter,
  };
}

/** Names a message by what is in it, so that it is called the same when it is sent again. */
export function messageId({ id, turn }: Webhook, events: readonly Event[]): string {
  const hash = createHash('sha256').update(`${id}\n${turn}`);
  for (const event of events) hash.update(`\n${event.id}`);
  return `msg_${hash.digest('base64url').slice(0, 27)}`;
}

/** Messages in chains: what is in one is sent one after the other. */
function chainsOf(
  hook: Webhook,
  events: readonly Event[],
  acked: ReadonlySet<string>,
): (readonly Message[])[] {
  const messageOf = (some: readonly Event[]): Message => ({ id: messageId(hook, some), events: some });
  if (shapes[hook.shape].carries === 'many') {
    const message = messageOf(events);
    return events.length === 0 || acked.has(message.id) ? [] : [[message]];
  }
  const byDelivery = Map.groupBy(events, ({ delivery, id }) => delivery || id);
  return [...byDelivery.values()]
    .map((some) => some.map((event) => messageOf([event])).filter(({ id }) => !acked.has(id)))
    .filter((chain) => chain.length > 0);
}

async function sendOne(
  { hook, url, secrets, caller, clock }: Target,
  { id, events }: Message,
  { attempt, signal, test }: Sending,
): Promise<Readonly<{ called: Called; entry: LogEntry }>> {
  const at = clock.now();
  const began = clock.ticks();
  const shape = shapes[hook.shape];
  const made = tryMake(shape, {
    id,
    events,
    url,
    method: hook.method,
    parameters: hook.parameters,
    secrets,
    at,
  });
  // Receivers of any shape can see that it is the same again.
  const headers = { 'webhook-id': id, ...made.headers };
  const called: Called =
    made.problem === undefined
      ? await caller.call({ ...made, headers }, signal)
      : { ok: false, problem: made.problem };
  const entry: LogEntry = {
    at,
    id,
    attempt,
    ms: Math.round(clock.ticks() - began),
    events: events.length,
    types: [...new Set(events.map(({ type }) => type))].slice(0, MAX_TYPES),
    ...(test === true ? { test } : {}),
    taken: called.ok && shape.isTaken(called.status),
    request: maskedRequest({ ...made, headers }),
    ...(called.ok ? { status: called.status, answer: called.excerpt } : { problem: called.problem }),
  };
  return { called, entry };
}

/** An event that no request can be made of is a failure as others are: it is told, and somebody looks at it. */
function tryMake(shape: Shape, ask: Ask): Made & Readonly<{ problem?: string }> {
  try {
    return shape.make(ask);
  } catch (error) {
    const problem = `no request could be made of it (${reasonOf(error)})`;
    return { url: ask.url, method: ask.method, headers: {}, proofs: [], problem };
  }
}

function failureOf(called: Called): Failure {
  if (!called.ok) return { kind: 'failed', problem: called.problem, retryAfter: undefined };
  if (called.status === GONE) return { kind: 'gone', problem: 'it answered 410 Gone', retryAfter: undefined };
  return { kind: 'failed', problem: `it answered ${called.status}`, retryAfter: called.retryAfter };
}

/** What the log keeps of a request: without proofs and passwords, and not all of a long body. */
function maskedRequest({ method, url, headers, body = '', proofs }: Made): LogEntry['request'] {
  const mask = (text: string): string =>
    proofs.reduce(
      (masked, proof) => masked.replaceAll(proof, '…').replaceAll(encodeURIComponent(proof), '…'),
      text,
    );
  const shown = Object.entries(headers).map(([name, value]) => [name, mask(value)] as const);
  return {
    method,
    url: withoutLogin(url).slice(0, MAX_BODY),
    headers: Object.fromEntries(shown),
    body: body.length > MAX_BODY ? `${mask(body.slice(0, MAX_BODY))}…` : mask(body),
  };
}

function withoutLogin(url: string): string {
  return url.replace(/^(https?:\/\/)[^/?#@]*@/i, '$1…@');
}
