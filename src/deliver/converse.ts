// The only door to nodemailer: it opens sessions (greeting, EHLO, STARTTLS, AUTH); the transactions are ours.
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { createSecureContext, TLSSocket, type ConnectionOptions, type SecureContext } from 'node:tls';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Clock } from '../lib/clock.ts';
import { cleanText, parseReply, type ParsedReply } from '../mail/reply.ts';
import type { Phase } from '../model/outcome.ts';
import type { Route, Timeouts } from './config.ts';
import type { Conversation } from './conversation.ts';
import { noOffer, readOffer, type Offer } from './offer.ts';
import type { Target } from './route.ts';
import { daneProblemOf, tlsOf, type DaneCheck } from './security/shown.ts';
import type { Trouble } from './trouble.ts';

/** How to open a session: where to, from which address, under which name, with what protection. */
export type Opening = Readonly<{
  target: Target;
  localAddress: string;
  ehlo: string;
  tls: Route['tls'];
  verify: boolean;
  /** Records one of which must name the host's certificate. */
  dane?: DaneCheck;
  login?: Readonly<{ username: string; password: string }>;
  /** Ends everything at once. */
  signal: AbortSignal;
}>;

/** A socket that is past EHLO (and STARTTLS and AUTH), with nobody listening on it. */
export type Session = Readonly<{
  socket: Socket;
  offer: Offer;
  tls?: string;
  /** Why this system would not trust the host's certificate; absent where it does, or there is none. */
  distrust?: string;
}>;

/** `reached`: the TCP connection stood, so that this counts as a session. */
export type Opened = Readonly<
  { kind: 'open'; session: Session } | { kind: 'failed'; trouble: Trouble; reached: boolean }
>;

type OpeningDeps = Readonly<{ clock: Clock; timeouts: Timeouts; conversation: Conversation }>;

// Errors of this host, not of the peer: the address cannot be bound, or we are out of something.
const LOCAL_ERRORS = new Set([
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EINVAL',
]);
const MAX_REPLY_BYTES = 64 * 1024;
const NEVER_MS = 2_000_000_000; // nodemailer's own time limits are out of the way: ours are per phase

/** Opens a session. Never rejects. */
export async function openSession(opening: Opening, deps: OpeningDeps): Promise<Opened> {
  const { target } = opening;
  const since = deps.clock.ticks();
  const connected = await connect(opening, deps);
  const path = `connect ${target.host} (${target.address}:${target.port}) from ${opening.localAddress}`;
  const ms = Math.round(deps.clock.ticks() - since);
  if (connected instanceof Error) {
    deps.conversation.note(`${path} → ${connected.message} (${ms} ms)`);
    return { kind: 'failed', reached: false, trouble: connectTrouble(opening, connected) };
  }
  deps.conversation.note(`${path} → open (${ms} ms)`);
  return new Opener(connected, opening, deps).open();
}

function connect(opening: Opening, deps: OpeningDeps): Promise<Socket | Error> {
  const { target, localAddress, signal } = opening;
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(new Error('cut off'));
    const socket = connectTcp({
      host: target.address, // the checked address itself: nobody looks the name up again
      port: target.port,
      localAddress, // always: mail never leaves from the host's default address
      noDelay: true,
      keepAlive: true,
    });
    const done = (result: Socket | Error): void => {
      stop();
      signal.removeEventListener('abort', cut);
      socket.removeAllListeners('connect').removeListener('error', done);
      if (result instanceof Error) socket.on('error', () => {}).destroy();
      resolve(result);
    };
    const cut = (): void => done(new Error('cut off'));
    const stop = deps.clock.after(deps.timeouts.connect, () => done(new Error('no answer in time')));
    signal.addEventListener('abort', cut, { once: true });
    socket.once('connect', () => done(socket));
    socket.on('error', done);
  });
}

