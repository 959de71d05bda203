// An alert: what an event says to operators, if anything. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { oneLine } from '../mail/fold.ts';
import type { Event } from '../model/event.ts';
import { adviceFor, alertKinds, type AlertKind } from './kinds.ts';

export type Alert = Readonly<{
  /** That of the event: an alert that comes twice is one. */
  id: string;
  kind: AlertKind;
  at: EpochMs;
  /** What it is about: the name of a transport, a user, a domain, a delivery … */
  key: string;
  /** What happened, a sentence. */
  reason: string;
  /** What to do about it; "" when it is over. */
  advice: string;
  /** It has ended. */
  over: boolean;
  /** What it is about, for filters and for people. */
  facts: Readonly<Partial<Record<FactName, string>>>;
}>;

export const FACTS = [
  'account',
  'user',
  'transport',
  'provider',
  'site',
  'rule',
  'state',
  'was',
  'action',
  'recipient',
  'topic',
] as const;
type FactName = (typeof FACTS)[number];

const MAX_REASON = 1000;
const MAX_FACT = 200;

/** Kinds that a notice of trouble names by its rule. */
const BY_RULE = new Map<string, AlertKind>(alertKinds.map((kind) => [kind, kind]));

/**
 * The alert of an event, or undefined. `own` is the account of our own mail: nothing is ever said about that, or an alert
 * that bounces would make the next one.
 */
export function alertOf(event: Event, own: string): Alert | undefined {
  if (event.account === own) return undefined;
  const kind = KINDS[event.type]?.(event);
  if (kind === undefined) return undefined;
  const over = event.over === true;
  const key = oneLine(keyOf(event, kind), MAX_FACT);
  return {
    // A message for many is put into quarantine once.
    id: kind === 'quarantine' ? `${event.submission}.quarantined` : event.id,
    kind,
    at: event.at,
    key,
    reason: oneLine(reasonOf(event), MAX_REASON),
    advice: over ? '' : adviceFor(kind, key),
    over,
    facts: factsOf(event),
  };
}

/** What each type of event is an alert about; the others are none. */
const KINDS: Partial<Record<Event['type'], (event: Event) => AlertKind | undefined>> = {
  'transport-state': () => 'transport',
  'sender-state': ({ state, over, was }) =>
    state === 'warned' || (over === true && was === 'warned') ? 'rates' : 'sender',
  limit: ({ rule, action }) => {
    if (rule === 'warmup') return action === 'overflow' ? 'warm-up-full' : 'warm-up';
    return rule === 'warmup-slip' ? 'warm-up' : 'limit';
  },
  // The rule of a listing is the name that an operator gave to a list: it may be anything.
  trouble: ({ rule = '', scope }) => (scope === 'transport' ? 'listing' : (BY_RULE.get(rule) ?? 'trouble')),
  deferred: (event) => (event.class === 'quarantined' ? 'quarantine' : undefined),
  unsubscribed: ({ how }) => (how === 'resubscribe' ? undefined : 'opted-out'),
  bounced: () => 'bounced',
  complained: () => 'complained',
};

function keyOf(event: Event, kind: AlertKind): string {
  if (kind === 'sender' || kind === 'rates') return event.user;
  return event.key ?? (kind === 'quarantine' ? event.submission : event.delivery);
}

function reasonOf({ type, reason, recipient, reply, key = '' }: Event): string {
  if (type === 'unsubscribed') return `${recipient} wants no more mail.`;
  if (type === 'complained') return `${recipient} complained about a message.`;
  if (type === 'bounced')
    return `Mail to ${recipient} bounced: ${reason ?? (reply ? `${reply.code} ${reply.text}` : 'no reason was given')}`;
  return reason === undefined || reason === '' ? `Something changed about ${key}.` : reason;
}

function factsOf(event: Event): Alert['facts'] {
  const given = FACTS.flatMap((name) => {
    const value = event[name];
    return value === undefined || value === '' ? [] : [[name, oneLine(value, MAX_FACT)] as const];
  });
  return Object.fromEntries(given);
}
