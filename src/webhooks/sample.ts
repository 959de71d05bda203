// Events as a test sends them: of every type one that could have happened. Pure.
import type { Owner } from '../model/owner.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Event, EventType } from '../model/event.ts';

const DELIVERY = '00000000000000000000000TEST.1';

const FAILED = {
  transport: 'mx1',
  site: 'example.net',
  host: 'mail.example.net',
  localAddress: '192.0.2.10',
  attempt: 1,
  age: 1500,
} as const;

const VISIT = {
  ip: '198.51.100.7',
  userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/140.0',
  device: 'desktop',
  client: 'Firefox',
  os: 'Windows',
  country: 'IT',
} as const;

/** What each type has beside the common fields. */
const PARTS: Readonly<Record<EventType, Partial<Event>>> = {
  accepted: { size: 4096 },
  deferred: {
    ...FAILED,
    class: 'greylisted',
    reason: 'The recipient host asked to try again later.',
    reply: { code: 451, status: '4.7.1', text: 'Greylisted, try again later' },
  },
  delivered: { ...FAILED, ms: 420, tls: 'TLSv1.3', reply: { code: 250, status: '2.0.0', text: 'OK' } },
  bounced: {
    ...FAILED,
    class: 'bad-mailbox',
    category: 'hard',
    reason: 'The mailbox does not exist.',
    reply: { code: 550, status: '5.1.1', text: 'No such user' },
  },
  expired: { ...FAILED, class: 'expired', reason: 'It could not be delivered in time.' },
  dropped: { class: 'suppressed', reason: 'The recipient is on the suppression list of this account.' },
  cancelled: { reason: 'An operator cancelled it.' },
  opened: VISIT,
  clicked: { ...VISIT, url: 'https://shop.example/offer', link: 1 },
  unsubscribed: { how: 'one-click', ip: VISIT.ip },
  complained: { class: 'abuse', report: 'arf', reason: 'The recipient reported the message as abuse.' },
  'transport-state': { transport: 'mx1', state: 'healthy', was: 'degraded', reason: 'This is a test.' },
  'sender-state': { state: 'warned', reason: 'This is a test.' },
  limit: { scope: 'lane', key: 'mx1/example.net', rule: 'test', reason: 'This is a test.' },
  trouble: { scope: 'test', key: 'test', rule: 'test', reason: 'This is a test. Nothing is wrong.' },
};

/** An event of the type for this account and user; its id says that it is a test. */
export function sampleEvent(
  type: EventType,
  { account, user = 'test', at }: Owner & Readonly<{ at: EpochMs }>,
): Event {
  return {
    v: 1,
    id: `test.${type}.${Math.round(at)}`,
    type,
    at: Math.round(at),
    account,
    user,
    submission: DELIVERY.slice(0, -2),
    delivery: DELIVERY,
    recipient: 'recipient@example.net',
    sender: 'bounce@shop.example',
    headerFrom: 'news@shop.example',
    messageId: '<test@shop.example>',
    subject: 'A test of this webhook',
    campaign: 'test',
    tags: ['test'],
    metadata: { order: '1' },
    ...PARTS[type],
  };
}
