// Our DKIM signer (RFC 6376, RFC 8463): relaxed/relaxed, RSA and Ed25519, with over-signing, in the thread pool.
import { createHash, sign, type KeyObject } from 'node:crypto';
import type { EpochMs } from '../lib/clock.ts';
import { scanHeaders, type Field } from '../mail/headers.ts';
import { relaxedField, relaxedValue } from './canonical.ts';

/** A private key in memory, made once per key and kept: reading PEM costs more than signing with Ed25519. */
export type SigningKey = Readonly<{ algorithm: 'rsa-sha256' | 'ed25519-sha256'; key: KeyObject }>;

/** Who signs: the d= and s= of a signature, and the key for it. */
export type Signer = Readonly<{ domain: string; selector: string; key: SigningKey }>;

/**
 * Signed once more than they occur, also when they do not occur at all, so that nobody can add one
 * (RFC 6376 §8.15). l= is never used (§8.2).
 */
const ALWAYS = [
  'from',
  'to',
  'cc',
  'subject',
  'date',
  'reply-to',
  'message-id',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
  'in-reply-to',
  'references',
];

/**
 * Signed once more than they occur where they occur. A group or list that passes our mail on adds these, and
 * the signature should survive that, so their absence is not signed.
 */
const WHEN_PRESENT = /^(?:sender|feedback-id|list-[a-z-]+|resent-(?!bcc)[a-z-]+)$/;

const MAX_COLUMNS = 78;
const SIGNATURE_COLUMNS = 72;

/**
 * The DKIM-Signature fields of a header block (`fields`: no empty line) and a body hash, in the order of `signers`.
 * `at` becomes t=. Rejects when a key does not sign: mail is never sent unsigned because of that.
 */
export async function signFields(
  fields: Buffer,
  bodyHash: string,
  signers: readonly Signer[],
  at: EpochMs,
): Promise<readonly Buffer[]> {
  const { names, canonical } = signedFields(fields);
  return Promise.all(
    signers.map(async (signer) => {
      const unsigned = signatureField(signer, names, bodyHash, at);
      // §3.7: the signature field itself comes last, with an empty b= and without its CRLF.
      const own = `dkim-signature:${relaxedValue(unsigned.slice(unsigned.indexOf(':') + 1))}`;
      const signature = await signBytes(Buffer.from(canonical + own, 'latin1'), signer.key);
      const lines = signature.toString('base64').match(new RegExp(`.{1,${SIGNATURE_COLUMNS}}`, 'g')) ?? [];
      return Buffer.from(`${unsigned}${lines.join('\r\n ')}\r\n`, 'latin1');
    }),
  );
}

/** h= and the fields behind it in relaxed form; of several with one name the lowest comes first (§5.4.2). */
export function signedFields(fields: Buffer): Readonly<{ names: readonly string[]; canonical: string }> {
  const byName = new Map<string, Field[]>(ALWAYS.map((name) => [name, []]));
  for (const field of scanHeaders(fields).fields) {
    const found = byName.get(field.name);
    if (found) found.push(field);
    else if (WHEN_PRESENT.test(field.name)) byName.set(field.name, [field]);
  }
  const names: string[] = [];
  let canonical = '';
  for (const [name, found] of byName) {
    for (const field of found.toReversed()) {
      names.push(name);
      canonical += relaxedField(fields, field);
    }
    names.push(name);
  }
  return { names, canonical };
}

/** The field up to and with "b=", folded. */
function signatureField(signer: Signer, names: readonly string[], bodyHash: string, at: EpochMs): string {
  const seconds = Math.floor(at / 1000);
  const head = `DKIM-Signature: v=1; a=${signer.key.algorithm}; c=relaxed/relaxed; t=${seconds};`;
  const who = ` d=${signer.domain}; s=${signer.selector};`;
  return `${head}\r\n${who}\r\n${foldNames(names)};\r\n bh=${bodyHash};\r\n b=`;
}

function foldNames(names: readonly string[]): string {
  let done = '';
  let line = ' h=';
  names.forEach((name, index) => {
    const item = index < names.length - 1 ? `${name}:` : name;
    if (line.length + item.length >= MAX_COLUMNS) {
      done += `${line}\r\n`;
      line = '  ';
    }
    line += item;
  });
  return done + line;
}

function signBytes(bytes: Buffer, { algorithm, key }: SigningKey): Promise<Buffer> {
  // RFC 8463 §3: Ed25519 signs the SHA-256 of what RSA would sign.
  const [digest, message] =
    algorithm === 'rsa-sha256'
      ? (['sha256', bytes] as const)
      : ([null, createHash('sha256').update(bytes).digest()] as const);
  return new Promise((resolve, reject) => {
    sign(digest, message, key, (error, signature) => {
      if (error) reject(error);
      else if (signature.length === 0) reject(new Error('the key gave an empty signature'));
      else resolve(signature);
    });
  });
}
