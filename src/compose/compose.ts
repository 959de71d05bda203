// The door of compose: chooses what a delivery's letters are signed with, and renders them for a peer.
import { readMailboxes } from '../mail/address.ts';
import { isAsciiText } from '../mail/fold.ts';
import { domainOf, type Delivery, type Pins } from '../model/delivery.ts';
import type { Capabilities, Letter, Render } from '../model/letter.ts';
import type { DkimKey, Settings } from '../model/settings.ts';
import type { Submission } from '../model/submission.ts';
import { makeBudget } from '../lib/budget.ts';
import { makeCache } from './cache.ts';
import { needsSmtputf8, notPinned } from './refusal.ts';
import { makeTreat, type TreatDeps } from './treat/treat.ts';
import { draftOf, renderBytes, type Bytes, type Rendered, type RenderDeps } from './render.ts';

export type { StoredMessage } from './body.ts';
export type { SigningKey } from './sign.ts';

export type Compose = Readonly<{
  /** What the first attempt fixes: the DKIM keys of the From domain, or of its nearest parent with keys and the same account. */
  pin(submission: Submission, settings: Settings): Pins;
  /** Renders for a peer. A refusal's status tells what it means: class 4 try again later, class 5 never. */
  render(submission: Submission, delivery: Delivery): Render;
}>;

/** What making letters may take of memory in a process, in bytes, together. */
const BUDGET_BYTES = 64 * 1024 * 1024;
const CACHE_LIMITS = { maxEntries: 64, maxBytes: 8 * 1024 * 1024 };

/** Builds compose. `hostname` stands in our Received fields. `loadBody` may reject; the attempt is then made again. */
export function makeCompose(given: Omit<RenderDeps, 'budget'> & TreatDeps): Compose {
  const deps = { ...given, budget: makeBudget(BUDGET_BYTES) };
  // The recipients of a submission share their bytes: one load, one body hash and one signature for all of them.
  const treat = makeTreat(deps);
  const cached = makeCache<Rendered>(CACHE_LIMITS, weigh);
  const own = async (
    submission: Submission,
    delivery: Delivery,
    pins: Pins,
    peer: Capabilities,
  ): Promise<Rendered> => {
    const draft = await treat(submission, delivery);
    return 'refusal' in draft ? draft : renderBytes(deps, { submission, draft }, pins, peer);
  };
  return {
    pin,
    render: (submission, delivery) => async (peer) => {
      const { pins } = delivery;
      if (!pins) return { refusal: notPinned() };
      if (isInternational(submission, delivery) && !peer.smtputf8)
        return { refusal: needsSmtputf8('envelope') };
      const rendered = submission.treatment
        ? await own(submission, delivery, pins, peer)
        : await cached(cacheKey(submission, pins, peer), async () =>
            renderBytes(deps, { submission, draft: await draftOf(deps, submission) }, pins, peer),
          );
      if ('refusal' in rendered) return rendered;
      return { letter: letterOf(submission, delivery, peer, rendered.bytes) };
    },
  };
}

/**
 * Chooses signing keys by the domain that the message names and was granted, else by the From that recipients will read: of
 * each algorithm the domain's newest (last) key.
 */
export function pin(submission: Submission, settings: Settings): Pins {
  const rewritten = submission.rewrite && readMailboxes(submission.rewrite.from)?.[0]?.address;
  let name = submission.instructions.signingDomain ?? domainOf(rewritten ?? submission.headerFrom);
  while (name !== '') {
    const domain = settings.domains.get(name);
    if (domain && domain.keys.length > 0 && domain.account === submission.account) {
      const keys = newestOfEach(domain.keys);
      return { dkim: keys.map(({ selector }) => ({ domain: domain.name, selector })) };
    }
    const dot = name.indexOf('.');
    name = dot < 0 ? '' : name.slice(dot + 1);
  }
  return { dkim: [] };
}

/** RSA first: verifiers that read one signature only know RSA at least. */
function newestOfEach(keys: readonly DkimKey[]): readonly DkimKey[] {
  const rsa = keys.findLast((key) => key.algorithm === 'rsa-sha256');
  const ed25519 = keys.findLast((key) => key.algorithm === 'ed25519-sha256');
  return [rsa, ed25519].filter((key) => key !== undefined);
}

/** Capabilities count only where there is 8-bit text: else all peers get the same bytes. */
function cacheKey(submission: Submission, pins: Pins, peer: Capabilities): string {
  const form = submission.eightBit ? `${Number(peer.eightBitMime)}${Number(peer.smtputf8)}` : '';
  const keys = pins.dkim.map(({ domain, selector }) => `${selector}.${domain}`).join(',');
  return `${submission.account}:${submission.id}:${form}:${keys}`;
}

function weigh(rendered: Rendered): number | undefined {
  if ('refusal' in rendered) return undefined;
  return rendered.bytes.parts.reduce((sum, part) => sum + (Buffer.isBuffer(part) ? part.length : 0), 0);
}

/** Pinned with the delivery, so that each attempt has the same. */
function envelopeSender(submission: Submission, { pins }: Delivery): string {
  return pins?.from ?? submission.from;
}

function isInternational(submission: Submission, delivery: Delivery): boolean {
  return !isAsciiText(envelopeSender(submission, delivery)) || !isAsciiText(delivery.recipient.address);
}

function letterOf(submission: Submission, delivery: Delivery, peer: Capabilities, bytes: Bytes): Letter {
  const { recipient } = delivery;
  const international = isInternational(submission, delivery);
  return {
    from: envelopeSender(submission, delivery),
    to: recipient.address,
    // Fields inside a part may need it too: what the client said stands where the peer offers it.
    smtputf8:
      international || bytes.rawHeader || (submission.smtputf8 && submission.eightBit && peer.smtputf8),
    eightBit: submission.eightBit && peer.eightBitMime,
    dsn: {
      ...(submission.ret && { ret: submission.ret }),
      ...(submission.envid !== undefined && { envid: submission.envid }),
      ...(recipient.notify && { notify: recipient.notify }),
      ...(recipient.orcpt !== undefined && { orcpt: recipient.orcpt }),
    },
    parts: bytes.parts,
    size: bytes.size,
    ...(bytes.notes.length > 0 && { notes: bytes.notes }),
  };
}
