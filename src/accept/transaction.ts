// One mail transaction: its sender, its recipients, then its data (RFC 5321 §3.3).
import type { Settings, User } from '../model/settings.ts';
import type { Recipient, Submission } from '../model/submission.ts';
import { Body, type Budget, type Spill } from './body.ts';
import { readRcpt, type Sender } from './envelope.ts';
import { replies, type Reply } from './replies.ts';
import type { Take } from './take.ts';
import type { DataReader } from './wire.ts';

/** Asked at RCPT, only for accounts that have suppressions. */
export type IsSuppressed = (account: string, address: string) => Promise<boolean>;

export type TransactionDeps = Readonly<{
  maxMessageBytes: number;
  maxRecipients: number;
  budget: Budget;
  openSpill: () => Promise<Spill>;
  isSuppressed: IsSuppressed;
  take: Take;
}>;

/** Bodies up to here are kept in memory and stored with their record; larger ones go to disk as they come in. */
const MEMORY_BYTES = 262_144;

/** The largest message that this user may send, bytes. */
export function maxBytesOf(user: User, maxMessageBytes: number): number {
  return Math.min(user.limits.messageBytes ?? Number.MAX_SAFE_INTEGER, maxMessageBytes);
}

export class Transaction {
  readonly user: User;
  readonly sender: Sender;
  readonly #deps: TransactionDeps;
  readonly #recipients = new Map<string, Recipient>();
  #body: Body | undefined;

  constructor(user: User, sender: Sender, deps: TransactionDeps) {
    this.user = user;
    this.sender = sender;
    this.#deps = deps;
  }

  get recipientCount(): number {
    return this.#recipients.size;
  }

  /** Message bytes that came in so far. */
  get arrived(): number {
    return this.#body?.arrived ?? 0;
  }

  /** Takes one RCPT; `argument` is what follows the word. A repeated address is taken once. */
  recipient(argument: string, settings: Settings): Reply | Promise<Reply> {
    const parsed = readRcpt(argument, this.sender.smtputf8);
    if (!parsed.ok) return parsed.reply;
    const recipient = parsed.value;
    if (this.#recipients.has(recipient.address)) return replies.recipientOk;
    const max = Math.min(
      this.user.limits.recipientsPerMessage ?? Number.MAX_SAFE_INTEGER,
      this.#deps.maxRecipients,
    );
    if (this.#recipients.size >= max) return replies.tooManyRecipients(max);
    if (settings.suppressing.has(this.user.account)) return this.#unlessSuppressed(recipient);
    this.#recipients.set(recipient.address, recipient);
    return replies.recipientOk;
  }

  /** Reads the data; `done` gets the reply to its end, `endless` is called when the client sends far too much. */
  read(
    received: Submission['received'],
    on: Readonly<{ done: (reply: Reply) => void; endless: (reply: Reply) => void }>,
  ): DataReader {
    const maxBytes = maxBytesOf(this.user, this.#deps.maxMessageBytes);
    const body = new Body({ maxBytes, memoryBytes: MEMORY_BYTES }, this.#deps.budget, this.#deps.openSpill);
    this.#body = body;
    return {
      write: (chunk) => {
        const wait = body.write(chunk);
        if (body.endless) on.endless(replies.tooBig(maxBytes));
        return wait;
      },
      end: async () => on.done(await this.#finish(body, received)),
    };
  }

  /** The client went away: what came in is forgotten. Not while it is being stored. */
  async abandon(): Promise<void> {
    await this.#body?.drop();
  }

  async #finish(body: Body, received: Submission['received']): Promise<Reply> {
    this.#body = undefined;
    try {
      const message = await body.finish();
      if ('code' in message) return message;
      const { user, sender } = this;
      return await this.#deps.take({
        user,
        sender,
        recipients: [...this.#recipients.values()],
        message,
        received,
      });
    } finally {
      body.release();
    }
  }

  async #unlessSuppressed(recipient: Recipient): Promise<Reply> {
    // When the list cannot be asked the address is taken: it is asked again before sending.
    const isSuppressed = await this.#deps
      .isSuppressed(this.user.account, recipient.address)
      .catch(() => false);
    if (isSuppressed) return replies.suppressed;
    this.#recipients.set(recipient.address, recipient);
    return replies.recipientOk;
  }
}
