// Alerts as a webhook: JSON by POST, signed after Standard Webhooks, never to a private address unless the rule says so.
import { createHmac } from 'node:crypto';
import { lookup, type LookupAddress } from 'node:dns';
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { EpochMs } from '../lib/clock.ts';
import type { Sheet } from './write.ts';

export type Post = Readonly<{
  url: string;
  /** "whsec_…" in base64, or any text; absent: unsigned. */
  secret?: string | undefined;
  /** Names the message: the same one that is sent again has the same id. */
  id: string;
  at: EpochMs;
  body: string;
  /** True for addresses that it must not go to. */
  isForbidden(address: string): boolean;
}>;

export type Posted = Readonly<{ ok: true } | { ok: false; problem: string }>;

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** What is posted. */
export function bodyOf({ rule, alerts, more }: Sheet, hostname: string, at: EpochMs): string {
  return JSON.stringify({
    type: 'postino.alerts',
    timestamp: new Date(at).toISOString(),
    data: { hostname, rule, alerts, more },
  });
}

/** "v1,<base64>" over id, seconds and body (Standard Webhooks). */
export function sign(secret: string, { id, at, body }: Pick<Post, 'id' | 'at' | 'body'>): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  const seconds = Math.floor(at / 1000);
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
}

/** Posts it. A redirect is not followed: it could lead to where we must not go. Never rejects. */
export async function post(message: Post): Promise<Posted> {
  try {
    const status = await exchange(message);
    if (status >= 200 && status < 300) return { ok: true };
    return { ok: false, problem: `it answered ${status}` };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

function exchange(message: Post): Promise<number> {
  const url = new URL(message.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // An address in the URL itself is never looked up.
  if (isIP(host) !== 0 && message.isForbidden(host)) return Promise.reject(forbidden(host));
  const send = url.protocol === 'https:' ? secure : plain;
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method: 'POST',
      headers: headersOf(message),
      agent: false,
      lookup: guarded(message.isForbidden),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    request.once('error', reject);
    request.once('response', (response) => {
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) response.destroy();
      });
      response.once('error', () => undefined);
      response.once('close', () => resolve(response.statusCode ?? 0));
    });
    request.end(message.body);
  });
}

function headersOf({ id, at, body, secret }: Post): Readonly<Record<string, string | number>> {
  return {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'user-agent': 'Postino',
    'webhook-id': id,
    'webhook-timestamp': Math.floor(at / 1000),
    ...(secret === undefined ? {} : { 'webhook-signature': sign(secret, { id, at, body }) }),
  };
}

/** The look-up of the connection itself: what was looked at before it could be another address by then. */
function guarded(isForbidden: Post['isForbidden']): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      const bad = error ? undefined : found.find(({ address }) => isForbidden(address));
      const [first] = error ? [] : found;
      if (error || bad || !first) return callback(error ?? forbidden(bad?.address ?? hostname), '', 0);
      if (options.all) return callback(null, found);
      return callback(null, first.address, first.family);
    });
  };
}

function forbidden(address: string): Error {
  return new Error(`${address} is a private address; set allowPrivate for this rule if that is meant`);
}
