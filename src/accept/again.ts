// A message that is sent again: checked like any other, with what was decided about it the first time. Pure.
import { present } from '../lib/present.ts';
import { hash } from 'node:crypto';
import type { User } from '../model/settings.ts';
import type { Recipient, Submission } from '../model/submission.ts';
import type { Treatment } from '../model/treatment.ts';
import { decide, type DecideDeps, type Decision, type Question } from './decide.ts';
import type { Reply } from './replies.ts';

/** An earlier message that is handed in again. */
export type Again = Readonly<{
  earlier: Submission;
  /** The delivery or message that it is, for the events. */
  of: string;
  /** What is known of its recipients besides their addresses. */
  recipients: readonly Recipient[];
  /** The address that takes the place of its only recipient. */
  instead?: Readonly<{ of: string; by: string }>;
  /** The same key is the same request: it is not sent twice. */
  key?: string;
}>;

/** Decides on a message, new or `again`, or says why it cannot be taken. */
export function decideArrival(
  question: Question,
  again: Again | undefined,
  deps: DecideDeps,
): Decision | Reply {
  const decision = decide(question, deps);
  return again === undefined || 'code' in decision ? decision : decideAgain(again, decision, question);
}

/** What a submission says of where it came from. */
export function marksOf({ passing, resendOf }: Decision): Pick<Submission, 'passing' | 'resendOf'> {
  return { ...(passing ? { passing } : {}), ...(resendOf === undefined ? {} : { resendOf }) };
}

/**
 * What it gets: all that makes it the letter that it was. What its user has to be granted, such as a pool, is as was decided
 * just now; its time has come.
 */
function decideAgain(again: Again, now: Decision, { recipients: asked, user }: Question): Decision {
  const { sendAt: _sendAt, batch: _batch, ...old } = again.earlier.instructions;
  const { pool, priority, returnPathDomain, signingDomain, trackingDomain, bypassSuppression } =
    now.instructions;
  const granted = { pool, priority, returnPathDomain, signingDomain, trackingDomain, bypassSuppression };
  const { merge } = old;
  const { treatment } = again.earlier;
  const values = merge?.recipients && moved(merge.recipients, again.instead);
  return {
    // What is not granted now takes away what was then.
    instructions: present({
      ...old,
      ...granted,
      ...(merge && values ? { merge: { ...merge, recipients: values } } : {}),
    }),
    recipients: asked.map((recipient) => ({ ...nameOf(again, recipient.address), ...recipient })),
    treatment: treatment && treatmentFor(treatment, again.instead),
    ...(now.passing ? { passing: true } : {}),
    // Without a key it is meant, however soon it comes after the first.
    fingerprint: again.key === undefined ? '' : fingerprintOf(user, again.key),
    resendOf: again.of,
  };
}

/** The name for a To field of ours; how it wanted to hear of it the first time says nothing now. */
function nameOf({ recipients, instead }: Again, address: string): Pick<Recipient, 'name'> {
  const wanted = address === instead?.by ? instead.of : address;
  const name = recipients.find((one) => one.address === wanted)?.name;
  return name === undefined ? {} : { name };
}

function treatmentFor(treatment: Treatment, instead: Again['instead']): Treatment {
  const { stored, ownTo } = treatment;
  const isOwn = instead !== undefined && ownTo?.includes(instead.of.toLowerCase()) === true;
  return {
    ...treatment,
    ...(stored ? { stored: moved(stored, instead) } : {}),
    ...(isOwn ? { ownTo: [instead.by.toLowerCase()] } : {}),
  };
}

/** Values of a recipient are those of who gets it instead. */
function moved<T>(values: Readonly<Record<string, T>>, instead: Again['instead']): Record<string, T> {
  const own = instead && values[instead.of.toLowerCase()];
  return own === undefined ? { ...values } : { ...values, [instead?.by.toLowerCase() ?? '']: own };
}

function fingerprintOf(user: User, key: string): string {
  return `again.${hash('sha256', JSON.stringify([user.name, key]), 'base64url')}`;
}
