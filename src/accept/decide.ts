// What a message gets: wishes of MAIL, control fields, rules and defaults are put together and granted, or refused. Pure.
import { hash } from 'node:crypto';
import type { EpochMs } from '../lib/clock.ts';
import { isInstruction } from '../mail/control.ts';
import { oneLine } from '../mail/fold.ts';
import type { Instructions } from '../model/instructions.ts';
import type { Settings, User } from '../model/settings.ts';
import type { Recipient } from '../model/submission.ts';
import type { Treatment } from '../model/treatment.ts';
import { campaignOf } from './campaign.ts';
import { addsNothing, defaultsFor, overlay } from './defaults.ts';
import type { Asked } from './dialects/index.ts';
import { isEmpty } from './dialects/rows.ts';
import type { Sender } from './envelope.ts';
import { grant, priorityOf } from './grant.ts';
import { asksNothing, instructionsOf } from './parameters.ts';
import type { Links } from './links.ts';
import type { HeaderFacts } from './parse.ts';
import { mayUse, type Ruling } from './policy.ts';
import { maxRecipientsOf, recipientsOf } from './recipients.ts';
import { replies, type Reply } from './replies.ts';
import { treat } from './treat.ts';

export type Question = Readonly<{
  user: User;
  sender: Sender;
  /** Those of the envelope. */
  recipients: readonly Recipient[];
  facts: HeaderFacts;
  ruling: Ruling;
  /** When the message was accepted. */
  now: EpochMs;
}>;

export type DecideDeps = Readonly<{
  settings: () => Settings | undefined;
  maxRecipients: number;
  links: Links;
}>;

export type Decision = Readonly<{
  instructions: Instructions;
  recipients: readonly Recipient[];
  treatment?: Treatment | undefined;
  /** Values of the recipient store belong into the treatment. */
  wantsStored?: boolean;
  notes?: readonly string[];
  /** Names the message for the time in which its key is not taken again. */
  fingerprint?: string;
  /** Outside mail with control fields of vendors, which were not meant for us. */
  passing?: true;
  /** The delivery or message that is sent again. */
  resendOf?: string;
}>;

type Heard = Readonly<{ asked: Asked; notes: readonly string[] }>;

const MAX_MUST = 200;

/** Decides on a message, or says why it cannot be taken. Most mail asks for nothing, and costs nothing. */
export function decide(question: Question, deps: DecideDeps): Decision | Reply {
  const decision = decideBy(question, deps);
  // RFC 8689 §5: whoever asks for more TLS than that, in whatever way, gets it.
  if (!question.facts.tlsOptional || 'code' in decision || decision.instructions.tls !== undefined)
    return decision;
  return { ...decision, instructions: { ...decision.instructions, tls: 'optional' } };
}

function decideBy(question: Question, deps: DecideDeps): Decision | Reply {
  if (isPlain(question))
    return {
      instructions: { priority: priorityOf(undefined, question.user) },
      recipients: question.recipients,
      ...passing(question),
    };
  const settings = deps.settings();
  if (!settings) return replies.tryLater;
  const heard = hear(question);
  if ('code' in heard) return heard;
  return decideOn(question, heard, settings, deps);
}

function isPlain({ user, sender, facts }: Question): boolean {
  if (!facts.wish.ok || !addsNothing(user) || !asksNothing(sender)) return false;
  return !asksAnything(facts.wish);
}

/** What the control fields ask for, as far as this user's may. */
function hear(question: Question): Heard | Reply {
  const { user, facts } = question;
  const { wish } = facts;
  const why = whyUnheard(question);
  if (why !== undefined && (!wish.ok || asksAnything(wish))) return unheard(why);
  if (!wish.ok) {
    if (user.badControls === 'refuse') return replies.badControl(wish.field, wish.must);
    const { asked, notes } = namedBy(user, wish.rest);
    const why = `${wish.field} ${oneLine(wish.must, MAX_MUST)}`;
    return { asked, notes: [...notes, `A control field was not followed: ${why}.`] };
  }
  return namedBy(user, wish);
}

/**
 * Nobody has checked the From of a smart host: a stranger who forges it could use up the key of the next message, send past
 * the suppression list, or see what is known of recipients.
 */
