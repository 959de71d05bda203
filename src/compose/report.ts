// Delivery status notifications for final failures (RFC 3464 in a multipart/report, RFC 6522), all in 7 bits. Pure.
import { isAscii } from 'node:buffer';
import type { EpochMs } from '../lib/clock.ts';
import { isControlField } from '../mail/control.ts';
import { mailDate } from '../mail/date.ts';
import { encodedWords, quotedPrintable } from '../mail/encode.ts';
import { foldField, isAsciiText, oneLine } from '../mail/fold.ts';
import { scanHeaders } from '../mail/headers.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Cause, Via } from '../model/outcome.ts';
import type { Submission } from '../model/submission.ts';
import { advice } from './advice.ts';
import { editFields } from './edit.ts';
import { sevenBitBody } from './seven-bit-body.ts';
import { sevenBitFields } from './seven-bit-header.ts';

export type Failure = Readonly<{
  submission: Submission;
  delivery: Delivery;
  cause: Cause;
  /** How the last attempt went out, where there was one. */
  via?: Via;
  /** Who reports: our EHLO name. */
  hostname: string;
  /** Domain of MAILER-DAEMON; default: the host name. */
  systemDomain?: string;
  /** Who gets the report; default: the envelope sender. */
  to?: string;
  /** The original's header block. */
  header: Buffer;
  /** The original's body; used only where RET=FULL asks for it and it is small. */
  body?: Buffer;
  /** When the delivery failed. */
  at: EpochMs;
  /** Submission id of the report; its Message-ID and boundary come from it. */
  id: string;
}>;

/** Originals up to this size come back whole with RET=FULL; larger ones as their header. */
const MAX_RETURNED_BYTES = 65_536;

const MAX_LINE = 998; // RFC 5322 §2.1.1
const MAX_VALUE = 400;
const MAX_PLAIN = 900;
const LF = 10;
const CRLF = '\r\n';

/**
 * True when the sender wants to hear of this (RFC 3461 §4.1). The null sender never does (RFC 5321 §4.5.5). Without
 * NOTIFY, failures are reported and nothing else.
 */
export function wantsReport(
  submission: Submission,
  delivery: Delivery,
  kind: 'failed' | 'delayed' | 'delivered',
): boolean {
  if (submission.from === '') return false;
  const { notify } = delivery.recipient;
  if (!notify) return kind === 'failed';
  const wanted = { failed: 'FAILURE', delayed: 'DELAY', delivered: 'SUCCESS' } as const;
  return !notify.includes('NEVER') && notify.includes(wanted[kind]);
}

/** Writes the report of a failed delivery, header and body. The caller sends it with a null return path. */
export function writeReport(failure: Failure): Buffer {
  const boundary = `=_${failure.id}`;
  const part = (...lines: readonly (string | Buffer)[]): readonly Buffer[] =>
    [`--${boundary}${CRLF}`, ...lines, CRLF].map((line) => Buffer.from(line));
  const text = quotedPrintable(Buffer.from(explain(failure)));
  return Buffer.concat([
    Buffer.from(reportHeader(failure, boundary)),
    ...part(
      `Content-Type: text/plain; charset=utf-8${CRLF}Content-Transfer-Encoding: quoted-printable${CRLF}${CRLF}`,
      text,
    ),
    ...part(`Content-Type: message/delivery-status${CRLF}${CRLF}`, statusFields(failure)),
    ...part(...original(failure)),
    Buffer.from(`--${boundary}--${CRLF}`),
  ]);
}

function reportHeader(failure: Failure, boundary: string): string {
  const { submission, hostname, id, at } = failure;
  const subject = `Not delivered: ${oneLine(submission.subject, 200) || 'your message'}`;
  const messageId = oneLine(submission.messageId, MAX_VALUE);
  const thread = /^<[!-~]+>$/.test(messageId) ? [['References', messageId] as const] : [];
  const fields = [
    ['From', `Mail Delivery System <MAILER-DAEMON@${failure.systemDomain ?? hostname}>`],
    ['To', oneLine(failure.to ?? submission.from, MAX_VALUE)],
    ['Subject', isAsciiText(subject) ? subject : encodedWords(subject)],
    ['Date', mailDate(at)],
    ['Message-ID', `<${id}@${hostname}>`],
    ...thread,
    ['Auto-Submitted', 'auto-replied'], // RFC 3834 §5
    ['MIME-Version', '1.0'],
    ['Content-Type', `multipart/report; report-type=delivery-status; boundary="${boundary}"`],
  ] as const;
  return fields.map(([name, value]) => foldField(name, value)).join('') + CRLF;
}

function explain(failure: Failure): string {
  const { submission, delivery, cause, via, hostname } = failure;
  const said = cause.reply && `${cause.reply.code} ${cause.reply.status ?? ''} ${cause.reply.text}`;
  const lines = [
    `This is the mail system at ${hostname}.`,
    '',
    'Your message could not be delivered.',
    '',
    `  Recipient:  ${oneLine(delivery.recipient.address, MAX_VALUE)}`,
    `  Subject:    ${oneLine(submission.subject, MAX_VALUE) || '(none)'}`,
    `  Sent:       ${mailDate(submission.at)}`,
    `  Message id: ${oneLine(submission.messageId, MAX_VALUE)}`,
    '',
    `Reason: ${oneLine(cause.detail, 1000)}`,
    ...(said === undefined
      ? []
      : [
          '',
          `The server ${via ? `${oneLine(via.host, MAX_VALUE)} ` : ''}said:`,
          '',
          `  ${oneLine(said, 1100)}`,
        ]),
    ...(cause.ambiguous
      ? [
          '',
          'The recipient may have got the message all the same: the connection broke before the last answer.',
        ]
      : []),
    '',
    `What you can do: ${advice[cause.class]}`,
    '',
    'The technical details and the header of your message are attached.',
    '',
  ];
  return lines.join(CRLF);
}

