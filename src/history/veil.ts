// Personal data of events: hashed before it is stored where that is asked for, and taken out where it must go. Pure.
import { createHmac } from 'node:crypto';
import { countedUrl } from '../model/counted-url.ts';
import type { Event } from '../model/event.ts';
import type { StoredRow } from './row.ts';

export type VeilOptions = Readonly<{
  subjects: 'plain' | 'hash';
  addresses: 'plain' | 'hash';
  /** Without it a hash could be found by trying. */
  key: string;
}>;

export type Veil = Readonly<{
  event(event: Event): Event;
  /** A recipient as it may be stored: as it is, or hashed, whatever is asked for today. */
  recipients(address: string): readonly string[];
  senders(address: string): readonly string[];
  /** The word that stands for a whole subject. */
  subject(subject: string): string;
}>;

const MARK = '~';
const HEX_CHARS = 32;

export function makeVeil({ subjects, addresses, key }: VeilOptions): Veil {
  const hash = (text: string): string =>
    createHmac('sha256', key).update(text.trim().toLowerCase()).digest('hex').slice(0, HEX_CHARS);
  const recipient = (address: string): string => MARK + hash(address);
  // The domain of a sender is the customer's, and what statistics go by.
  const sender = (address: string): string =>
    address === '' ? '' : `${MARK}${hash(address)}${address.slice(address.lastIndexOf('@'))}`;
  const veilAddresses = (event: Event): Event => ({
    ...withoutText(event, event.recipient, recipient(event.recipient)),
    recipient: recipient(event.recipient),
    sender: sender(event.sender),
    ...(event.headerFrom === undefined ? {} : { headerFrom: sender(event.headerFrom) }),
  });
  return {
    event: (event) => {
      const next = addresses === 'hash' && event.recipient !== '' ? veilAddresses(event) : event;
      return subjects === 'hash' && next.subject !== undefined
        ? { ...next, subject: MARK + hash(next.subject) }
        : next;
    },
    recipients: (address) => [address, recipient(address)],
    senders: (address) => [address, sender(address)],
    subject: hash,
  };
}

/** Conversations and replies repeat the address. */
function withoutText(event: Event, address: string, by: string): Event {
  const texts = ['conversation', 'reason'] as const;
  const local = address.slice(0, Math.max(0, address.lastIndexOf('@')));
  const hide = (text: string): string => replaceAny(replaceAny(text, address, by), `<${local}>`, by);
  const found = texts.flatMap((name) => {
    const text = event[name];
    return text === undefined ? [] : [[name, hide(text)]];
  });
  return {
    ...event,
    ...Object.fromEntries(found),
    ...(event.reply ? { reply: { ...event.reply, text: hide(event.reply.text) } } : {}),
    ...(event.notes ? { notes: event.notes.map(hide) } : {}),
  };
}

/** In any case of letters. */
function replaceAny(text: string, part: string, by: string): string {
  return text.replace(new RegExp(part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'gi'), () => by);
}

/** What may stay of an event when its recipient is forgotten: what counts, and nothing that tells of a person. */
const KEPT = [
  'type',
  'at',
  'transport',
  'fallback',
  'provider',
  'attempt',
  'ms',
  'age',
  'class',
  'phase',
  'category',
  'device',
  'country',
  'machine',
  'link',
  'how',
  'report',
  'tags',
  'campaign',
  'campaignName',
  'size',
] as const satisfies readonly (keyof Event)[];

/** The event without what is personal; whose it was is kept for counting again. */
export function forgotten(event: Event): Event {
  const { v, id, account, user, submission, delivery, sender, headerFrom, type, at } = event;
  const kept = Object.fromEntries(
    KEPT.filter((name) => event[name] !== undefined).map((name) => [name, event[name]]),
  );
  const from = headerFrom === undefined ? {} : { headerFrom };
  const url = event.url === undefined ? {} : { url: countedUrl(event.url) };
  return {
    ...kept,
    ...from,
    ...url,
    v,
    id,
    type,
    at,
    account,
    user,
    submission,
    delivery,
    sender,
    recipient: FORGOTTEN,
  };
}

/** In the place of the address of somebody who was forgotten. */
export const FORGOTTEN = 'forgotten@invalid';

/** The row of a delivery likewise. */
export function forgottenRow({
  subject: _subject,
  messageId: _messageId,
  metadata: _metadata,
  reason: _reason,
  reply: _reply,
  site: _site,
  ...rest
}: StoredRow): StoredRow {
  return { ...rest, recipient: FORGOTTEN };
}

/** What a hit tells of whoever came; what statistics need of it is not among these. */
export const visitorFields = ['ip', 'userAgent', 'client', 'os'] as const satisfies readonly (keyof Event)[];

/** Events without the recorded conversation. */
export function withoutConversation({ conversation: _conversation, ...rest }: Event): Event {
  return rest;
}

/** Hits without the fields of visitors. */
export function withoutVisitor(event: Event): Event {
  const { ip: _ip, userAgent: _userAgent, client: _client, os: _os, ...rest } = event;
  return rest;
}
