// A peer: one open SMTP connection past EHLO, on which transactions are made one after the other (RFC 5321 §3.3).
import type { Socket } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import { ReplyReader, type ParsedReply } from '../mail/reply.ts';
import type { Offer } from './offer.ts';
import type { Protection } from './protection.ts';
import type { Trouble } from './trouble.ts';

/** Who speaks with whom, fixed for the life of the connection. */
export type PeerFacts = Readonly<{
  host: string;
  /** Remote address and port, such as "192.0.2.1:25". */
  address: string;
  localAddress: string;
  ehlo: string;
  tls?: string;
  protection: Protection;
  offer: Offer;
  /** Connections of equal identity serve the same mail: same source, name, TLS policy and log-in. */
  identity: string;
}>;

type Broken = Pick<Trouble, 'kind' | 'detail'>;

const CLOSE_GRACE_MS = 5000;
/** A transaction has four replies under way at most; what a host says beyond that is for nobody, and kept by nobody. */
const MAX_UNREAD = 16;

/**
 * The connection's wire: writes, reads with time limits, and how it broke. Time limits are watched by `watch`, which the
 * lanes call several times a second for all connections, so that a message costs no timer. A class: it has state.
 */
export class Peer {
  readonly facts: PeerFacts;
  /** Messages begun on it, and when it was last used (monotonic milliseconds). */
  sent = 0;
  lastUsedAt: number;
  /** A transaction was begun and not ended: RSET comes before the next. */
  transactionOpen = false;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #reader = new ReplyReader();
  #replies: ParsedReply[] = [];
  #broken: Broken | undefined;
  #wake: (() => void) | undefined;
  #deadline = Infinity;
  #hardDeadline = Infinity;
  #onClosed: () => void = () => {};
  #onGone: () => void = () => {};

  constructor(socket: Socket, facts: PeerFacts, clock: Clock) {
    this.facts = facts;
    this.lastUsedAt = clock.ticks();
    this.#socket = socket;
    this.#clock = clock;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('drain', () => this.#stir());
    socket.on('error', (error) =>
      this.break('lost', `the connection to ${facts.host} broke: ${error.message}`),
    );
    socket.on('end', () => this.break('lost', `${facts.host} closed the connection`));
    socket.on('close', () => {
      this.break('lost', `${facts.host} closed the connection`);
      this.#onGone();
    });
    socket.resume();
  }

  /** Why it is of no use any more; undefined while it is. */
  get broken(): Broken | undefined {
    return this.#broken;
  }

  /** True when nothing has come that nobody asked for, and nothing is half-read. */
  get quiet(): boolean {
    return !this.#broken && this.#replies.length === 0 && !this.#reader.unfinished;
  }

  /** Called once, when the connection is of no use any more. */
  set onClosed(task: () => void) {
    this.#onClosed = task;
  }

  /** Called once, when its socket is closed. */
  set onGone(task: () => void) {
    this.#onGone = task;
  }

  /** Begins a use: everything until `release` must end within `ms`. */
  hold(ms: number): void {
    this.#hardDeadline = this.#clock.ticks() + ms;
  }

  release(): void {
    this.#hardDeadline = Infinity;
    this.lastUsedAt = this.#clock.ticks();
  }

  /** Ends waits whose time is over; `now` in monotonic milliseconds. */
  watch(now: number): void {
    if (now > this.#deadline) this.break('timeout', `${this.facts.host} did not answer in time`);
    else if (now > this.#hardDeadline)
      this.break('aborted', `the attempt took too long and was cut off by our own time limit`);
  }

  write(bytes: string | Buffer): void {
    if (!this.#broken) this.#socket.write(bytes);
  }

  /** The next reply; undefined when the connection broke or `ms` went by. */
  async read(ms: number): Promise<ParsedReply | undefined> {
    if (this.#replies.length === 0) await this.#until(() => this.#replies.length > 0, ms);
    return this.#replies.shift();
  }

  /** Waits until the peer has taken what was written, or says something; false when the connection broke. */
  async drained(ms: number): Promise<boolean> {
    if (this.#socket.writableNeedDrain)
      await this.#until(() => !this.#socket.writableNeedDrain || this.#replies.length > 0, ms);
    return !this.#broken;
  }

  /** Gives the connection up at once; the first reason stays. */
  break(kind: Broken['kind'], detail: string): void {
    if (this.#broken) return;
    this.#broken = { kind, detail };
    this.#socket.destroy();
    this.#stir();
    this.#onClosed();
  }

  /** Says QUIT and closes (RFC 5321 §4.1.1.10), without waiting for the answer. */
  quit(): void {
    if (this.#broken) return;
    this.#broken = { kind: 'lost', detail: 'the connection was closed by us' };
    this.#socket.end('QUIT\r\n');
    const stop = this.#clock.after(CLOSE_GRACE_MS, () => this.#socket.destroy());
    this.#socket.once('close', stop);
    this.#onClosed();
  }

  #take(chunk: Buffer): void {
    if (this.#broken) return;
    const { replies, broken } = this.#reader.take(chunk.toString('latin1'));
    for (const reply of replies) this.#replies.push(reply);
    if (broken !== undefined) this.break('protocol', `${this.facts.host} does not speak SMTP: ${broken}`);
    else if (this.#replies.length > MAX_UNREAD)
      this.break('protocol', `${this.facts.host} does not speak SMTP: it answers what nobody asked`);
    else this.#stir();
  }

  #stir(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  async #until(done: () => boolean, ms: number): Promise<void> {
    this.#deadline = this.#clock.ticks() + ms;
    while (!this.#broken && !done()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#deadline = Infinity;
  }
}
