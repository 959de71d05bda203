// Encoded words in header values (RFC 2047), read into text. Pure.
import { decodeRaw } from './encode.ts';

const WORD = /=\?([\w.:()+-]{1,40})(?:\*[\w-]{0,20})?\?([bq])\?([^?\s]{0,10000})\?=/gi;

/** Words that stand side by side in one charset: senders cut characters over two of them (against RFC 2047 §5). */
type Run = Readonly<{ charset: string; chunks: Buffer[]; words: string[] }>;

/** Bytes of a raw header value (folding undone) as text: encoded words decoded, raw 8-bit text read as UTF-8 or Windows-1252. */
export function decodeWords(raw: Buffer): string {
  const text = decodeRaw(raw);
  if (!text.includes('=?')) return text;
  let done = '';
  let at = 0;
  let run: Run | undefined;
  for (const { 0: word, 1: name = '', 2: encoding = '', 3: content = '', index } of text.matchAll(WORD)) {
    const gap = text.slice(at, index);
    const charset = name.toLowerCase();
    // RFC 2047 §6.2: white space between two encoded words is not shown.
    const isNext = run !== undefined && gap.trim() === '';
    if (!isNext || run?.charset !== charset) {
      done += textOf(run) + (isNext ? '' : gap);
      run = { charset, chunks: [], words: [] };
    }
    run?.chunks.push(encoding.toLowerCase() === 'b' ? Buffer.from(content, 'base64') : decodeQ(content));
    run?.words.push(word);
    at = index + word.length;
  }
  return done + textOf(run) + text.slice(at);
}

/** A charset that nobody knows: the words stay as they stand. */
function textOf(run: Run | undefined): string {
  return run ? (decodeCharset(Buffer.concat(run.chunks), run.charset) ?? run.words.join('')) : '';
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
    return undefined;
  }
}