/** The message/delivery-status body: fields of the message, an empty line, fields of the recipient. */
function statusFields(failure: Failure): string {
  const { submission, delivery, cause, via, hostname, at } = failure;
  const { address, orcpt } = delivery.recipient;
  const message = [
    ['Original-Envelope-Id', plain(fromXtext(submission.envid))],
    ['Reporting-MTA', `dns; ${hostname}`],
    ['Arrival-Date', mailDate(submission.at)],
  ] as const;
  const recipient = [
    ['Original-Recipient', plain(originalRecipient(orcpt))],
    ['Final-Recipient', finalRecipient(address)],
    ['Action', 'failed'],
    ['Status', statusOf(cause)],
    ['Remote-MTA', cause.reply && via ? `dns; ${plain(via.host)}` : undefined],
    ['Diagnostic-Code', diagnostic(cause)],
    ['Last-Attempt-Date', delivery.attempts > 0 ? mailDate(at) : undefined],
  ] as const;
  return [message, recipient]
    .map((group) => `${writeFields(group)}${CRLF}`)
    .join('')
    .slice(0, -2);
}

/** "rfc822; ann+tag@mail.example" from "rfc822;ann+2Btag@mail.example"; the type utf-8 has an encoding of its own. */
function originalRecipient(orcpt: string | undefined): string | undefined {
  const [, type = '', address] = /^([\w-]+);\s*(.*)$/.exec(orcpt ?? '') ?? [];
  return address === undefined
    ? undefined
    : `${type}; ${type.toLowerCase() === 'utf-8' ? address : fromXtext(address)}`;
}

/** RFC 3461 §4: in SMTP these values are in xtext, in a report they are not. Control characters stay coded. */
function fromXtext(text: string | undefined): string | undefined {
  return text?.replace(/\+([2-7][0-9A-F])/g, (coded, hex: string) =>
    hex === '7F' ? coded : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function writeFields(fields: readonly (readonly [string, string | undefined])[]): string {
  return fields.map(([name, value]) => (value ? foldField(name, value) : '')).join('');
}

/** RFC 3464 §2.3.4 wants a status of class 4 or 5 for a failure. */
function statusOf(cause: Cause): string {
  const status = cause.reply?.status ?? cause.status;
  return /^[45]\.\d{1,3}\.\d{1,3}$/.test(status) ? status : '5.0.0';
}

function diagnostic(cause: Cause): string {
  const { reply } = cause;
  if (!reply) return `x-postino; ${plain(cause.detail)}`;
  return `smtp; ${reply.code} ${plain([reply.status, reply.text].filter(Boolean).join(' '))}`;
}

/** RFC 6533 §3: an address over ASCII in the form that fits a 7-bit report. */
function finalRecipient(address: string): string {
  const clean = oneLine(address, MAX_VALUE);
  if (isAsciiText(clean)) return `rfc822; ${clean}`;
  const escaped = clean.replace(
    /[^!-~]|[\\+=]/gu,
    (char) => `\\x{${(char.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`,
  );
  return `utf-8; ${escaped.slice(0, MAX_PLAIN)}`;
}

/** A stranger's text as printable ASCII on one line. */
function plain(text: string | undefined): string {
  return oneLine(text ?? '', MAX_PLAIN).replace(/[^ -~]/gu, '?');
}

/** The third part: the message where it was asked for and fits, else its header. */
function original(failure: Failure): readonly (string | Buffer)[] {
  const whole = wholeOriginal(failure);
  if (whole) return [`Content-Type: message/rfc822${CRLF}${CRLF}`, whole];
  const fields = withoutControl(failure.header);
  const encode = !isAscii(fields) || hasLongLine(fields);
  return [
    `Content-Type: text/rfc822-headers; charset=utf-8${CRLF}`,
    encode ? `Content-Transfer-Encoding: quoted-printable${CRLF}${CRLF}` : CRLF,
    encode ? quotedPrintable(fields) : fields,
  ];
}

/** The original in 7 bits, since an enclosed message may not be encoded (RFC 2046 §5.2.1); undefined: only its header. */
function wholeOriginal({ submission, header, body }: Failure): Buffer | undefined {
  if (submission.ret !== 'FULL' || !body) return undefined;
  if (header.length + body.length > MAX_RETURNED_BYTES) return undefined;
  const converted = sevenBitBody(withoutControl(header), body);
  if ('obstacle' in converted) return undefined;
  const fields = sevenBitFields(converted.fields, scanHeaders(converted.fields).fields);
  if (!fields) return undefined;
  const whole = Buffer.concat([fields, Buffer.from(CRLF), converted.body]);
  return hasLongLine(whole) ? undefined : whole;
}

/** Reports may go to others than the author: Bcc and control fields stay with us. */
function withoutControl(header: Buffer): Buffer {
  return editFields(header, scanHeaders(header).fields, ({ name }) =>
    isControlField(name) ? 'drop' : 'keep',
  );
}

function hasLongLine(bytes: Buffer): boolean {
  for (let start = 0; start < bytes.length;) {
    const lf = bytes.indexOf(LF, start);
    const end = lf < 0 ? bytes.length : lf + 1;
    if (end - start > MAX_LINE + 2) return true;
    start = end;
  }
  return false;
}
