// A received message becomes a Submission and is handed in; 250 only once it is stored.
import { hash } from 'node:crypto';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';
import type { User } from '../model/settings.ts';
import type { Recipient, Submission } from '../model/submission.ts';
import type { Treatment } from '../model/treatment.ts';
import { decideArrival, marksOf, type Again } from './again.ts';
import { replyToDisk, type Received, type Spill } from './body.ts';
import type { DecideDeps, Decision } from './decide.ts';
import type { Sender } from './envelope.ts';
import { readHeader, type HeaderFacts } from './parse.ts';
import { cutStored, peopleOf, type Person } from './people.ts';
import { ruleOnSender } from './policy.ts';
import { replies, type Reply } from './replies.ts';
import type { Tally } from './tally.ts';
import { refused, type Unauthorised } from './unauthorised.ts';

export type SubmitRequest = Readonly<{
  submission: Submission;
  recipients: readonly Recipient[];
  /** The body; absent when it was spilled to the file that submission.body names. */
  body?: Buffer;
  /** The same for a message that a client repeats; "" when it cannot be known. */
  fingerprint: string;
  /** How long a message with this fingerprint is a repetition, milliseconds; absent: as long as clients try again. */
  repeatWithin?: number;
  /** No room for it before, epoch milliseconds; the times that the sender wants are in the submission and its recipients. */
  holdUntil?: EpochMs;
}>;

/** `id` is an earlier message's when this one repeats it. Refused: nothing was accepted. */
export type Submitted = Readonly<
  { kind: 'queued'; id: string } | { kind: 'refused'; why: 'away' | 'slow' | 'full' | 'broken' }
>;

/** Stores a message; answers within 5 seconds. */
export type Submit = (request: SubmitRequest) => Promise<Submitted>;

/** Whether a user's hourly and daily limits let a message go. `giveBack` is for one that was not stored; it never rejects. */
export type Reserved = Readonly<
  ({ kind: 'now' } | { kind: 'later'; at: EpochMs } | { kind: 'refused'; period: 'hour' | 'day' }) & {
    giveBack?: () => Promise<void>;
  }
>;
/** Books for so many recipients; nothing for a message whose fingerprint says that it was taken already. */
export type Reserve = (user: User, recipientCount: number, fingerprint: string) => Promise<Reserved>;

/** Merge values that the recipient store has, by address in lower case. */
export type RecipientFields = (
  account: string,
  addresses: readonly string[],
) => Promise<NonNullable<Treatment['stored']>>;

/** Told what a message says of its recipients. Returns at once. */
export type Learn = (account: string, people: readonly Person[]) => void;

export type TakeDeps = DecideDeps &
  Readonly<{
    hostname: string;
    clock: Clock;
    log: Log;
    tally: Tally;
    submit: Submit;
    reserve: Reserve;
    /** Asked only for messages in which values are merged; absent: there is no such store. */
    recipientFields?: RecipientFields | undefined;
    learn?: Learn | undefined;
    unauthorised?: Unauthorised | undefined;
  }>;

/** A message with the same idempotency key is not sent again for so long. */
const KEY_WINDOW_MS = 24 * 3_600_000;
/** The client waits meanwhile, and it has an answer within 5 seconds: storing may take 4 of them. */
const STORED_MS = 900;
const TOO_MUCH_STORED =
  'Values of the recipient store were merged for the first recipients only: there are too many for one message.';

/** One message as the conversation gave it. */
export type Arrival = Readonly<{
  user: User;
  sender: Sender;
  recipients: readonly Recipient[];
  message: Received;
  received: Submission['received'];
  /** The earlier message that it is; absent: a new one. */
  again?: Again | undefined;
}>;

export type Take = (arrival: Arrival) => Promise<Reply>;

