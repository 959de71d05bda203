// A mail host of the simulated internet: plain SMTP on sockets of its own; how it answers is a function of what it has seen.
import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import { generate } from 'selfsigned';

/** What a host knows when it answers: who asks, and what it has seen of them. */
export type Facts = Readonly<{
  /** Source address of the connection. */
  peer: string;
  /** Connections open now, of this peer and of all. */
  open: number;
  openInAll: number;
  /** Messages taken on this connection, and of this peer altogether. */
  onConnection: number;
  taken: number;
  /** When this peer's messages were taken, ticks of the world's clock, oldest first; the last 5,000. */
  times: readonly number[];
  now: number;
  from: string;
  to: string;
}>;

/** A reply in the place of the usual one; "421 …" ends the connection; undefined: the usual one. */
type Says = (facts: Facts) => string | undefined;

/** How a host differs from one that takes everything at once. */
export type Behaviour = Readonly<{
  greeting?: Says;
  mail?: Says;
  rcpt?: Says;
  dot?: Says;
  /** Waits so long before each reply. */
  delayMs?: number;
  /** Writes its greeting one character every so many milliseconds and never ends it. */
  dripMs?: number;
}>;

/** A message that was taken: `began` is when MAIL came, `at` the end of it, ticks of the world's clock. */
export type Taken = Readonly<{
  began: number;
  at: number;
  peer: string;
  ehlo: string;
  to: string;
  subject: string;
}>;

export type Host = Readonly<{
  name: string;
  address: string;
  taken: Taken[];
  /** Source addresses of all connections, whether anything was sent or not. */
  peers: Set<string>;
  /** RCPT commands by recipient: when they came. */
  asked: Map<string, number[]>;
  /** Connections open now, and the most that were at a time since the last `forget`. */
  open(): number;
  most(): number;
  refused(): number;
  /** Begins to count anew. */
  forget(): void;
  /** From now on it behaves so. */
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}>;

export type HostOptions = Readonly<{
  name: string;
  address: string;
  port: number;
  behaviour?: Behaviour;
  /** Offers STARTTLS, with a certificate that nobody signed. */
  tls?: boolean;
  /** Monotonic milliseconds, those of the world's clock. */
  ticks(): number;
}>;

const MAX_TIMES = 5000;

let context: Promise<SecureContext> | undefined;

/** One certificate for all hosts of the process. */
async function makeContext(): Promise<SecureContext> {
  const made = await generate([{ name: 'commonName', value: 'mx.test' }], { algorithm: 'sha256' });
  return createSecureContext({ key: made.private, cert: made.cert });
}

