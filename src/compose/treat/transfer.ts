// Transfer encodings of a changed part (RFC 2045 §6): only what changes is written anew, the rest keeps its bytes. Pure.
import { finish, type Steps } from '../../lib/steps.ts';
import { base64Lines, quotedPrintableText } from '../../mail/encode.ts';

/** Text in place of the decoded bytes from `start` to `end`; one character per byte. */
export type Splice = Readonly<{ start: number; end: number; text: string }>;

/** A decoded part. `rawStart` and `rawEnd` tell where a decoded byte begins and ends in the encoded text (quoted-printable only). */
export type Decoded = Readonly<{
  text: string;
  raw: string;
  rawStart?: Uint32Array;
  rawEnd?: Uint32Array;
}>;

/** How a part leaves: spliced as it is, spliced in quoted-printable, or encoded anew as a whole. */
export type WriteMode = 'plain' | 'spliced-qp' | 'qp' | 'base64';

const MAX_COLUMNS = 76; // RFC 2045 §6.7 (5)
const SOFT_BREAK = '=\r\n';
const EQUALS = 61;
const SPACE = 32;
const TAB = 9;

const isBlank = (code: number): boolean => code === SPACE || code === TAB;

/** Characters or splices after which others may go. */
const STEP_CHARS = 256 * 1024;
const STEP_SPLICES = 1000;

/** Decodes a part's body. */
export function decode(body: Buffer, encoding: string): Decoded {
  return finish(decodeSteps(body, encoding));
}

/** The same in steps. */
export function* decodeSteps(body: Buffer, encoding: string): Steps<Decoded> {
  const raw = body.toString('latin1');
  if (encoding === 'base64') return { text: Buffer.from(raw, 'base64').toString('latin1'), raw };
  return encoding === 'quoted-printable' ? yield* decodeQp(raw) : { text: raw, raw };
}

/** The part with the splices, which are sorted and do not overlap. */
export function write(decoded: Decoded, splices: readonly Splice[], mode: WriteMode): Buffer {
  return finish(writeSteps(decoded, splices, mode));
}

/** The same in steps. */
export function* writeSteps(decoded: Decoded, splices: readonly Splice[], mode: WriteMode): Steps<Buffer> {
  switch (mode) {
    case 'plain':
      return Buffer.from(joined(decoded.text, splices), 'latin1');
    case 'spliced-qp':
      return Buffer.from(yield* spliceQp(decoded, splices), 'latin1');
    case 'qp':
      return Buffer.from(quotedPrintableText(joined(decoded.text, splices)), 'latin1');
    case 'base64':
      return base64Lines(Buffer.from(joined(decoded.text, splices), 'latin1'));
  }
}

/** The decoded text with the splices put in. */
export function joined(text: string, splices: readonly Splice[]): string {
  let done = '';
  let at = 0;
  for (const { start, end, text: put } of splices) {
    done += text.slice(at, start) + put;
    at = end;
  }
  return done + text.slice(at);
}

/** Tolerant as readers are: what is no code stays as it stands, white space at the end of a line goes. */
function* decodeQp(raw: string): Steps<Decoded> {
  const rawStart = new Uint32Array(raw.length + 1);
  const rawEnd = new Uint32Array(raw.length + 1);
  const bytes = Buffer.allocUnsafe(raw.length);
  let size = 0;
  /** Up to here blanks stand inside a line: each looked at by itself, a long row of them would take hours. */
  let inside = 0;
  let pause = STEP_CHARS;
  for (let i = 0; i < raw.length;) {
    if (i >= pause) {
      pause += STEP_CHARS;
      yield;
    }
    if (i >= inside && isBlank(raw.charCodeAt(i))) inside = endOfInnerBlanks(raw, i);
    const { byte, skip } = readQp(raw, i, inside);
    if (byte >= 0) {
      rawStart[size] = i;
      rawEnd[size] = i + skip;
      bytes[size++] = byte;
    }
    i += skip;
  }
  rawStart[size] = raw.length;
  rawEnd[size] = raw.length;
  return { text: bytes.toString('latin1', 0, size), raw, rawStart, rawEnd };
}

/**
 * The byte at `i`, -1 where there is none, and how many characters stand for it; blanks before `inside` end no line. One
 * object serves all: nobody keeps it.
 */
function readQp(raw: string, i: number, inside: number): Readonly<{ byte: number; skip: number }> {
  const code = raw.charCodeAt(i);
  qp.byte = code;
  qp.skip = 1;
  if (code === EQUALS) {
    const high = hexDigit(raw.charCodeAt(i + 1));
    const low = hexDigit(raw.charCodeAt(i + 2));
    const soft = high < 0 ? softBreakAt(raw, i) : 0;
    if (soft > 0) {
      qp.byte = -1;
      qp.skip = soft;
    } else if (high >= 0 && low >= 0) {
      qp.byte = 16 * high + low;
      qp.skip = 3;
    }
  } else if (i >= inside && isBlank(code)) {
    qp.byte = -1;
    qp.skip = endOfBlanks(raw, i) - i;
  }
  return qp;
}

