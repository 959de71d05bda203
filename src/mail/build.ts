// A message built from its parts: header fields, text, HTML, pictures for it, attachments (RFC 5322, RFC 2045, RFC 2387). Pure.
import { base64Lines, encodedWords, extendedValue, quotedPrintable } from './encode.ts';
import { foldField, isAsciiText } from './fold.ts';

export type Attachment = Readonly<{
  name: string;
  /** Such as "application/pdf". */
  type: string;
  content: Buffer;
  /** Stands in the HTML as "cid:…"; without it the file is one to save. */
  cid?: string | undefined;
}>;

export type Parts = Readonly<{
  /** In their order; names and values are one line each. */
  fields: readonly (readonly [name: string, value: string])[];
  text?: string | undefined;
  html?: string | undefined;
  attachments?: readonly Attachment[] | undefined;
  /** Makes the borders between parts; letters and digits. */
  id: string;
}>;

/** A part of a message: its own header lines, and its body. */
type Part = Readonly<{ head: string; body: readonly Buffer[] }>;

const CRLF = Buffer.from('\r\n');

/** The whole message, with CRLF line ends and nothing over 7 bits in its body. */
export function buildMessage({ fields, text, html, attachments = [], id }: Parts): Buffer {
  const inline = html === undefined ? [] : attachments.filter(({ cid }) => cid !== undefined);
  const files = attachments.filter((one) => !inline.includes(one));
  const border = (depth: string): string => `=_${id}_${depth}`;
  const related = html === undefined ? undefined : [textPart('html', html), ...inline.map(filePart)];
  const shown = related && wrap('related', related, border('r'));
  const plain = text === undefined && shown ? undefined : textPart('plain', text ?? '');
  const readable = [plain, shown].filter((part) => part !== undefined);
  const whole = wrap(
    'mixed',
    [wrap('alternative', readable, border('a')), ...files.map(filePart)],
    border('m'),
  );
  const header = fields.map(([name, value]) => foldField(name, value)).join('');
  return Buffer.concat([Buffer.from(`${header}MIME-Version: 1.0\r\n${whole.head}\r\n`), ...whole.body]);
}

/** Several parts as one; a single one stays what it is. */
function wrap(kind: string, parts: readonly Part[], border: string): Part {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  return {
    // Quoted-printable and base64 have no "=_" in them, so that a border is in no part.
    head: `Content-Type: multipart/${kind}; boundary="${border}"\r\n`,
    body: [
      ...parts.flatMap(({ head, body }) => [Buffer.from(`--${border}\r\n${head}\r\n`), ...body, CRLF]),
      Buffer.from(`--${border}--\r\n`),
    ],
  };
}

function textPart(kind: 'plain' | 'html', text: string): Part {
  const lines = text.toWellFormed().replace(/\r\n|\r|\n/g, '\r\n');
  return {
    head: `Content-Type: text/${kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n`,
    body: [quotedPrintable(Buffer.from(lines.endsWith('\r\n') ? lines : `${lines}\r\n`))],
  };
}

function filePart({ name, type, content, cid }: Attachment): Part {
  const ways = cid === undefined ? 'attachment' : 'inline';
  const id = cid === undefined ? '' : `Content-ID: <${cid}>\r\n`;
  const named = foldField('Content-Disposition', `${ways}; ${parameter('filename', name)}`);
  // Old programs read the name here, and only here.
  const typed = foldField('Content-Type', `${type}; name="${oldName(name)}"`);
  return { head: `${typed}${named}${id}Content-Transfer-Encoding: base64\r\n`, body: [base64Lines(content)] };
}

/** RFC 2231 where the value is no plain text. */
function parameter(name: string, value: string): string {
  return isAsciiText(value) ? `${name}="${quoted(value)}"` : `${name}*=${extendedValue(value)}`;
}

function oldName(name: string): string {
  return isAsciiText(name) ? quoted(name) : encodedWords(name);
}

const quoted = (text: string): string => text.replace(/[\\"]/g, '\\$&');
