// A small SMTP client with PIPELINING that knows of each try how far it got and how long each reply took.
import { createConnection, type Socket } from 'node:net';
import type { Message } from './messages.ts';

/**
 * accepted: a 250 with this id · refused: a 4xx or 5xx · silent: the connection ended, or no reply came in time.
 * `dotSent` says that the relay may have the whole message.
 */
export type Try = Readonly<
  | { kind: 'accepted'; id: string; ms: number }
  | { kind: 'refused'; code: number; dotSent: boolean; ms: number }
  | { kind: 'silent'; dotSent: boolean; hung: boolean; ms: number }
>;

/** Longer than any reply may take: then we say that it hung. */
const PATIENCE_MS = 15_000;

/** A session that opens itself when it is needed. `slowest` is the longest that any reply took, milliseconds. */
export class SmtpClient {
  readonly #port: number;
  readonly #localAddress: string;
  #socket: Socket | undefined;
  #text = '';
  #wake: (() => void) | undefined;

  /** `localAddress`: from which it connects. */
  constructor(port: number, localAddress: string) {
    this.#port = port;
    this.#localAddress = localAddress;
  }

  async send(message: Message): Promise<Try> {
    const began = performance.now();
    let slowest = 0;
    let dotSent = false;
    const reply = async (): Promise<string> => {
      const since = performance.now();
      try {
        return await this.#reply();
      } finally {
        slowest = Math.max(slowest, performance.now() - since);
      }
    };
    try {
      if (!this.#socket) await this.#open(reply);
      const to = message.recipients.map((address) => `RCPT TO:<${address}>\r\n`).join('');
      this.#write(`MAIL FROM:<bounces@shop.test>\r\n${to}DATA\r\n`);
      const replies = [];
      for (let left = message.recipients.length + 2; left > 0; left--) replies.push(await reply());
      const refused = replies.find((line) => !/^[23]/.test(line));
      if (refused !== undefined) throw new Refusal(refused);
      dotSent = true;
      this.#write(Buffer.concat([message.raw, Buffer.from('.\r\n')]));
      const last = await reply();
      const id = /^250 2\.0\.0 Ok: queued as (\S+)/.exec(last)?.[1];
      if (id === undefined) throw new Refusal(last);
      return { kind: 'accepted', id, ms: slowest };
    } catch (error) {
      this.close();
      if (error instanceof Refusal) return { kind: 'refused', code: error.code, dotSent, ms: slowest };
      const hung = performance.now() - began >= PATIENCE_MS;
      return { kind: 'silent', dotSent, hung, ms: slowest };
    }
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#text = '';
    this.#stir();
  }

  async #open(reply: () => Promise<string>): Promise<void> {
    const socket = createConnection({
      port: this.#port,
      host: '127.0.0.1',
      localAddress: this.#localAddress,
      noDelay: true,
    });
    this.#socket = socket;
    const gone = (): void => {
      if (this.#socket === socket) this.close();
    };
    socket.on('error', gone).on('close', gone).on('end', gone);
    socket.on('data', (chunk) => {
      this.#text += chunk.toString('latin1');
      this.#stir();
    });
    const greeting = await reply();
    if (!greeting.startsWith('220')) throw new Refusal(greeting);
    this.#write('EHLO client.test\r\n');
    const offer = await reply();
    if (!offer.startsWith('250')) throw new Refusal(offer);
  }

  #write(bytes: string | Buffer): void {
    this.#socket?.write(bytes);
  }

  /** The last line of the next reply. Throws when there will be none. */
  async #reply(): Promise<string> {
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      const end = /^\d{3} .*\r\n/m.exec(this.#text);
      if (end) {
        this.#text = this.#text.slice(end.index + end[0].length);
        return end[0].trimEnd();
      }
      if (!this.#socket || performance.now() > until) throw new Error('no reply');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #stir(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

class Refusal extends Error {
  readonly code: number;
  constructor(line: string) {
    super(line);
    this.code = Number(line.slice(0, 3));
  }
}
