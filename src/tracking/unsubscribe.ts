// The receiving half of unsubscribing: what a page may offer, and the order itself, by one click, by the page or by mail.
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Event } from '../model/event.ts';
import type { Append } from './append.ts';
import { isOver } from './clicks.ts';
import { readTopics, type Stored, type Subject } from './facts.ts';
import { describeSubject, shownAddress, type Addresses, type Visitor } from './hit.ts';
import { findDetails, type Find } from './recorder.ts';
import { makeRepeats, type Repeats } from './repeats.ts';
import type { Pending, Spool } from './spool.ts';
import type { OpenedUnsubscribe, Tokens } from './token.ts';

/** An account's list of who gets no mail, by address and topic; no topic: all mail. Rejects when it does not answer. */
export type List = Readonly<{
  add(
    account: string,
    address: string,
    reason: string,
    topic?: string,
  ): Promise<'added' | 'known' | 'invalid'>;
  remove(account: string, address: string, topic?: string): Promise<unknown>;
  show(
    account: string,
    address: string,
    topic?: string,
  ): Promise<Readonly<{ reason: string; at: EpochMs }> | undefined>;
}>;

export type UnsubscribeDeps = Readonly<{
  tokens: Tokens;
  list: List;
  find: Find;
  append: Append;
  spool: Spool;
  clock: Clock;
  log: Log;
  /** How long the addresses work after the message was accepted, milliseconds. */
  expireMs: number;
  addresses: Addresses;
}>;

/** unknown: no address of ours · gone: older than they work · later: cannot be done just now, and nothing was. */
export type No = Readonly<{ kind: 'unknown' | 'gone' | 'later' }>;

/** What the page shows. */
export type Offer = Readonly<{
  kind: 'offer';
  account: string;
  user: string;
  recipient: string;
  /** Address in From; "" when it is not known any more. */
  sender: string;
  /** Topics to choose from, that of the message first; none: all mail is what there is to choose. */
  topics: readonly string[];
  /** Topic of the message. */
  topic: string | undefined;
  lang: string | undefined;
}>;

/** What is meant: the message's own topic (all mail when it has none), or what was chosen from the offer. */
export type Scope = 'message' | Readonly<{ topics: readonly string[]; all: boolean }>;

export type Order = Readonly<{ how: 'one-click' | 'page' | 'mail'; scope: Scope; visitor?: Visitor }>;

export type Unsubscribe = Readonly<{
  /** Changes nothing. */
  look(token: string): Promise<Offer | No>;
  /** Stops the mail; again is no harm. While Redis is away the order waits on disk, and counts as done. */
  stop(token: string, order: Order): Promise<Readonly<{ kind: 'done' }> | No>;
  /** Takes back what `stop` did, and nothing that had another reason. */
  resume(token: string, scope: Scope): Promise<Readonly<{ kind: 'done' }> | No>;
  /** Does what waits on disk; rejects while that cannot be done. */
  drain(): Promise<void>;
}>;

const REASON = 'unsubscribed';
const NOBODY: Visitor = { ip: '', userAgent: '', automatic: false };

/** Makes the receiving half; `drain` is for the caller to repeat. */
export function makeUnsubscribe(given: UnsubscribeDeps): Unsubscribe {
  const { tokens, find, spool, clock, log, expireMs } = given;
  const repeats = makeRepeats();
  const deps = { ...given, append: appendOnce(given.append, repeats) };
  const open = (token: string): OpenedUnsubscribe | No => {
    const opened = tokens.openUnsubscribe(token);
    if (!opened) return { kind: 'unknown' };
    return isOver(opened, clock.now(), expireMs) ? { kind: 'gone' } : opened;
  };
  const drain = async (): Promise<void> => {
    const count = await spool.drain(async (pending) => {
      const opened = tokens.openUnsubscribe(pending.token);
      if (opened) await stopMail(deps, opened, pending);
    });
    if (count > 0) log.info({ count }, 'Unsubscriptions that waited for Redis are done.');
  };
  return {
    drain,
    look: async (token) => {
      const opened = open(token);
      if ('kind' in opened) return opened;
      return offerOf(opened, find).catch(() => ({ kind: 'later' }) as const);
    },
    stop: async (token, { how, scope, visitor = NOBODY }) => {
      const opened = open(token);
      if ('kind' in opened) return opened;
      const { ip, userAgent } = visitor;
      const pending = { token, topics: topicsOf(opened, scope), how, at: clock.now(), ip, userAgent };
      try {
        await stopMail(deps, opened, pending);
      } catch (error) {
        log.warn({ error: String(error) }, 'An unsubscription waits on disk: it cannot be written now.');
        if (!(await spool.put(pending).catch(() => false))) return { kind: 'later' };
      }
      return { kind: 'done' };
    },
    resume: async (token, scope) => {
      const opened = open(token);
      if ('kind' in opened) return opened;
      if (!repeats.mayReturn(opened.delivery, clock.ticks())) return { kind: 'later' };
      try {
        // What waits is older than this order, and must not come after it.
        await drain();
        await resumeMail(deps, opened, topicsOf(opened, scope));
        return { kind: 'done' };
      } catch {
        return { kind: 'later' };
      }
    },
  };
}

