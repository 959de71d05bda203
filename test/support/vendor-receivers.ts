// Receivers as their documentation has customers write them: each verifies, parses, and gives what it understood.
import { createHmac, createVerify, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

type Request = Readonly<{ headers: IncomingHttpHeaders; body: string; url: string }>;

function same(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

/** standardwebhooks.com: verify() of the reference libraries. Throws when it does not verify. */
export function standardWebhooks(secret: string, { headers, body }: Request, nowMs = Date.now()): unknown {
  const id = String(headers['webhook-id'] ?? '');
  const timestamp = Number.parseInt(String(headers['webhook-timestamp'] ?? ''), 10);
  if (Number.isNaN(timestamp)) throw new Error('Invalid Signature Headers');
  if (Math.abs(nowMs / 1000 - timestamp) > 300) throw new Error('Message timestamp outside tolerance');
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  for (const versioned of String(headers['webhook-signature'] ?? '').split(' ')) {
    const [version, signature = ''] = versioned.split(',');
    if (version === 'v1' && same(signature, expected)) return JSON.parse(body) as unknown;
  }
  throw new Error('No matching signature found');
}

type Fields = Record<string, unknown>;

/** SendGrid: "Getting Started with the Event Webhook Security Features", verification by hand. */
export function sendgrid(publicKey: string, { headers, body }: Request): readonly Fields[] {
  const signature = String(headers['x-twilio-email-event-webhook-signature'] ?? '');
  const timestamp = String(headers['x-twilio-email-event-webhook-timestamp'] ?? '');
  const pem = `-----BEGIN PUBLIC KEY-----\n${publicKey.match(/.{1,64}/g)?.join('\n')}\n-----END PUBLIC KEY-----\n`;
  const verify = createVerify('sha256');
  verify.update(timestamp + body);
  if (!verify.verify(pem, Buffer.from(signature, 'base64'))) throw new Error('not from SendGrid');
  const events = JSON.parse(body) as unknown;
  if (!Array.isArray(events)) throw new Error('SendGrid posts an array');
  return events as Fields[];
}

/** Mailgun: "Securing Webhooks". */
export function mailgun(signingKey: string, { body, headers }: Request): Fields {
  if (headers['content-type'] !== 'application/json') throw new Error('Mailgun posts JSON');
  const payload = JSON.parse(body) as { signature: Record<string, string>; 'event-data': Fields };
  const { timestamp, token, signature } = payload.signature;
  if (token?.length !== 50) throw new Error('a token has 50 characters');
  const encoded = createHmac('sha256', signingKey).update(`${timestamp}${token}`).digest('hex');
  if (!same(encoded, signature ?? '')) throw new Error('not from Mailgun');
  return payload['event-data'];
}

/** Mandrill: "Authenticating webhook requests": URL as it was configured, then the sorted parameters. */
export function mandrill(
  webhookKey: string,
  webhookUrl: string,
  { headers, body }: Request,
): readonly Fields[] {
  if (headers['content-type'] !== 'application/x-www-form-urlencoded')
    throw new Error('Mandrill posts a form');
  const params = Object.fromEntries(new URLSearchParams(body));
  let signed = webhookUrl;
  for (const key of Object.keys(params).sort()) signed += key + params[key];
  const expected = createHmac('sha1', webhookKey).update(signed, 'utf8').digest('base64');
  if (!same(expected, String(headers['x-mandrill-signature'] ?? ''))) throw new Error('not from Mandrill');
  return JSON.parse(params['mandrill_events'] ?? 'null') as Fields[];
}
