// A part's text in UTF-8, for parts that get text of ours. Pure.
import { isAscii, isUtf8 } from 'node:buffer';

/** How a part's bytes are read: as they are, or written anew in UTF-8. */
export type Reading = Readonly<{ bytes: Buffer; charset: 'utf-8' | 'other'; changed: boolean }>;

const UTF8 = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii', '']);

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