/** The same order again gives the same event, which need not be written again. */
function appendOnce(append: Append, repeats: Repeats): Append {
  return async (events) => {
    const untold = repeats.untold(events);
    if (untold.length > 0) await append(untold);
    repeats.told(untold);
  };
}

async function offerOf(opened: OpenedUnsubscribe, find: Find): Promise<Offer> {
  const { account, user, recipient, topic, lang } = opened;
  const details = await findDetails(opened.details, find);
  const chosen = await topicsIn(opened.topics, find);
  const topics = [...new Set([...(topic === undefined ? [] : [topic]), ...chosen])];
  const sender = details.headerFrom ?? details.sender;
  return { kind: 'offer', account, user, recipient, sender, topics, topic, lang };
}

async function topicsIn(topics: readonly string[] | Stored, find: Find): Promise<readonly string[]> {
  if (!('stored' in topics)) return topics;
  const text = await find(topics.stored);
  return text === undefined ? [] : readTopics(text);
}

/** null stands for all mail, which includes every topic. */
function topicsOf(opened: OpenedUnsubscribe, scope: Scope): (string | null)[] {
  if (scope === 'message') return [opened.topic ?? null];
  return scope.all ? [null] : [...scope.topics];
}

async function stopMail(deps: UnsubscribeDeps, subject: Subject, order: Pending): Promise<void> {
  const { list, append, find } = deps;
  const { account, recipient } = subject;
  const details = await findDetails(subject.details, find);
  const events: Event[] = [];
  for (const wanted of order.topics) {
    // A topic that the list does not take must not make an order void: then it is about all mail.
    const isTopic = wanted !== null && (await list.add(account, recipient, REASON, wanted)) !== 'invalid';
    const topic = isTopic ? wanted : undefined;
    if (!isTopic) await list.add(account, recipient, REASON);
    const since = (await list.show(account, recipient, topic))?.at ?? order.at;
    const ip = shownAddress(order.ip, deps.addresses);
    events.push({
      ...describeSubject(subject, details, {
        id: idOf(subject, topic, String(since)),
        type: 'unsubscribed',
        at: order.at,
      }),
      how: order.how,
      ...(topic === undefined ? {} : { topic }),
      ...(ip === undefined ? {} : { ip }),
      ...(order.userAgent === '' ? {} : { userAgent: order.userAgent }),
    });
  }
  await append(events);
}

async function resumeMail(
  { list, append, find, clock }: UnsubscribeDeps,
  subject: Subject,
  topics: readonly (string | null)[],
): Promise<void> {
  const { account, recipient } = subject;
  for (const wanted of topics) {
    const topic = wanted ?? undefined;
    const entry = await list.show(account, recipient, topic);
    if (entry?.reason !== REASON) continue;
    // Told before it is done: were we to die between the two, the next try tells the same again, and readers see one.
    await append([
      {
        ...describeSubject(subject, await findDetails(subject.details, find), {
          id: idOf(subject, topic, `${entry.at}.resubscribe`),
          type: 'unsubscribed',
          at: clock.now(),
        }),
        how: 'resubscribe',
        ...(topic === undefined ? {} : { topic }),
      },
    ]);
    await list.remove(account, recipient, topic);
  }
}

/**
 * The same for the same order again: it carries the date of the entry in the list, which the first order made. After a
 * re-subscription there is another entry, and another event.
 */
function idOf({ delivery }: Subject, topic: string | undefined, end: string): string {
  return `${delivery}.unsubscribed${topic === undefined ? '' : `.${encodeURIComponent(topic.toWellFormed())}`}.${end}`;
}
