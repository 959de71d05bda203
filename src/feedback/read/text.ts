// The text of a part: transfer encoding and charset undone, markup removed, bounded. Pure.
import { decodeRaw } from '../../mail/encode.ts';
import { lineFeeds } from './lines.ts';

/** Bytes of a part that are decoded. */
const MAX_PART_BYTES = 256 * 1024;
/** Lines of a text that are looked at. */
const MAX_LINES = 2000;
const MAX_LINE = 8192;

const ENTITIES: Readonly<Record<string, string>> = {
  nbsp: ' ',
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
};

/** Bytes of a part with the transfer encoding undone. */
export function transferDecoded(body: Buffer, encoding: string): Buffer {
  const raw = body.subarray(0, MAX_PART_BYTES);
  if (encoding.startsWith('base64')) return lineFeeds(Buffer.from(raw.toString('latin1'), 'base64'));
  if (!encoding.startsWith('quoted-printable')) return raw;
  const text = raw
    .toString('latin1')
    .replace(/=[ \t]{0,70}\r?\n/g, '')
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return lineFeeds(Buffer.from(text, 'latin1'));
}

/** Bytes in a charset as text; UTF-8 or Windows-1252 where the charset is unknown or plainly not true. */
export function charsetDecoded(bytes: Buffer, charset: string): string {
  if (charset === '' || /^(?:us-)?ascii$|^utf-?8$/i.test(charset)) return decodeRaw(bytes);
  try {
    return new TextDecoder(charset.slice(0, 40)).decode(bytes);
  } catch {
    return decodeRaw(bytes);
  }
}

/** HTML as a reader would see its lines. */
export function htmlText(html: string): string {
  return html
    .replace(/<(?:style|script|title)\b[^<>]{0,200}>[^<]*/gi, '')
    .replaceAll('\n', ' ')
    .replace(/<(?:br|\/?p|\/?div|\/tr|\/?table|\/li|\/h\d|hr|\/?pre)\b[^<>]{0,500}>/gi, '\n')
    .replace(/<\/td>/gi, ' ')
    .replace(/<(?=[\w.+-]{1,64}@)/g, '&lt;')
    .replace(/<[^<>]*>/g, '')
    .replace(/&#(\d{1,6});/g, (_, code: string) => String.fromCodePoint(Math.min(Number(code), 0xffff)))
    .replace(/&([a-z]{2,6});/g, (whole, name: string) => ENTITIES[name] ?? whole);
}

/** A text's lines, as many and as long as are looked at; no-break spaces are spaces. */
export function linesOf(text: string): readonly string[] {
  return text
    .slice(0, MAX_PART_BYTES)
    .split('\n', MAX_LINES)
    .map((line) => line.slice(0, MAX_LINE).replaceAll('\u00a0', ' ').trimEnd());
}
