// Encoded words in header values (RFC 2047), read into text. Pure.
import { decodeRaw } from './encode.ts';

const WORD = /=\?([\w.:()+-]{1,40})(?:\*[\w-]{0,20})?\?([bq])\?([^?\s]{0,10000})\?=/gi;

/** Bytes of a raw header value (folding undone) as text: encoded words decoded, raw 8-bit text read as UTF-8 or Windows-1252. */
export function decodeWords(raw: Buffer): string {
  const text = decodeRaw(raw);
  if (!text.includes('=?')) return text;
  // RFC 2047 §6.2: white space between two encoded words is not shown.
  return joinNeighbours(text).replace(WORD, (whole, charset: string, encoding: string, content: string) => {
    const bytes = encoding.toLowerCase() === 'b' ? Buffer.from(content, 'base64') : decodeQ(content);
    return decodeCharset(bytes, charset) ?? whole;
  });
}

/** Words of one charset and encoding are joined first: senders cut characters over two words (against §5). */
function joinNeighbours(text: string): string {
  return text
    .replace(/(\?=)[ \t\r\n]+(?==\?)/g, '$1')
    .replace(/=\?([^?]{1,60})\?[qQ]\?([^?\s]*)\?=(?:=\?\1\?[qQ]\?[^?\s]*\?=)+/g, (run, charset: string) => {
      const contents = run.slice(2, -2).split('?==?');
      return `=?${charset}?Q?${contents.map((word) => word.slice(word.lastIndexOf('?') + 1)).join('')}?=`;
    });
}

function decodeQ(content: string): Buffer {
  const latin1 = content
    .replaceAll('_', ' ')
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(latin1, 'latin1');
}

function decodeCharset(bytes: Buffer, charset: string): string | undefined {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return undefined; // a charset that nobody knows: the word stays as it stands
  }
}
