// Ways to write 8-bit text in 7 bits: encoded words (RFC 2047), quoted-printable and base64 (RFC 2045), RFC 2231. Pure.
import { isUtf8 } from 'node:buffer';

const MAX_WORD_BYTES = 39; // 64 characters encoded: within RFC 2047 §2, and a field name fits on the line
const MAX_COLUMNS = 76; // RFC 2045 §6.7 (5)
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).toUpperCase().padStart(2, '0'),
);
const QP_PIECE = 1024 * 1024;
/** What stands for nothing but itself is printable ASCII without "=", space and tab. */
const UNSAFE = /[^\t -<>-~]/;
const ALL_UNSAFE = /[^\t -<>-~]/g;
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
  // One piece after the other, so that a large text does not stand in memory three times.
  const pieces: Buffer[] = [];
  for (let start = 0; start < text.length;) {
    const crlf = start + QP_PIECE < text.length ? text.indexOf('\r\n', start + QP_PIECE) : -1;
    const end = crlf < 0 ? text.length : crlf + 2;
    pieces.push(Buffer.from(quotedPrintableText(text.toString('latin1', start, end)), 'latin1'));
    start = end;
  }
  return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
}

/** The same for bytes as latin1 characters: engines search and cut text faster than we can walk through bytes. */
export function quotedPrintableText(bytes: string): string {
  return bytes.split('\r\n').map(quotedPrintableLine).join('\r\n');
}

function quotedPrintableLine(line: string): string {
  let encoded = UNSAFE.test(line) ? line.replace(ALL_UNSAFE, hexOf) : line;
  // RFC 2045 §6.7 (3): white space at the end of a line would be lost on the way.
  if (encoded.endsWith(' ') || encoded.endsWith('\t'))
    encoded = encoded.slice(0, -1) + hexOf(encoded.slice(-1));
  if (encoded.length <= MAX_COLUMNS) return encoded;
  let folded = '';
  let at = 0;
  while (encoded.length - at > MAX_COLUMNS) {
    let end = at + MAX_COLUMNS - 1; // a column for the "="
    if (encoded[end - 1] === '=') end -= 1;
    else if (encoded[end - 2] === '=') end -= 2;
    folded += `${encoded.slice(at, end)}=\r\n`;
    at = end;
  }
  return folded + encoded.slice(at);
}

function hexOf(char: string): string {
  return `=${HEX[char.charCodeAt(0)] ?? ''}`;
}

/** Base64 in lines of 76 columns, each with CRLF. */
export function base64Lines(bytes: Buffer): Buffer {
  const encoded = Buffer.from(bytes.toString('base64'), 'latin1');
  const lines = Math.ceil(encoded.length / MAX_COLUMNS);
  const out = Buffer.allocUnsafe(encoded.length + 2 * lines);
  let at = 0;
  for (let start = 0; start < encoded.length; start += MAX_COLUMNS) {
    at += encoded.copy(out, at, start, start + MAX_COLUMNS);
    out[at++] = 13;
    out[at++] = 10;
  }
  return out;
}

/** A parameter's value in RFC 2231 form: `utf-8''R%C3%A4ume.pdf`. */
export function extendedValue(text: string): string {
  const escaped = encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `utf-8''${escaped}`;
}
