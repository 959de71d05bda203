// What an event says of its recipient for mail to come: nothing, that it takes mail, or that it should get none. Pure.
import type { EpochMs } from '../lib/clock.ts';
import type { Event } from '../model/event.ts';
import { domainOf } from '../model/delivery.ts';
import type { SuppressionConfig } from './suppression-config.ts';
import type { Scope, Suppression } from './suppressions-csv.ts';

/** takes: it got mail · soft, full: a bounce that counts · hard, complaint: it should get no more. */
export type Sign = 'takes' | 'soft' | 'full' | 'hard' | 'complaint';

/** Classes of bounces that tell of the recipient, and not of the message, of us or of somebody's rules. */
const OF_RECIPIENTS: ReadonlySet<string> = new Set([
  'bad-mailbox',
  'inactive-mailbox',
  'mailbox-full',
  'bad-domain',
  'no-mail-domain',
  'dns',
  'connection',
]);
const HARD: ReadonlySet<string> = new Set(['bad-mailbox', 'bad-domain', 'no-mail-domain']);
const SANDBOX = 'sandbox';

/** Reads an event of a delivery. */
export function signOf(event: Event): Sign | undefined {
  const { type, host } = event;
  // In test mode and in the sandbox nobody has taken anything.
  if (type === 'delivered') return host === undefined || host === SANDBOX ? undefined : 'takes';
  if (type === 'complained') return 'complaint';
  if (type === 'bounced' && isHard(event)) return 'hard';
  return type === 'bounced' || type === 'expired' ? softSign(event) : undefined;
}

function softSign(event: Event): 'soft' | 'full' | undefined {
  if (event.class === 'mailbox-full') return 'full';
  return OF_RECIPIENTS.has(event.class ?? '') ? 'soft' : undefined;
}

/**
 * A report was judged when it was read. Of our own attempts: only what the recipient's host itself has said counts, since a
 * resolver of ours that fails must not silence the world; and "unknown user" after the data is also said of senders whom a
 * host does not like.
 */
function isHard(event: Event): boolean {
  if (event.report !== undefined) return event.category === 'hard';
  const { reply, phase, class: cause = '' } = event;
  if (!reply || reply.code < 500 || !HARD.has(cause)) return false;
  return phase === 'rcpt' || phase === 'mail' || /^5\.1\.\d/.test(reply.status ?? '');
}

/** Whose mail the entry is to hold back. */
export function scopeFor(event: Event, { scope }: SuppressionConfig): Scope {
  const domain = domainOf(event.headerFrom ?? '');
  if (scope === 'account') return {};
  return scope === 'domain' && domain !== '' ? { domain } : { user: event.user };
}

/** The entry for a recipient that should get no more. */
export function entryFor(
  event: Event,
  sign: Exclude<Sign, 'takes'>,
  config: SuppressionConfig,
  now: EpochMs,
): Suppression {
  const { reply, delivery } = event;
  const lasts = {
    hard: config.hardFor,
    soft: config.softFor,
    full: config.softFor,
    complaint: config.complaintFor,
  };
  const ms = lasts[sign];
  const said = reply
    ? [reply.code, reply.status, reply.text].filter((one) => one !== undefined).join(' ')
    : '';
  return {
    address: event.recipient,
    reason: reasonOf(event, sign, config),
    at: now,
    ...scopeFor(event, config),
    ...(ms === 0 ? {} : { until: now + ms }),
    ...(said === '' ? {} : { reply: said }),
    delivery,
    report: event.report ?? 'session',
  };
}

function reasonOf(event: Event, sign: Exclude<Sign, 'takes'>, { soft, full }: SuppressionConfig): string {
  switch (sign) {
    case 'hard':
      return `bounce: ${event.class ?? 'hard'}`;
    case 'soft':
      return `${soft} soft bounces in a row, the last: ${event.class ?? 'other'}`;
    case 'full':
      return `mailbox full ${full} times in a row`;
    case 'complaint':
      return `complaint: ${event.class ?? 'abuse'}`;
  }
}
