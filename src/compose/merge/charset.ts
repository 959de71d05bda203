// A part's text in its own charset: one character per byte inside, Unicode for names and values. Pure.

/** What becomes of a character that the charset lacks: `&#8364;` in HTML, "?" in plain text. */
export type Form = 'html' | 'plain';

/**
 * How bytes and text meet. "String space" is a part's decoded bytes as latin1: offsets are bytes, and what nobody touches
 * stays as it was whatever its charset.
 */
export type Charset = Readonly<{
  decode(bytes: string): string;
  encode(text: string, form: Form): string;
}>;

const MULTIBYTE = new Set(['gbk', 'gb18030', 'big5', 'euc-jp', 'shift_jis', 'euc-kr']);
const known = new Map<string, Charset | undefined>();

export const utf8: Charset = {
  decode: (bytes) => (isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8')),
  encode: (text) => (isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')),
};

/** Text that is text already, such as a decoded header. */
export const unicode: Charset = { decode: (text) => text, encode: (text) => text };

/** The charset of that name; undefined when it is unknown, or one in which ASCII bytes may be something else (UTF-16, ISO-2022-JP). */
export function charsetOf(name: string): Charset | undefined {
  const label = name.trim().toLowerCase();
  if (!known.has(label) && known.size < 200) known.set(label, makeCharset(label));
  return known.get(label);
}

function makeCharset(label: string): Charset | undefined {
  // The Web reads "us-ascii" and "iso-8859-1" as Windows-1252; a mail reader may not, so only what is theirs is written.
  if (/^(us-ascii|ascii|ansi_x3\.4-1968)$/.test(label))
    return tableCharset('windows-1252', (byte) => byte < 0x80);
  const encoding = encodingOf(label);
  if (encoding === undefined || /^(utf-16|iso-2022|x-user|replacement)/.test(encoding)) return undefined;
  if (encoding === 'utf-8') return utf8;
  const isLatin1 = /^(iso-?8859-1|iso_8859-1(:1987)?|latin1|l1)$/.test(label);
  return tableCharset(encoding, (byte) => !isLatin1 || byte < 0x80 || byte > 0x9f);
}

function encodingOf(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}

function tableCharset(encoding: string, isWritten: (byte: number) => boolean): Charset {
  const decoder = new TextDecoder(encoding);
  let table: ReadonlyMap<string, string> | undefined;
  const write = (char: string, form: Form): string => {
    table ??= bytesByChar(decoder, isWritten);
    return table.get(char) ?? (form === 'html' ? `&#${char.codePointAt(0)};` : '?');
  };
  return {
    decode: (bytes) => (isAscii(bytes) ? bytes : decoder.decode(Buffer.from(bytes, 'latin1'))),
    encode: (text, form) =>
      isAscii(text) ? text : Array.from(text.toWellFormed(), (char) => write(char, form)).join(''),
  };
}

type Decoder = Readonly<{ encoding: string; decode(bytes: Uint8Array): string }>;

/** What each character is written as: found by decoding every byte, and every pair of bytes where there are pairs. */
function bytesByChar(decoder: Decoder, isWritten: (byte: number) => boolean): ReadonlyMap<string, string> {
  const table = new Map<string, string>();
  const learn = (bytes: readonly number[]): void => {
    const char = decoder.decode(Uint8Array.from(bytes));
    if (Array.from(char).length === 1 && char !== '\ufffd' && !table.has(char))
      table.set(char, String.fromCharCode(...bytes));
  };
  for (let byte = 0; byte < 256; byte++) if (isWritten(byte)) learn([byte]);
  if (!MULTIBYTE.has(decoder.encoding)) return table;
  for (let lead = 0x81; lead < 0xff; lead++)
    for (let trail = 0x40; trail < 0xff; trail++) learn([lead, trail]);
  return table;
}

function isAscii(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return !/[^\x00-\x7f]/.test(text);
}
