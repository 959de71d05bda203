// SMTP+'s shape: one event a request, GET or POST, with parameters that the receiver names and we fill in. Pure.
import { bareMessageId } from '../../mail/message-id.ts';
import { domainOf } from '../../model/delivery.ts';
import type { Event } from '../../model/event.ts';
import { replyText, signedAs } from './parts.ts';
import { isSuccess, USER_AGENT, type Shape } from './shape.ts';

const WORDS: Partial<Record<Event['type'], string>> = {
  accepted: 'Accepted',
  deferred: 'Deferred',
  delivered: 'Delivered',
  bounced: 'Bounce',
  expired: 'Bounce',
  dropped: 'Dropped',
  cancelled: 'Cancelled',
  opened: 'Open',
  clicked: 'Click',
  complained: 'Complaint',
};

type Fill = (event: Event) => string;

/** What parameters may hold, by the names that SMTP+ gave them, and some of ours. */
const FILLS: Readonly<Record<string, Fill>> = {
  EventDate: ({ at }) => new Date(at).toISOString(),
  EventType: (event) => word(event) ?? '',
  EventSource: ({ type }) => (BY_RECIPIENT.has(type) ? 'Recipient' : 'Console'),
  IdConsole: ({ account }) => account,
  IdList: ({ topic, user }) => topic ?? user,
  IdNL: ({ campaign }) => campaign ?? '',
  Reason: ({ how, reason, class: kind }) => how ?? kind ?? reason ?? '',
  Email: ({ recipient }) => recipient,
  // Of text messages, which we do not send.
  Prefix: () => '',
  Number: () => '',
  Groups: ({ tags = [] }) => tags.join(','),
  Channel: () => 'Email',
  EventId: ({ id }) => id,
  MessageId: ({ messageId = '' }) => bareMessageId(messageId),
  Submission: ({ submission }) => submission,
  Delivery: ({ delivery }) => delivery,
  User: ({ user }) => user,
  Sender: ({ headerFrom, sender }) => headerFrom ?? sender,
  Subject: ({ subject }) => subject ?? '',
  Domain: ({ recipient }) => domainOf(recipient),
  Campaign: ({ campaignName, campaign }) => campaignName ?? campaign ?? '',
  Reply: (event) => replyText(event) ?? '',
  Url: ({ url }) => url ?? '',
  Ip: ({ ip }) => ip ?? '',
  UserAgent: ({ userAgent }) => userAgent ?? '',
};

const BY_RECIPIENT: ReadonlySet<string> = new Set(['opened', 'clicked', 'unsubscribed', 'complained']);

/** Where nobody named any. */
export const PARAMETERS: Readonly<Record<string, string>> = {
  EventDate: '[EventDate]',
  EventType: '[EventType]',
  EventId: '[EventId]',
  Email: '[Email]',
  MessageId: '[MessageId]',
  Campaign: '[Campaign]',
  Reason: '[Reason]',
  Url: '[Url]',
};

const PLACE = /\[([A-Za-z0-9]+)(?::([^\]]{1,100}))?\]/g;
const FIELD = /^Field(0[1-9]|[12]\d|3\d)$/;

/** Places in a parameter's value that we cannot fill in. */
export function unknownPlaces(value: string): readonly string[] {
  return [...value.matchAll(PLACE)].flatMap(([place, name = '']) =>
    Object.hasOwn(FILLS, name) || FIELD.test(name) || name === 'Metadata' ? [] : [place],
  );
}

export const smtpplus: Shape = {
  carries: 'one',
  key: 'whsec',
  word,
  make: ({ id, events: [event], url, method, parameters, secrets, at }) => {
    const named = Object.keys(parameters).length > 0 ? parameters : PARAMETERS;
    const fields = new URLSearchParams();
    for (const [name, value] of Object.entries(named)) fields.append(name, event ? fill(value, event) : '');
    const form = fields.toString();
    const signed = signedAs(secrets, { id, at, body: form });
    const { proofs } = signed;
    const headers = { 'user-agent': USER_AGENT, ...signed.headers };
    if (method === 'GET') return { url: withQuery(url, form), method, headers, proofs };
    return {
      url,
      method,
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: form,
      proofs,
    };
  },
  isTaken: isSuccess,
};

/** SMTP+'s own words are Subscribe and Unsubscribe; the others are ours. */
function word(event: Event): string | undefined {
  if (event.type !== 'unsubscribed') return WORDS[event.type];
  return event.how === 'resubscribe' ? 'Subscribe' : 'Unsubscribe';
}

/** Field01 to Field39 are the metadata in the order of its names' alphabet; [Metadata:name] is one by its name. */
function fill(value: string, event: Event): string {
  const metadata = event.metadata ?? {};
  return value.replace(PLACE, (place, name: string, detail: string | undefined) => {
    if (name === 'Metadata')
      return detail !== undefined && Object.hasOwn(metadata, detail) ? (metadata[detail] ?? '') : '';
    if (FIELD.test(name))
      return metadata[Object.keys(metadata).sort()[Number(name.slice(5)) - 1] ?? ''] ?? '';
    return Object.hasOwn(FILLS, name) ? (FILLS[name]?.(event) ?? '') : place;
  });
}

function withQuery(url: string, query: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}${query}`;
}
