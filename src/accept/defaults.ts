// Instructions that a message does not bring itself: those of MAIL, of the user's rules and the user's defaults. Pure.
import type { Instructions } from '../model/instructions.ts';
import type { Rule, User } from '../model/settings.ts';
import { fits, readPattern, type Pattern } from './match.ts';

/** What the conditions of rules look at. */
export type RuleSubject = Readonly<{
  /** From address. */
  sender: string;
  /** Decoded. */
  subject: string;
  recipients: readonly Readonly<{ address: string }>[];
}>;

type Condition = Readonly<{ sender?: Pattern; subject?: Pattern; recipient?: Pattern; set: Rule['set'] }>;

const compiled = new WeakMap<User, readonly Condition[]>(); // a user entry never changes: new settings bring new entries

/** True when messages of this user get nothing but what they ask for. */
export function addsNothing(user: User): boolean {
  return user.rules.length === 0 && user.campaigns === undefined && Object.keys(user.defaults).length === 0;
}

/** What the user's rules and defaults say of a message; the first rule that sets something wins. */
export function defaultsFor(user: User, subject: RuleSubject): Instructions {
  const lower = {
    sender: subject.sender.toLowerCase(),
    subject: subject.subject.toLowerCase(),
    recipients: subject.recipients.map((one) => one.address.toLowerCase()),
  };
  return conditionsOf(user)
    .filter((condition) => holds(condition, lower))
    .map(({ set }) => set)
    .concat(user.defaults)
    .reduce(overlay, {});
}

/**
 * The instructions of `strong`, and of `weak` where it says nothing. Metadata, UTM parameters and merge values are put
 * together entry by entry; everything else counts as a whole. A topic is not taken over by what says that it is no mail to
 * unsubscribe from: whoever left the newsletter still gets the invoice.
 */
export function overlay(strong: Instructions, whole: Instructions): Instructions {
  const weak = strong.unsubscribe === false && strong.topic === undefined ? withoutTopic(whole) : whole;
  const merge = strong.merge && weak.merge ? overlayMerge(strong.merge, weak.merge) : undefined;
  return {
    ...weak,
    ...strong,
    ...(strong.metadata && weak.metadata ? { metadata: { ...weak.metadata, ...strong.metadata } } : {}),
    ...(strong.utm && weak.utm ? { utm: { ...weak.utm, ...strong.utm } } : {}),
    ...(merge ? { merge } : {}),
  };
}

function withoutTopic(instructions: Instructions): Instructions {
  const { topic: _, topics: __, ...rest } = instructions;
  return rest;
}

type Merge = NonNullable<Instructions['merge']>;

function overlayMerge(strong: Merge, weak: Merge): Merge {
  const both = <T>(one: Readonly<Record<string, T>> | undefined, other: typeof one): Record<string, T> => ({
    ...other,
    ...one,
  });
  return {
    ...weak,
    ...strong,
    ...(strong.fields && weak.fields ? { fields: both(strong.fields, weak.fields) } : {}),
    ...(strong.sections && weak.sections ? { sections: both(strong.sections, weak.sections) } : {}),
    ...(strong.recipients && weak.recipients ? { recipients: both(strong.recipients, weak.recipients) } : {}),
    ...(strong.syntaxes && weak.syntaxes
      ? { syntaxes: [...new Set([...strong.syntaxes, ...weak.syntaxes])] }
      : {}),
  };
}

function conditionsOf(user: User): readonly Condition[] {
  const known = compiled.get(user);
  if (known) return known;
  const conditions = user.rules.map(({ when, set }) => ({
    ...(when.sender === undefined ? {} : { sender: readPattern(when.sender) }),
    ...(when.subject === undefined ? {} : { subject: readPattern(when.subject) }),
    ...(when.recipient === undefined ? {} : { recipient: readPattern(when.recipient) }),
    set,
  }));
  compiled.set(user, conditions);
  return conditions;
}

/** All that is given must match; a rule without conditions is for all messages. */
function holds(
  { sender, subject, recipient }: Condition,
  of: Readonly<{ sender: string; subject: string; recipients: readonly string[] }>,
): boolean {
  if (sender && !fits(sender, of.sender)) return false;
  if (subject && !fits(subject, of.subject)) return false;
  return !recipient || of.recipients.some((address) => fits(recipient, address));
}
