// A mail host for tests: a real SMTP server on plain sockets, none of our code in it, that behaves as its options say.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import { generate } from 'selfsigned';

/**
 * How the host behaves; everything is as a good host does it unless named here.
 *
 * By local part of the recipient it answers: `busy@` 450 4.2.1 · `missing@` 550 5.1.1 · `greylist…@` 451 4.7.1 at its
 * first RCPT and 250 afterwards · `full@` 452 4.2.2 · `old-full@` 552 without a status · `slow@` waits `slowMs` before
 * the reply to the dot · `spam@` 554 5.7.1 after the dot · `later@` 451 4.3.0 after the dot · `later-once…@` 451 4.3.0 after
 * its first dot and 250 afterwards · `drop-after-dot@` stores the message, then cuts the connection without a reply ·
 * `drop-in-data@` cuts it in the middle of the message · `closing-at-rcpt@` 421 and the connection ends ·
 * `two-fifty@` 250 instead of 354 · `twice@` 354 twice · `eager@` 550 at RCPT and 354 to DATA all the same · `early@` 552 before the end of
 * the message · `odd@` 354 as the reply to the dot. All others are taken.
 */
export type MxOptions = Readonly<{
  /** Address to listen on, any 127.0.0.x; default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** Name in the greeting. */
  name?: string;
  /** EHLO keywords; default PIPELINING, 8BITMIME, SMTPUTF8, ENHANCEDSTATUSCODES, SIZE 36000000, DSN. */
  keywords?: readonly string[];
  /** STARTTLS with a certificate of our own; "broken" offers it, says 220 and then sends garbage; "refused" says 454. */
  starttls?: boolean | 'broken' | 'refused';
  /** The certificate it shows, in place of its own that nobody signed; see certificates.ts. */
  context?: SecureContext;
  /** TLS from the first byte. */
  implicitTls?: boolean;
  /** Wants this log-in (PLAIN or LOGIN) before MAIL. */
  auth?: Readonly<{ username: string; password: string }>;
  /** A reply in the place of the usual one to a verb ("GREETING", "EHLO", "MAIL", "RCPT", "DATA", "."); 421 closes. */
  replies?: Readonly<Record<string, string>>;
  /** The same, each used up by the first command that gets it. */
  repliesOnce?: Record<string, string>;
  /** Answers each command one character every so many milliseconds and never ends the reply. */
  dripMs?: number;
  /** Wait before the reply to the dot for slow@; default 300. */
  slowMs?: number;
  /** Ends the connection after so many messages, without a word. */
  closeAfter?: number;
  /** Says nothing at all after the connection stands. */
  silent?: boolean;
}>;

/** One message as it was taken: `data` with dots undone, without the end of data. */
export type MxMessage = Readonly<{
  from: string;
  to: string;
  /** The MAIL and RCPT lines as they came. */
  mail: string;
  rcpt: string;
  data: Buffer;
  /** Where it came from, and the name it gave. */
  peer: string;
  ehlo: string;
  /** Such as "TLSv1.3"; undefined: plain. */
  tls?: string;
  servername?: string;
  user?: string;
  /** The connection's number, from 1, and the message's place on it, from 1. */
  connection: number;
  nth: number;
}>;

export type FakeMx = Readonly<{
  host: string;
  port: number;
  /** Taken messages, in order. */
  messages: MxMessage[];
  /** Messages that got 4xx or 5xx after the dot, in order. */
  refused: readonly Readonly<{ to: string; data: Buffer }>[];
  /** Every line received, with its connection: "1 EHLO relay". AUTH too, but no message data. */
  lines: string[];
  /** Chunks as the sockets gave them, to see what came in one write; message data too. */
  chunks: string[];
  /** Connections so far, those open now, and the most at a time. */
  connections(): Readonly<{ total: number; open: number; most: number }>;
  /** Cuts all connections; it goes on listening. */
  cut(): void;
  /** Resolves when `count` messages were taken. */
  taken(count: number): Promise<readonly MxMessage[]>;
  close(): Promise<void>;
}>;

const KEYWORDS = ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES', 'SIZE 36000000', 'DSN'];

let certificate: Promise<SecureContext> | undefined;

/** A self-signed certificate for localhost, made once per process. */
async function makeContext(): Promise<SecureContext> {
  const attributes = [{ name: 'commonName', value: 'mx.test' }];
  const made = await generate(attributes, { algorithm: 'sha256' });
  return createSecureContext({ key: made.private, cert: made.cert });
}

