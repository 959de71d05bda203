// Ways to write 8-bit text in 7 bits: encoded words (RFC 2047), quoted-printable and base64 (RFC 2045), RFC 2231. Pure.
import { isUtf8 } from 'node:buffer';

const MAX_WORD_BYTES = 39; // 64 characters encoded: within RFC 2047 §2, and a field name fits on the line
const MAX_COLUMNS = 76; // RFC 2045 §6.7 (5)
const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const EQUALS = 61;
const HEX = Buffer.from('0123456789ABCDEF');
const windows1252 = new TextDecoder('windows-1252');

/** Raw 8-bit header bytes as text: UTF-8 where they are, else the most likely old charset. */
export function decodeRaw(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : windows1252.decode(bytes);
}

/** Text as one or more encoded words, separated by spaces; no character is split over two (RFC 2047 §5). */
export function encodedWords(text: string): string {
  const words: string[] = [];
  let chunk = '';
  let size = 0;
  for (const char of text.toWellFormed()) {
    const bytes = Buffer.byteLength(char);
    if (size + bytes > MAX_WORD_BYTES) {
      words.push(chunk);
      chunk = '';
      size = 0;
    }
    chunk += char;
    size += bytes;
  }
  words.push(chunk);
  return words.map((word) => `=?utf-8?B?${Buffer.from(word).toString('base64')}?=`).join(' ');
}

/** A display name as encoded words; quotes around it go, since encoded words do not stand in quotes. */
export function encodedPhrase(display: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/s.exec(display.trim());
  return encodedWords(quoted?.[1]?.replace(/\\(.)/gs, '$1') ?? display.trim());
}

/** Quoted-printable of text with CRLF line ends; lines of at most 76 columns. Decoding gives the same bytes. */
export function quotedPrintable(text: Buffer): Buffer {
  const out = Buffer.allocUnsafe(roomFor(text));
  let size = 0;
  let column = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i] ?? 0;
    if (byte === CR && text[i + 1] === LF) {
      out[size++] = CR;
      out[size++] = LF;
      column = 0;
      i++;
      continue;
    }
    const encode = mustEncode(text, i);
    const width = encode ? 3 : 1;
    if (column + width > lineRoom(text, i)) {
      size += out.write('=\r\n', size, 'latin1');
      column = 0;
    }
    column += width;
    if (encode) {
      out[size++] = EQUALS;
      out[size++] = HEX[byte >> 4] ?? 0;
      out[size++] = HEX[byte & 15] ?? 0;
    } else out[size++] = byte;
  }
  return out.subarray(0, size);
}

/** Base64 in lines of 76 columns, each with CRLF. */
export function base64Lines(bytes: Buffer): Buffer {
  const lines = bytes.toString('base64').match(/.{1,76}/g) ?? [];
  return Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1');
}

/** A parameter's value in RFC 2231 form: `utf-8''R%C3%A4ume.pdf`. */
export function extendedValue(text: string): string {
  const escaped = encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `utf-8''${escaped}`;
}

/** A column is kept for the "=" of a soft line break, unless the character ends its line. */
function lineRoom(text: Buffer, at: number): number {
  const next = at + 1;
  return next === text.length || (text[next] === CR && text[next + 1] === LF) ? MAX_COLUMNS : MAX_COLUMNS - 1;
}

function mustEncode(text: Buffer, at: number): boolean {
  const byte = text[at] ?? 0;
  if (byte === SPACE || byte === TAB) {
    // RFC 2045 §6.7 (3): white space at the end of a line would be lost on the way.
    return at + 1 === text.length || (text[at + 1] === CR && text[at + 2] === LF);
  }
  return byte < SPACE || byte > 126 || byte === EQUALS;
}

function roomFor(text: Buffer): number {
  let size = text.length;
  for (let i = 0; i < text.length; i++) if (mustEncode(text, i)) size += 2;
  return size + 3 * Math.ceil(size / (MAX_COLUMNS - 3)) + 3;
}