const qp = { byte: 0, skip: 1 };

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const upper = code & ~32;
  return upper >= 65 && upper <= 70 ? upper - 55 : -1;
}

/** Length of "=", blanks and a line end; 0 when something else stands there. */
function softBreakAt(raw: string, at: number): number {
  let i = at + 1;
  while (i - at < MAX_COLUMNS && isBlank(raw.charCodeAt(i))) i++;
  if (raw[i] === '\n') return i + 1 - at;
  return raw[i] === '\r' && raw[i + 1] === '\n' ? i + 2 - at : 0;
}

/** Where the blanks from here end; `from` itself when they are the end of their line. */
function endOfInnerBlanks(raw: string, from: number): number {
  const i = endOfBlanks(raw, from);
  const ends = i === raw.length || raw[i] === '\n' || (raw[i] === '\r' && raw[i + 1] === '\n');
  return ends ? from : i;
}

function endOfBlanks(raw: string, from: number): number {
  let i = from;
  while (isBlank(raw.charCodeAt(i))) i++;
  return i;
}

/** Encoded text as it grows, piece by piece; none is empty, and no code is split over two. */
class Output {
  readonly #pieces: string[] = [];
  /** Characters on the last line so far. */
  column = 0;

  add(piece: string): void {
    if (piece === '') return;
    this.#pieces.push(piece);
    const lf = piece.lastIndexOf('\n');
    this.column = lf < 0 ? this.column + piece.length : piece.length - lf - 1;
  }

  /** Makes room for the "=" of a soft line break behind a full line. */
  breakFullLine(): void {
    const last = this.#pieces.pop() ?? '';
    const token = /=[\dA-Fa-f]{2}$/.test(last.slice(-3)) ? 3 : 1;
    this.add(`${last.slice(0, -token)}${SOFT_BREAK}${last.slice(-token)}`);
  }

  /** A blank that now ends its line would be lost on the way: it becomes a code. */
  keepLastBlank(): void {
    const last = this.#pieces.at(-1) ?? '';
    if (!/[ \t]$/.test(last.slice(-1))) return;
    this.#pieces.pop();
    this.column -= 1;
    this.#pieces.push(`${last.slice(0, -1)}${last.endsWith(' ') ? '=20' : '=09'}`);
    this.column += 3;
  }

  toString(): string {
    return this.#pieces.join('');
  }
}

/** Each splice stands between soft line breaks where it would make a line too long; the lines around it stay as they are. */
function* spliceQp({ raw, rawStart, rawEnd, text }: Decoded, splices: readonly Splice[]): Steps<string> {
  if (!rawStart || !rawEnd) return raw;
  const out = new Output();
  let at = 0;
  for (const [index, splice] of splices.entries()) {
    if (index % STEP_SPLICES === STEP_SPLICES - 1) yield;
    const from = splice.start < text.length ? (rawStart[splice.start] ?? raw.length) : raw.length;
    out.add(raw.slice(at, Math.max(from, at)));
    at = Math.max(from, at);
    if (splice.end > splice.start) at = Math.max(at, rawEnd[splice.end - 1] ?? at);
    const rest = restOfLine(raw, at);
    if (splice.text === '' && rest <= 1) out.keepLastBlank();
    if (out.column === MAX_COLUMNS && (splice.text !== '' || rest > 1)) out.breakFullLine();
    out.add(encodePiece(splice.text, out.column, rest, at >= raw.length));
  }
  out.add(raw.slice(at));
  return out.toString();
}

/** Characters up to the line's end, MAX_COLUMNS at most: in the whole text it would be searched again for each splice. */
function restOfLine(raw: string, at: number): number {
  const ahead = raw.slice(at, at + MAX_COLUMNS);
  const end = ahead.indexOf('\n');
  return end < 0 ? ahead.length : end;
}

function encodePiece(text: string, column: number, rest: number, last: boolean): string {
  if (text === '') return column + rest <= MAX_COLUMNS ? '' : SOFT_BREAK;
  const encoded = encodeInner(text);
  if (!encoded.includes('\n') && column + encoded.length + rest <= MAX_COLUMNS) return encoded;
  const before = column === 0 ? '' : SOFT_BREAK;
  const tail = encoded.length - encoded.lastIndexOf('\n') - 1;
  return before + encoded + (last || tail + rest <= MAX_COLUMNS ? '' : SOFT_BREAK);
}

/** Quoted-printable of text that stands inside a line; a blank at its end is written as a code on a line of its own. */
function encodeInner(text: string): string {
  const blank = /[ \t]$/.exec(text)?.[0];
  const most = blank === undefined ? text : text.slice(0, -1);
  // The full stop keeps room on the last line for what follows.
  const encoded = quotedPrintableText(`${most}.`).slice(0, -1);
  return blank === undefined ? encoded : `${encoded}${SOFT_BREAK}${blank === ' ' ? '=20' : '=09'}`;
}
