// Arguments of MAIL FROM and RCPT TO (RFC 5321 §4.1.2, RFC 1870, RFC 3461, RFC 6152, RFC 6531). Pure.
import type { Recipient } from '../model/submission.ts';
import { toAsciiDomain } from '../mail/domain.ts';
import {
  readBy,
  readHoldFor,
  readHoldUntil,
  readMtPriority,
  readRequireTls,
  type MailWish,
} from './parameters.ts';
import { replies, type Reply } from './replies.ts';

/** What MAIL FROM said. */
export type Sender = MailWish &
  Readonly<{
    /** Domain in lower-case A-labels; "" is the null sender; undefined when it is no address that could get a bounce. */
    address: string | undefined;
    size: number;
    smtputf8: boolean;
    ret?: 'FULL' | 'HDRS';
    /** As received, in xtext (RFC 3461 §4). */
    envid?: string;
  }>;

type Parsed<T> = Readonly<{ ok: true; value: T } | { ok: false; reply: Reply }>;
type Path = Readonly<{ local: string; domain: string | undefined; rest: string }>;

/** Reads one parameter's value ("" when there is none); undefined: the value is wrong. */
type Take<T> = (value: string) => Partial<T> | undefined;
type Known<T> = Readonly<Record<string, Take<T>>>;

const MAX_PATH = 254; // RFC 5321 §4.5.3.1.3, without the brackets
const MAX_ENVID = 100; // RFC 3461 §4.4
const MAX_ORCPT = 500; // RFC 3461 §4.2
const XTEXT = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})+$/;
const NOTIFY = ['NEVER', 'SUCCESS', 'FAILURE', 'DELAY'] as const;

/** What SIZE, 8BITMIME and SMTPUTF8 bring: all that a door to ourselves offers. */
const PLAIN_MAIL: Known<Sender> = {
  SIZE: (value) => (/^\d{1,20}$/.test(value) ? { size: Number(value) } : undefined), // RFC 1870 §5
  BODY: (value) => (/^(?:7BIT|8BITMIME)$/i.test(value) ? {} : undefined),
  SMTPUTF8: (value) => (value === '' ? { smtputf8: true } : undefined),
};

const MAIL: Known<Sender> = {
  ...PLAIN_MAIL,
  AUTH: (value) => (value === '' ? undefined : {}), // RFC 4954 §5: taken, and of no use to us
  RET: (value) => {
    const ret = (['FULL', 'HDRS'] as const).find((one) => one === value.toUpperCase());
    return ret === undefined ? undefined : { ret };
  },
  ENVID: (value) => (value.length <= MAX_ENVID && XTEXT.test(value) ? { envid: value } : undefined),
  HOLDFOR: readHoldFor,
  HOLDUNTIL: readHoldUntil,
  'MT-PRIORITY': readMtPriority,
  BY: readBy,
  REQUIRETLS: readRequireTls,
};

const RCPT: Known<Recipient> = {
  NOTIFY: (value) => {
    const wanted = value.toUpperCase().split(',');
    const notify = NOTIFY.filter((word) => wanted.includes(word));
    if (notify.length !== wanted.length) return undefined;
    return notify.includes('NEVER') && notify.length > 1 ? undefined : { notify }; // RFC 3461 §4.1
  },
  ORCPT: (value) => (value.length <= MAX_ORCPT && isOrcpt(value) ? { orcpt: value } : undefined),
};

const refuse = (reply: Reply): Readonly<{ ok: false; reply: Reply }> => ({ ok: false, reply });

/**
 * Reads what follows "MAIL". An odd sender such as `<root>` is taken: the policy replaces it. `isSecure` says whether the
 * session is under TLS.
 */
export function readMail(argument: string, isSecure: boolean): Parsed<Sender> {
  const sender = readSender(argument, MAIL);
  return sender.ok && sender.value.requireTls && !isSecure ? refuse(replies.needsTls) : sender;
}

/** The same at a door that offers no more than SIZE, 8BITMIME and SMTPUTF8. */
export function readPlainMail(argument: string): Parsed<Sender> {
  return readSender(argument, PLAIN_MAIL);
}

function readSender(argument: string, known: Known<Sender>): Parsed<Sender> {
  const path = readPath(argument, 'FROM:');
  if (!path) return refuse(replies.badSender);
  const base: Sender = { address: addressOf(path), size: 0, smtputf8: false };
  const sender = withParameters(base, path.rest, known);
  if (!sender.ok) return sender;
  return isAsciiLocal(path.local) || sender.value.smtputf8 ? sender : refuse(replies.needsSmtputf8);
}

/** Reads what follows "RCPT". `smtputf8` says whether MAIL asked for it. */
export function readRcpt(argument: string, smtputf8: boolean): Parsed<Recipient> {
  return readRecipient(argument, smtputf8, RCPT);
}

/** The same at a door that offers no parameters for it. */
export function readPlainRcpt(argument: string, smtputf8: boolean): Parsed<Recipient> {
  return readRecipient(argument, smtputf8, {});
}

