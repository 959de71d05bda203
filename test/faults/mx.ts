// The MX of the fault tests, a process that nobody kills: writes each message down at the moment it takes it, before it says so.
import { createHash } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { makeRandom } from './random.ts';

/**
 * What an address begins with says what becomes of it: "no-" is refused for good, "grey-" is put off once. Of the others
 * `drop` (a probability) are taken, and the connection closed without a reply.
 */
export type MxOptions = Readonly<{
  seed: number;
  ledger: string;
  drop: number;
  /** Between the dot and its reply, milliseconds. */
  delay: readonly [number, number];
}>;

/** A line of the ledger. `key` is "<test id>/<recipient>", or for a report "report <test id>/<recipient>". */
export type MxRecord = Readonly<{
  key: string;
  at: number;
  digest: string;
  bytes: number;
  peer: string;
  ehlo: string;
  dropped: boolean;
}>;

const SITES = 2;
const options: MxOptions = JSON.parse(process.argv[2] ?? '{}');
const random = makeRandom(options.seed, 'mx');
const ledger = openSync(options.ledger, 'a');
const greylisted = new Set<string>();

const servers = Array.from({ length: SITES }, () => createServer((socket) => new Conversation(socket)));
await Promise.all(
  servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))),
);
process.send?.(servers.map((server) => (server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));

/** One SMTP conversation with PIPELINING: commands are answered in order, nothing is read ahead of a reply to the dot. */
class Conversation {
  readonly #socket: Socket;
  #pending: Buffer = Buffer.alloc(0);
  #reading: 'commands' | 'message' = 'commands';
  #busy = false;
  #ehlo = '';
  #from = '';
  #to: string | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
      this.#work();
    });
    this.#say('220 mx.test ESMTP');
  }

  #work(): void {
    while (!this.#busy) {
      const end = this.#pending.indexOf(this.#reading === 'message' ? '\r\n.\r\n' : '\r\n');
      if (end < 0) return;
      const text = this.#pending.subarray(0, end);
      this.#pending = this.#pending.subarray(end + (this.#reading === 'message' ? 5 : 2));
      if (this.#reading === 'message') this.#take(text);
      else this.#obey(text.toString('latin1'));
    }
  }

  #obey(line: string): void {
    const verb = line.slice(0, 4).toUpperCase();
    const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
    if (verb === 'EHLO') {
      this.#ehlo = line.slice(5);
      return this.#say('250-mx.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES');
    }
    if (verb === 'MAIL') {
      this.#from = address;
      this.#to = undefined;
      return this.#say('250 2.1.0 Ok');
    }
    if (verb === 'RCPT') return this.#recipient(address);
    if (verb === 'DATA' && this.#to === undefined) return this.#say('554 5.5.1 No recipient');
    if (verb === 'DATA') {
      this.#reading = 'message';
      return this.#say('354 Go on');
    }
    if (verb === 'QUIT') return void this.#socket.end('221 2.0.0 Bye\r\n');
    return this.#say('250 2.0.0 Ok');
  }

  #recipient(address: string): void {
    if (address.startsWith('no-')) return this.#say('550 5.1.1 No such mailbox');
    if (address.startsWith('grey-') && !greylisted.has(address)) {
      greylisted.add(address);
      return this.#say('451 4.7.1 Greylisted, come again');
    }
    this.#to = address;
    this.#say('250 2.1.5 Ok');
  }

  #take(message: Buffer): void {
    this.#reading = 'commands';
    this.#busy = true;
    const dropped = this.#from !== '' && random.chance(options.drop);
    this.#record(message, dropped);
    if (dropped) return void this.#socket.destroy();
    setTimeout(
      () => {
        this.#busy = false;
        this.#say('250 2.0.0 Taken');
        this.#work();
      },
      random.between(...options.delay),
    );
  }

  #record(message: Buffer, dropped: boolean): void {
    const record: MxRecord = {
      key: this.#keyOf(message),
      at: Date.now(),
      digest: createHash('sha256').update(message).digest('base64url'),
      bytes: message.length,
      peer: this.#socket.remoteAddress ?? '',
      ehlo: this.#ehlo,
      dropped,
    };
    writeSync(ledger, `${JSON.stringify(record)}\n`);
  }

  /** A report carries the header of the message that it is about. */
  #keyOf(message: Buffer): string {
    const text = message.subarray(0, 32_768).toString('latin1');
    const testId = /^X-Test-Id: (\S+)/im.exec(text)?.[1] ?? 'unknown';
    if (this.#from !== '') return `${testId}/${this.#to}`;
    return `report ${testId}/${/^Final-Recipient: *rfc822; *(\S+)/im.exec(text)?.[1] ?? 'unknown'}`;
  }

  #say(reply: string): void {
    this.#socket.write(`${reply}\r\n`);
  }
}
