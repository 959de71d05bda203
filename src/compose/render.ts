// The bytes of a letter: header stamped, written in 7 bits where the peer needs it, signed; the body as it is.
import { isAscii } from 'node:buffer';
import { scanHeaders } from '../mail/headers.ts';
import type { Pins } from '../model/delivery.ts';
import type { Capabilities, Part } from '../model/letter.ts';
import type { Cause } from '../model/outcome.ts';
import type { Submission } from '../model/submission.ts';
import type { Budget } from '../lib/budget.ts';
import { bodyPart, hashParts, readHead, readParts, sizeOf, type StoredMessage } from './body.ts';
import { cannotConvert, cannotSign, needsSmtputf8 } from './refusal.ts';
import { sevenBitBody } from './seven-bit-body.ts';
import { sevenBitFields } from './seven-bit-header.ts';
import { signFields, type Signer, type SigningKey } from './sign.ts';
import { receivedField, stampFields } from './stamp.ts';

/** A header and a body as they are sent. Without a treatment all recipients of a submission share them. */
export type Bytes = Readonly<{
  parts: readonly Part[];
  /** Sum of the parts' bytes. */
  size: number;
  /** The header has raw 8-bit text, so the message must go as SMTPUTF8. */
  rawHeader: boolean;
  notes: readonly string[];
}>;

export type Rendered = Readonly<{ bytes: Bytes } | { refusal: Cause }>;

export type RenderDeps = Readonly<{
  loadBody(submission: Submission): Promise<StoredMessage>;
  signingKey(domain: string, selector: string): Promise<SigningKey | undefined>;
  hostname: string;
  budget: Budget;
}>;

/** Where a message stands between load and signature; `fields` ends with its last field. */
export type Draft = Readonly<{ fields: Buffer; body: readonly Part[]; notes?: readonly string[] }>;

/** Bytes in memory for each byte of a body that is written in 7 bits. */
const CONVERTING = 3;
const CRLF = Buffer.from('\r\n');

/**
 * The message as its client sent it but for what `stampFields` does: a pure function of the submission and its stored bytes.
 * Rejects when the body cannot be read; that is temporary.
 */
export async function draftOf(
  { loadBody }: Pick<RenderDeps, 'loadBody'>,
  submission: Submission,
): Promise<Draft> {
  const message = await loadBody(submission);
  const head = await readHead(message, submission.headerSize);
  const block = scanHeaders(head);
  const part = bodyPart(message, block.size);
  return { fields: stampFields(head, block.fields, submission), body: sizeOf([part]) > 0 ? [part] : [] };
}

/** A draft in the form that a peer of these capabilities takes, signed with the pinned keys. */
export async function renderBytes(
  deps: RenderDeps,
  { submission, draft }: Readonly<{ submission: Submission; draft: Draft }>,
  pins: Pins,
  peer: Capabilities,
): Promise<Rendered> {
  const fit = submission.eightBit ? await fitTo(deps, draft, submission, peer) : draft;
  if ('refusal' in fit) return fit;
  const signatures = await signDraft(deps, fit, pins, submission);
  if ('refusal' in signatures) return signatures;
  const received = receivedField(submission, deps.hostname);
  const header = Buffer.concat([received, ...signatures.fields, fit.fields, CRLF]);
  return {
    bytes: {
      parts: [header, ...fit.body],
      size: header.length + sizeOf(fit.body),
      rawHeader: submission.eightBit && !isAscii(fit.fields),
      notes: draft.notes ?? [],
    },
  };
}

/** The draft with 8-bit text in the form that the peer takes. */
async function fitTo(
  { budget }: RenderDeps,
  draft: Draft,
  submission: Submission,
  peer: Capabilities,
): Promise<Draft | Readonly<{ refusal: Cause }>> {
  const { body } = draft;
  let { fields } = draft;
  if (!isAscii(fields) && !(submission.smtputf8 && peer.smtputf8)) {
    // Raw 8-bit fields are for SMTPUTF8 only (RFC 6532 §3); where they cannot be encoded, only such a peer gets them.
    const encoded = sevenBitFields(fields, scanHeaders(fields).fields);
    if (!encoded && !peer.smtputf8) return { refusal: needsSmtputf8('header') };
    fields = encoded ?? fields;
  }
  if (peer.eightBitMime) return { fields, body };
  const converted = await budget.use(CONVERTING * sizeOf(body), async () =>
    sevenBitBody(fields, await readParts(body)),
  );
  if ('obstacle' in converted) return { refusal: cannotConvert(converted.obstacle) };
  return { fields: converted.fields, body: [converted.body] };
}

async function signDraft(
  deps: RenderDeps,
  draft: Draft,
  pins: Pins,
  submission: Submission,
): Promise<Readonly<{ fields: readonly Buffer[] } | { refusal: Cause }>> {
  if (pins.dkim.length === 0) return { fields: [] };
  const found = await Promise.all(
    pins.dkim.map(async (pin) => ({ ...pin, key: await deps.signingKey(pin.domain, pin.selector) })),
  );
  const signers: Signer[] = [];
  for (const { domain, selector, key } of found) {
    if (!key) return { refusal: cannotSign(domain, selector, 'it is not there any more') };
    signers.push({ domain, selector, key });
  }
  const bodyHash = await hashParts(draft.body);
  try {
    return { fields: await signFields(draft.fields, bodyHash, signers, submission.at) };
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown fault';
    return { refusal: cannotSign(pins.dkim[0]?.domain ?? '', pins.dkim[0]?.selector ?? '', why) };
  }
}
