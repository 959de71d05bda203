// What the shapes have in common: pieces of events in the words of other services. Pure.
import { signatureHeaders, type Signed } from '../../lib/signature.ts';
import type { Event } from '../../model/event.ts';
import { categories, type Category } from '../../model/taxonomy.ts';
import type { Made } from './shape.ts';

/** The header fields of Standard Webhooks, and the proofs among them. */
export function signedAs(secrets: readonly string[], signed: Signed): Pick<Made, 'headers' | 'proofs'> {
  const headers = signatureHeaders(secrets, signed);
  const proofs = (headers['webhook-signature'] ?? '').split(' ').filter((proof) => proof !== '');
  return { headers, proofs };
}

/** Whole seconds since 1970. */
export function secondsOf(event: Event): number {
  return Math.floor(event.at / 1000);
}

/** "250 2.0.0 OK"; undefined where nobody replied. */
export function replyText({ reply }: Event): string | undefined {
  if (!reply) return undefined;
  const status = reply.status !== undefined && !reply.text.startsWith(reply.status) ? [reply.status] : [];
  return [reply.code, ...status, reply.text].join(' ').trim();
}

/** What the remote host said, or what we say. */
export function whyOf(event: Event): string {
  return replyText(event) ?? event.reason ?? '';
}

const BY_CLASS = new Map<string, Category>(
  Object.entries(categories).map(([name, [permanent]]) => [name, permanent]),
);

/** What a failure says of the recipient. */
export function categoryOf(event: Event): Category {
  const known = [...BY_CLASS.values()].find((category) => category === event.category);
  return known ?? BY_CLASS.get(event.class ?? '') ?? 'unknown';
}

/** True when the address itself takes no mail, and will not. */
export function isHard(event: Event): boolean {
  return event.type === 'bounced' && categoryOf(event) === 'hard';
}

/** Why a recipient was passed over, by the sentence that says it. */
export function dropCause({ type, reason = '' }: Event): 'unsubscribed' | 'suppressed' | 'cancelled' {
  if (type === 'cancelled') return 'cancelled';
  return reason.includes('unsubscribed') ? 'unsubscribed' : 'suppressed';
}