function readRecipient(argument: string, smtputf8: boolean, known: Known<Recipient>): Parsed<Recipient> {
  const path = readPath(argument, 'TO:');
  const address = readForward(path, smtputf8);
  if (!address.ok) return address;
  return withParameters<Recipient>({ address: address.value }, path?.rest ?? '', known);
}

/** Reads an address that something else than RCPT names, by the same rules and without parameters. */
export function readAddress(text: string, smtputf8: boolean): Parsed<string> {
  const path = readPath(text, '');
  return path?.rest === '' ? readForward(path, smtputf8) : refuse(replies.badRecipient);
}

function readForward(path: Path | undefined, smtputf8: boolean): Parsed<string> {
  if (!path?.domain || path.local === '') return refuse(replies.badRecipient);
  if (path.domain.startsWith('[')) return refuse(replies.addressLiteral);
  if (!isAsciiLocal(path.local) && !smtputf8) return refuse(replies.needsSmtputf8);
  const address = addressOf(path);
  return address === undefined ? refuse(replies.badRecipient) : { ok: true, value: address };
}

function addressOf(path: Path): string | undefined {
  if (path.local === '') return '';
  const domain = path.domain === undefined ? undefined : toAsciiDomain(path.domain);
  return domain === undefined ? undefined : `${path.local}@${domain}`;
}

function isAsciiLocal(local: string): boolean {
  return /^[ -~]*$/.test(local);
}

/** Finds the path behind FROM: or TO:. Brackets may be missing and a space may stand before them: old devices do both. */
function readPath(argument: string, keyword: string): Path | undefined {
  if (argument.slice(0, keyword.length).toUpperCase() !== keyword) return undefined;
  const text = argument.slice(keyword.length).trimStart();
  if (text.includes('\ufffd')) return undefined; // bytes that were no UTF-8
  const bracketed = text.startsWith('<');
  const path = bracketed ? withoutRoute(text.slice(1)) : text;
  const local = readLocal(path);
  if (local === undefined) return undefined;
  let at = local.length;
  let domain: string | undefined;
  if (path[at] === '@') {
    domain = /^(?:\[[^\]\s<>]*\]|[^\s<>@,;:"()[\]\\]+)/.exec(path.slice(at + 1))?.[0];
    if (domain === undefined || local === '') return undefined;
    at += 1 + domain.length;
  }
  return endOfPath(path, at, bracketed)
    ? { local, domain, rest: path.slice(bracketed ? at + 1 : at) }
    : undefined;
}

/** A path ends with its bracket, or, where it has none, with a space or the line. */
function endOfPath(path: string, at: number, bracketed: boolean): boolean {
  if (at > MAX_PATH || (bracketed && path[at] !== '>') || (!bracketed && at === 0)) return false;
  const next = path[bracketed ? at + 1 : at];
  return next === undefined || next === ' ';
}

/** RFC 5321 appendix C: a source route ("@a,@b:") must be accepted and is ignored. */
function withoutRoute(path: string): string {
  return path.replace(/^@[^\s<>:,@]+(?:,@[^\s<>:,@]+)*:/, '');
}

/**
 * The local part at the start of `path`: a quoted string, or atoms with dots anywhere, since mailboxes such as
 * user.@docomo.ne.jp exist (against RFC 5321 §4.1.2).
 */
function readLocal(path: string): string | undefined {
  if (path.startsWith('"')) return /^"(?:[ !#-[\]-~\u00a0-\u{10ffff}]|\\[ -~])*"/u.exec(path)?.[0];
  return /^[\w!#$%&'*+/=?^`{|}~.\u00a0-\u{10ffff}-]*/u.exec(path)?.[0];
}

function withParameters<T>(base: T, rest: string, known: Known<T>): Parsed<T> {
  let value = base;
  const seen = new Set<string>();
  for (const word of rest.split(' ')) {
    if (word === '') continue;
    const equals = word.indexOf('=');
    const name = (equals < 0 ? word : word.slice(0, equals)).toUpperCase();
    const take = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!take) return refuse(replies.unknownParameter(name.slice(0, 40))); // RFC 5321 §4.1.1.11
    const taken = seen.has(name) ? undefined : take(equals < 0 ? '' : word.slice(equals + 1));
    if (!taken) return refuse(replies.badParameter(name));
    seen.add(name);
    value = { ...value, ...taken };
  }
  return { ok: true, value };
}

/** RFC 3461 §4.2 in xtext, or RFC 6533 §3 for the type utf-8. */
function isOrcpt(value: string): boolean {
  const [, type, address] = /^([A-Za-z0-9-]+);(.+)$/.exec(value) ?? [];
  if (type === undefined || address === undefined) return false;
  return type.toLowerCase() === 'utf-8' ? /^[!-~\u00a0-\u{10ffff}]+$/u.test(address) : XTEXT.test(address);
}
