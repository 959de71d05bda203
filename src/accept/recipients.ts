// The recipients of a message: those of the envelope, and those that control fields name instead of them or beside them. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { oneLine } from '../mail/fold.ts';
import type { User } from '../model/settings.ts';
import type { Recipient } from '../model/submission.ts';
import type { Asked, NamedRecipient } from './dialects/index.ts';
import { readAddress } from './envelope.ts';
import { replies, type Reply } from './replies.ts';

export type Naming = Readonly<{
  user: User;
  /** How many recipients a message may have. */
  max: number;
  smtputf8: boolean;
  now: EpochMs;
  /** MAIL has said when all of them are sent to. */
  hasRelease: boolean;
}>;

const MAX_LIST = 200;

export type Named = Readonly<{ recipients: readonly Recipient[]; notes: readonly string[] }>;

/** How many recipients a message of this user may have. */
export function maxRecipientsOf(user: User, maxRecipients: number): number {
  return Math.min(user.limits.recipientsPerMessage ?? Number.MAX_SAFE_INTEGER, maxRecipients);
}

/**
 * Puts the recipients together, each address once. What a field names is checked as RCPT checks it and counts like it. A
 * suppressed address among them is no reason for a refusal: it is dropped later, with an event.
 */
export function recipientsOf(
  envelope: readonly Recipient[],
  asked: Pick<Asked, 'to' | 'also'>,
  naming: Naming,
): Named | Reply {
  const { to, also } = asked;
  if (!to && !also) return { recipients: envelope, notes: [] };
  const said = new Map(envelope.map((one) => [one.address, one]));
  const chosen = new Map<string, Recipient>();
  const bad: string[] = [];
  const add = (named: NamedRecipient): Reply | undefined => {
    const recipient = readNamed(named, naming);
    if ('code' in recipient) {
      bad.push(named.address);
      return naming.user.badControls === 'ignore' ? undefined : recipient;
    }
    // The first of several sentences on one address stands; NOTIFY and ORCPT of its RCPT stay.
    if (!chosen.has(recipient.address))
      chosen.set(recipient.address, { ...said.get(recipient.address), ...recipient });
    return undefined;
  };
  const refusal = addAll(to ?? [], add);
  if (refusal) return refusal;
  if (chosen.size === 0) for (const one of envelope) chosen.set(one.address, one);
  const late = addAll(also ?? [], add);
  if (late) return late;
  if (chosen.size > naming.max) return replies.tooManyNamed(naming.max);
  const notes =
    bad.length > 0
      ? [
          `Recipients of control fields were left out, they are no addresses: ${oneLine(bad.join(', '), MAX_LIST)}`,
        ]
      : [];
  return tooFar([...chosen.values()], naming) ?? { recipients: [...chosen.values()], notes };
}

function addAll(
  named: readonly NamedRecipient[],
  add: (one: NamedRecipient) => Reply | undefined,
): Reply | undefined {
  for (const one of named) {
    const refusal = add(one);
    if (refusal) return refusal;
  }
  return undefined;
}

/** A time of its own that has passed means at once, even where the others wait. */
function readNamed(named: NamedRecipient, { smtputf8, hasRelease }: Naming): Recipient | Reply {
  const address = readAddress(named.address, smtputf8);
  if (!address.ok)
    return address.reply.status === '5.6.7' ? address.reply : replies.badNamedRecipient(named.address);
  const { name, sendAt } = named;
  return {
    address: address.value,
    ...(name === undefined || name === '' ? {} : { name }),
    ...(sendAt === undefined || hasRelease ? {} : { sendAt }),
  };
}

function tooFar(recipients: readonly Recipient[], { user, now }: Naming): Reply | undefined {
  const limit = now + user.scheduleAhead;
  const isTooFar = recipients.some(({ sendAt }) => sendAt !== undefined && sendAt > limit);
  return isTooFar ? replies.tooFarAhead(user.scheduleAhead) : undefined;
}
