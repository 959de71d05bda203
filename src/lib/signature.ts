// Signatures of webhooks as Standard Webhooks has them: HMAC-SHA256 over id, seconds and body. Pure.
import { createHmac } from 'node:crypto';
import type { EpochMs } from './clock.ts';

export type Signed = Readonly<{
  /** Names the message: the same one that is sent again has the same id. */
  id: string;
  at: EpochMs;
  body: string;
}>;

/** "v1,<base64>". The secret is "whsec_…" in base64, or any text. */
export function sign(secret: string, { id, at, body }: Signed): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  return `v1,${createHmac('sha256', key)
    .update(`${id}.${secondsOf(at)}.${body}`)
    .digest('base64')}`;
}

/** The three header fields; several secrets make several signatures, none leaves the signature out. */
export function signatureHeaders(
  secrets: readonly string[],
  signed: Signed,
): Readonly<Record<string, string>> {
  return {
    'webhook-id': signed.id,
    'webhook-timestamp': String(secondsOf(signed.at)),
    ...(secrets.length === 0
      ? {}
      : { 'webhook-signature': secrets.map((secret) => sign(secret, signed)).join(' ') }),
  };
}

function secondsOf(at: EpochMs): number {
  return Math.floor(at / 1000);
}