/** Makes the last step of the door: policy, limits, storing. The reply is the one to the end of data. */
export function makeTake(deps: TakeDeps): Take {
  const { log, tally } = deps;
  return async function take(arrival) {
    const prepared = prepare(arrival, deps);
    if ('code' in prepared) {
      tally.count('refusedMessages');
      log.info(
        { user: arrival.user.name, address: arrival.received.address, reply: prepared.text },
        'Message refused.',
      );
      await discard(arrival.message.spill);
      return prepared;
    }
    try {
      const reply = await store(arrival, prepared, deps);
      if (reply.code !== 250) tally.count('notStored');
      return reply;
    } catch (error) {
      tally.count('notStored');
      log.error({ err: error }, 'A message could not be stored.');
      return replyToDisk(error);
    }
  };
}

type Prepared = Readonly<{ submission: Submission; decision: Decision; fingerprint: string }>;

function prepare(arrival: Arrival, deps: TakeDeps): Prepared | Reply {
  const { user, sender, message } = arrival;
  const now = deps.clock.now();
  const facts = readHeader(message.header, message.block, message.size, now);
  if ('code' in facts) return facts;
  const ruling = ruleOnSender(user, sender.address, facts.from, facts.hasReplyTo);
  if ('code' in ruling) return refused(ruling, { user, facts }, deps.unauthorised);
  const { recipients, again } = arrival;
  const decision = decideArrival({ user, sender, recipients, facts, ruling, now }, again, deps);
  if ('code' in decision) return decision;
  const needsUtf8 = needsSmtputf8(sender, decision.recipients, facts);
  if (needsUtf8 === 'unasked') return replies.needsSmtputf8;
  const { treatment, notes } = decision;
  const id = newId(now);
  const submission: Submission = {
    v: 1,
    id,
    account: user.account,
    user: user.name,
    at: now,
    from: returnPath(ruling.sender, decision.instructions.returnPathDomain),
    size: message.size,
    headerSize: message.block.size,
    body: 'redis:',
    smtputf8: needsUtf8,
    eightBit: message.eightBit,
    ...(sender.ret === undefined ? {} : { ret: sender.ret }),
    ...(sender.envid === undefined ? {} : { envid: sender.envid }),
    messageId: facts.messageId ?? `<${id}@${deps.hostname}>`,
    subject: facts.subject,
    headerFrom: ruling.headerFrom,
    ...(ruling.rewrite === undefined ? {} : { rewrite: ruling.rewrite }),
    ...marksOf(decision),
    received: arrival.received,
    instructions: decision.instructions,
    ...(treatment === undefined ? {} : { treatment }),
    ...(notes === undefined || notes.length === 0 ? {} : { notes: [...notes] }),
  };
  return { submission, decision, fingerprint: decision.fingerprint ?? fingerprintOf(arrival, facts) };
}

/** The envelope sender in the domain that the message was granted for it; the null sender stays. */
function returnPath(sender: string, domain: string | undefined): string {
  return domain === undefined || sender === ''
    ? sender
    : `${sender.slice(0, sender.lastIndexOf('@'))}@${domain}`;
}

/** RFC 6531 §3.4: asked for by the client, and needed when the envelope or the header goes beyond ASCII. */
function needsSmtputf8(
  sender: Sender,
  recipients: readonly Recipient[],
  facts: HeaderFacts,
): boolean | 'unasked' {
  const beyond = /[^ -~]/;
  const inFrom = facts.from.some((mailbox) => beyond.test(mailbox.address));
  if (!sender.smtputf8) return inFrom ? 'unasked' : false;
  const inEnvelope = beyond.test(sender.address ?? '') || recipients.some((one) => beyond.test(one.address));
  return inFrom || inEnvelope || facts.eightBit;
}

/** Same user, Message-ID, envelope and body. Without a Message-ID two equal messages may both be meant. */
function fingerprintOf({ user, sender, recipients, message }: Arrival, facts: HeaderFacts): string {
  if (facts.messageId === undefined) return '';
  const to = recipients.map((one) => one.address).sort();
  return hash(
    'sha256',
    JSON.stringify([user.name, facts.messageId, sender.address ?? '', to, message.digest]),
    'base64url',
  );
}

