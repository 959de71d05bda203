// The header block of a received message, read for what a Submission needs; the MIME body is not looked at. Pure.
import { isAscii } from 'node:buffer';
import { decodeRaw } from '../mail/encode.ts';
import { isInstruction } from '../mail/control.ts';
import { oneLine } from '../mail/fold.ts';
import { valueOf, type Field, type HeaderBlock } from '../mail/headers.ts';
import { readMailboxes, type Mailbox } from '../mail/address.ts';
import { readContentType } from '../mail/mime.ts';
import { decodeWords } from '../mail/words.ts';
import type { EpochMs } from '../lib/clock.ts';
import { readWish, type Wish } from './dialects/index.ts';
import { replies, type Reply } from './replies.ts';

export type HeaderFacts = Readonly<{
  /** Mailboxes of the one From field; empty when it names none. */
  from: readonly Mailbox[];
  /** Decoded display name of the first From mailbox, one line; "" when there is none. */
  fromName: string;
  /** Addresses in To and Cc, all in lower case; none when they cannot be read. Reads them when it is called. */
  toAndCc: () => readonly string[];
  /** Names of the fields that are there, in lower case. */
  names: ReadonlySet<string>;
  /**
   * A program answers or reports (RFC 3834 §5, RFC 6522): nothing is added to such mail. "auto-generated" is not that: shops,
   * Rails and GitLab say it of every message they send.
   */
  autoReply: boolean;
  /** Type of the whole message in lower case; "text/plain" when it names none. */
  contentType: string;
  /** The sender does not want the recipient's domain to be asked what TLS it demands (TLS-Required: No, RFC 8689 §5). */
  tlsOptional: boolean;
  /** There is a Reply-To already. */
  hasReplyTo: boolean;
  /** The client's own, with angle brackets; undefined when it sent none that is one. */
  messageId: string | undefined;
  /** Decoded, at most 255 characters, one line. */
  subject: string;
  /** There is a byte over 127 in the header. */
  eightBit: boolean;
  /** What control fields ask for, not yet granted; or what is wrong with one: the caller refuses or goes on without. */
  wish: Wish;
}>;

type Fields = ReadonlyMap<string, readonly Field[]>;

const MAX_RECEIVED = 50; // RFC 5321 §6.3 suggests 100 or more; mail from our users has few hops
const MAX_SUBJECT = 255;
const MAX_NAME = 255;
const MAX_ADDRESSES = 5000;
const NO_WISH: Wish = { ok: true, instructions: {} };
const MAX_MESSAGE_ID = 512;

/** Reads a header block; a reply says why the message cannot be taken. `header` ends where the block does. */
export function readHeader(
  header: Buffer,
  block: HeaderBlock,
  messageSize: number,
  now: EpochMs,
): HeaderFacts | Reply {
  // A line that is no field: what stands below it is header to some readers and body to others.
  if (!block.complete && block.size < messageSize) return replies.badHeader;
  const fields = byName(block.fields);
  if (fields.has('')) return replies.badHeader;
  if ((fields.get('received')?.length ?? 0) > MAX_RECEIVED) return replies.looping;
  const from = readFrom(header, fields.get('from') ?? []);
  if ('code' in from) return from;
  const names = new Set(fields.keys());
  const [subject] = fields.get('subject') ?? [];
  return {
    from: from.mailboxes,
    fromName: readName(from.mailboxes[0]?.name ?? ''),
    toAndCc: () => readToAndCc(header, fields),
    names,
    ...readKind(header, fields),
    hasReplyTo: names.has('reply-to'),
    messageId: readMessageId(header, fields.get('message-id')?.[0]),
    subject: subject ? oneLine(decodeWords(rawValue(header, subject)), MAX_SUBJECT) : '',
    eightBit: !isAscii(header),
    wish: readControls(header, fields, names, now),
  };
}

/** Mail without control fields, that is most mail, pays only for the look. */
function readControls(header: Buffer, fields: Fields, names: ReadonlySet<string>, now: EpochMs): Wish {
  if (![...names].some(isInstruction)) return NO_WISH;
  return readWish(
    (name, folding) => (fields.get(name) ?? []).map((field) => decodeWords(rawValue(header, field, folding))),
    { now, names, spelling: (name) => spellingOf(header, fields.get(name)?.[0], name) },
  );
}

function spellingOf(header: Buffer, field: Field | undefined, name: string): string {
  return field ? header.toString('latin1', field.start, field.start + name.length) : name;
}

function byName(fields: readonly Field[]): Fields {
  const names = new Map<string, Field[]>();
  for (const field of fields) {
    const same = names.get(field.name);
    if (same) same.push(field);
    else names.set(field.name, [field]);
  }
  return names;
}

function readFrom(
  header: Buffer,
  fields: readonly Field[],
): Readonly<{ mailboxes: readonly Mailbox[] }> | Reply {
  const [field] = fields;
  if (!field) return replies.noFrom;
  if (fields.length > 1) return replies.severalFrom;
  const mailboxes = readMailboxes(decodeRaw(rawValue(header, field)));
  return mailboxes ? { mailboxes } : replies.unreadableFrom;
}

function readName(name: string): string {
  return /^[!-<>-~]*(?: [!-<>-~]+)*$/.test(name) && name.length <= MAX_NAME
    ? name // no "=", no encoded word
    : oneLine(decodeWords(Buffer.from(name)), MAX_NAME);
}

/** Best effort: a recipient that is missed here only looks like a Bcc. */
function readToAndCc(header: Buffer, fields: Fields): readonly string[] {
  return [...(fields.get('to') ?? []), ...(fields.get('cc') ?? [])]
    .flatMap((field) => readMailboxes(decodeRaw(rawValue(header, field))) ?? [])
    .slice(0, MAX_ADDRESSES)
    .map((mailbox) => mailbox.address.toLowerCase());
}

function readKind(
  header: Buffer,
  fields: Fields,
): Pick<HeaderFacts, 'contentType' | 'autoReply' | 'tlsOptional'> {
  const type = fields.get('content-type')?.[0];
  const contentType = type ? readContentType(valueOf(header, type)).type : 'text/plain';
  const automatic = fields.get('auto-submitted')?.[0];
  const submitted = automatic ? valueOf(header, automatic) : '';
  return {
    contentType,
    autoReply: contentType === 'multipart/report' || /^auto-replied\b/i.test(submitted),
    tlsOptional: (fields.get('tls-required') ?? []).some((field) => /^no$/i.test(valueOf(header, field))),
  };
}

function readMessageId(header: Buffer, field: Field | undefined): string | undefined {
  if (!field) return undefined;
  const value = valueOf(header, field);
  return value.length <= MAX_MESSAGE_ID ? /<[!-;=?-~]+>/.exec(value)?.[0] : undefined;
}

/** Bytes of a value, trimmed, folding undone (RFC 5322 §2.2.3); "folded": as they are, with spaces in place of the name. */
function rawValue(header: Buffer, field: Field, folding?: 'folded'): Buffer {
  const raw = header.toString('latin1', field.valueStart, field.end);
  if (folding === 'folded')
    return Buffer.from(' '.repeat(field.valueStart - field.start) + raw.trimEnd(), 'latin1');
  return Buffer.from(raw.replace(/\r?\n(?=[ \t])/g, '').trim(), 'latin1');
}