function whyUnheard(question: Question): string | undefined {
  const { trustedSmartHost, smartHostControls } = question.user;
  if (!trustedSmartHost) return undefined;
  if (isForeign(question)) return 'the sender is none of this user';
  return smartHostControls
    ? undefined
    : 'smartHostControls is off for this smart host, whose senders nobody has checked';
}

/** What is asked for, without the recipients that a smart host's control fields name. */
function namedBy(user: User, whole: Asked): Heard {
  const { to, also, notes = [], ...asked } = whole;
  if (!user.trustedSmartHost || !(to ?? also)) return { asked: whole, notes };
  // Nobody has checked that From of a smart host; a stranger could have mail sent to whom he likes.
  return {
    asked,
    notes: [...notes, 'Recipients of control fields were left out: a smart host names them by RCPT.'],
  };
}

const unheard = (why: string): Heard => ({
  asked: { instructions: {} },
  notes: [`Control fields were not followed: ${why}.`],
});

function asksAnything({ to, also, idempotencyKey, notes, instructions }: Asked): boolean {
  return (to ?? also ?? idempotencyKey ?? notes) !== undefined || !isEmpty(instructions);
}

function decideOn(
  question: Question,
  { asked, notes }: Heard,
  settings: Settings,
  { maxRecipients, links }: DecideDeps,
): Decision | Reply {
  const { user, sender, facts, ruling, now } = question;
  const mail = instructionsOf(sender, now);
  const named = recipientsOf(question.recipients, asked, {
    user,
    max: maxRecipientsOf(user, maxRecipients),
    smtputf8: sender.smtputf8,
    now,
    hasRelease: mail.instructions.sendAt !== undefined,
  });
  if ('code' in named) return named;
  const { recipients } = named;
  const { headerFrom } = ruling;
  const standing = defaultsFor(user, { sender: headerFrom, subject: facts.subject, recipients });
  const wish = overlay(withMail(asked.instructions, mail.instructions), standing);
  const granted = grant(wish, { user, settings, now });
  if ('code' in granted) return granted;
  const instructions = { ...campaignBy(question, granted.instructions), ...granted.instructions };
  const treated = treat({
    user,
    settings,
    links,
    instructions,
    standing,
    facts,
    headerFrom,
    recipients,
    asked: asked.instructions,
    from: ruling.sender,
    isForeign: isForeign(question),
  });
  const { idempotencyKey: key } = asked;
  return {
    instructions,
    recipients,
    treatment: treated.treatment,
    wantsStored: treated.wantsStored,
    notes: [...notes, ...mail.notes, ...named.notes, ...granted.notes, ...treated.notes],
    ...(key === undefined ? {} : { fingerprint: fingerprintOf(user, key) }),
    ...passing(question),
  };
}

function passing(question: Question): Pick<Decision, 'passing'> {
  const { trustedSmartHost } = question.user;
  return trustedSmartHost && isForeign(question) && [...question.facts.names].some(isInstruction)
    ? { passing: true }
    : {};
}

/** Outside mail that a trusted smart host forwards. */
function isForeign({ user, facts }: Pick<Question, 'user' | 'facts'>): boolean {
  if (!user.trustedSmartHost) return false;
  return facts.from.length === 0 || facts.from.some(({ address }) => !mayUse(user, address));
}

/** The campaign by the user's policy, for a message that brings none; a name of its own stays. */
function campaignBy(
  { user, facts, ruling, now }: Question,
  { campaign, campaignName }: Instructions,
): Pick<Instructions, 'campaign' | 'campaignName'> {
  if (campaign !== undefined) return {};
  // A name alone is a campaign as well: nothing else would hold its messages together.
  if (user.campaigns === undefined) return campaignName === undefined ? {} : { campaign: campaignName };
  return campaignOf(user.campaigns, {
    at: now,
    user: user.name,
    subject: facts.subject,
    sender: ruling.headerFrom,
    senderName: facts.fromName,
  });
}

/** What MAIL says counts before the header, which may come from further away (as RFC 6710 §4 rules); TLS by the stricter. */
function withMail(asked: Instructions, mail: Instructions): Instructions {
  const verified = asked.tls === 'verified' || mail.tls === 'verified';
  return { ...asked, ...mail, ...(verified ? ({ tls: 'verified' } as const) : {}) };
}

/** Keys are the user's own: nobody else can guess or block one. */
function fingerprintOf(user: User, key: string): string {
  return `key.${hash('sha256', JSON.stringify([user.name, key]), 'base64url')}`;
}