async function store(arrival: Arrival, prepared: Prepared, deps: TakeDeps): Promise<Reply> {
  const { message } = arrival;
  const { decision } = prepared;
  const { recipients } = decision;
  const reserved = await reserve(arrival.user, prepared, deps);
  if (reserved.kind === 'refused') {
    await discard(message.spill);
    return replies.overLimit(reserved.period);
  }
  const submission = decision.wantsStored ? await withStored(prepared, deps) : prepared.submission;
  const body = message.spill ? await commit(message.spill) : submission.body;
  const submitted = await deps.submit({
    submission: { ...submission, body },
    recipients,
    ...(reserved.kind === 'later' ? { holdUntil: reserved.at } : {}),
    ...(message.bytes === undefined ? {} : { body: message.bytes }),
    fingerprint: prepared.fingerprint,
    ...(decision.fingerprint === undefined ? {} : { repeatWithin: KEY_WINDOW_MS }),
  });
  if (submitted.kind === 'queued' && submitted.id === submission.id) return welcome(arrival, prepared, deps);
  // Only when nothing can have been written: a file that a record names must stay, although we saw no answer.
  if (submitted.kind === 'queued' || submitted.why === 'full') {
    await discard(message.spill);
    // A repetition was booked as well when both came in at once.
    await reserved.giveBack?.();
  }
  if (submitted.kind === 'queued') return welcome(arrival, prepared, deps, submitted.id);
  deps.log.warn({ why: submitted.why }, 'A message was not stored; the client was told to try again.');
  return submitted.why === 'full' ? replies.full : replies.tryLater;
}

/** Counts what was stored, now or before under another id, and learns from it. */
function welcome(
  { user, message }: Arrival,
  { submission, decision: { recipients } }: Prepared,
  { learn, tally }: TakeDeps,
  id = submission.id,
): Reply {
  // Nobody has checked who wrote what a smart host forwards.
  if (!user.trustedSmartHost) learn?.(user.account, peopleOf(message, recipients, submission.instructions));
  tally.count('messages');
  tally.count('recipients', recipients.length);
  tally.count('bytes', message.size);
  return replies.queued(id);
}

/** The message is worth more than the values: without an answer it goes as if nothing were known of its recipients. */
async function withStored({ submission, decision }: Prepared, deps: TakeDeps): Promise<Submission> {
  const { treatment, account } = submission;
  if (!treatment || !deps.recipientFields) return submission;
  const addresses = decision.recipients.map(({ address }) => address.toLowerCase());
  try {
    const stored = await inTime(deps.recipientFields(account, addresses), deps.clock);
    const cut = cutStored(stored);
    return {
      ...submission,
      treatment: { ...treatment, stored: cut ?? stored },
      ...(cut ? { notes: [...(submission.notes ?? []), TOO_MUCH_STORED] } : {}),
    };
  } catch (error) {
    deps.log.warn(
      { error: String(error) },
      'The recipient store could not be asked; its values are not merged.',
    );
    return submission;
  }
}

async function inTime<T>(asked: Promise<T>, clock: Clock): Promise<T> {
  let cancel = (): void => undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(STORED_MS, () => reject(new Error(`no answer within ${STORED_MS} ms`)));
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    cancel();
  }
}

function reserve(
  user: User,
  { decision, fingerprint }: Prepared,
  deps: TakeDeps,
): Promise<Reserved> | Reserved {
  const { messagesPerHour, messagesPerDay } = user.limits;
  if (messagesPerHour === undefined && messagesPerDay === undefined) return { kind: 'now' };
  return deps.reserve(user, decision.recipients.length, fingerprint);
}

/** Makes the file safe; what cannot be made safe is removed, since no record names it yet. */
async function commit(spill: Spill): Promise<string> {
  try {
    return await spill.commit();
  } catch (error) {
    await discard(spill);
    throw error;
  }
}

async function discard(spill: Spill | undefined): Promise<void> {
  await spill?.discard().catch(() => undefined); // what stays is swept up as a file that no record names
}
