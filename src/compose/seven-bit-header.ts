// Header fields with raw 8-bit text written in 7 bits: encoded words, RFC 2231 parameters, A-labels. Pure.
import { isAscii } from 'node:buffer';
import { toAsciiDomain } from '../mail/domain.ts';
import { decodeRaw, encodedPhrase, encodedWords, extendedValue } from '../mail/encode.ts';
import { foldField, isAsciiText } from '../mail/fold.ts';
import type { Field } from '../mail/headers.ts';
import { editFields } from './edit.ts';

const ADDRESS_FIELDS = /^(?:resent-)?(?:from|sender|reply-to|to|cc)$/;
const PARAMETER_FIELDS = /^content-(?:type|disposition)$/;
/** Fields whose grammar has no place for encoded words (RFC 2047 §5) and whose content must not change. */
const FIXED_FIELDS =
  /^(?:resent-)?(?:message-id|date)$|^(?:in-reply-to|references|dkim-signature|mime-version|content-id|content-transfer-encoding|list-(?!id$)[a-z-]+)$|^arc-/;

/** Pieces of an address field: quoted string, comment, angle address, separator, white space, plain run. */
const ADDRESS_PIECES =
  /"(?:[^"\\]|\\.)*"(?!@)|\((?:[^()\\]|\\.)*\)|<[^>]*>|[,;:]|\s+|(?:"(?:[^"\\]|\\.)*"@)?[^\s"(<,;:]+|./gsu;

/**
 * The same fields in 7 bits, those that are already untouched to the byte. Undefined when a field needs 8 bits:
 * a local part over ASCII, or raw 8-bit text in an identifier.
 */
export function sevenBitFields(header: Buffer, fields: readonly Field[]): Buffer | undefined {
  let possible = true;
  const edited = editFields(header, fields, (field) => {
    if (isAscii(header.subarray(field.start, field.end))) return 'keep';
    const line = sevenBitField(header, field);
    if (line !== undefined) return Buffer.from(line, 'latin1');
    possible = false;
    return 'keep';
  });
  return possible ? edited : undefined;
}

function sevenBitField(header: Buffer, field: Field): string | undefined {
  const name = header.toString('latin1', field.start, field.valueStart - 1).trimEnd();
  const raw = decodeRaw(header.subarray(field.valueStart, field.end));
  const value = raw.replace(/\r?\n(?=[ \t])/g, '').trim();
  if (FIXED_FIELDS.test(field.name)) return undefined;
  // A trace field of another host: what is over 7 bits there is a comment or a name that nobody looks up.
  if (field.name === 'received') return foldField(name, value.replace(/[^\t -~]/gu, '?'));
  if (PARAMETER_FIELDS.test(field.name)) return foldField(name, sevenBitParameters(value));
  if (!ADDRESS_FIELDS.test(field.name)) return foldField(name, sevenBitText(value));
  const addresses = sevenBitAddresses(value);
  return addresses === undefined ? undefined : foldField(name, addresses);
}

/** Unstructured text: runs of words with 8-bit characters become encoded words, the others stay. */
function sevenBitText(text: string): string {
  return text.replace(/[^ \t]*[^ \t\0-\x7f][^ \t]*(?:[ \t]+[^ \t]*[^ \t\0-\x7f][^ \t]*)*/gu, encodedWords); // oxlint-disable-line no-control-regex
}

/** `; filename="Räume.pdf"` becomes `; filename*=utf-8''R%C3%A4ume.pdf`; other 8-bit text becomes "?". */
function sevenBitParameters(value: string): string {
  const extended = value.replace(
    /;\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/gs,
    (whole, name: string, quoted: string | undefined, plain: string | undefined) => {
      if (isAsciiText(whole)) return whole;
      return `; ${name}*=${extendedValue(quoted?.replace(/\\(.)/gs, '$1') ?? plain ?? '')}`;
    },
  );
  return extended.replace(/[^\t -~]/gu, '?');
}

/** Address list: names and comments become encoded words, domains A-labels; undefined where a local part is over ASCII. */
function sevenBitAddresses(value: string): string | undefined {
  const pieces: string[] = [];
  let words: string[] = [];
  const flush = (): void => {
    // The words of a phrase, with the space around them where a special follows (RFC 2047 §5 (3)).
    if (words.length > 0) pieces.push(sevenBitPhrase(words));
    words = [];
  };
  for (const [piece] of value.matchAll(ADDRESS_PIECES)) {
    const kind = kindOf(piece);
    if (kind === 'word') {
      words.push(piece);
      continue;
    }
    flush();
    const written = sevenBitPiece(piece, kind);
    if (written === undefined) return undefined;
    const before = pieces.at(-1) ?? '';
    const touching = before.endsWith('?=') && (kind === 'address' || kind === 'comment');
    pieces.push(touching ? ` ${written}` : written);
  }
  flush();
  return pieces.join('');
}

type PieceKind = 'word' | 'comment' | 'address' | 'mark';

function kindOf(piece: string): PieceKind {
  if (piece.startsWith('(') && piece.endsWith(')')) return 'comment';
  if (/^[,;:]$/.test(piece)) return 'mark';
  const quoted = piece.startsWith('"') && piece.endsWith('"');
  return (piece.includes('@') || piece.startsWith('<')) && !quoted ? 'address' : 'word';
}

function sevenBitPiece(piece: string, kind: PieceKind): string | undefined {
  if (isAsciiText(piece)) return piece;
  if (kind === 'comment') return `(${sevenBitText(piece.slice(1, -1))})`;
  const at = piece.lastIndexOf('@');
  const local = piece.slice(0, at);
  const close = piece.endsWith('>') ? '>' : '';
  const domain = toAsciiDomain(piece.slice(at + 1, piece.length - close.length));
  return isAsciiText(local) && domain !== undefined ? `${local}@${domain}${close}` : undefined;
}

/** Words and the white space between them; white space at both ends stays outside of the encoded words. */
function sevenBitPhrase(words: readonly string[]): string {
  const text = words.join('');
  if (isAsciiText(text)) return text;
  const middle = text.trim();
  const start = text.indexOf(middle);
  const display = middle
    .split(/("(?:[^"\\]|\\.)*")/s)
    .map((part) => (part.startsWith('"') && !isAsciiText(part) ? spaced(encodedPhrase(part)) : part))
    .join('');
  return (
    text.slice(0, start) +
    sevenBitText(display).replace(/ {2,}/g, ' ').trim() +
    text.slice(start + middle.length)
  );
}

function spaced(text: string): string {
  return ` ${text} `;
}
