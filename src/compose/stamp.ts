// The header that a recipient gets: control fields go, our Received and missing fields come, the rest stays. Pure.
import { isControlField, isControlFieldInPassing } from '../mail/control.ts';
import { mailDate } from '../mail/date.ts';
import { encodedPhrase, encodedWords } from '../mail/encode.ts';
import { foldField, isAsciiText, oneLine } from '../mail/fold.ts';
import type { Field } from '../mail/headers.ts';
import type { Scan } from '../model/scan.ts';
import type { Submission } from '../model/submission.ts';
import { editFields, type Edit } from './edit.ts';

const MAX_VALUE_CHARS = 900;

/**
 * The client's fields without control fields (of mail that only passes through: without ours), Bcc and Return-Path, with From and Reply-To rewritten where policy
 * says so, and with Date, Message-ID and MIME-Version where they are missing, at the end: in front they would stand
 * between the trace fields (RFC 5321 §4.4). MIME-Version is added only where Content-Type or another MIME field says
 * that the message is MIME; a plain message stays plain.
 */
export function stampFields(header: Buffer, fields: readonly Field[], submission: Submission): Buffer {
  const names = new Set(fields.map((field) => field.name));
  const kept = editFields(header, fields, editsFor(submission));
  const added = missingFields(names, submission);
  return added === '' ? kept : Buffer.concat([kept, Buffer.from(added)]);
}

/** Our trace field (RFC 5321 §4.4), without "for": it would show one recipient to another. */
export function receivedField(submission: Submission, hostname: string): Buffer {
  const { helo, address, protocol, tls } = submission.received;
  const cipher = tls?.split(' ').at(-1) ?? '';
  const value = [
    `from ${safeName(helo)} (${addressLiteral(address)})`,
    `by ${safeName(hostname)} (Postino) with ${safeName(protocol)} id ${safeName(submission.id)}`,
    /^[A-Z][A-Z0-9_-]+$/.test(cipher) ? `tls ${cipher}` : '', // RFC 8314 §4.3
  ];
  const text = value.filter((part) => part !== '').join('\r\n ');
  return Buffer.from(`Received: ${text};\r\n ${mailDate(submission.at)}\r\n`, 'latin1');
}

function editsFor({ rewrite, passing, scan }: Submission): (field: Field) => Edit {
  const goes = passing ? isControlFieldInPassing : isControlField;
  let fromWritten = false;
  let replyToWritten = false;
  let subjectWritten = false;
  return ({ name }) => {
    if (goes(name)) return 'drop';
    if (scan?.subject !== undefined && name === 'subject') {
      if (subjectWritten) return 'drop';
      subjectWritten = true;
      return Buffer.from(scanField('Subject', scan.subject));
    }
    if (rewrite && name === 'from') {
      if (fromWritten) return 'drop';
      fromWritten = true;
      return addressField('From', rewrite.from);
    }
    if (rewrite?.replyTo !== undefined && name === 'reply-to') {
      if (replyToWritten) return 'drop';
      replyToWritten = true;
      return addressField('Reply-To', rewrite.replyTo);
    }
    return 'keep';
  };
}

function missingFields(names: ReadonlySet<string>, submission: Submission): string {
  const { rewrite, scan } = submission;
  let added = '';
  if (rewrite && !names.has('from')) added += addressField('From', rewrite.from).toString();
  if (rewrite?.replyTo !== undefined && !names.has('reply-to')) {
    added += addressField('Reply-To', rewrite.replyTo).toString();
  }
  if (!names.has('date')) added += foldField('Date', mailDate(submission.at));
  if (!names.has('message-id'))
    added += foldField('Message-ID', oneLine(submission.messageId, MAX_VALUE_CHARS));
  if (isMime(names) && !names.has('mime-version')) added += 'MIME-Version: 1.0\r\n';
  return added + scanFields(names, scan);
}

function scanFields(names: ReadonlySet<string>, { subject, add = [] }: Partial<Scan> = {}): string {
  const missing = subject !== undefined && !names.has('subject') ? scanField('Subject', subject) : '';
  return missing + add.map(([name, value]) => scanField(name, value)).join('');
}

/** What a scanner adds; over 7 bits it becomes encoded words. */
function scanField(name: string, value: string): string {
  const line = oneLine(value, MAX_VALUE_CHARS);
  return foldField(name, isAsciiText(line) ? line : encodedWords(line));
}

function isMime(names: ReadonlySet<string>): boolean {
  return names.has('content-type') || names.has('content-transfer-encoding');
}

/** A line of ours with one mailbox; a display name over 7 bits becomes encoded words. */
function addressField(name: string, value: string): Buffer {
  const line = oneLine(value, MAX_VALUE_CHARS);
  const angle = line.lastIndexOf('<');
  const display = angle > 0 ? line.slice(0, angle).trim() : '';
  const shown = isAsciiText(display) ? line : `${encodedPhrase(display)} ${line.slice(angle)}`;
  return Buffer.from(foldField(name, shown));
}

/** What a stranger gave as a name, cut down to the characters of names and literals. */
function safeName(text: string): string {
  return text.replace(/[^\w.:[\]-]+/g, '').slice(0, 255) || 'unknown';
}

function addressLiteral(address: string): string {
  const clean = safeName(address).replace(/[[\]]/g, '');
  if (clean === 'unknown') return clean;
  return clean.includes(':') ? `[IPv6:${clean}]` : `[${clean}]`; // RFC 5321 §4.1.3
}
