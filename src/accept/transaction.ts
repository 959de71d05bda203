// One mail transaction of a user: its sender, its recipients, then its data (RFC 5321 §3.3).
import type { Clock } from '../lib/clock.ts';
import type { Settings, User } from '../model/settings.ts';
import type { Recipient, Submission } from '../model/submission.ts';
import { hasSuppressions } from '../model/suppression.ts';
import type { Again } from './again.ts';
import { Body, type Budget, type Spill } from './body.ts';
import type { DataEnds, Transaction } from './desk.ts';
import { readRcpt, type Sender } from './envelope.ts';
import { refusalOf } from './parameters.ts';
import { maxRecipientsOf } from './recipients.ts';
import { readInto } from './reading.ts';
import { replies, type Reply } from './replies.ts';
import type { Take } from './take.ts';
import type { DataReader } from './wire.ts';

/** Asked at RCPT for all mail of an account and of a user; the sender in From and the topic are not known yet. */
export type IsSuppressed = (account: string, address: string, user: string) => Promise<boolean>;

/** For how many recipients more the user's limits have room now, and the limit that is nearer. */
export type Room = Readonly<{ left: number; period: 'hour' | 'day' }>;

/** Asked once in a transaction, for users whose limits refuse what is over them; undefined: there is no such limit. */
export type AskRoom = (user: User) => Promise<Room | undefined>;

export type TransactionDeps = Readonly<{
  maxMessageBytes: number;
  maxRecipients: number;
  budget: Budget;
  openSpill: () => Promise<Spill>;
  /** Undefined while settings cannot be trusted: Redis is away, or they are stale. */
  settings: () => Settings | undefined;
  isSuppressed: IsSuppressed;
  room?: AskRoom | undefined;
  take: Take;
}>;

/** Bodies up to here are kept in memory and stored with their record; larger ones go to disk as they come in. */
const MEMORY_BYTES = 262_144;

/** The largest message that this user may send, bytes. */
function maxBytesOf(user: User, maxMessageBytes: number): number {
  return Math.min(user.limits.messageBytes ?? Number.MAX_SAFE_INTEGER, maxMessageBytes);
}

/** Why a transaction of this user cannot begin so: its message is too big, or is to wait for too long. */
export function refusalOfMail(
  user: User,
  sender: Sender,
  { maxMessageBytes, clock }: Readonly<{ maxMessageBytes: number; clock: Clock }>,
): Reply | undefined {
  const maxBytes = maxBytesOf(user, maxMessageBytes);
  return sender.size > maxBytes
    ? replies.tooBig(maxBytes)
    : refusalOf(sender, clock.now(), user.scheduleAhead);
}

export class UserTransaction implements Transaction {
  readonly #user: User;
  readonly #sender: Sender;
  readonly #deps: TransactionDeps;
  readonly #recipients = new Map<string, Recipient>();
  #body: Body | undefined;
  #room: Promise<Room | undefined> | undefined;

  constructor(user: User, sender: Sender, deps: TransactionDeps) {
    this.#user = user;
    this.#sender = sender;
    this.#deps = deps;
  }

  get smtputf8(): boolean {
    return this.#sender.smtputf8;
  }

  get recipientCount(): number {
    return this.#recipients.size;
  }

  get arrived(): number {
    return this.#body?.arrived ?? 0;
  }

  /** A repeated address is taken once. */
  recipient(argument: string): Reply | Promise<Reply> {
    const parsed = readRcpt(argument, this.#sender.smtputf8);
    if (!parsed.ok) return parsed.reply;
    const recipient = parsed.value;
    if (this.#recipients.has(recipient.address)) return replies.recipientOk;
    const max = maxRecipientsOf(this.#user, this.#deps.maxRecipients);
    if (this.#recipients.size >= max) return replies.tooManyRecipients(max);
    const settings = this.#deps.settings();
    const hasList = settings !== undefined && hasSuppressions(settings, this.#user.account);
    const asksList = refusesSuppressed(this.#user) && hasList;
    if (asksList || (refusesOverLimit(this.#user) && this.#deps.room))
      return this.#ifAllowed(recipient, asksList);
    return this.#add(recipient);
  }

  read(received: Submission['received'], on: DataEnds): DataReader {
    const { body, maxBytes } = this.#open();
    return readInto(body, replies.tooBig(maxBytes), on, () => this.#finish(body, received));
  }

  /** Takes the whole message at once, for a door that has it already. */
  async take(content: Buffer, received: Submission['received'], again?: Again): Promise<Reply> {
    const { body } = this.#open();
    await body.write(content);
    return this.#finish(body, received, again);
  }

  #open(): Readonly<{ body: Body; maxBytes: number }> {
    const maxBytes = maxBytesOf(this.#user, this.#deps.maxMessageBytes);
    const body = new Body({ maxBytes, memoryBytes: MEMORY_BYTES }, this.#deps.budget, this.#deps.openSpill);
    this.#body = body;
    return { body, maxBytes };
  }

  /** Not while it is being stored. */
  async abandon(): Promise<void> {
    await this.#body?.drop();
  }

  async #finish(body: Body, received: Submission['received'], again?: Again): Promise<Reply> {
    this.#body = undefined;
    try {
      const message = await body.finish();
      if ('code' in message) return message;
      return await this.#deps.take({
        user: this.#user,
        sender: this.#sender,
        recipients: [...this.#recipients.values()],
        message,
        received,
        again,
      });
    } finally {
      body.release();
    }
  }

  async #ifAllowed(recipient: Recipient, asksList: boolean): Promise<Reply> {
    const room = await this.#askRoom();
    if (room && this.#recipients.size >= room.left) return replies.recipientOverLimit(room.period);
    // When the list cannot be asked the address is taken: it is asked again before sending.
    const { account, name } = this.#user;
    const isSuppressed =
      asksList && (await this.#deps.isSuppressed(account, recipient.address, name).catch(() => false));
    return isSuppressed ? replies.suppressed : this.#add(recipient);
  }

  /** Without an answer there is room: the limits are kept at the end of the data as well. */
  #askRoom(): Promise<Room | undefined> | undefined {
    if (!refusesOverLimit(this.#user)) return undefined;
    this.#room ??= this.#deps.room?.(this.#user).catch(() => undefined);
    return this.#room;
  }

  #add(recipient: Recipient): Reply {
    this.#recipients.set(recipient.address, recipient);
    return replies.recipientOk;
  }
}

/** One who may send past the list says so in the message only: what is suppressed is then dropped later, with an event. */
function refusesSuppressed({ suppressed, bypassSuppression }: User): boolean {
  return suppressed === 'refuse' && !bypassSuppression;
}

function refusesOverLimit({ limits }: User): boolean {
  return limits.over === 'refuse' && (limits.messagesPerHour ?? limits.messagesPerDay) !== undefined;
}
