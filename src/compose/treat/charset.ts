// Charsets as compose works in them: one character per byte, ASCII where it looks like ASCII. Pure.
import { isAscii, isUtf8 } from 'node:buffer';

/** How a part's bytes are read: as they are, or written anew in UTF-8. */
export type Reading = Readonly<{ bytes: Buffer; charset: 'utf-8' | 'other'; changed: boolean }>;

/** In these a byte that looks like ASCII need not be one, so nothing can be found in them without decoding. */
const NOT_ASCII = /^(?:utf-?(?:16|32|7).*|ucs-.*|iso-2022-.*|hz-gb-2312|csiso2022.*|unicode.*)$/;
const UTF8 = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii', '']);

/** True when links and tags can be found in a part of this charset byte by byte. */
export const isAsciiLike = (charset: string): boolean => !NOT_ASCII.test(charset);

/**
 * The bytes of a part in UTF-8, for a part that gets text of ours. Undefined when nobody knows the charset. A part that
 * names no charset is UTF-8 where it can be, else Windows-1252, as mail programs read it.
 */
export function inUtf8(bytes: Buffer, charset: string): Reading | undefined {
  if (UTF8.has(charset) && (isAscii(bytes) || isUtf8(bytes)))
    return { bytes, charset: 'utf-8', changed: false };
  const name = UTF8.has(charset) ? 'windows-1252' : charset;
  try {
    return { bytes: Buffer.from(new TextDecoder(name).decode(bytes)), charset: 'utf-8', changed: true };
  } catch {
    return undefined;
  }
}

/** Text as UTF-8 bytes, one character per byte. */
export function encodeUtf8(text: string): string {
  // eslint-disable-next-line no-control-regex
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text.toWellFormed()).toString('latin1');
}

/** The inverse; bytes that are no UTF-8 are read as Windows-1252. */
export function decodeUtf8(bytes: string): string {
  // eslint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(bytes)) return bytes;
  const buffer = Buffer.from(bytes, 'latin1');
  return isUtf8(buffer) ? buffer.toString('utf8') : new TextDecoder('windows-1252').decode(buffer);
}