/** Starts a mail host. */
export async function startFakeMx(options: MxOptions = {}): Promise<FakeMx> {
  const context = options.context ?? (await (certificate ??= makeContext()));
  const state: MxState = {
    options,
    context,
    messages: [],
    refused: [],
    lines: [],
    chunks: [],
    sockets: new Set(),
    greylisted: new Set(),
    total: 0,
    most: 0,
    waiting: [],
  };
  const server: Server = createServer((socket) => new Conversation(state, socket).begin());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  const cut = (): void => {
    for (const socket of state.sockets) socket.destroy();
  };
  return {
    host: address,
    port,
    messages: state.messages,
    refused: state.refused,
    lines: state.lines,
    chunks: state.chunks,
    connections: () => ({ total: state.total, open: state.sockets.size, most: state.most }),
    cut,
    taken: (count) =>
      new Promise((resolve) => {
        const look = (): boolean => state.messages.length >= count && (resolve(state.messages), true);
        if (!look()) state.waiting.push(look);
      }),
    close: async () => {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

type MxState = {
  readonly options: MxOptions;
  readonly context: SecureContext;
  readonly messages: MxMessage[];
  readonly refused: { to: string; data: Buffer }[];
  readonly lines: string[];
  readonly chunks: string[];
  readonly sockets: Set<Socket>;
  readonly greylisted: Set<string>;
  total: number;
  most: number;
  waiting: (() => boolean)[];
};

class Conversation {
  readonly #state: MxState;
  readonly #number: number;
  readonly #peer: string;
  #socket: Socket;
  #buffer = Buffer.alloc(0);
  /** Up to where the buffer has no end of data. */
  #searched = 0;
  #mode: 'commands' | 'data' | 'auth' | 'over' = 'commands';
  #ehlo = '';
  #mail = '';
  #rcpt = '';
  #user: string | undefined;
  #authLines: string[] = [];
  #nth = 0;
  #eager = false;

  constructor(state: MxState, socket: Socket) {
    this.#state = state;
    this.#socket = socket;
    this.#number = ++state.total;
    this.#peer = socket.remoteAddress ?? '';
    state.sockets.add(socket);
    state.most = Math.max(state.most, state.sockets.size);
    socket.once('close', () => state.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setNoDelay(true);
  }

  begin(): void {
    const { options } = this.#state;
    if (options.silent) return;
    if (options.implicitTls) this.#secure();
    this.#listen();
    this.#answer('GREETING', `220 ${options.name ?? 'mx.test'} ESMTP`);
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#state.chunks.push(chunk.toString('latin1'));
      this.#searched = Math.max(this.#buffer.length - 4, 0);
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#read();
    });
  }

  #read(): void {
    while (this.#mode !== 'over') {
      if (this.#mode === 'data') {
        if (!this.#readData()) return;
        continue;
      }
      const end = this.#buffer.indexOf('\r\n');
      if (end < 0) return;
      const line = this.#buffer.toString('utf8', 0, end);
      this.#buffer = this.#buffer.subarray(end + 2);
      this.#state.lines.push(`${this.#number} ${line}`);
      if (this.#mode === 'auth') this.#authLine(line);
      else this.#command(line);
    }
  }

  #command(line: string): void {
    const verb = line.split(' ', 1)[0]?.toUpperCase() ?? '';
    if (this.#state.options.dripMs !== undefined) return this.#drip(this.#state.options.dripMs);
    const act = this.#verbs[verb];
    if (act) act(line);
    else this.#say('500 5.5.2 what?');
  }

  readonly #verbs: Readonly<Record<string, (line: string) => void>> = {
    EHLO: (line) => {
      this.#ehlo = line.slice(5);
      this.#answer('EHLO', this.#offer());
    },
    HELO: (line) => {
      this.#ehlo = line.slice(5);
      this.#say('250 mx.test');
    },
    STARTTLS: () => this.#starttls(),
    AUTH: (line) => this.#auth(line),
    MAIL: (line) => this.#sender(line),
    RCPT: (line) => this.#recipient(line),
    DATA: () => this.#data(),
    RSET: () => {
      this.#mail = this.#rcpt = '';
      this.#say('250 2.0.0 Ok');
    },
    NOOP: () => this.#say('250 2.0.0 Ok'),
    QUIT: () => {
      this.#say('221 2.0.0 Bye');
      this.#mode = 'over';
      this.#socket.end();
    },
  };

  #sender(line: string): void {
    if (this.#mail !== '') return this.#say('503 5.5.1 nested MAIL');
    if (this.#state.options.auth && this.#user === undefined) return this.#say('530 5.7.0 log in first');
    if (this.#answer('MAIL', '250 2.1.0 Ok')) this.#mail = line;
  }

  #offer(): string {
    const { options } = this.#state;
    const secure = this.#socket instanceof TLSSocket;
    const keywords = [
      ...(options.keywords ?? KEYWORDS),
      ...(options.starttls && !secure ? ['STARTTLS'] : []),
      ...(options.auth ? ['AUTH PLAIN LOGIN'] : []),
    ];
    const lines = [options.name ?? 'mx.test', ...keywords];
    return lines.map((line, i) => `250${i < lines.length - 1 ? '-' : ' '}${line}`).join('\r\n');
  }

  #starttls(): void {
    const { starttls } = this.#state.options;
    if (starttls === 'refused' || !starttls) return this.#say('454 4.7.0 TLS not available');
    this.#say('220 2.0.0 go ahead');
    if (starttls === 'broken') {
      this.#mode = 'over';
      this.#socket.once('data', () => this.#socket.write('250 this is not TLS at all\r\n'));
      return;
    }
    this.#mail = this.#rcpt = this.#ehlo = '';
    this.#secure();
    this.#listen();
  }

  #secure(): void {
    const plain = this.#socket;
    plain.removeAllListeners('data');
    const secure = new TLSSocket(plain, { isServer: true, secureContext: this.#state.context });
    secure.on('error', () => plain.destroy());
    this.#socket = secure;
  }

  #auth(line: string): void {
    const [, mechanism = '', initial] = line.split(' ');
    if (mechanism.toUpperCase() === 'PLAIN' && initial !== undefined) {
      const [, username, password] = Buffer.from(initial, 'base64').toString('utf8').split('\0');
      return this.#logIn(username, password);
    }
    this.#mode = 'auth';
    this.#authLines = [];
    this.#say('334 VXNlcm5hbWU6');
  }

  #authLine(line: string): void {
    this.#authLines.push(Buffer.from(line, 'base64').toString('utf8'));
    if (this.#authLines.length === 1) return this.#say('334 UGFzc3dvcmQ6');
    this.#mode = 'commands';
    this.#logIn(this.#authLines[0], this.#authLines[1]);
  }

  #logIn(username: string | undefined, password: string | undefined): void {
    const { auth } = this.#state.options;
    if (auth && username === auth.username && password === auth.password) {
      this.#user = username;
      return this.#say('235 2.7.0 welcome');
    }
    this.#say('535 5.7.8 wrong user name or password');
  }

  #recipient(line: string): void {
    if (this.#mail === '') return this.#say('503 5.5.1 MAIL first');
    const local = addressOf(line).split('@')[0] ?? '';
    const refusals: Readonly<Record<string, string>> = {
      busy: '450 4.2.1 the mailbox is busy',
      missing: '550 5.1.1 no such user',
      eager: '550 5.1.1 no such user',
      full: '452 4.2.2 the mailbox is full',
      'old-full': '552 too many recipients',
      'closing-at-rcpt': '421 4.3.2 going down',
    };
    const refusal = refusals[local];
    this.#eager = local === 'eager';
    if (refusal !== undefined) return this.#sayAndMaybeClose(refusal);
    if (local.startsWith('greylist') && !this.#state.greylisted.has(local)) {
      this.#state.greylisted.add(local);
      return this.#say('451 4.7.1 greylisted, come back in a moment');
    }
    if (this.#answer('RCPT', '250 2.1.5 Ok')) this.#rcpt = line;
  }

  #data(): void {
    if (this.#rcpt === '' && !this.#eager) return this.#say('554 5.5.1 no valid recipients');
    const local = addressOf(this.#rcpt).split('@')[0];
    if (local === 'two-fifty') return this.#say('250 2.0.0 Ok');
    if (!this.#answer('DATA', '354 go ahead')) return;
    if (local === 'twice') this.#say('354 go ahead, I said');
    if (local === 'early') this.#say('552 5.3.4 too much already');
    this.#mode = 'data';
    this.#searched = 0;
  }

  /** True when the message is complete. */
  #readData(): boolean {
    const local = addressOf(this.#rcpt).split('@')[0];
    if (local === 'drop-in-data' && this.#buffer.length > 0) {
      this.#mode = 'over';
      this.#socket.destroy();
      return false;
    }
    const empty = this.#buffer.subarray(0, 3).equals(Buffer.from('.\r\n'));
    const end = empty ? 0 : this.#buffer.indexOf('\r\n.\r\n', this.#searched);
    if (end < 0) return false;
    const stuffed = empty ? Buffer.alloc(0) : this.#buffer.subarray(0, end + 2);
    this.#buffer = this.#buffer.subarray(empty ? 3 : end + 5);
    this.#mode = 'commands';
    this.#taken(unstuff(stuffed), local);
    return true;
  }

  #taken(data: Buffer, local: string | undefined): void {
    const refusals: Readonly<Record<string, string>> = {
      spam: '554 5.7.1 this looks like spam',
      later: '451 4.3.0 not now',
      odd: '354 go on',
    };
    const refusal = refusals[local ?? ''] ?? this.#laterOnce(local) ?? this.#state.options.replies?.['.'];
    if (refusal === undefined || refusal.startsWith('2')) this.#store(data);
    else this.#state.refused.push({ to: addressOf(this.#rcpt), data });
    this.#mail = this.#rcpt = '';
    if (local === 'drop-after-dot') {
      this.#mode = 'over';
      this.#socket.destroy();
      return;
    }
    if (local === 'slow') {
      setTimeout(() => this.#say('250 2.0.0 slow but safe'), this.#state.options.slowMs ?? 300);
      return;
    }
    this.#sayAndMaybeClose(refusal ?? `250 2.0.0 queued as ${this.#number}.${this.#nth}`);
    if (this.#nth >= (this.#state.options.closeAfter ?? Infinity)) this.#socket.end();
  }

  #laterOnce(local = ''): string | undefined {
    if (!local.startsWith('later-once') || this.#state.greylisted.has(local)) return undefined;
    this.#state.greylisted.add(local);
    return '451 4.3.0 not now, but soon';
  }

  #store(data: Buffer): void {
    const secure = this.#socket instanceof TLSSocket ? this.#socket : undefined;
    const servername: unknown = secure && 'servername' in secure ? secure.servername : undefined;
    this.#state.messages.push({
      from: addressOf(this.#mail),
      to: addressOf(this.#rcpt),
      mail: this.#mail,
      rcpt: this.#rcpt,
      data,
      peer: this.#peer,
      ehlo: this.#ehlo,
      ...(secure && { tls: secure.getProtocol() ?? 'TLS' }),
      ...(typeof servername === 'string' && { servername }),
      ...(this.#user !== undefined && { user: this.#user }),
      connection: this.#number,
      nth: ++this.#nth,
    });
    this.#state.waiting = this.#state.waiting.filter((look) => !look());
  }

  /** Says the reply that the options have for `verb`, or the usual one; true when it was the usual one. */
  #answer(verb: string, usual: string): boolean {
    const { replies, repliesOnce } = this.#state.options;
    const reply = repliesOnce?.[verb] ?? replies?.[verb];
    if (repliesOnce) delete repliesOnce[verb];
    this.#sayAndMaybeClose(reply ?? usual);
    return reply === undefined;
  }

  #sayAndMaybeClose(reply: string): void {
    this.#say(reply);
    if (!reply.startsWith('421')) return;
    this.#mode = 'over';
    this.#socket.end();
  }

  #say(reply: string): void {
    if (this.#socket.writable) this.#socket.write(`${reply}\r\n`);
  }

  #drip(ms: number): void {
    const timer = setInterval(() => {
      if (this.#socket.writable) this.#socket.write('250-still here\r\n');
      else clearInterval(timer);
    }, ms);
    this.#socket.once('close', () => clearInterval(timer));
  }
}

function addressOf(line: string): string {
  return /<(.*?)>/.exec(line)?.[1] ?? '';
}

function unstuff(data: Buffer): Buffer {
  const text = data.toString('latin1');
  return Buffer.from(text.replace(/(^|\r\n)\./g, '$1'), 'latin1');
}
