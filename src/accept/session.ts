// One SMTP conversation, without its socket: command lines come in, replies and wishes (TLS, data, hanging up) go out.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Deadlines, ListenerConfig } from './config.ts';
import type { Caller, Desk, Transaction } from './desk.ts';
import { cleanHelo, isHttp, receivedFacts } from './hello.ts';
import { isLoopback } from './identity.ts';
import type { Step } from './login.ts';
import { Patience } from './patience.ts';
import { replies, writeLines, writeReply, type Reply } from './replies.ts';
import type { Tally } from './tally.ts';
import type { DataReader } from './wire.ts';

/** What a session asks of its socket. Replies are collected and written together. */
export type Out = Readonly<{
  say(text: string): void;
  /** Ends the connection once everything said is written. */
  hangUp(): void;
  startTls(): void;
  startData(reader: DataReader): void;
}>;

export type Door = Pick<ListenerConfig, 'tls' | 'requireTls' | 'hideStarttls' | 'allowInsecureAuth'>;

export type SessionDeps = Readonly<{
  hostname: string;
  deadlines: Deadlines;
  clock: Clock;
  log: Log;
  tally: Tally;
  desk: Desk;
}>;

type Command = (session: Session, argument: string, more: boolean) => void | Promise<void>;

export class Session {
  readonly #deps: SessionDeps;
  readonly #door: Door;
  readonly #address: string;
  readonly #out: Out;
  readonly #patience: Patience;
  readonly #logIn: ((argument: string) => Promise<Step>) | undefined;
  #tls: string | undefined;
  #helo: string | undefined;
  #extended = false;
  #userName: string | undefined;
  #awaited: ((line: string) => Promise<Step>) | undefined;
  #transaction: Transaction | undefined;
  #stopping = false;
  #ended = false;