function connectTrouble({ target, localAddress, signal }: Opening, error: Error): Trouble {
  const code = 'code' in error ? String(error.code) : '';
  if (LOCAL_ERRORS.has(code)) {
    const detail = `This host could not connect from ${localAddress} (${code}); the address must be one of its own.`;
    return { kind: 'local', phase: 'connect', detail };
  }
  const kind = signal.aborted ? 'aborted' : code === '' ? 'timeout' : 'lost';
  const detail = `${target.host} (${target.address}:${target.port}) cannot be reached: ${error.message}`;
  return { kind, phase: 'connect', detail };
}

/** nodemailer's connection, used up to the end of AUTH and then relieved of its socket. */
class Opener extends SMTPConnection {
  // Its listeners, to be taken off: the version is pinned, and a test sends over released sockets.
  declare readonly _onSocketData: (chunk: Buffer) => void;
  declare readonly _onSocketError: (error: Error) => void;
  declare readonly _onSocketClose: () => void;
  declare readonly _onSocketEnd: () => void;
  declare readonly _onSocketTimeout: () => void;
  readonly #opening: Opening;
  readonly #deps: OpeningDeps;
  #phase: Phase = 'greeting';
  #command = 'greeting';
  #since: number;
  #offer: Offer = noOffer;
  #done: (opened: Opened) => void = () => {};
  #stopTimer: () => void = () => {};
  readonly #cut = (): void => this.#fail('aborted', 'The attempt was cut off while the session was opened.');

  constructor(socket: Socket, opening: Opening, deps: OpeningDeps) {
    const { target, tls, verify } = opening;
    super({
      connection: socket,
      host: target.host,
      port: target.port,
      name: opening.ehlo,
      secure: tls === 'implicit',
      requireTLS: tls === 'required',
      ignoreTLS: tls === 'none',
      opportunisticTLS: tls === 'opportunistic',
      tls: tlsOptions(target.host, verify),
      greetingTimeout: NEVER_MS,
      connectionTimeout: NEVER_MS,
      socketTimeout: NEVER_MS,
      maxResponseSize: MAX_REPLY_BYTES,
      socketCloseTimeout: 0,
      transactionLog: true,
      logger: listenTo((side, text) => this.#step(side, text)),
    });
    this.#opening = opening;
    this.#deps = deps;
    this.#since = deps.clock.ticks();
  }

  open(): Promise<Opened> {
    const { tls, signal } = this.#opening;
    return new Promise((resolve) => {
      this.#done = resolve;
      if (signal.aborted) return this.#cut();
      signal.addEventListener('abort', this.#cut, { once: true });
      this.on('error', (error) => this.#failed(error));
      if (tls === 'implicit') this.#phase = 'tls';
      this.#limit(tls === 'implicit' ? this.#deps.timeouts.tls : this.#deps.timeouts.greeting);
      this.connect((error) => (error ? this.#failed(error) : this.#logIn()));
    });
  }

  #logIn(): void {
    const { login, tls, target } = this.#opening;
    if (!login) return this.#release();
    this.#phase = 'auth';
    if (!this.secure && tls !== 'none') {
      const detail = `${target.host} offers no TLS, and the password is not sent in clear; set tls: none to do so.`;
      return this.#fail('tls', detail);
    }
    this.login({ user: login.username, pass: login.password }, (error) =>
      error ? this.#failed(error) : this.#release(),
    );
  }

  /** Takes the socket out of nodemailer's hands. */
  #release(): void {
    const socket = this._socket;
    if (!socket) return this.#fail('lost', 'The connection was lost.');
    const { dane } = this.#opening;
    if (dane) {
      const problem = socket instanceof TLSSocket && daneProblemOf(socket, dane, this.#deps.clock.now());
      this.#phase = 'tls';
      if (problem !== undefined) return this.#fail('tls', problem || 'it is not encrypted');
    }
    socket.removeListener('data', this._onSocketData);
    socket.removeListener('error', this._onSocketError);
    socket.removeListener('close', this._onSocketClose);
    socket.removeListener('end', this._onSocketEnd);
    socket.removeListener('timeout', this._onSocketTimeout);
    this._socket = null;
    this.close(); // has no socket any more: ends only its own state
    this.#settle({ kind: 'open', session: { socket, offer: this.#offer, ...tlsOf(socket) } });
  }

  /** Sees each command and each reply as nodemailer logs it; AUTH and what follows it are kept out of the record. */
  #step(side: 'client' | 'server', text: string): void {
    const now = this.#deps.clock.ticks();
    if (side === 'client') {
      this.#phase = phaseOf(text, this.#phase);
      this.#command = this.#phase === 'auth' ? 'AUTH (not recorded)' : text;
      this.#since = now;
      return;
    }
    const reply = replyOf(text);
    if (reply) this.#deps.conversation.heard(this.#command, reply, now - this.#since);
    if (this.#phase === 'ehlo' && reply && reply.code < 300) this.#offer = readOffer(text);
    this.#limit(this.#phase === 'tls' ? this.#deps.timeouts.tls : this.#deps.timeouts.greeting);
  }

  #limit(ms: number): void {
    this.#stopTimer();
    const { host } = this.#opening.target;
    this.#stopTimer = this.#deps.clock.after(ms, () =>
      this.#fail('timeout', `${host} did not answer in time to ${this.#command}.`),
    );
  }

  #failed(error: Error): void {
    const response = 'response' in error && typeof error.response === 'string' ? error.response : undefined;
    const reply = response === undefined ? undefined : replyOf(response);
    const detail = `${this.#opening.target.host}: ${cleanText(error.message)}`;
    if (reply && reply.code >= 400) return this.#fail('refused', detail, reply);
    if (this.#phase === 'tls' || ('code' in error && error.code === 'ETLS')) {
      this.#phase = 'tls';
      return this.#fail('tls', detail);
    }
    this.#fail(response === undefined && !isProtocol(error) ? 'lost' : 'protocol', detail);
  }

  #fail(kind: Trouble['kind'], detail: string, reply?: ParsedReply): void {
    this.#deps.conversation.note(`${this.#command} → failed: ${detail}`);
    this.#settle({
      kind: 'failed',
      reached: true,
      trouble: { kind, phase: this.#phase, detail, ...(reply && { reply }) },
    });
    const socket = this._socket;
    this.close();
    if (socket) socket.destroy();
  }

  #settle(opened: Opened): void {
    this.#stopTimer();
    this.#opening.signal.removeEventListener('abort', this.#cut);
    this.#done(opened);
    this.#done = () => {};
  }
}

