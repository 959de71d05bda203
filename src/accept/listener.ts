// The sockets of a door: connections, TLS, PROXY lines; the only file that imports smtp-server.
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { SMTPServer } from 'smtp-server';
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import type { Certificate } from './certificates.ts';
import type { ListenerConfig, SmtpConfig } from './config.ts';
import { writeReply } from './replies.ts';
import { Session, type SessionDeps } from './session.ts';
import type { Turnstile } from './turnstile.ts';
import { Wire, type Reader } from './wire.ts';

export type ListenerDeps = Readonly<{
  config: Pick<SmtpConfig, 'maxConnections' | 'deadlines'>;
  listener: ListenerConfig;
  /** Absent where the listener never speaks TLS. */
  certificate: Certificate | undefined;
  session: SessionDeps;
  turnstile: Turnstile;
}>;

const MAX_COMMAND_BYTES = 16_384;

/**
 * The library's input stream, with our own splitting of lines and data behind it: no stream per message, dots undone by
 * block, one turn of the event loop per packet.
 */
class Input extends SMTPStream {
  readonly wire: Wire;
  readonly #ended: () => void;

  constructor(reader: Reader, ended: () => void) {
    super({ maxCommandLength: MAX_COMMAND_BYTES });
    this.wire = new Wire(reader);
    this.#ended = ended;
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding | 'buffer',
    next: (error?: Error | null) => void,
  ): void {
    if (this.isClosed) return next();
    this.wire.feed(chunk).then(() => next(), next);
  }

  /** The client sends no more, and all that it sent has been answered. A line that does not end is no command. */
  override _flushData(): void {
    this.wire.close();
    this.#ended();
  }
}

/** One client. The library keeps the socket; the conversation is ours. */
class Connection extends SMTPConnection {
  readonly #deps: ListenerDeps;
  readonly #talk: Session;
  #unsent = '';
  #top: Socket | undefined;
  #admitted = false;

  constructor(server: Listener, socket: Socket | TLSSocket, options?: SMTPConnectionOptions | null) {
    super(server, socket, options);
    this.#deps = server.deps;
    const tls = socket instanceof TLSSocket ? tlsName(socket) : undefined;
    this.#talk = new Session(
      server.deps.session,
      server.deps.listener,
      { address: this.remoteAddress, tls },
      {
        say: (text) => {
          this.#unsent += text;
        },
        hangUp: () => this.#hangUp(),
        startTls: () => this.#startTls(),
        startData: (reader) => this.#wire?.startData(reader),
      },
    );
  }

  /** Greets at once: the library would wait 100 ms for clients that talk too soon, and look up names. */
  override init(): void {
    this._setListeners(() => {
      this._resetSession();
      const refusal = this.#deps.turnstile.enter(this.remoteAddress);
      this.#admitted = refusal === undefined;
      this.#deps.session.tally.count(refusal ? 'refusedConnections' : 'connections');
      if (refusal) {
        this.#unsent = writeReply(refusal);
        return this.#hangUp();
      }
      this._ready = true;
      this.#talk.greet();
      this.#flush();
    });
  }

  get #wire(): Wire | undefined {
    return this._parser instanceof Input ? this._parser.wire : undefined;
  }

  /** Called by the library's constructor too, before our fields are there: the reader touches them only later. */
  override _createParser(): SMTPStream {
    const reader: Reader = {
      command: (line, more) => this.#talk.command(line, more),
      lineTooLong: () => this.#talk.lineTooLong(),
      caughtUp: () => {
        this.#talk.heard();
        this.#flush();
        return this.#whenRead();
      },
    };
    const input = new Input(reader, () => this.#hangUp());
    input.on('error', (error) => this._onError(error));
    return input;
  }

  /** Our deadlines are absolute and checked every second; here we only learn which socket is on top. */
  override _armTimeout(socket: Socket = this._socket): void {
    this.#top = socket;
  }

  override _onClose(): void {
    const first = !this._closed;
    super._onClose();
    if (!first) return;
    this.#talk.closed();
    if (this.#admitted) this.#deps.turnstile.leave(this.remoteAddress);
  }

  checkDeadlines(now: number): void {
    if (!this.#talk.checkDeadlines(now)) return;
    if (this._upgrading) this.destroy();
  }

  shutDown(): void {
    this.#talk.shutDown();
    if (this._upgrading) this.destroy();
  }

  /** Ends it without a word, from the topmost socket down: a TLS socket must not lose the one below it. */
  destroy(): void {
    (this.#top ?? this._socket).destroy();
  }

  #flush(): void {
    if (this.#unsent === '' || this._upgrading) return;
    const text = this.#unsent;
    this.#unsent = '';
    if (!this._socket.destroyed && this._socket.writable) this._socket.write(text);
  }

  /** A client that sends on without reading our answers is read no further until it does. */
  #whenRead(): Promise<void> | undefined {
    const socket = this._socket;
    if (!socket.writableNeedDrain || socket.destroyed) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        socket.off('drain', done).off('close', done);
        resolve();
      };
      socket.on('drain', done).on('close', done);
    });
  }

  #hangUp(): void {
    this.#wire?.close();
    this.#flush();
    this.close();
  }

  #startTls(): void {
    this.#flush();
    this.#wire?.close(); // what came in clear behind STARTTLS is thrown away (CVE-2011-0411)
    this.upgrade(
      () => undefined,
      () => {
        if (this._socket instanceof TLSSocket) this.#talk.secured(tlsName(this._socket));
      },
    );
  }
}