  static readonly #commands: ReadonlyMap<string, Command> = new Map<string, Command>([
    ['HELO', (session, argument) => session.#hello(argument, false)],
    ['EHLO', (session, argument) => session.#hello(argument, true)],
    ['STARTTLS', (session, argument) => session.#startTls(argument)],
    ['AUTH', (session, argument) => session.#auth(argument)],
    ['MAIL', (session, argument) => session.#mail(argument)],
    ['RCPT', (session, argument) => session.#rcpt(argument)],
    ['DATA', (session, argument, more) => session.#startData(argument, more)],
    ['RSET', (session) => session.#idle(replies.fine, 'reset')],
    ['NOOP', (session) => session.#idle(replies.fine)],
    ['HELP', (session) => session.#idle(replies.help)],
    ['VRFY', (session) => session.#idle(replies.verify)],
    // What follows BDAT are bytes of a message, which would be read as commands.
    ['BDAT', (session) => session.#end(replies.noChunking)],
    ['QUIT', (session) => session.#end(replies.bye)],
  ]);

  constructor(
    deps: SessionDeps,
    door: Door,
    peer: Readonly<{ address: string; tls: string | undefined }>,
    out: Out,
  ) {
    this.#deps = deps;
    this.#door = door;
    this.#address = peer.address;
    this.#tls = peer.tls;
    this.#out = out;
    this.#patience = new Patience(deps.clock);
    this.#logIn = deps.desk.makeLogIn?.(peer.address);
  }

  greet(): void {
    this.#say(replies.greeting(this.#deps.hostname));
    if (this.#isKnown()) this.#patience.enter('mail');
  }

  /** One command line. `more` says that the client has sent on without waiting for the answer. */
  command(line: Buffer, more: boolean): void | Promise<void> {
    if (this.#ended) return;
    if (this.#stopping) return this.#end(replies.shuttingDown);
    const text = line.toString('utf8').trimEnd();
    if (this.#awaited) return this.#step(this.#awaited(text));
    if (/\p{Cc}/u.test(text)) return this.#answer(replies.badCharacters);
    const space = text.indexOf(' ');
    const verb = (space < 0 ? text : text.slice(0, space)).toUpperCase();
    const command = Session.#commands.get(verb);
    if (command) return command(this, space < 0 ? '' : text.slice(space + 1).trimStart(), more);
    if (isHttp(text)) return this.#end(replies.notHttp);
    this.#answer(replies.unknownCommand);
  }

  lineTooLong(): void {
    this.#end(replies.lineTooLong);
  }

  /** The handshake after STARTTLS is done; what was said before it is forgotten (RFC 3207 §4.2). */
  secured(tls: string): void {
    this.#tls = tls;
    this.#helo = this.#userName = this.#transaction = undefined;
    this.#patience.enter(this.#isKnown() ? 'mail' : 'logIn');
  }

  /** Bytes came in. */
  heard(): void {
    this.#patience.heard();
  }

  /** Called every second: hangs up when a deadline has passed. True when it did. */
  checkDeadlines(now: number): boolean {
    if (this.#ended) return false;
    const reply = this.#patience.overdue(this.#deps.deadlines, this.#transaction?.arrived ?? 0, now);
    if (reply) this.#end(reply);
    return reply !== undefined;
  }

  /** The relay stops: an idle client is sent away now, one in the middle of a message after its reply. */
  shutDown(): void {
    this.#stopping = true;
    const { phase } = this.#patience;
    if (phase !== 'data' && phase !== 'busy') this.#end(replies.shuttingDown);
  }

  /** The socket is gone. */
  closed(): void {
    this.#ended = true;
    void this.#transaction?.abandon();
  }

  #hello(argument: string, extended: boolean): void {
    this.#helo = cleanHelo(argument);
    this.#extended = extended;
    this.#transaction = undefined;
    if (!extended) return this.#idle(replies.hello(this.#deps.hostname));
    const starttls = this.#door.tls === 'starttls' && !this.#tls && !this.#door.hideStarttls;
    const auth = this.#logIn !== undefined && this.#mayLogIn() && this.#userName === undefined;
    this.#out.say(writeLines(250, this.#deps.desk.ehlo({ starttls, auth }, this.#caller())));
    this.#countIdle();
  }

  #startTls(argument: string): void {
    if (this.#tls) return this.#answer(replies.tlsActive);
    if (this.#door.tls !== 'starttls') return this.#answer(replies.notOffered);
    if (argument !== '') return this.#answer(replies.noParameters);
    this.#say(replies.startTls);
    this.#patience.enter('handshake');
    this.#out.startTls();
  }

  #auth(argument: string): void | Promise<void> {
    if (!this.#logIn) return this.#answer(replies.notOffered);
    if (this.#helo === undefined) return this.#answer(replies.helloFirst);
    if (!this.#mayLogIn()) return this.#answer(replies.encryptionNeeded);
    if (this.#userName !== undefined) return this.#answer(replies.alreadyLoggedIn);
    if (this.#transaction) return this.#answer(replies.notInTransaction); // RFC 4954 §4
    return this.#step(this.#logIn(argument));
  }

  /** RFC 4954 §4: no password in clear, but from this host or where the operator has said so. */
  #mayLogIn(): boolean {
    if (this.#tls) return true;
    return !this.#door.requireTls && (this.#door.allowInsecureAuth || isLoopback(this.#address));
  }

  async #step(pending: Promise<Step>): Promise<void> {
    const resume = this.#patience.pause();
    this.#awaited = undefined;
    try {
      const step = await pending;
      resume();
      this.#awaited = step.next;
      if (step.hangUp) return this.#end(step.reply);
      if (step.user) {
        this.#userName = step.user.name;
        this.#patience.enter('mail');
      }
      this.#answer(step.reply);
    } catch (error) {
      this.#deps.log.error({ err: error }, 'A log-in could not be checked.');
      resume();
      this.#answer(replies.logInLater);
    }
  }

  #mail(argument: string): void {
    if (this.#helo === undefined) return this.#answer(replies.helloFirst);
    if (this.#transaction) return this.#answer(replies.nestedMail);
    const begun = this.#tlsMissing() ?? this.#deps.desk.begin(argument, this.#caller());
    if ('code' in begun) return this.#answer(begun);
    this.#transaction = begun;
    if (this.#patience.phase === 'logIn') this.#patience.enter('mail');
    this.#answer(replies.senderOk);
  }

  #rcpt(argument: string): void | Promise<void> {
    const refusal = this.#refusal();
    if (refusal) return this.#answer(refusal);
    if (!this.#transaction) return this.#answer(replies.mailFirst);
    const reply = this.#transaction.recipient(argument);
    // A list with wrong addresses is no clumsy program; what is too much is for the transaction to say.
    const tell = (told: Reply): void => (told.code === 421 ? this.#end(told) : this.#say(told));
    return 'code' in reply ? tell(reply) : reply.then(tell);
  }

  #startData(argument: string, more: boolean): void {
    const refusal = this.#refusal();
    if (refusal) return this.#answer(refusal);
    const transaction = this.#transaction;
    if (!transaction) return this.#answer(replies.mailFirst);
    if (transaction.recipientCount === 0) return this.#answer(replies.recipientFirst);
    if (argument !== '') return this.#answer(replies.noParameters);
    if (more) return this.#end(replies.tooEager); // RFC 2920 §3.1: DATA is the last of a group
    this.#say(replies.goAhead);
    this.#patience.enter('data');
    const client = {
      helo: this.#helo,
      extended: this.#extended,
      address: this.#address,
      tls: this.#tls,
      loggedIn: this.#userName !== undefined,
    };
    const reader = transaction.read(receivedFacts(client, transaction.smtputf8), {
      done: (reply) => this.#finishData(reply),
      endless: (reply) => this.#end(reply),
    });
    this.#out.startData({
      write: reader.write,
      end: () => {
        this.#patience.enter('busy');
        return reader.end();
      },
    });
  }

  #finishData(reply: Reply): void {
    this.#transaction = undefined;
    this.#say(reply);
    this.#patience.mailed();
    if (this.#stopping) this.#end(replies.shuttingDown);
  }

  /** Why nothing is taken from this client now; MAIL, RCPT and DATA each ask for themselves. */
  #refusal(): Reply | undefined {
    return this.#tlsMissing() ?? this.#deps.desk.refusal(this.#caller());
  }

  #tlsMissing(): Reply | undefined {
    return this.#door.requireTls && !this.#tls ? replies.tlsFirst : undefined;
  }

  #isKnown(): boolean {
    return this.#deps.desk.refusal(this.#caller()) === undefined;
  }

  #caller(): Caller {
    return { address: this.#address, userName: this.#userName, isSecure: this.#tls !== undefined };
  }

  /** Answers a command that brings no mail nearer; too many of them end the session. */
  #idle(reply: Reply, effect: 'reset' | 'none' = 'none'): void {
    if (effect === 'reset') this.#transaction = undefined;
    this.#say(reply);
    this.#countIdle();
  }

  #countIdle(): void {
    const last = this.#patience.idled();
    if (last) this.#end(last);
  }

  #answer(reply: Reply): void {
    this.#say(reply);
    const last = this.#patience.answered(reply);
    if (last) this.#end(last);
  }

  #say(reply: Reply): void {
    if (!this.#ended) this.#out.say(writeReply(reply));
  }

  #end(reply: Reply): void {
    this.#say(reply);
    this.#ended = true;
    void this.#transaction?.abandon();
    this.#out.hangUp();
  }
}
