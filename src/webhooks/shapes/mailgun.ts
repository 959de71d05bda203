// Mailgun's shape: one event a request, as "event-data", beside its signature object. Pure.
import { present } from '../../lib/present.ts';
import { createHash, createHmac } from 'node:crypto';
import { bareMessageId } from '../../mail/message-id.ts';
import { domainOf } from '../../model/delivery.ts';
import type { Event } from '../../model/event.ts';
import { dropCause, isHard, whyOf } from './parts.ts';
import { isSuccess, type Shape } from './shape.ts';

const WORDS: Partial<Record<Event['type'], string>> = {
  accepted: 'accepted',
  deferred: 'failed',
  delivered: 'delivered',
  bounced: 'failed',
  expired: 'failed',
  dropped: 'failed',
  cancelled: 'rejected',
  opened: 'opened',
  clicked: 'clicked',
  complained: 'complained',
};
/** Its own word for "I do not want this, do not send it again". */
const NOT_ACCEPTABLE = 406;

export const mailgun: Shape = {
  carries: 'one',
  key: 'text',
  word,
  make: ({ id, events: [event], url, secrets: [key], at }) => {
    const timestamp = String(Math.floor(at / 1000));
    // Receivers refuse a token that they saw before: each attempt has its own. The event's id is the same.
    const token = createHash('sha256').update(`${id} ${at}`).digest('hex').slice(0, 50);
    const proof = createHmac('sha256', key ?? '')
      .update(timestamp + token)
      .digest('hex');
    const body = JSON.stringify({
      signature: { token, timestamp, signature: proof },
      'event-data': event ? entryOf(event) : {},
    });
    return {
      url,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'mailgun/treq-20.9.0' },
      body,
      proofs: [proof],
    };
  },
  isTaken: (status) => isSuccess(status) || status === NOT_ACCEPTABLE,
};

/** Nobody is told there that an unsubscription was taken back. */
function word(event: Event): string | undefined {
  if (event.type !== 'unsubscribed') return WORDS[event.type];
  return event.how === 'resubscribe' ? undefined : 'unsubscribed';
}

function entryOf(event: Event): Readonly<Record<string, unknown>> {
  const { recipient, tags = [], metadata = {}, campaign, campaignName } = event;
  return {
    id: createHash('sha256').update(event.id).digest('base64url').slice(0, 22),
    timestamp: event.at / 1000,
    'log-level': levelOf(event),
    event: word(event),
    recipient,
    'recipient-domain': domainOf(recipient),
    tags,
    campaigns: campaign === undefined ? [] : [{ id: campaign, name: campaignName ?? campaign }],
    'user-variables': metadata,
    flags: { 'is-routed': false, 'is-authenticated': true, 'is-system-test': false, 'is-test-mode': false },
    ...PARTS[event.type]?.(event),
  };
}

function levelOf({ type }: Event): string {
  if (type === 'bounced' || type === 'expired' || type === 'dropped') return 'error';
  return type === 'deferred' || type === 'complained' || type === 'cancelled' ? 'warn' : 'info';
}

type Fields = Readonly<Record<string, unknown>>;

/** What each kind of event has beside the common fields. */
const PARTS: Partial<Record<Event['type'], (event: Event) => Fields>> = {
  accepted: (event) => ({ method: 'SMTP', envelope: envelopeOf(event), message: messageOf(event) }),
  delivered: (event) => ({
    envelope: envelopeOf(event),
    message: messageOf(event),
    'delivery-status': statusOf(event, event.reply?.code ?? 250),
  }),
  deferred: failureOf,
  bounced: failureOf,
  expired: failureOf,
  dropped: failureOf,
  cancelled: (event) => ({
    reject: { reason: event.reason ?? '', description: '' },
    message: messageOf(event),
    envelope: envelopeOf(event),
  }),
  opened: visitOf,
  clicked: visitOf,
  unsubscribed: visitOf,
  complained: (event) => ({ message: messageOf(event) }),
};

function visitOf(event: Event): Readonly<Record<string, unknown>> {
  const { userAgent = '', device, client, os, country, ip, url, machine } = event;
  return {
    message: { headers: { 'message-id': bareMessageId(event.messageId ?? '') } },
    'client-info': {
      'client-type': machine === undefined ? (device === 'mobile' ? 'mobile browser' : 'browser') : 'robot',
      'client-os': os ?? 'unknown',
      'device-type': device ?? 'unknown',
      'client-name': client ?? 'unknown',
      'user-agent': userAgent,
      bot: machine === undefined ? '' : 'generic',
    },
    geolocation: { country: country ?? 'Unknown', region: 'Unknown', city: 'Unknown' },
    ...present({ ip, url }),
  };
}

function failureOf(event: Event): Readonly<Record<string, unknown>> {
  const severity = event.type === 'deferred' ? 'temporary' : 'permanent';
  return {
    severity,
    reason: reasonOf(event),
    envelope: envelopeOf(event),
    message: messageOf(event),
    'delivery-status': {
      ...statusOf(event, codeOf(event)),
      ...(event.due === undefined
        ? {}
        : { 'retry-seconds': Math.max(0, Math.round((event.due - event.at) / 1000)) }),
    },
  };
}

function reasonOf(event: Event): string {
  if (event.type === 'dropped')
    return dropCause(event) === 'unsubscribed' ? 'suppress-unsubscribe' : 'suppress-bounce';
  if (event.type === 'expired') return 'old';
  return isHard(event) ? 'bounce' : 'generic';
}

/** 605, 606: its own codes for who bounced and who unsubscribed; 498, 602: nobody could be asked, and for too long. */
function codeOf(event: Event): number {
  if (event.type === 'dropped') return dropCause(event) === 'unsubscribed' ? 606 : 605;
  return event.reply?.code ?? (event.type === 'expired' ? 602 : 498);
}

function statusOf(event: Event, code: number): Readonly<Record<string, unknown>> {
  return {
    code,
    message: event.reply?.text ?? (event.type === 'delivered' ? 'OK' : whyOf(event)),
    description: event.type === 'delivered' ? '' : (event.reason ?? ''),
    'attempt-no': event.attempt ?? 1,
    'session-seconds': (event.ms ?? 0) / 1000,
    tls: event.tls !== undefined,
    'certificate-verified': event.tls !== undefined,
    utf8: true,
    ...present({
      'mx-host': event.host,
      'enhanced-code': event.reply?.status,
    }),
  };
}

function envelopeOf(event: Event): Readonly<Record<string, unknown>> {
  return {
    transport: 'smtp',
    sender: event.sender,
    targets: event.recipient,
    ...present({ 'sending-ip': event.localAddress }),
  };
}

function messageOf(event: Event): Readonly<Record<string, unknown>> {
  return {
    headers: {
      to: event.recipient,
      'message-id': bareMessageId(event.messageId ?? ''),
      from: event.headerFrom ?? event.sender,
      subject: event.subject ?? '',
    },
    attachments: [],
    size: event.size ?? 0,
  };
}
