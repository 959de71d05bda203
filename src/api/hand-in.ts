// A message of the API becomes bytes and an envelope, and goes through the door that SMTP's mail goes through.
import { createHash } from 'node:crypto';
import { receivedByHttp, type Door, type HandedIn, type RefusedRecipient } from '../accept/hand-in.ts';
import { replies, type Reply } from '../accept/replies.ts';
import type { Ask as HttpAsk } from '../http/exchange.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import { readMailboxes, writeMailbox } from '../mail/address.ts';
import { buildMessage } from '../mail/build.ts';
import { mailDate } from '../mail/date.ts';
import { encodedWords } from '../mail/encode.ts';
import { foldField, isAsciiText } from '../mail/fold.ts';
import { fieldsNamed, scanHeaders, valueOf } from '../mail/headers.ts';
import type { Principal } from '../model/access.ts';
import { controlFields } from './control-fields.ts';
import { emailOf, nameOf, type Message, type Person } from './message.ts';
import { problem, type Problem } from './problem.ts';

export type SendContext = Readonly<{ door: Door; clock: Clock }>;

export type Sending = Readonly<{
  message: Message;
  /** The SMTP user that it is of. */
  user: string;
  /** Address of the client. */
  peer: string;
  /** Names the message, so that a repetition is not sent again. */
  key?: string | undefined;
  /** Control fields of others, such as X-SMTPAPI. */
  more?: readonly (readonly [name: string, value: string])[];
}>;

/** Hands a message in; what is refused is refused in SMTP's words. */
export async function send({ door, clock }: SendContext, sending: Sending): Promise<HandedIn> {
  const { message, user, peer } = sending;
  const content = contentOf(sending, clock.now());
  const recipients = [...message.to, ...message.cc, ...message.bcc].map(emailOf);
  return door.handIn({
    user,
    sender: message.sender ?? senderOf(message, content),
    recipients: [...new Set(recipients)],
    content,
    received: receivedByHttp(peer),
  });
}

function contentOf({ message, key, more = [] }: Sending, now: number): Buffer {
  const controls = [...more, ...controlFields(message, key)].map(
    ([name, value]) => [name, inAscii(value)] as const,
  );
  if (message.raw !== undefined) {
    const before = controls.map(([name, value]) => foldField(name, value)).join('');
    return Buffer.from(before + message.raw);
  }
  const { from, to, cc, replyTo, subject, text, html, attachments = [], headers = {} } = message;
  const replies = replyTo === undefined ? [] : [replyTo].flat();
  const fields = [
    ...controls,
    ['Date', mailDate(now)] as const,
    ...(from === undefined ? [] : [['From', mailbox(from)] as const]),
    ...listField('To', to),
    ...listField('Cc', cc),
    ...listField('Reply-To', replies),
    ...(subject === undefined ? [] : [['Subject', inAscii(subject)] as const]),
    ...Object.entries(headers).map(([name, value]) => [name, inAscii(value)] as const),
  ];
  const files = attachments.map((one) => ({ ...one, content: Buffer.from(one.content, 'base64') }));
  return buildMessage({ fields, text, html, attachments: files, id: newId(now) });
}

function listField(name: string, people: readonly Person[]): readonly (readonly [string, string])[] {
  return people.length === 0 ? [] : [[name, people.map(mailbox).join(', ')]];
}

function mailbox(one: Person): string {
  return writeMailbox(nameOf(one), emailOf(one));
}

function inAscii(text: string): string {
  return isAsciiText(text) ? text : encodedWords(text);
}

/** Bounces go to the author unless the message says otherwise. */
function senderOf({ from, raw }: Message, content: Buffer): string {
  if (from !== undefined) return emailOf(from);
  if (raw === undefined) return '';
  const [field] = fieldsNamed(scanHeaders(content), 'from');
  return (field && readMailboxes(valueOf(content, field))?.[0]?.address) ?? '';
}

/** What was taken, as an answer tells it: its id, who gets it, and who does not and why. */
export function tellTaken({ id, accepted, refused }: Extract<HandedIn, { ok: true }>) {
  const why = refused.map(({ address, reply }) => ({
    address,
    detail: sayForHttp(reply),
    reply: sayReply(reply),
  }));
  return { id, accepted: [...accepted], refused: why };
}

/** Names a request that has an Idempotency-Key by all that it is; undefined for one that has none. */
export function nameOfRequest({ via, name }: Principal, http: HttpAsk): string | undefined {
  const key = http.header('idempotency-key');
  if (key === undefined) return undefined;
  const hash = createHash('sha256').update(JSON.stringify([via, name, http.path, key]));
  return hash.update(http.body).digest('base64url');
}

/** A refusal of the door, as HTTP says it; its sentence is the same. */
export function problemOf(reply: Reply, refused: readonly RefusedRecipient[] = []): Problem {
  const words = sayForHttp(reply);
  const detail = /[.!?]$/.test(words) ? words : `${words}.`;
  const errors = refused.map(({ address, reply: one }) => ({ path: address, message: sayForHttp(one) }));
  const more = { reply: sayReply(reply), ...(errors.length > 0 ? { errors } : {}) };
  if (reply.code === 552) return problem(413, 'Too large', detail, more);
  if (reply.status === '4.7.1') return problem(429, 'Over the limit', detail, { ...more, retryAfterS: 60 });
  if (reply.status === '4.5.3') return problem(422, 'Not taken', detail, more);
  if (reply.code < 500) return problem(503, 'Try again', detail, { ...more, retryAfterS: 5 });
  return problem(422, 'Not taken', detail, more);
}

/** Who sends by HTTP does not know SMTP's commands. */
const IN_HTTP: ReadonlyMap<string, string> = new Map([
  [replies.recipientFirst.text, 'It has no recipient; name one in "to", "cc" or "bcc"'],
  [replies.badRecipient.text, 'That is not a valid address; write user@example.net'],
  [replies.badSender.text, 'That is not a valid sender address; write user@example.net'],
  [replies.noFrom.text, 'The message has no From; say "from"'],
]);

/** The sentence of a reply, in the words of the API. */
function sayForHttp({ text }: Pick<Reply, 'text'>): string {
  return IN_HTTP.get(text) ?? text;
}

function sayReply({ code, status, text }: Reply): string {
  return [code, status, text].filter((part) => part !== undefined).join(' ');
}
