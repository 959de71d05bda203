// The body of one message as it streams in: line ends made whole, limits kept, in memory while small, then on to a file.
import { createHash, hash, type Hash } from 'node:crypto';
import { isAscii } from 'node:buffer';
import { scanHeaders, type HeaderBlock } from '../mail/headers.ts';
import { replies, type Reply } from './replies.ts';

/** A place on disk that a large body is written to. After `commit` it is safe there and the locator names it. */
export type Spill = Readonly<{
  write(chunk: Buffer): Promise<void>;
  /** Resolves with the locator ("file:<name>") once the bytes are synced. */
  commit(): Promise<string>;
  /** Removes it, before or after `commit`. */
  discard(): Promise<void>;
}>;

/** Bytes that all sessions together may hold in memory. */
export type Budget = Readonly<{
  take(bytes: number): boolean;
  give(bytes: number): void;
  /** Bytes that are taken now. */
  held(): number;
}>;

export type BodyLimits = Readonly<{ maxBytes: number; memoryBytes: number }>;

/** A message that came in whole. `bytes` is absent when it went to the spill. */
export type Received = Readonly<{
  size: number;
  eightBit: boolean;
  header: Buffer;
  block: HeaderBlock;
  digest: string;
  bytes?: Buffer;
  spill?: Spill;
}>;

const CR = 13;
const LF = 10;
/** NUL, CR without LF, LF without CR: one pass for what is nearly never there. */
const BROKEN = /\0|\r(?!\n)|(?<!\r)\n/; // oxlint-disable-line no-control-regex
const END_OF_HEADER = '\r\n\r\n';
const MAX_HEADER_BYTES = 102_400;
const MAX_HEADER_FIELDS = 1000;
const SMALL_PIECE = 2048;
const PIECE_ROOM = 16_384;

/** What is still read and thrown away of a message that was refused already, before we hang up. */
const MAX_DRAIN_BYTES = 64_000_000;

/** Makes a budget of `bytes` for all sessions of a process together. */
export function makeBudget(bytes: number): Budget {
  let left = bytes;
  return {
    take: (wanted) => {
      if (wanted > left) return false;
      left -= wanted;
      return true;
    },
    give: (back) => {
      left += back;
    },
    held: () => bytes - left,
  };
}

export class Body {
  readonly #limits: BodyLimits;
  readonly #budget: Budget;
  readonly #openSpill: () => Promise<Spill>;
  #pieces: Buffer[] = [];
  /** Room at the end of the last piece, so that a client that sends byte by byte does not cost an object per byte. */
  #room = 0;
  #held = 0;
  #size = 0;
  #arrived = 0;
  #eightBit = false;
  #endedWithCr = false;
  #headerEnded = false;
  #tail = '\r\n'; // a header may be empty: then the first line is the empty one
  #spill: Spill | undefined;
  #header: Buffer | undefined;
  #hash: Hash | undefined;
  #refusal: Reply | undefined;
  #dropped = false;

  constructor(limits: BodyLimits, budget: Budget, openSpill: () => Promise<Spill>) {
    this.#limits = limits;
    this.#budget = budget;
    this.#openSpill = openSpill;
  }

  /** Bytes that came in, refused or not. */
  get arrived(): number {
    return this.#arrived;
  }

  /** More came than even a refused message may bring: time to hang up. */
  get endless(): boolean {
    return this.#arrived > this.#limits.maxBytes + MAX_DRAIN_BYTES;
  }