function phaseOf(command: string, before: Phase): Phase {
  if (/^(?:EHLO|HELO) /.test(command)) return 'ehlo';
  if (command === 'STARTTLS') return 'tls';
  return before === 'auth' || command.startsWith('AUTH ') ? 'auth' : before;
}

/** A reply out of nodemailer's text, whose lines were joined by LF and decoded; undefined when it is none. */
function replyOf(text: string): ParsedReply | undefined {
  if (!/^[2-5]\d\d(?:[ -]|$)/.test(text)) return undefined;
  return parseReply(Buffer.from(text, 'utf8').toString('latin1').split('\n'));
}

function isProtocol(error: Error): boolean {
  return 'code' in error && error.code === 'EPROTOCOL';
}

let context: SecureContext | undefined;

function tlsOptions(host: string, verify: boolean): ConnectionOptions {
  context ??= createSecureContext(); // once: reading the root certificates costs milliseconds
  return {
    secureContext: context,
    rejectUnauthorized: verify,
    ...(isIP(host) === 0 && { servername: host }),
  };
}

/** A logger in nodemailer's form that hands on the lines of the conversation and nothing else. */
function listenTo(step: (side: 'client' | 'server', text: string) => void) {
  const nothing = (): void => {};
  const debug = (entry: unknown, text: unknown): void => {
    if (typeof entry !== 'object' || entry === null || !('tnx' in entry) || typeof text !== 'string') return;
    if (entry.tnx === 'client' || entry.tnx === 'server') step(entry.tnx, text);
  };
  return {
    level: nothing,
    trace: nothing,
    debug,
    info: nothing,
    warn: nothing,
    error: nothing,
    fatal: nothing,
  };
}
