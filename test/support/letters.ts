// Submissions, deliveries, keys and a DNS of our own for tests of compose.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { makeCompose, type SigningKey } from '../../src/compose/compose.ts';
import { makeWorkshop } from '../../src/compose/worker/workshop.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { scanHeaders } from '../../src/mail/headers.ts';
import type { Delivery, Pins } from '../../src/model/delivery.ts';
import type { Capabilities, Letter } from '../../src/model/letter.ts';
import type { Submission } from '../../src/model/submission.ts';
import { makeLinker } from '../../src/tracking/links.ts';
import { makeTokens } from '../../src/tracking/token.ts';

export const AT = Date.UTC(2026, 2, 2, 10, 11, 12);
export const PLAIN_PEER: Capabilities = { eightBitMime: false, smtputf8: false, dsn: false };
export const USUAL_PEER: Capabilities = { eightBitMime: true, smtputf8: false, dsn: true };
export const MODERN_PEER: Capabilities = { eightBitMime: true, smtputf8: true, dsn: true };

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');

export const signingKeys: Readonly<Record<string, SigningKey>> = {
  r1: { algorithm: 'rsa-sha256', key: rsa.privateKey },
  e1: { algorithm: 'ed25519-sha256', key: ed25519.privateKey },
};

const bare = (key: KeyObject, type: 'spki' | 'raw'): string => {
  const der = key.export({ type: 'spki', format: 'der' });
  return (type === 'raw' ? der.subarray(-32) : der).toString('base64');
};

/** TXT records by name, as DNS would answer them. */
export const records: Readonly<Record<string, string>> = {
  'r1._domainkey.shop.example': `v=DKIM1; k=rsa; p=${bare(rsa.publicKey, 'spki')}`,
  'e1._domainkey.shop.example': `v=DKIM1; k=ed25519; p=${bare(ed25519.publicKey, 'raw')}`,
};

export const BOTH: Pins = {
  dkim: [
    { domain: 'shop.example', selector: 'r1' },
    { domain: 'shop.example', selector: 'e1' },
  ],
};

export const crlf = (text: string): string => text.replace(/\r?\n/g, '\r\n');

/** A submission of these bytes. */
export function submissionOf(message: Buffer, more: Partial<Submission> = {}): Submission {
  return {
    v: 1,
    id: '01JNQ8Z3E0ABCDEFGHJKMNPQRS',
    account: 'default',
    user: 'shop',
    at: AT,
    from: 'bounce@shop.example',
    size: message.length,
    headerSize: scanHeaders(message).size,
    body: 'redis:',
    smtputf8: false,
    eightBit: message.some((byte) => byte > 127),
    messageId: '<01JNQ8Z3E0ABCDEFGHJKMNPQRS@relay.example.net>',
    subject: 'Your order',
    headerFrom: 'orders@shop.example',
    received: { helo: 'web1.shop.example', address: '192.0.2.7', protocol: 'ESMTPSA' },
    instructions: {},
    ...more,
  };
}

export function deliveryOf(submission: Submission, more: Partial<Delivery> = {}): Delivery {
  return {
    v: 1,
    id: `${submission.id}-1`,
    account: submission.account,
    submission: submission.id,
    user: submission.user,
    recipient: { address: 'ann@mail.example' },
    domain: 'mail.example',
    pool: 'default',
    transport: 'ip1',
    priority: 3,
    state: 'sending',
    run: 1,
    attempts: 1,
    ambiguous: 0,
    due: AT,
    expiresAt: AT + 259_200_000,
    pins: BOTH,
    ...more,
  };
}

/** Links that work for as long as the test's process runs; what does not fit into a token is in `kept`. */
export const tokens = makeTokens(Buffer.alloc(32, 7));
export const kept = new Map<string, string>();
const linker = makeLinker({
  tokens,
  expireMs: 86_400_000,
  clock: systemClock,
  keep: ({ key, text }) => Promise.resolve(kept.set(key, text).size),
});
const waited = new Map<string, Set<number>>();
/** What a relay keeps in Redis. */
export const waits = {
  note: ({ id, attempts }: Delivery) =>
    Promise.resolve(void waited.set(id, new Set([...(waited.get(id) ?? []), attempts]))),
  count: ({ id }: Delivery) => Promise.resolve(waited.get(id)?.size ?? 0),
};
export const workshop = makeWorkshop({ clock: systemClock });

/** Compose over one message in memory, with the keys above. `more` takes the place of what a running relay has. */
export const composeOf = (message: Buffer, more: Partial<Parameters<typeof makeCompose>[0]> = {}) =>
  makeCompose({
    hostname: 'relay.example.net',
    workshop,
    waits,
    template: () => Promise.resolve(undefined),
    links: (submission, delivery, base) =>
      linker(
        {
          delivery: delivery.id,
          account: delivery.account,
          user: delivery.user,
          recipient: delivery.recipient.address,
          sender: submission.from,
        },
        base,
      ),
    loadBody: () => Promise.resolve(message),
    signingKey: (_, selector) => Promise.resolve(signingKeys[selector]),
    ...more,
  });

/** The parts that are in memory, joined. */
export const bytesOf = (letter: Letter): Buffer =>
  Buffer.concat(letter.parts.flatMap((part) => (Buffer.isBuffer(part) ? [part] : [])));

/** Renders a message for a peer; fails the test when it is refused. */
export async function renderOf(
  message: Buffer | string,
  peer: Capabilities = MODERN_PEER,
  more: Partial<Submission> = {},
): Promise<Letter & { bytes: Buffer }> {
  const bytes = typeof message === 'string' ? Buffer.from(crlf(message)) : message;
  const submission = submissionOf(bytes, more);
  const result = await composeOf(bytes).render(submission, deliveryOf(submission))(peer);
  if (!('letter' in result)) throw new Error(result.refusal.detail);
  return { ...result.letter, bytes: bytesOf(result.letter) };
}

export type Verdict = Readonly<{ algorithm: string; result: string; domain: string; comment?: string }>;

/** What mailauth says of each DKIM signature, without asking a real DNS. */
export async function verify(
  message: Buffer,
  dns: Readonly<Record<string, string>> = records,
): Promise<readonly Verdict[]> {
  const resolver = (name: string, type: string): Promise<string[][]> => {
    const text = type === 'TXT' ? dns[name.toLowerCase()] : undefined;
    if (text !== undefined) return Promise.resolve([[text]]);
    return Promise.reject(Object.assign(new Error(`no ${type} for ${name}`), { code: 'ENOTFOUND' }));
  };
  const { results } = await dkimVerify(message, { resolver });
  return results
    .filter((one) => one.signingDomain)
    .map((one) => ({
      algorithm: String(one.algo),
      domain: String(one.signingDomain),
      result: String(one.status.result),
      comment: String(one.status.comment),
    }));
}