  /** Takes the next bytes. After a refusal they are counted and dropped: the client has to send them all the same. */
  write(chunk: Buffer): void | Promise<void> {
    this.#arrived += chunk.length;
    if (this.#refusal) return;
    const whole = this.#normalise(chunk);
    if (!whole) return;
    this.#size += whole.length;
    if (!isAscii(whole)) this.#eightBit = true;
    if (this.#size > this.#limits.maxBytes) return this.#refuse(replies.tooBig(this.#limits.maxBytes));
    if (!this.#headerEnded) this.#lookForEndOfHeader(whole);
    if (!this.#headerEnded && this.#size > MAX_HEADER_BYTES) return this.#refuse(replies.headerTooBig);
    if (this.#spill) return this.#write(this.#spill, whole);
    if (!this.#budget.take(whole.length)) return this.#refuse(replies.full);
    this.#held += whole.length;
    this.#keep(whole);
    if (this.#size > this.#limits.memoryBytes) return this.#moveToSpill();
  }

  /** The message ended: what came in, or why it is refused. */
  async finish(): Promise<Received | Reply> {
    if (this.#endedWithCr) this.#refusal ??= replies.bareCr;
    if (this.#refusal) {
      await this.drop();
      return this.#refusal;
    }
    const facts = { size: this.#size, eightBit: this.#eightBit };
    if (this.#spill && this.#header && this.#hash) {
      const block = scanHeaders(this.#header);
      return {
        ...facts,
        header: this.#header,
        block,
        digest: this.#hash.digest('base64url'),
        spill: this.#spill,
      };
    }
    const bytes = this.#joined();
    const block = scanHeaders(bytes);
    if (block.fields.length > MAX_HEADER_FIELDS || block.size > MAX_HEADER_BYTES) return replies.headerTooBig;
    const digest = hash('sha256', bytes, 'base64url');
    return { ...facts, header: bytes.subarray(0, block.size), block, digest, bytes };
  }

  /** Gives the memory back; to be called once, whatever came of the message. */
  release(): void {
    this.#budget.give(this.#held);
    this.#held = 0;
    this.#pieces = [];
  }

  /** Forgets the message, on disk too. */
  async drop(): Promise<void> {
    this.#dropped = true;
    this.release();
    const spill = this.#spill;
    this.#spill = undefined;
    await spill?.discard().catch(() => undefined);
  }

  #refuse(reply: Reply): void | Promise<void> {
    this.#refusal ??= reply;
    return this.drop();
  }

  /** Line ends as CR LF. A bare LF is made whole; a bare CR or a NUL refuses the message (RFC 5321 §2.3.8). */
  #normalise(chunk: Buffer): Buffer | undefined {
    const startsInsideLineEnd = this.#endedWithCr;
    this.#endedWithCr = chunk[chunk.length - 1] === CR;
    if (startsInsideLineEnd && chunk[0] !== LF) return void this.#refuse(replies.bareCr);
    const text = chunk.toString(
      'latin1',
      startsInsideLineEnd ? 1 : 0,
      chunk.length - (this.#endedWithCr ? 1 : 0),
    );
    if (!BROKEN.test(text)) return chunk;
    if (chunk.includes(0)) return void this.#refuse(replies.nul);
    if (hasBareCr(chunk)) return void this.#refuse(replies.bareCr);
    const bare = countBareLf(chunk, startsInsideLineEnd);
    return bare === 0 ? chunk : withWholeLineEnds(chunk, startsInsideLineEnd, bare);
  }

  #lookForEndOfHeader(chunk: Buffer): void {
    // Three bytes of the chunk before may be the first of the four we look for.
    const edge = this.#tail + chunk.toString('latin1', 0, END_OF_HEADER.length - 1);
    this.#headerEnded = edge.includes(END_OF_HEADER) || chunk.includes(END_OF_HEADER);
    this.#tail = (this.#tail + chunk.toString('latin1', Math.max(0, chunk.length - 3))).slice(-3);
  }

  /** Keeps a piece. Small ones are copied together: an object for every byte would cost far more than the byte. */
  #keep(chunk: Buffer): void {
    if (chunk.length > SMALL_PIECE || (this.#pieces.length === 0 && chunk.length > 256)) {
      this.#pieces.push(chunk);
      this.#room = 0;
      return;
    }
    const last = this.#pieces.at(-1);
    if (last && this.#room >= chunk.length) {
      const grown = Buffer.from(last.buffer, last.byteOffset, last.length + chunk.length);
      chunk.copy(grown, last.length);
      this.#pieces[this.#pieces.length - 1] = grown;
      this.#room -= chunk.length;
      return;
    }
    const piece = Buffer.allocUnsafeSlow(PIECE_ROOM);
    chunk.copy(piece);
    this.#pieces.push(piece.subarray(0, chunk.length));
    this.#room = PIECE_ROOM - chunk.length;
  }

  #joined(): Buffer {
    const [first] = this.#pieces;
    const joined = first && this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces);
    this.#pieces = [joined];
    this.#room = 0;
    return joined;
  }

  /** The body has grown out of memory: what came so far goes to disk, and only the header stays. */
  async #moveToSpill(): Promise<void> {
    const start = this.#joined();
    const block = scanHeaders(start);
    if (block.fields.length > MAX_HEADER_FIELDS || block.size > MAX_HEADER_BYTES)
      return this.#refuse(replies.headerTooBig);
    this.#header = Buffer.from(start.subarray(0, block.size));
    this.#hash = createHash('sha256');
    try {
      const spill = await this.#openSpill();
      if (this.#dropped) return await spill.discard(); // the client went away meanwhile
      this.#spill = spill;
    } catch (error) {
      return this.#refuse(replyToDisk(error));
    }
    await this.#write(this.#spill, start);
    this.release();
  }

  async #write(spill: Spill, chunk: Buffer): Promise<void> {
    this.#hash?.update(chunk);
    try {
      await spill.write(chunk);
    } catch (error) {
      await this.#refuse(replyToDisk(error));
    }
  }
}

/** A disk that is full may have room later; whatever else is wrong with it, nothing was stored. */
export function replyToDisk(error: unknown): Reply {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT' ? replies.full : replies.tryLater;
}

/** A CR that no LF follows; the last byte is judged with the next chunk. */
function hasBareCr(chunk: Buffer): boolean {
  const last = chunk.length - 1;
  for (let cr = chunk.indexOf(CR); cr >= 0 && cr < last; cr = chunk.indexOf(CR, cr + 2))
    if (chunk[cr + 1] !== LF) return true;
  return false;
}

function countBareLf(chunk: Buffer, startsInsideLineEnd: boolean): number {
  let bare = 0;
  for (let lf = chunk.indexOf(LF); lf >= 0; lf = chunk.indexOf(LF, lf + 1)) {
    const whole = lf === 0 ? startsInsideLineEnd : chunk[lf - 1] === CR;
    if (!whole) bare++;
  }
  return bare;
}

function withWholeLineEnds(chunk: Buffer, startsInsideLineEnd: boolean, bare: number): Buffer {
  const whole = Buffer.allocUnsafe(chunk.length + bare);
  let out = 0;
  for (let i = 0; i < chunk.length; i++) {
    const byte = chunk[i] ?? 0;
    const before = i === 0 ? startsInsideLineEnd : chunk[i - 1] === CR;
    if (byte === LF && !before) whole[out++] = CR;
    whole[out++] = byte;
  }
  return whole;
}
