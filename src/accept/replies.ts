// Every sentence our listener can say, with its code and enhanced status, chosen together by a person (RFC 5321, RFC 3463). Pure.
import { sayDuration } from '../lib/duration.ts';
import { oneLine } from '../mail/fold.ts';

export type Reply = Readonly<{
  code: number;
  /** Absent in greetings, EHLO answers and 3xx (RFC 2034 §4). */
  status?: string;
  text: string;
}>;

/** Strangers' text inside a sentence of ours. */
const short = (text: string): string => oneLine(text, 80);

const say = (code: number, status: string, text: string): Reply => ({ code, status, text });

/** Without an enhanced status. */
const plain = (code: number, text: string): Reply => ({ code, text });

export const replies = {
  greeting: (host: string) => plain(220, `${host} ESMTP Postino`),
  hello: (host: string) => plain(250, host),
  queued: (id: string) => say(250, '2.0.0', `Ok: queued as ${id}`),
  fine: say(250, '2.0.0', 'Ok'),
  senderOk: say(250, '2.1.0', 'Sender ok'),
  recipientOk: say(250, '2.1.5', 'Recipient ok'),
  verify: say(252, '2.5.0', 'Not verified here; send the message and we will try'), // RFC 5321 §3.5.3
  help: say(214, '2.0.0', 'See RFC 5321; the administrator of this relay has your user name and password'),
  bye: say(221, '2.0.0', 'Bye'),
  startTls: say(220, '2.0.0', 'Ready to start TLS'),
  authenticated: say(235, '2.7.0', 'Authentication successful'),
  challenge: (text: string) => plain(334, text),
  goAhead: plain(354, 'End data with <CR><LF>.<CR><LF>'),

  // The connection ends.
  shuttingDown: say(421, '4.3.2', 'This relay is restarting; please connect again in a moment'),
  tooManyConnections: say(421, '4.3.2', 'Too many connections at this relay; please try again in a moment'),
  tooManyFromYou: say(
    421,
    '4.7.0',
    'Too many connections from your address; please close some and try again',
  ),
  idle: say(421, '4.4.2', 'Nothing was sent for too long; please connect again'),
  logInTooSlow: say(421, '4.4.2', 'You did not log in in time; please connect again'),
  dataTooSlow: say(
    421,
    '4.4.2',
    'The message came in too slowly; please check the network and send it again',
  ),
  tooManyErrors: say(421, '4.7.0', 'Too many wrong commands; closing the connection'),
  tooManyCommands: say(421, '4.7.0', 'Too many commands without mail; closing the connection'),
  tooManyLogIns: say(
    421,
    '4.7.0',
    'Too many failed log-ins; check user name and password, then try again later',
  ),
  notHttp: say(421, '4.7.0', 'This is a mail port, not a web server'),
  noChunking: say(502, '5.5.1', 'BDAT is not offered here; use DATA'),
  tooEager: say(554, '5.5.0', 'Wait for the answer to DATA before you send the message'),
  lineTooLong: say(500, '5.5.2', 'Command line too long'),

  // Commands.
  unknownCommand: say(500, '5.5.2', 'Command not recognised'),
  notOffered: say(502, '5.5.1', 'Command not offered here'),
  badCharacters: say(500, '5.5.2', 'Control characters are not allowed in commands'),
  helloFirst: say(503, '5.5.1', 'Send EHLO first'),
  mailFirst: say(503, '5.5.1', 'Send MAIL FROM first'),
  recipientFirst: say(503, '5.5.1', 'Send RCPT TO first; no recipient was accepted'),
  nestedMail: say(503, '5.5.1', 'A transaction is already open; send RSET to begin again'),
  noParameters: say(501, '5.5.4', 'This command takes no parameters'),

  // TLS and log-in.
  tlsActive: say(503, '5.5.1', 'TLS is already active'),
  tlsFirst: say(530, '5.7.0', 'This port needs TLS; send STARTTLS first'),
  encryptionNeeded: say(
    538,
    '5.7.11',
    'Passwords are taken over TLS only; switch on STARTTLS or TLS in your program',
  ),
  logInFirst: say(530, '5.7.0', 'Log in first; this relay sends mail for its users only'),
  userGone: say(530, '5.7.0', 'This user was disabled or removed; ask the administrator of this relay'),
  alreadyLoggedIn: say(503, '5.5.1', 'You are logged in already'),
  notInTransaction: say(503, '5.5.1', 'Not while a message is under way; send RSET first'),
  unknownMechanism: say(504, '5.5.4', 'Use AUTH PLAIN or AUTH LOGIN'),
  badBase64: say(501, '5.5.2', 'That is not valid base64 of user name and password'),
  cancelled: say(501, '5.7.0', 'Log-in cancelled'),
  wrongPassword: say(535, '5.7.8', 'Wrong user name or password'), // RFC 4954 §6, the same for unknown users
  logInLater: say(454, '4.7.0', 'Log-in is not possible just now; please try again in a moment'),

  // Envelope.
  badSender: say(501, '5.1.7', 'That is not a valid sender address; write MAIL FROM:<user@example.net>'),
  badRecipient: say(501, '5.1.3', 'That is not a valid address; write RCPT TO:<user@example.net>'),
  addressLiteral: say(550, '5.1.2', 'Mail to an IP address is not sent; write a domain name after the @'),
  needsSmtputf8: say(553, '5.6.7', 'This address has characters beyond ASCII; use the SMTPUTF8 extension'),
  unknownParameter: (name: string) => say(555, '5.5.4', `Parameter ${name} is not supported here`),
  badParameter: (name: string) =>
    say(501, '5.5.4', `Parameter ${name} has a wrong value or stands there twice`),
  needsTls: say(530, '5.7.10', 'REQUIRETLS is taken over TLS only; send STARTTLS first'), // RFC 8689 §2
  heldTooLong: (aheadMs: number) =>
    say(501, '5.5.4', `HOLDFOR and HOLDUNTIL may be at most ${sayAhead(aheadMs)} ahead`), // RFC 4865 §4
  byBeforeRelease: say(501, '5.5.4', 'BY ends before the message may be sent; correct BY or the hold'),
  tooManyRecipients: (max: number) =>
    say(452, '4.5.3', `Too many recipients; send this message to at most ${max} at a time`),
  suppressed: say(
    550,
    '5.7.1',
    'This address is on your suppression list, after a bounce, complaint or request; remove it there to send again',
  ),
  recipientOverLimit: (period: 'hour' | 'day') =>
    say(
      452,
      '4.7.1',
      `Too many messages this ${period}; send to this recipient later, or ask for a higher limit`,
    ),
  tooBig: (maxBytes: number) => say(552, '5.3.4', `Message exceeds the maximum size of ${maxBytes} bytes`), // RFC 1870 §6.1

  // The message.
  bareCr: say(554, '5.6.0', 'The message has a CR without LF; its lines must end with CR LF'),
  nul: say(554, '5.6.0', 'The message has a NUL byte; encode binary content as base64'),
  headerTooBig: say(552, '5.3.4', 'The header is too big; at most 100 KiB and 1000 fields are taken'),
  badHeader: say(554, '5.6.0', 'The header has a line that is no field; an empty line must end the header'),
  looping: say(554, '5.4.6', 'The message has passed more than 50 servers; it goes round in a loop'),
  noFrom: say(550, '5.6.0', 'The message has no From field; set a From address in your program'),
  severalFrom: say(550, '5.7.1', 'The message has more than one From field; exactly one is allowed'),
  unreadableFrom: say(550, '5.7.1', 'The From field cannot be read; write From: "Name" <user@example.net>'),
  notYourAddress: (address: string) =>
    say(
      550,
      '5.7.1',
      `This user may not send as ${address}; use a From address of your own, or ask the administrator to add it`,
    ),
  notYourPool: (pool: string) =>
    say(
      550,
      '5.7.1',
      `This user may not use pool ${short(pool)}; name one of its own pools, or ask the administrator`,
    ),
  notYourDomain: (domain: string, use: 'return path' | 'signature' | 'links') =>
    say(
      550,
      '5.7.1',
      `This user may not use ${short(domain)} for the ${use}; name a domain of its own, or ask the administrator`,
    ),
  tooFarAhead: (aheadMs: number) =>
    say(
      550,
      '5.7.1',
      `This user may schedule mail at most ${sayAhead(aheadMs)} ahead; choose an earlier time`,
    ),
  noTemplate: (name: string) =>
    say(550, '5.6.0', `There is no template ${short(name)}; correct its name, or store it first`),
  noTemplateVersion: (name: string, version: number) =>
    say(550, '5.6.0', `Template ${short(name)} has no version ${version}; name one that is stored`),
  noLiquid: (name: string) =>
    say(
      550,
      '5.6.0',
      `Template ${short(name)} is written in Liquid, which this user may not use; ask the administrator`,
    ),
  badNamedRecipient: (address: string) =>
    say(550, '5.1.3', `A control field names ${short(address)}, which is no address to send to; correct it`),
  tooManyNamed: (max: number) =>
    say(550, '5.5.3', `The control fields name too many recipients; at most ${max} are taken at a time`),
  badControl: (field: string, must: string) =>
    say(550, '5.6.0', `${field} ${must}; correct it and send again`),
  overLimit: (period: 'hour' | 'day') =>
    say(451, '4.7.1', `Too many messages this ${period}; please try again later, or ask for a higher limit`),

  // Mail to ourselves.
  noSuchMailbox: say(
    550,
    '5.1.1',
    'No such mailbox here, and nothing is relayed; write to the sender of the mail that you received',
  ),
  notReadHere: say(
    550,
    '5.2.1',
    'Nobody reads mail to this address; write to the sender of the mail that you received',
  ),
  tooManyUnknown: say(421, '4.7.0', 'Too many unknown recipients; closing the connection'),
  noRequest: say(
    550,
    '5.7.1',
    'No subscription is named here; use the unsubscribe link of the mail that you received, or send its request unchanged',
  ),
  requestExpired: say(
    550,
    '5.7.1',
    'This request to unsubscribe is too old; use the unsubscribe link of a newer mail from the same sender',
  ),

  // Us.
  tryLater: say(451, '4.3.0', 'The message was not stored; please try again'),
  notRead: say(451, '4.3.0', 'This could not be dealt with just now; please try again'),
  full: say(452, '4.3.1', 'This relay is full just now; please try again later'),
} as const;

function sayAhead(ms: number): string {
  const days = Math.floor(ms / 86_400_000);
  return days > 1 ? `${days} days` : sayDuration(ms);
}

/** The bytes of a reply, CRLF included. Control characters never get out, whoever wrote the text. */
export function writeReply(reply: Reply): string {
  const status = reply.status === undefined ? '' : `${reply.status} `;
  return `${reply.code} ${status}${clean(reply.text)}\r\n`;
}

/** A reply of several lines, as EHLO gives it: no enhanced status (RFC 2034 §4). */
export function writeLines(code: number, lines: readonly string[]): string {
  const last = lines.length - 1;
  return lines.map((line, i) => `${code}${i < last ? '-' : ' '}${clean(line)}\r\n`).join('');
}

/** Text for one line: control characters, line separators and half characters become spaces; at most 400 characters. */
export function clean(text: string): string {
  const safe = /^[ -~]*$/.test(text)
    ? text
    : text.toWellFormed().replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
  return safe.length > 400 ? `${safe.slice(0, 400).toWellFormed()}…` : safe;
}
