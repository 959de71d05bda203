// Which delivery a complaint is about, proved by what only its own message has: never by what the report says alone.
import { tokensIn } from './tokens.ts';
import type { AllFactsOf, Facts, FactsOf, Unknown } from './facts.ts';
import type { Complaint } from './read/arf.ts';
import type { Original } from './read/original.ts';

export type ProofDeps = Readonly<{
  /** The delivery that a return path of ours names; undefined for all other addresses. Cheap, for whatever strangers write. */
  deliveryOf(address: string): string | undefined;
  /** The delivery in a token of ours. */
  inToken(token: string): string | undefined;
  factsOf: FactsOf;
  allFactsOf: AllFactsOf;
}>;

export type About = Readonly<{
  complaint: Complaint;
  original: Original;
  message: Buffer;
  /** secret: it came to an address that only providers know, so that a Message-ID of ours counts. */
  way: 'secret' | 'open';
}>;

/** A return path with its domain, in any text. */
const RETURN_PATH = /\bb[0-9a-z]{43,47}@[a-z0-9.-]{3,190}\b/gi;
const OUR_MESSAGE_ID = /^<([0-7][0-9A-HJKMNP-TV-Z]{25})@/;
/** Each costs an HMAC. */
const MAX_PATHS = 50;

/** The delivery; 'gone' also where nothing is proved. */
export async function provenDelivery(about: About, deps: ProofDeps): Promise<Facts | Unknown> {
  const delivery = namedIn(about, deps);
  if (delivery !== undefined) return deps.factsOf(delivery);
  const submission = OUR_MESSAGE_ID.exec(about.original.messageId)?.[1];
  if (about.way === 'open' || submission === undefined) return 'gone';
  const all = await deps.allFactsOf(submission);
  return typeof all === 'string' ? all : (oneOf(all, about) ?? 'gone');
}

/** By a signed address or token: in the copy of the message, or wherever a provider put it. */
function namedIn({ original, message }: About, { deliveryOf, inToken }: ProofDeps): string | undefined {
  for (const path of [original.returnPath, ...pathsIn(message)]) {
    const delivery = deliveryOf(path);
    if (delivery !== undefined) return delivery;
  }
  for (const token of tokensIn(original.listUnsubscribe)) {
    const delivery = inToken(token);
    if (delivery !== undefined) return delivery;
  }
  return undefined;
}

function pathsIn(message: Buffer): readonly string[] {
  const found: string[] = [];
  for (const [path] of message.toString('latin1').matchAll(RETURN_PATH)) {
    if (found.push(path) >= MAX_PATHS) break;
  }
  return found;
}

/** Of several recipients, the one that is named. */
function oneOf(all: readonly Facts[], { complaint }: About): Facts | undefined {
  const [only] = all;
  if (all.length === 1) return only;
  const named = new Set(complaint.recipients.map((address) => address.toLowerCase()));
  return all.find(({ recipient }) => named.has(recipient.toLowerCase()));
}
