// Mandrill's shape: a form with "mandrill_events", signed by HMAC-SHA1 over the URL and the form. Pure.
import { present } from '../../lib/present.ts';
import { createHash, createHmac } from 'node:crypto';
import type { Event } from '../../model/event.ts';
import { dropCause, isHard, secondsOf, whyOf } from './parts.ts';
import { isSuccess, type Shape } from './shape.ts';

const WORDS: Partial<Record<Event['type'], string>> = {
  accepted: 'send',
  deferred: 'deferral',
  delivered: 'delivered',
  expired: 'soft_bounce',
  dropped: 'reject',
  cancelled: 'reject',
  opened: 'open',
  clicked: 'click',
  complained: 'spam',
};

export const mandrill: Shape = {
  carries: 'many',
  key: 'text',
  word,
  make: ({ events, url, secrets: [key] }) => {
    const form = { mandrill_events: JSON.stringify(events.map(entryOf)) };
    const signed = Object.entries(form).reduce((text, [name, value]) => text + name + value, url);
    const proof = createHmac('sha1', key ?? '')
      .update(signed)
      .digest('base64');
    return {
      url,
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'user-agent': 'Mandrill-Webhook/1.0',
        'x-mandrill-signature': proof,
      },
      body: new URLSearchParams(form).toString(),
      proofs: [proof],
    };
  },
  isTaken: isSuccess,
};

function word(event: Event): string | undefined {
  if (event.type === 'bounced') return isHard(event) ? 'hard_bounce' : 'soft_bounce';
  if (event.type === 'unsubscribed') return event.how === 'resubscribe' ? undefined : 'unsub';
  return WORDS[event.type];
}

function entryOf(event: Event): Readonly<Record<string, unknown>> {
  const ts = secondsOf(event);
  const _id = messageKey(event);
  return { event: word(event), _id, msg: messageOf(event, _id), ts, ...visitOf(event) };
}

/** A message to one recipient is called by 32 hex digits there. */
function messageKey({ delivery }: Event): string {
  return createHash('sha256').update(delivery).digest('hex').slice(0, 32);
}

const STATES: Partial<Record<Event['type'], string>> = {
  deferred: 'deferred',
  bounced: 'bounced',
  expired: 'soft-bounced',
  dropped: 'rejected',
  cancelled: 'rejected',
  complained: 'spam',
  unsubscribed: 'unsub',
};

function messageOf(event: Event, _id: string): Readonly<Record<string, unknown>> {
  const ts = secondsOf(event);
  return {
    ts: Math.floor((event.at - (event.age ?? 0)) / 1000),
    _id,
    _version: createHash('sha256').update(event.id).digest('base64url').slice(0, 22),
    state: event.type === 'bounced' && !isHard(event) ? 'soft-bounced' : (STATES[event.type] ?? 'sent'),
    subject: event.subject ?? '',
    email: event.recipient,
    sender: event.headerFrom ?? event.sender,
    tags: event.tags ?? [],
    metadata: event.metadata ?? {},
    opens: event.type === 'opened' ? [{ ts }] : [],
    clicks: event.type === 'clicked' ? [{ ts, url: event.url ?? '' }] : [],
    resends: [],
    smtp_events: smtpEventsOf(event, ts),
    template: null,
    subaccount: event.user,
    ...bounceOf(event),
    ...(event.type === 'dropped' || event.type === 'cancelled' ? { reject: rejectOf(event) } : {}),
  };
}

function smtpEventsOf(event: Event, ts: number): readonly Readonly<Record<string, unknown>>[] {
  if (!event.reply || (event.type !== 'delivered' && event.type !== 'deferred')) return [];
  return [
    {
      ts,
      type: event.type === 'delivered' ? 'sent' : 'deferred',
      diag: whyOf(event),
      source_ip: event.localAddress ?? '',
      destination_ip: (event.address ?? '').replace(/:\d+$/, ''),
      size: event.size ?? 0,
    },
  ];
}

/** Its names and numbers of what a bounce means. */
const BOUNCES: Readonly<Record<string, readonly [string, number]>> = {
  'bad-mailbox': ['bad_mailbox', 10],
  'inactive-mailbox': ['inactive_mailbox', 21],
  'mailbox-full': ['mailbox_full', 22],
  'bad-domain': ['invalid_domain', 11],
  'no-mail-domain': ['invalid_domain', 11],
  dns: ['dns_failure', 81],
  'message-too-big': ['message_too_large', 23],
  spam: ['spam_block', 51],
  content: ['spam_content', 52],
  blocked: ['general_block', 50],
  reputation: ['general_block', 50],
  policy: ['general_block', 50],
  authentication: ['general_block', 50],
  relaying: ['relay_denied', 54],
};

function bounceOf(event: Event): Readonly<Record<string, unknown>> {
  if (event.type !== 'bounced' && event.type !== 'expired') return {};
  const [bounce_description, bgtools_code] = BOUNCES[event.class ?? ''] ?? ['general', 40];
  return { bounce_description, bgtools_code, diag: `smtp;${whyOf(event)}` };
}

function rejectOf(event: Event): Readonly<Record<string, unknown>> {
  const cause = dropCause(event);
  return {
    reason: cause === 'unsubscribed' ? 'unsub' : cause === 'cancelled' ? 'custom' : 'hard-bounce',
    detail: event.reason ?? '',
  };
}

function visitOf(event: Event): Readonly<Record<string, unknown>> {
  if (event.type !== 'opened' && event.type !== 'clicked') return {};
  return {
    ...present({ ip: event.ip, user_agent: event.userAgent, url: event.url }),
    location: event.country === undefined ? null : { country_short: event.country },
    user_agent_parsed:
      event.client === undefined && event.os === undefined
        ? null
        : {
            type: event.machine === undefined ? 'Browser' : 'Robot',
            ua_family: event.client ?? 'unknown',
            ua_name: event.client ?? 'unknown',
            os_family: event.os ?? 'unknown',
            os_name: event.os ?? 'unknown',
            mobile: event.device === 'mobile',
          },
  };
}
