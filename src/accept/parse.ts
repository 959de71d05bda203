// The header block of a received message, read for what a Submission needs; the MIME body is not looked at. Pure.
import { isAscii } from 'node:buffer';
import { decodeRaw } from '../mail/encode.ts';
import { isControlField } from '../mail/control.ts';
import { oneLine } from '../mail/fold.ts';
import type { Field, HeaderBlock } from '../mail/headers.ts';
import { readMailboxes, type Mailbox } from '../mail/address.ts';
import { decodeWords } from '../mail/words.ts';
import type { EpochMs } from '../lib/clock.ts';
import { readWish, type Asked } from './dialects/index.ts';
import { replies, type Reply } from './replies.ts';

export type HeaderFacts = Readonly<{
  /** Mailboxes of the one From field; empty when it names none. */
  from: readonly Mailbox[];
  /** There is a Reply-To already. */
  hasReplyTo: boolean;
  /** The client's own, with angle brackets; undefined when it sent none that is one. */
  messageId: string | undefined;
  /** Decoded, at most 255 characters, one line. */
  subject: string;
  /** There is a byte over 127 in the header. */
  eightBit: boolean;
  /** What control fields ask for; not yet granted. */
  wish: Asked;
}>;

const MAX_RECEIVED = 50; // RFC 5321 §6.3 suggests 100 or more; mail from our users has few hops
const MAX_SUBJECT = 255;
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
  const hasControls = [...fields.keys()].some(isControlField);
  const wish = hasControls
    ? readWish((name) => (fields.get(name) ?? []).map((field) => decodeWords(rawValue(header, field))), {
        now,
        names: new Set(fields.keys()),
      })
    : ({ ok: true, instructions: {} } as const);
  if (!wish.ok) return replies.badControl(wish.field, wish.must);
  const subject = fields.get('subject')?.[0];
  return {
    from: from.mailboxes,
    hasReplyTo: fields.has('reply-to'),
    messageId: readMessageId(header, fields.get('message-id')?.[0]),
    subject: subject ? oneLine(decodeWords(rawValue(header, subject)), MAX_SUBJECT) : '',
    eightBit: !isAscii(header),
    wish,
  };
}

function byName(fields: readonly Field[]): ReadonlyMap<string, readonly Field[]> {
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

function readMessageId(header: Buffer, field: Field | undefined): string | undefined {
  if (!field) return undefined;
  const value = rawValue(header, field).toString('latin1');
  return value.length <= MAX_MESSAGE_ID ? /<[!-;=?-~]+>/.exec(value)?.[0] : undefined;
}

/** Bytes of a value, folding undone (RFC 5322 §2.2.3) and trimmed. */
function rawValue(header: Buffer, field: Field): Buffer {
  const text = header
    .toString('latin1', field.valueStart, field.end)
    .replace(/\r?\n(?=[ \t])/g, '')
    .trim();
  return Buffer.from(text, 'latin1');
}
