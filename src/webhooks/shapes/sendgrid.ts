// SendGrid's shape: the array of its Event Webhook, signed by ECDSA as its Signed Event Webhook is.
import { present } from '../../lib/present.ts';
import { createHash, sign } from 'node:crypto';
import { domainOf } from '../../model/delivery.ts';
import type { Event } from '../../model/event.ts';
import type { CauseClass } from '../../model/outcome.ts';
import { dropCause, isHard, replyText, secondsOf, whyOf } from './parts.ts';
import { isSuccess, type Shape } from './shape.ts';

const WORDS: Partial<Record<Event['type'], string>> = {
  accepted: 'processed',
  deferred: 'deferred',
  delivered: 'delivered',
  bounced: 'bounce',
  expired: 'bounce',
  dropped: 'dropped',
  cancelled: 'dropped',
  opened: 'open',
  clicked: 'click',
  complained: 'spamreport',
};

export const sendgrid: Shape = {
  carries: 'many',
  key: 'ecdsa',
  word,
  make: ({ events, url, secrets, at }) => {
    const body = JSON.stringify(events.map(entryOf));
    const timestamp = String(Math.floor(at / 1000));
    const [key] = secrets;
    // Over the seconds and the bytes of the body, as DER in base64.
    const proof =
      key === undefined ? undefined : sign('sha256', Buffer.from(timestamp + body), key).toString('base64');
    return {
      url,
      method: 'POST',
      headers: {
        'content-type': 'application/json;charset=utf-8',
        'user-agent': 'SendGrid Event API',
        ...present({
          'x-twilio-email-event-webhook-signature': proof,
          'x-twilio-email-event-webhook-timestamp': proof === undefined ? undefined : timestamp,
        }),
      },
      body,
      proofs: proof === undefined ? [] : [proof],
    };
  },
  isTaken: isSuccess,
};

/** Taking an unsubscription back is known there for groups alone. */
function word(event: Event): string | undefined {
  if (event.type !== 'unsubscribed') return WORDS[event.type];
  if (event.how === 'resubscribe') return event.topic === undefined ? undefined : 'group_resubscribe';
  return event.topic === undefined ? 'unsubscribe' : 'group_unsubscribe';
}

/** Metadata first: what the service itself says is never replaced by it. */
function entryOf(event: Event): Readonly<Record<string, unknown>> {
  return {
    ...event.metadata,
    email: event.recipient,
    timestamp: secondsOf(event),
    event: word(event),
    ...present({
      'smtp-id': event.messageId,
      category: event.tags === undefined || event.tags.length === 0 ? undefined : event.tags,
    }),
    // At most 100 characters there; ours may be longer.
    sg_event_id: createHash('sha256').update(event.id).digest('base64url').slice(0, 32),
    sg_message_id: `${event.submission}.${event.delivery}`,
    ...PARTS[event.type]?.(event),
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** What each kind of event has beside the common fields. */
const PARTS: Partial<Record<Event['type'], (event: Event) => Fields>> = {
  accepted: ({ due }) => (due === undefined ? {} : { send_at: Math.floor(due / 1000) }),
  delivered: (event) =>
    present({ response: replyText(event) ?? '250 OK', ip: event.localAddress, tls: tlsOf(event) }),
  deferred: (event) =>
    present({
      response: whyOf(event),
      attempt: String(event.attempt ?? 1),
      domain: domainOf(event.recipient),
      from: event.headerFrom ?? event.sender,
      ip: event.localAddress,
      tls: tlsOf(event),
    }),
  bounced: bounceOf,
  expired: bounceOf,
  dropped: dropOf,
  cancelled: dropOf,
  opened: (event) => ({
    ...visitorOf(event),
    sg_content_type: 'html',
    sg_machine_open: event.machine !== undefined,
  }),
  clicked: (event) => ({
    ...visitorOf(event),
    ...present({ url: event.url }),
    url_offset: { index: event.link ?? 0, type: 'html' },
    sg_content_type: 'html',
  }),
  unsubscribed: (event) => ({
    ...visitorOf(event),
    ...present({ asm_group_id: groupOf(event) }),
  }),
};

const DROPS = {
  unsubscribed: 'Unsubscribed Address',
  suppressed: 'Bounced Address',
  cancelled: 'Cancelled',
} as const;

function dropOf(event: Event): Fields {
  return { reason: DROPS[dropCause(event)], status: '5.0.0' };
}

function bounceOf(event: Event): Fields {
  return present({
    type: isHard(event) ? 'bounce' : 'blocked',
    reason: whyOf(event),
    status: event.reply?.status ?? (event.type === 'expired' ? '4.4.7' : '5.0.0'),
    bounce_classification: isCause(event.class) ? CLASSES[event.class] : 'Unclassified',
    ip: event.localAddress,
    tls: tlsOf(event),
  });
}

const CLASSES: Readonly<Partial<Record<CauseClass, string>>> = {
  'bad-mailbox': 'Invalid Address',
  'inactive-mailbox': 'Mailbox Unavailable',
  'mailbox-full': 'Mailbox Unavailable',
  'bad-domain': 'Technical',
  'no-mail-domain': 'Technical',
  routing: 'Technical',
  connection: 'Technical',
  dns: 'Technical',
  tls: 'Technical',
  protocol: 'Technical',
  'message-too-big': 'Content',
  content: 'Content',
  spam: 'Content',
  blocked: 'Reputation',
  reputation: 'Reputation',
  authentication: 'Reputation',
  policy: 'Reputation',
  greylisted: 'Frequency or Volume Too High',
  'rate-limited': 'Frequency or Volume Too High',
  busy: 'Frequency or Volume Too High',
};

function isCause(text: string | undefined): text is CauseClass {
  return text !== undefined && Object.hasOwn(CLASSES, text);
}

function tlsOf({ tls }: Event): string {
  return tls === undefined ? '0' : '1';
}

function visitorOf({ userAgent, ip }: Event): Readonly<Record<string, string>> {
  return present({ useragent: userAgent, ip });
}

/** Groups are numbers there; a topic with another name is given as it is. */
function groupOf({ topic }: Event): number | string | undefined {
  return topic !== undefined && /^\d{1,15}$/.test(topic) ? Number(topic) : topic;
}
