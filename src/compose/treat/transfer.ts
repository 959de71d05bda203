// Transfer encodings of a changed part (RFC 2045 §6): only what changes is written anew, the rest keeps its bytes. Pure.
import { base64Lines, quotedPrintable } from '../../mail/encode.ts';

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

/** Decodes a part's body. */
export function decode(body: Buffer, encoding: string): Decoded {
  const raw = body.toString('latin1');
  if (encoding === 'base64') return { text: Buffer.from(raw, 'base64').toString('latin1'), raw };
  return encoding === 'quoted-printable' ? decodeQp(raw) : { text: raw, raw };
}

/** The part with the splices, which are sorted and do not overlap. */
export function write(decoded: Decoded, splices: readonly Splice[], mode: WriteMode): Buffer {
  switch (mode) {
    case 'plain':
      return Buffer.from(joined(decoded.text, splices), 'latin1');
    case 'spliced-qp':
      return Buffer.from(spliceQp(decoded, splices), 'latin1');
    case 'qp':
      return quotedPrintable(Buffer.from(joined(decoded.text, splices), 'latin1'));
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
function decodeQp(raw: string): Decoded {
  const rawStart = new Uint32Array(raw.length + 1);
  const rawEnd = new Uint32Array(raw.length + 1);
  const bytes = Buffer.allocUnsafe(raw.length);
  let size = 0;
  const put = (byte: number, start: number, end: number): void => {
    rawStart[size] = start;
    rawEnd[size] = end;
    bytes[size++] = byte;
  };
  for (let i = 0; i < raw.length;) {
    const code = raw.charCodeAt(i);
    if (code === 61) {
      const soft = /^=[ \t]*\r?\n/.exec(raw.slice(i, i + MAX_COLUMNS + 3));
      const hex = /^=([0-9A-Fa-f]{2})/.exec(raw.slice(i, i + 3));
      if (soft) i += soft[0].length;
      else if (hex) {
        put(Number.parseInt(hex[1] ?? '', 16), i, i + 3);
        i += 3;
      } else put(code, i, ++i);
      continue;
    }
    const blanks = code === 32 || code === 9 ? blanksAtEnd(raw, i) : 0;
    if (blanks > 0) {
      i += blanks;
      continue;
    }
    put(code, i, i + 1);
    i++;
  }
  rawStart[size] = raw.length;
  rawEnd[size] = raw.length;
  return { text: bytes.toString('latin1', 0, size), raw, rawStart, rawEnd };
}

/** How many blanks from here stand before a line end; 0 when something else follows them. */
function blanksAtEnd(raw: string, from: number): number {
  let i = from;
  while (raw[i] === ' ' || raw[i] === '\t') i++;
  const ends = i === raw.length || raw[i] === '\n' || (raw[i] === '\r' && raw[i + 1] === '\n');
  return ends ? i - from : 0;
}

/** Each splice stands between soft line breaks where it would make a line too long; the lines around it stay as they are. */
function spliceQp({ raw, rawStart, rawEnd, text }: Decoded, splices: readonly Splice[]): string {
  if (!rawStart || !rawEnd) return raw;
  let done = '';
  let at = 0;
  let column = 0;
  const keep = (to: number): void => {
    const piece = raw.slice(at, to);
    done += piece;
    const lf = piece.lastIndexOf('\n');
    column = lf < 0 ? column + piece.length : piece.length - lf - 1;
    at = to;
  };
  for (const splice of splices) {
    const from = splice.start < text.length ? (rawStart[splice.start] ?? raw.length) : raw.length;
    keep(Math.max(from, at));
    if (splice.end > splice.start) at = Math.max(at, rawEnd[splice.end - 1] ?? at);
    const lineEnd = raw.indexOf('\n', at);
    const rest = (lineEnd < 0 ? raw.length : lineEnd) - at;
    if (column === MAX_COLUMNS && (splice.text !== '' || rest > 1)) {
      const token = /=[\dA-Fa-f]{2}$/.test(done) ? 3 : 1; // no room for the "=" of a soft break behind it
      done = `${done.slice(0, -token)}${SOFT_BREAK}${done.slice(-token)}`;
      column = token;
    }
    const piece = encodePiece(splice.text, column, Math.min(rest, MAX_COLUMNS), at >= raw.length);
    done += piece.text;
    column = piece.column;
  }
  return done + raw.slice(at);
}

function encodePiece(
  text: string,
  column: number,
  rest: number,
  last: boolean,
): Readonly<{ text: string; column: number }> {
  if (text === '')
    return column + rest <= MAX_COLUMNS ? { text: '', column } : { text: SOFT_BREAK, column: 0 };
  const encoded = encodeInner(text);
  if (!encoded.includes('\n') && column + encoded.length + rest <= MAX_COLUMNS)
    return { text: encoded, column: column + encoded.length };
  const before = column === 0 ? '' : SOFT_BREAK;
  const tail = encoded.length - encoded.lastIndexOf('\n') - 1;
  const after = last || tail + rest <= MAX_COLUMNS ? '' : SOFT_BREAK;
  return { text: before + encoded + after, column: after === '' ? tail : 0 };
}

/** Quoted-printable of text that stands inside a line; a blank at its end is written as a code on a line of its own. */
function encodeInner(text: string): string {
  const blank = /[ \t]$/.exec(text)?.[0];
  const most = blank === undefined ? text : text.slice(0, -1);
  // The full stop keeps room on the last line for what follows.
  const encoded = quotedPrintable(Buffer.from(`${most}.`, 'latin1'))
    .toString('latin1')
    .slice(0, -1);
  return blank === undefined ? encoded : `${encoded}${SOFT_BREAK}${blank === ' ' ? '=20' : '=09'}`;
}
