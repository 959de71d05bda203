// The bytes of an SMTP client cut into command lines and message data, dots undone (RFC 5321 §4.5.2).

/** Takes what the wire has cut. A promise means: read no further until it settles. */
export type Reader = Readonly<{
  /** One command line without its end. `more` says that bytes already wait behind it. */
  command(line: Buffer, more: boolean): void | Promise<void>;
  lineTooLong(): void;
  /** Everything read so far was dealt with: time to write the answers. */
  caughtUp(): void | Promise<void>;
}>;

/** Takes the data of one message. */
export type DataReader = Readonly<{
  write(chunk: Buffer): void | Promise<void>;
  /** The lone dot came. */
  end(): void | Promise<void>;
}>;

const LF = 10;
const CR = 13;
const DOT = 46;
const CRLF = Buffer.from('\r\n');
const LINE_DOT = Buffer.from('\n.');
const NOTHING = Buffer.alloc(0);
const MAX_LINE = 12_288; // RFC 4954 §4.3: the longest AUTH answer; other commands are far shorter

export class Wire {
  readonly #reader: Reader;
  #data: DataReader | undefined;
  /** Bytes that cannot be judged before the next ones come. */
  #held: Buffer = NOTHING;
  /** Bytes at the start of `#held` that stand for the line end before the first line and are not content. */
  #skip = 0;
  #closed = false;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** From the next byte on the client sends a message. Called while its DATA command is dealt with. */
  startData(reader: DataReader): void {
    this.#data = reader;
  }

  /** Whatever comes from now on is thrown away. */
  close(): void {
    this.#closed = true;
    this.#held = NOTHING;
  }

  /** Deals with the next bytes; resolves when all that can be done with them is done. */
  async feed(chunk: Buffer): Promise<void> {
    let rest = this.#join(chunk);
    while (rest.length > 0 && !this.#closed)
      rest = await (this.#data ? this.#feedData(rest) : this.#feedLine(rest));
    await this.#reader.caughtUp();
  }

  #join(chunk: Buffer): Buffer {
    if (this.#held.length === 0) return chunk;
    const joined = Buffer.concat([this.#held, chunk]);
    this.#held = NOTHING;
    return joined;
  }

  async #feedLine(bytes: Buffer): Promise<Buffer> {
    // A bare LF ends a command too: people type into telnet. It never ends a message.
    const lf = bytes.indexOf(LF);
    if ((lf < 0 ? bytes.length : lf) > MAX_LINE) {
      this.#reader.lineTooLong();
      return NOTHING;
    }
    if (lf < 0) {
      this.#held = bytes;
      return NOTHING;
    }
    const end = lf > 0 && bytes[lf - 1] === CR ? lf - 1 : lf;
    const wait = this.#reader.command(bytes.subarray(0, end), bytes.length > lf + 1);
    if (wait) await wait;
    const rest = bytes.subarray(lf + 1);
    if (!this.#data) return rest;
    this.#skip = CRLF.length;
    return rest.length > 0 ? Buffer.concat([CRLF, rest]) : this.#hold(CRLF);
  }

  async #feedData(bytes: Buffer): Promise<Buffer> {
    const found = undot(bytes, this.#skip);
    const data = this.#data;
    if (found.content.length > 0) {
      const wait = data?.write(found.content);
      if (wait) await wait;
    }
    if (found.rest === undefined) {
      this.#skip = Math.max(0, this.#skip - found.heldAt);
      return this.#hold(bytes.subarray(found.heldAt));
    }
    this.#data = undefined;
    this.#skip = 0;
    const wait = data?.end();
    if (wait) await wait;
    return found.rest;
  }

  #hold(bytes: Buffer): Buffer {
    this.#held = bytes;
    return NOTHING;
  }
}

/** `rest` is there when the message ended; else what begins at `heldAt` waits for the next bytes. */
type Undotted = Readonly<{ content: Buffer; heldAt: number; rest?: Buffer }>;

/**
 * Finds the end of data, which is CR LF dot CR LF and nothing else, and removes the dots that were put before dots. The
 * first `skip` bytes are context, not content. Works in place: `bytes` belong to us.
 */
function undot(bytes: Buffer, skip: number): Undotted {
  let out = skip;
  let from = skip;
  const keep = (end: number): Buffer => {
    if (out !== from) bytes.copyWithin(out, from, end);
    out += Math.max(0, end - from);
    return bytes.subarray(skip, out);
  };
  for (let lf = bytes.indexOf(LINE_DOT); lf >= 0; lf = bytes.indexOf(LINE_DOT, lf + 2)) {
    const afterCr = lf > 0 && bytes[lf - 1] === CR;
    const next = bytes[lf + 2];
    const maybeEnd = afterCr && next === CR;
    if (next === undefined || (maybeEnd && lf + 3 === bytes.length)) {
      const heldAt = afterCr ? lf - 1 : lf;
      return { content: keep(heldAt), heldAt };
    }
    if (maybeEnd && bytes[lf + 3] === LF)
      return { content: keep(lf + 1), heldAt: 0, rest: bytes.subarray(lf + 4) };
    // After a bare LF only a doubled dot is undone: what begins that line may never have been dotted.
    if (afterCr || next === DOT) {
      keep(lf + 1);
      from = lf + 2;
    }
  }
  const heldAt = bytes.length - lineEndLength(bytes);
  return { content: keep(heldAt), heldAt };
}

/** How many bytes at the end may be the first of a line end, or are one. */
function lineEndLength(bytes: Buffer): number {
  const last = bytes[bytes.length - 1];
  if (last === CR) return 1;
  if (last !== LF) return 0;
  return bytes[bytes.length - 2] === CR ? 2 : 1;
}
