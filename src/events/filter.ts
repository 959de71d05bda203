// The filter of a search: which events match, how far back they can be, which text their lines contain. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { timeOfId } from '../lib/ids.ts';
import { bareMessageId } from '../mail/message-id.ts';
import type { Event, EventType } from '../model/event.ts';

/** What to look for; every part that is given must match. */
export type Filter = Readonly<{
  /** Id of a submission or of a delivery. */
  id?: string;
  /** Message-ID, with or without angle brackets. */
  messageId?: string;
  /** Address in any case, or "@example.net" for a whole domain. */
  recipient?: string;
  /** The same, of the envelope sender or the From address. */
  sender?: string;
  user?: string;
  /** Any of these. */
  types?: readonly EventType[];
  transport?: string;
  campaign?: string;
  /** One of its tags. */
  tag?: string;
  /** Moments from and to which events count, epoch milliseconds. */
  since?: EpochMs;
  until?: EpochMs;
}>;

/** Text that stands in JSON as it is. */
const PLAIN = /^[\w.@+=:<>-]+$/;

/** True when the event is one that the filter asks for. */
export function matches(event: Event, filter: Filter): boolean {
  return (
    matchesIds(event, filter) &&
    matchesPeople(event, filter) &&
    same(filter.user, event.user) &&
    (filter.types === undefined || filter.types.includes(event.type)) &&
    same(filter.transport, event.transport) &&
    matchesWords(event, filter) &&
    event.at >= (filter.since ?? -Infinity) &&
    event.at <= (filter.until ?? Infinity)
  );
}

/** Nothing that the filter asks for happened before. An id holds the time at which its message was accepted. */
export function earliest({ id, since }: Filter): EpochMs {
  return Math.max(since ?? 0, (id === undefined ? undefined : timeOfId(id)) ?? 0);
}

/** Strings that a matching line surely contains, so that most lines, and most blocks, need no JSON parsing. */
export function needlesOf(filter: Filter): readonly string[] {
  const exact = [filter.id, filter.messageId && bareMessageId(filter.messageId), filter.user];
  const type = filter.types?.length === 1 ? filter.types[0] : undefined;
  return [...exact, filter.transport, filter.campaign, filter.tag, type]
    .filter((value) => value !== undefined && PLAIN.test(value))
    .map(String);
}

function matchesIds(event: Event, { id, messageId }: Filter): boolean {
  if (id !== undefined && event.submission !== id && event.delivery !== id) return false;
  return messageId === undefined || bareMessageId(event.messageId ?? '') === bareMessageId(messageId);
}

function matchesWords(event: Event, { campaign, tag }: Filter): boolean {
  return same(campaign, event.campaign) && (tag === undefined || event.tags?.includes(tag) === true);
}

function matchesPeople(event: Event, { recipient, sender }: Filter): boolean {
  if (recipient !== undefined && !isAddress(event.recipient, recipient)) return false;
  return sender === undefined || isAddress(event.sender, sender) || isAddress(event.headerFrom ?? '', sender);
}

function same(want: string | undefined, is: string | undefined): boolean {
  return want === undefined || want === is;
}

function isAddress(address: string, want: string): boolean {
  const is = address.toLowerCase();
  return want.startsWith('@') ? is.endsWith(want.toLowerCase()) : is === want.toLowerCase();
}
