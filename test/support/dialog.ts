// Plays transcripts of SMTP dialogues against a listener, and talks SMTP by hand for other tests.
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { FrontDoor, ListenerName } from './front-door.ts';

const WAIT_MS = 8000;

/** A client that speaks raw SMTP: it sends bytes as told and reads lines. */
export class Talker {
  #socket: Socket;
  #text = '';
  #ended = false;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen(socket);
  }

  static async open(port: number, options: Readonly<{ from?: string; tls?: boolean }> = {}): Promise<Talker> {
    const socket = connect({
      host: '127.0.0.1',
      port,
      ...(options.from ? { localAddress: options.from } : {}),
    });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.setNoDelay(true);
    const talker = new Talker(socket);
    if (options.tls) await talker.startTls();
    return talker;
  }

  send(bytes: string | Buffer): void {
    this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes);
  }

  /** Sends each byte in a packet of its own. */
  async trickle(bytes: Buffer): Promise<void> {
    for (const byte of bytes) {
      this.#socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The next line without its end; undefined when the server has closed. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return line;
      }
      if (this.#ended) return undefined;
      await this.#more();
    }
  }

  /** The next reply, its lines joined by "\n". */
  async reply(): Promise<string> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      if (line === undefined) return [...lines, '(closed)'].join('\n');
      lines.push(line);
      if (/^\d{3} /.test(line)) return lines.join('\n');
    }
  }

  async say(command: string): Promise<string> {
    this.send(`${command}\r\n`);
    return this.reply();
  }

  /** Waits until the server has closed; what it said meanwhile. */
  async closed(): Promise<string> {
    while (!this.#ended) await this.#more();
    return this.#text;
  }

  async startTls(): Promise<void> {
    this.#socket.removeAllListeners();
    const plain = this.#socket;
    plain.on('error', () => undefined);
    const secure = connectTls({ socket: plain, rejectUnauthorized: false, servername: 'relay.example.net' });
    this.#socket = secure;
    await new Promise((resolve, reject) => secure.once('secureConnect', resolve).once('error', reject));
    this.#listen(secure);
  }

  close(): void {
    this.#socket.destroy();
  }

  #listen(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('utf8');
      this.#wake();
    });
    for (const event of ['end', 'close', 'error'])
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
  }

  async #more(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`nothing came within ${WAIT_MS} ms; unread: ${this.#text}`)),
        WAIT_MS,
      );
    });
    await Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), late]).finally(() =>
      clearTimeout(timer),
    );
  }
}

/**
 * Plays one transcript. Lines: `#` comment · `L:` listener · `A:` our address (both before anything else) · `C:` we send a line ·
 * `R:` we send raw text with \r \n \0 \xHH · `S:` the server answers a line that begins so · `S~` any lines until one
 * begins so · `T:` we shake hands for TLS · `E:` the server closes.
 */
export async function playDialog(transcript: string, door: FrontDoor): Promise<void> {
  const lines = transcript.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const setting = (mark: string): string | undefined =>
    lines
      .find((line) => line.startsWith(mark))
      ?.slice(mark.length)
      .trim();
  const listener = (setting('L:') ?? 'starttls') as ListenerName;
  const from = setting('A:');
  const talker = await Talker.open(door.port(listener), {
    tls: listener === 'implicit',
    ...(from ? { from } : {}),
  });
  try {
    for (const line of lines) await playLine(talker, line);
  } finally {
    talker.close();
  }
}

async function playLine(talker: Talker, line: string): Promise<void> {
  const text = line.slice(3);
  switch (line.slice(0, 2)) {
    case 'L:':
    case 'A:':
      return;
    case 'C:':
      return talker.send(`${text}\r\n`);
    case 'R:':
      return talker.send(unescape(text));
    case 'S:':
      return expectLine(await talker.line(), text);
    case 'S~':
      for (let got = await talker.line(); !got?.startsWith(text); got = await talker.line())
        if (got === undefined) throw new Error(`the server closed before it said: ${text}`);
      return;
    case 'T:':
      return talker.startTls();
    case 'E:': {
      const rest = await talker.closed();
      if (rest !== '') throw new Error(`before it closed the server also said: ${rest}`);
      return;
    }
    default:
      throw new Error(`no such line in a dialogue: ${line}`);
  }
}

function expectLine(got: string | undefined, want: string): void {
  if (!got?.startsWith(want)) throw new Error(`expected: ${want}\ngot:      ${got ?? '(closed)'}`);
}

function unescape(text: string): string {
  const known: Readonly<Record<string, string>> = { r: '\r', n: '\n', '0': '\0', '\\': '\\' };
  return text.replace(/\\(x[0-9a-f]{2}|.)/gi, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (known[code] ?? code),
  );
}