/** One listening socket of a door. */
export class Listener extends SMTPServer {
  readonly deps: ListenerDeps;

  constructor(deps: ListenerDeps) {
    super({
      // Exim sends the end of data, QUIT and FIN in one breath, and still waits for its answer.
      allowHalfOpen: true,
      logger: false, // it would log to the console; sessions log for themselves
      name: deps.session.hostname,
      disableReverseLookup: true,
      secure: deps.listener.tls === 'implicit',
      maxClients: deps.config.maxConnections, // here: of handshakes and PROXY lines under way
      socketTimeout: deps.config.deadlines.tlsHandshake,
      useProxy: [...deps.listener.proxyProtocol],
      ...tlsOptions(deps.listener, deps.certificate),
    });
    this.deps = deps;
    this.on('error', (error) => this.#report(error));
  }

  override connect(socket: Socket | TLSSocket, options?: SMTPConnectionOptions | null): void {
    const connection = new Connection(this, socket, options);
    this.connections.add(connection);
    connection.on('error', (error) => this._onError(error));
    connection.init();
  }

  /** The library's limit here is one of idle time: a byte now and then would hold the socket for ever. */
  override _acceptSocket(socket: Socket, handshake: boolean): (() => void) | false {
    const release = super._acceptSocket(socket, handshake);
    if (!release || !this._pendingSockets.has(socket)) return release;
    const { clock } = this.deps.session;
    const stop = clock.after(this.deps.config.deadlines.tlsHandshake, () =>
      this._pendingSockets.get(socket)?.destroy(),
    );
    socket.once('close', stop);
    return () => {
      stop();
      release();
    };
  }

  /** Begins to listen; resolves with the port, or rejects with the system's error. */
  open(): Promise<number> {
    const { port, host } = this.deps.listener;
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        this.server.off('error', reject);
        const address = this.server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  }

  /** Takes no more connections, and sends idle clients away. */
  stopListening(): void {
    this.server.close();
    for (const socket of this._pendingSockets.values()) socket.destroy();
    this.#each((connection) => connection.shutDown());
  }

  destroyAll(): void {
    this.#each((connection) => connection.destroy());
  }

  checkDeadlines(now: number): void {
    this.#each((connection) => connection.checkDeadlines(now));
  }

  useCertificate(certificate: Certificate): void {
    this.updateSecureContext(tlsOptions(this.deps.listener, certificate));
  }

  #report(error: Error): void {
    const { log } = this.deps.session;
    const isOurs = 'syscall' in error && error.syscall === 'accept';
    if (isOurs)
      log.warn({ err: error }, 'A connection could not be taken; raise the limit of open files (ulimit -n).');
    else log.debug({ err: error }, 'A client connection broke.');
  }

  #each(act: (connection: Connection) => void): void {
    for (const connection of this.connections) if (connection instanceof Connection) act(connection);
  }
}

function tlsName(socket: TLSSocket): string {
  const cipher = socket.getCipher();
  return `${socket.getProtocol() ?? 'TLS'} ${cipher?.standardName ?? cipher?.name ?? 'unknown'}`;
}

function tlsOptions(listener: ListenerConfig, certificate: Certificate | undefined): object {
  if (!certificate) return {};
  const old = listener.minTls === 'TLSv1' || listener.minTls === 'TLSv1.1';
  return { ...certificate, minVersion: listener.minTls, ...(old ? { ciphers: 'DEFAULT@SECLEVEL=0' } : {}) };
}