/** Starts a host; rejects with EADDRINUSE where another has its port. */
export async function startHost(options: HostOptions): Promise<Host> {
  const state = new State(options, options.tls === true ? await (context ??= makeContext()) : undefined);
  const server: Server = createServer((socket) => new Session(state, socket).begin());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.address, 511, resolve);
  });
  return {
    name: options.name,
    address: options.address,
    taken: state.taken,
    peers: state.peers,
    asked: state.asked,
    open: () => state.sockets.size,
    most: () => state.most,
    refused: () => state.refused,
    forget: () => state.forget(),
    behave: (behaviour) => {
      state.behaviour = behaviour;
    },
    close: async () => {
      for (const socket of state.sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

class State {
  readonly name: string;
  readonly ticks: () => number;
  readonly context: SecureContext | undefined;
  behaviour: Behaviour;
  readonly taken: Taken[] = [];
  readonly peers = new Set<string>();
  readonly asked = new Map<string, number[]>();
  readonly sockets = new Set<Socket>();
  readonly times = new Map<string, number[]>();
  readonly open = new Map<string, number>();
  most = 0;
  refused = 0;

  constructor({ name, behaviour = {}, ticks }: HostOptions, context: SecureContext | undefined) {
    this.name = name;
    this.context = context;
    this.behaviour = behaviour;
    this.ticks = ticks;
  }

  forget(): void {
    this.taken.length = 0;
    this.asked.clear();
    this.peers.clear();
    this.most = this.sockets.size;
    this.refused = 0;
  }

  enter(socket: Socket, peer: string): void {
    this.sockets.add(socket);
    this.peers.add(peer);
    this.most = Math.max(this.most, this.sockets.size);
    this.open.set(peer, (this.open.get(peer) ?? 0) + 1);
    socket.once('close', () => {
      this.sockets.delete(socket);
      this.open.set(peer, (this.open.get(peer) ?? 1) - 1);
    });
  }

  take(message: Taken): void {
    this.taken.push(message);
    const times = this.times.get(message.peer) ?? [];
    times.push(message.at);
    if (times.length > MAX_TIMES) times.shift();
    this.times.set(message.peer, times);
  }
}

class Session {
  readonly #state: State;
  #socket: Socket;
  readonly #peer: string;
  #ehlo = '';
  #from = '';
  #began = 0;
  #to = '';
  #count = 0;
  #text = '';
  #inData = false;
  #busy = Promise.resolve();

  constructor(state: State, socket: Socket) {
    this.#state = state;
    this.#socket = socket;
    this.#peer = socket.remoteAddress ?? '';
    state.enter(socket, this.#peer);
    socket.on('error', () => socket.destroy());
    socket.setNoDelay(true);
  }

  begin(): void {
    const { dripMs, greeting } = this.#state.behaviour;
    if (dripMs !== undefined) return this.#drip(dripMs);
    const refusal = greeting?.(this.#facts());
    this.#answer(refusal ?? `220 ${this.#state.name} ESMTP`, refusal !== undefined);
    this.#listen();
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1');
      this.#busy = this.#busy.then(() => this.#read());
    });
  }

  #secure(secureContext: SecureContext): void {
    const plain = this.#socket;
    plain.removeAllListeners('data');
    const secure = new TLSSocket(plain, { isServer: true, secureContext });
    secure.on('error', () => plain.destroy());
    this.#socket = secure;
    this.#listen();
  }

  async #read(): Promise<void> {
    for (;;) {
      if (this.#inData ? !(await this.#readData()) : !(await this.#readLine())) return;
    }
  }

  async #readLine(): Promise<boolean> {
    const end = this.#text.indexOf('\r\n');
    if (end < 0) return false;
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 2);
    await this.#pause();
    this.#command(line.slice(0, 4).toUpperCase(), line);
    return true;
  }

  async #readData(): Promise<boolean> {
    const end = this.#text.indexOf('\r\n.\r\n');
    if (end < 0) return false;
    const data = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 5);
    this.#inData = false;
    await this.#pause();
    const refusal = this.#state.behaviour.dot?.(this.#facts());
    if (refusal === undefined) this.#keep(data);
    this.#answer(refusal ?? '250 2.0.0 Ok', refusal !== undefined);
    return true;
  }

  #keep(data: string): void {
    this.#count++;
    const subject = /^subject: *(.*)\r$/im.exec(data)?.[1] ?? '';
    const { ticks } = this.#state;
    this.#state.take({
      began: this.#began,
      at: ticks(),
      peer: this.#peer,
      ehlo: this.#ehlo,
      to: this.#to,
      subject,
    });
  }

  #command(verb: string, line: string): void {
    const { behaviour } = this.#state;
    switch (verb) {
      case 'EHLO':
        this.#ehlo = line.slice(5);
        return this.#answer(this.#offer());
      case 'STAR':
        return this.#startTls();
      case 'MAIL':
        this.#from = addressIn(line);
        this.#began = this.#state.ticks();
        this.#to = '';
        return this.#judge(behaviour.mail, '250 2.1.0 Ok', () => undefined);
      case 'RCPT':
        return this.#recipient(addressIn(line));
      case 'DATA':
        // Of a client that did not wait for the reply to RCPT.
        if (this.#to === '') return this.#answer('503 5.5.1 No valid recipients');
        this.#inData = true;
        return this.#answer('354 Go ahead');
      case 'QUIT':
        this.#answer('221 2.0.0 Bye');
        this.#socket.end();
        return undefined;
      default:
        return this.#answer('250 2.0.0 Ok');
    }
  }

  #offer(): string {
    const tls = this.#state.context && this.#socket instanceof TLSSocket === false ? '250-STARTTLS\r\n' : '';
    return `250-${this.#state.name}\r\n${tls}250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME`;
  }

  #startTls(): void {
    const { context: secureContext } = this.#state;
    if (!secureContext) return this.#answer('502 5.5.1 not here', true);
    this.#answer('220 2.0.0 Go ahead');
    this.#secure(secureContext);
  }

  #recipient(to: string): void {
    const { asked, behaviour, ticks } = this.#state;
    const times = asked.get(to) ?? [];
    asked.set(to, [...times, ticks()]);
    this.#judge(behaviour.rcpt, '250 2.1.5 Ok', () => (this.#to = to), to);
  }

  #judge(says: Says | undefined, usual: string, accepted: () => void, to = this.#to): void {
    const refusal = says?.({ ...this.#facts(), to });
    if (refusal === undefined) accepted();
    this.#answer(refusal ?? usual, refusal !== undefined);
  }

  #answer(reply: string, refused = false): void {
    if (refused) this.#state.refused++;
    if (this.#socket.writable) this.#socket.write(`${reply}\r\n`);
    if (reply.startsWith('421') || (refused && reply.startsWith('554 '))) this.#socket.end();
  }

  async #pause(): Promise<void> {
    const { delayMs } = this.#state.behaviour;
    if (delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, delayMs));
  }

  #drip(everyMs: number): void {
    const timer = setInterval(() => this.#socket.write('2'), everyMs);
    this.#socket.resume();
    this.#socket.once('close', () => clearInterval(timer));
  }

  #facts(): Facts {
    const { open, sockets, times, ticks } = this.#state;
    const mine = times.get(this.#peer) ?? [];
    return {
      peer: this.#peer,
      open: open.get(this.#peer) ?? 0,
      openInAll: sockets.size,
      onConnection: this.#count,
      taken: mine.length,
      times: mine,
      now: ticks(),
      from: this.#from,
      to: this.#to,
    };
  }
}

const addressIn = (line: string): string => /<([^>]*)>/.exec(line)?.[1] ?? '';
