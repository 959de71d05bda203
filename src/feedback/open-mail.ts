// A message to ourselves as far as we read it: its subject, the beginning of its text, and whether a program wrote it. Pure.
import { contentTypeOf, partRanges, splitEntity, transferEncodingOf, type Entity } from '../mail/mime.ts';
import { valueOf } from '../mail/headers.ts';
import { decodeWords } from '../mail/words.ts';
import { transferDecoded } from './read/text.ts';

export type OpenedMail = Readonly<{
  /** Decoded; "" when there is none. */
  subject: string;
  /** The first text of the message as it begins, decoded, markup removed; "" when there is none. */
  text: string;
  /** report: about another message (RFC 6522) · automatic: written by a program (RFC 3834) · person: nothing says otherwise. */
  sort: 'report' | 'automatic' | 'person';
}>;

const MAX_SUBJECT_BYTES = 16_384;
/** Bytes of a text that are decoded. */
const MAX_TEXT_BYTES = 16_384;
const MAX_DEPTH = 8;

/** Reads a message, whatever it is: what cannot be read is "". */
export function openMail(message: Buffer): OpenedMail {
  const entity = splitEntity(message);
  const subject = valueIn(entity, 'subject').slice(0, MAX_SUBJECT_BYTES);
  return {
    subject: decodeWords(Buffer.from(subject, 'latin1')),
    text: firstText(entity, 0),
    sort: sortOf(entity),
  };
}

function sortOf(entity: Entity): OpenedMail['sort'] {
  if (contentTypeOf(entity).type === 'multipart/report') return 'report';
  const submitted = valueIn(entity, 'auto-submitted');
  const isAutomatic = submitted !== '' && !/^no\b/i.test(submitted);
  const isBulk = /^(?:bulk|junk|list|auto_reply)\b/i.test(valueIn(entity, 'precedence'));
  return isAutomatic || isBulk ? 'automatic' : 'person';
}

/** The first part of the first part, down to a text: what a reader sees first. */
function firstText(entity: Entity, depth: number): string {
  const { type, boundary } = contentTypeOf(entity);
  if (type.startsWith('multipart/')) {
    const first = boundary === undefined ? undefined : partRanges(entity.body, boundary)?.[0];
    if (!first || depth >= MAX_DEPTH) return '';
    return firstText(splitEntity(entity.body.subarray(first.start, first.end)), depth + 1);
  }
  if (!type.startsWith('text/')) return '';
  const text = decodeText(entity);
  // A tag ends where the next one begins, so that no text makes this slow.
  return (type === 'text/html' ? text.replace(/<[^<>]*>/g, ' ') : text).trim();
}

/** Tokens are ASCII, and so is all that is looked for: the charset does not matter. */
function decodeText(entity: Entity): string {
  const raw = entity.body.subarray(0, MAX_TEXT_BYTES);
  return transferDecoded(raw, transferEncodingOf(entity)).toString('latin1');
}

/** The first field of that name as latin1, folding undone; "" when there is none. */
function valueIn({ fields, scan }: Entity, name: string): string {
  const field = scan.find((one) => one.name === name);
  return field ? valueOf(fields, field) : '';
}
