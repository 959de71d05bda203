// Alerts as a webhook: JSON by POST, signed after Standard Webhooks, never to a private address unless the rule says so.
import { makeCaller } from '../lib/call-out.ts';
import { signatureHeaders, type Signed } from '../lib/signature.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Sheet } from './write.ts';

export type Post = Signed &
  Readonly<{
    url: string;
    /** "whsec_…" in base64, or any text; absent: unsigned. */
    secret?: string | undefined;
    /** True for addresses that it must not go to. */
    isForbidden(address: string): boolean;
  }>;

export type Posted = Readonly<{ ok: true } | { ok: false; problem: string }>;

const ADVICE = 'set allowPrivate for this rule if that is meant';

/** What is posted. */
export function bodyOf({ rule, alerts, more }: Sheet, hostname: string, at: EpochMs): string {
  return JSON.stringify({
    type: 'postino.alerts',
    timestamp: new Date(at).toISOString(),
    data: { hostname, rule, alerts, more },
  });
}

/** Posts it. A redirect is not followed: it could lead to where we must not go. Never rejects. */
export async function post({ url, secret, isForbidden, ...signed }: Post): Promise<Posted> {
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Postino',
    ...signatureHeaders(secret === undefined ? [] : [secret], signed),
  };
  const caller = makeCaller({ plain: true, isForbidden, advice: ADVICE }, 'closed');
  const called = await caller.call({ url, method: 'POST', headers, body: signed.body });
  if (!called.ok) return called;
  if (called.status >= 200 && called.status < 300) return { ok: true };
  return { ok: false, problem: `it answered ${called.status}` };
}
