// Behind the door for mail to ourselves: anybody may write, from any sender, but only to addresses of ours.
import type { Log } from '../lib/log.ts';
import { Body, type Budget } from './body.ts';
import type { DataEnds, Desk, SessionOffer, Transaction } from './desk.ts';
import { readPlainMail, readPlainRcpt, type Sender } from './envelope.ts';
import { readInto } from './reading.ts';
import { replies, type Reply } from './replies.ts';
import type { DataReader } from './wire.ts';

/** A message to ourselves, as it came: line ends are CR LF. */
export type InboundMail = Readonly<{
  /** Envelope sender; "" is the null sender; undefined when it is no address. */
  from: string | undefined;
  /** Addresses that `takes` took, each once. */
  to: readonly string[];
  message: Buffer;
}>;

/**
 * What came of it, each with a reply of its own. taken: dealt with, or of no interest · later: nothing was done, and the
 * same may come again · noRequest, expired: the one who wrote should know that nothing was done · unread: nobody reads such
 * mail here.
 */
export type Receipt = 'taken' | 'later' | 'noRequest' | 'expired' | 'unread';

export type InboundDeskDeps = Readonly<{
  hostname: string;
  budget: Budget;
  log: Log;
  /** True for an address of ours, its domain in lower-case A-labels. Asked at RCPT, for whatever strangers make up. */
  takes(address: string): boolean;
  receive(mail: InboundMail): Promise<Receipt>;
}>;

const MAX_MESSAGE_BYTES = 262_144;
const MAX_RECIPIENTS = 100; // RFC 5321 §4.5.3.1.8
/** Recipients that are none of ours, in one transaction. */
const MAX_UNKNOWN = 20;

const REPLIES: Readonly<Record<Receipt, Reply>> = {
  taken: replies.fine,
  later: replies.notRead,
  noRequest: replies.noRequest,
  expired: replies.requestExpired,
  unread: replies.notReadHere,
};

/** Makes the desk of that door. */
export function makeInboundDesk(deps: InboundDeskDeps): Desk {
  return {
    refusal: () => undefined,
    ehlo: ({ starttls }: SessionOffer) => [
      deps.hostname,
      'PIPELINING',
      `SIZE ${MAX_MESSAGE_BYTES}`,
      '8BITMIME',
      'SMTPUTF8',
      'ENHANCEDSTATUSCODES',
      ...(starttls ? ['STARTTLS'] : []),
    ],
    begin: (argument) => {
      const sender = readPlainMail(argument);
      if (!sender.ok) return sender.reply;
      const isTooBig = sender.value.size > MAX_MESSAGE_BYTES;
      return isTooBig ? replies.tooBig(MAX_MESSAGE_BYTES) : new InboundTransaction(sender.value, deps);
    },
  };
}

class InboundTransaction implements Transaction {
  readonly #sender: Sender;
  readonly #deps: InboundDeskDeps;
  readonly #recipients = new Set<string>();
  #unknown = 0;
  #body: Body | undefined;

  constructor(sender: Sender, deps: InboundDeskDeps) {
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

  recipient(argument: string): Reply {
    const parsed = readPlainRcpt(argument, this.#sender.smtputf8);
    if (!parsed.ok) return this.#refuse(parsed.reply);
    const { address } = parsed.value;
    if (!this.#deps.takes(address)) return this.#refuse(replies.noSuchMailbox);
    if (this.#recipients.size >= MAX_RECIPIENTS && !this.#recipients.has(address))
      return replies.tooManyRecipients(MAX_RECIPIENTS);
    this.#recipients.add(address);
    return replies.recipientOk;
  }

  read(_received: unknown, on: DataEnds): DataReader {
    // As much as may come fits in memory: nothing of strangers is written to disk.
    const limits = { maxBytes: MAX_MESSAGE_BYTES, memoryBytes: MAX_MESSAGE_BYTES };
    const noDisk = (): Promise<never> => Promise.reject(new Error('a message to ourselves is not spilled'));
    const body = new Body(limits, this.#deps.budget, noDisk);
    this.#body = body;
    return readInto(body, replies.tooBig(MAX_MESSAGE_BYTES), on, () => this.#finish(body));
  }

  async abandon(): Promise<void> {
    await this.#body?.drop();
  }

  /** Who tries out addresses is sent away. */
  #refuse(reply: Reply): Reply {
    this.#unknown++;
    return this.#unknown > MAX_UNKNOWN ? replies.tooManyUnknown : reply;
  }

  async #finish(body: Body): Promise<Reply> {
    this.#body = undefined;
    const { log, receive } = this.#deps;
    try {
      const message = await body.finish();
      if ('code' in message) return message;
      if (!message.bytes) return replies.notRead;
      const mail = { from: this.#sender.address, to: [...this.#recipients], message: message.bytes };
      return REPLIES[await receive(mail)];
    } catch (error) {
      log.error({ err: error }, 'A message to ourselves could not be dealt with.');
      return replies.notRead;
    } finally {
      body.release();
    }
  }
}
