// A client that sends very many forged recipients and messages over few connections, as fast as it is answered.
import { connect, type Socket } from 'node:net';

/** Replies by their code and status, such as "550 5.1.1". */
export type Tally = Map<string, number>;

/** One connection: commands go out in one write, replies come back in order. */
export class Forger {
  readonly #socket: Socket;
  readonly #tally: Tally;
  #waiting: { left: number; done: (last: string) => void } | undefined;
  #text = '';
  #closed = false;

  private constructor(socket: Socket, tally: Tally) {
    this.#socket = socket;
    this.#tally = tally;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#hear(text));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
      this.#waiting?.done('closed');
    });
  }

  static async open(port: number, localAddress: string, tally: Tally): Promise<Forger> {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    const forger = new Forger(socket, tally);
    await forger.#replies(1);
    await forger.say(['EHLO forger.test'], 1);
    return forger;
  }

  /** True when the other side has had enough; another one is opened then. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Writes the lines at once; resolves with the last of `count` replies, or "closed". */
  say(lines: readonly string[], count: number): Promise<string> {
    if (this.#closed) return Promise.resolve('closed');
    const replies = this.#replies(count);
    this.#socket.write(`${lines.join('\r\n')}\r\n`, 'latin1');
    return replies;
  }

  close(): void {
    this.#socket.destroy();
  }

  #replies(left: number): Promise<string> {
    return new Promise((done) => {
      this.#waiting = { left, done };
      this.#hear('');
    });
  }

  #hear(text: string): void {
    this.#text += text;
    const lines = this.#text.split('\r\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) {
      if (line[3] === '-') continue;
      const kind = /^\d{3}(?: \d\.\d\.\d)?/.exec(line)?.[0] ?? line;
      this.#tally.set(kind, (this.#tally.get(kind) ?? 0) + 1);
      if (this.#waiting && --this.#waiting.left === 0) this.#waiting.done(line);
    }
  }
}
