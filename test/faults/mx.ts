// The MX of the fault tests, a process that nobody kills: writes each message down at the moment it takes it, before it says so.
import { createHash } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { makeRandom } from './random.ts';

/**
 * What an address begins with says what becomes of it: "no-" is refused for good, "grey-" is put off once, "late-" is put
 * off once after the dot. Of the others `drop` (a probability) are taken, and the connection closed without a reply. Some
 * connections offer no 8BITMIME.
 */
export type MxOptions = Readonly<{
  seed: number;
  ledger: string;
  /** File of the letters that were treated, one behind the other, as they came. */
  letters: string;
  drop: number;
  /** Between the dot and its reply, milliseconds. */
  delay: readonly [number, number];
}>;

/** A line of the ledger. `key` is "<test id>/<recipient>", or for a report "report <test id>/<recipient>". */
export type MxRecord = Readonly<{
  key: string;
  at: number;
  /** Of all bytes, and of the body alone. */
  digest: string;
  body: string;
  bytes: number;
  /** What the message says that it is, and where it lies in the file of letters. */
  kind: string;
  offset?: number;
  /** Refused for now after the dot: it was seen and not taken. */
  deferred: boolean;
  eightBit: boolean;
  peer: string;
  ehlo: string;
  dropped: boolean;
}>;

const SITES = 2;
/** All that is looked for lies in there. */
const HEAD_BYTES = 32_768;
const SEVEN_BIT_CHANCE = 0.15;
const options: MxOptions = JSON.parse(process.argv[2] ?? '{}');
const random = makeRandom(options.seed, 'mx');
const ledger = openSync(options.ledger, 'a');
const letters = openSync(options.letters, 'a');
const seen = new Set<string>();
let offset = 0;

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
  readonly #eightBit = !random.chance(SEVEN_BIT_CHANCE);
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
      const eightBit = this.#eightBit ? '250-8BITMIME\r\n' : '';
      return this.#say(`250-mx.test\r\n250-PIPELINING\r\n${eightBit}250 ENHANCEDSTATUSCODES`);
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
    if (address.startsWith('grey-') && isNew(address)) return this.#say('451 4.7.1 Greylisted, come again');
    this.#to = address;
    this.#say('250 2.1.5 Ok');
  }

  #take(stuffed: Buffer): void {
    const message = unstuff(stuffed);
    this.#reading = 'commands';
    this.#busy = true;
    const deferred = this.#to?.startsWith('late-') === true && isNew(this.#to);
    const dropped = !deferred && this.#from !== '' && random.chance(options.drop);
    this.#record(message, { dropped, deferred });
    if (dropped) return void this.#socket.destroy();
    setTimeout(
      () => {
        this.#busy = false;
        this.#say(deferred ? '451 4.2.1 Mailbox busy, come again' : '250 2.0.0 Taken');
        this.#work();
      },
      random.between(...options.delay),
    );
  }

  #record(message: Buffer, fate: Pick<MxRecord, 'dropped' | 'deferred'>): void {
    const head = message.toString('latin1', 0, HEAD_BYTES);
    const kind = /^X-Test-Kind: (\S+)/im.exec(head)?.[1] ?? '';
    const isKept = this.#from !== '' && kind !== 'plain' && kind !== '';
    const record: MxRecord = {
      key: this.#keyOf(head),
      at: Date.now(),
      digest: digestOf(message),
      // What ends the last line belongs to the dot, and to the body that was sent.
      body: digestOf(message.subarray(message.indexOf('\r\n\r\n') + 4), '\r\n'),
      bytes: message.length,
      kind,
      ...(isKept ? { offset } : {}),
      eightBit: this.#eightBit,
      peer: this.#socket.remoteAddress ?? '',
      ehlo: this.#ehlo,
      ...fate,
    };
    if (isKept) offset += writeSync(letters, message);
    writeSync(ledger, `${JSON.stringify(record)}\n`);
  }

  /** A report carries the header of the message that it is about. */
  #keyOf(head: string): string {
    const testId = /^X-Test-Id: (\S+)/im.exec(head)?.[1] ?? 'unknown';
    if (this.#from !== '') return `${testId}/${this.#to}`;
    return `report ${testId}/${/^Final-Recipient: *rfc822; *(\S+)/im.exec(head)?.[1] ?? 'unknown'}`;
  }

  #say(reply: string): void {
    this.#socket.write(`${reply}\r\n`);
  }
}

/** True the first time. */
function isNew(address: string): boolean {
  const known = seen.has(address);
  seen.add(address);
  return !known;
}

/** RFC 5321 §4.5.2. */
function unstuff(message: Buffer): Buffer {
  if (!message.includes('\r\n..') && message[0] !== 0x2e) return message;
  return Buffer.from(message.toString('latin1').replace(/^\./gm, ''), 'latin1');
}

function digestOf(bytes: Buffer, end = ''): string {
  return createHash('sha256').update(bytes).update(end).digest('base64url');
}
