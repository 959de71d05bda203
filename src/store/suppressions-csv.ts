// Suppression lists as CSV (RFC 4180): address, reason, date, topic, scope, expiry and evidence. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { markedField, readCsv, withoutMark } from '../lib/csv.ts';
import { toAsciiDomain } from '../mail/domain.ts';

/** Whose mail an entry holds back: that of one topic, one user or one sender domain; none of them: all of the account's. */
export type Scope = Readonly<{ topic?: string; user?: string; domain?: string }>;

/** Where an entry comes from. */
export type Evidence = Readonly<{
  /** What the recipient's host said. */
  reply?: string;
  delivery?: string;
  /** session: in reply to our own attempt · dsn, text, arf: a report that came later by mail. */
  report?: string;
}>;

export type Suppression = Scope &
  Evidence &
  Readonly<{
    /** Lower-case throughout: no provider tells "A@" from "a@", and a list that did would be easy to slip past. */
    address: string;
    reason: string;
    /** When it was put on the list; 0 when nobody knows. */
    at: EpochMs;
    /** When it ends, epoch milliseconds; absent: never. */
    until?: EpochMs;
  }>;

/** A line that was left out. `line` counts from 1. */
export type CsvProblem = Readonly<{ line: number; text: string }>;

/** Where the values stand in a line; -1: nowhere. */
type Columns = Readonly<Record<Column, number>>;
export type Column = (typeof COLUMNS)[number];

/** In the order of an export, and of a file without a head line. */
const COLUMNS = [
  'address',
  'reason',
  'date',
  'topic',
  'scope',
  'expires',
  'reply',
  'delivery',
  'report',
] as const;

/** Names of columns in what Postino and the services that people come from export. */
const HEADS = {
  address: /^(?:email|e-mail|address|recipient|mail|email ?address)$/i,
  reason: /^(?:reason|error|type|description)$/i,
  date: /^(?:date|created|created[ _]?at|timestamp)$/i,
  topic: /^topic$/i,
  scope: /^scope$/i,
  expires: /^expires$/i,
  reply: /^reply$/i,
  delivery: /^delivery$/i,
  report: /^report$/i,
} as const;
const PLAIN = columnsBy((name) => COLUMNS.indexOf(name));
const MAX_ADDRESS = 254;
const MAX_TOPIC = 255;
const MAX_NAME = 255;
const MAX_REPLY = 300;
/** What no topic begins with. */
const MARK = '\0';
/** Stands for the address of somebody who was forgotten: a keyed hash of it. */
const ALIAS = /^forgotten:[\w-]{43}$/;

/**
 * What an entry is called in the account's hash: the address, or, before a line end, its topic, user or sender domain. No
 * address has a line end.
 */
export function fieldOf({
  address,
  topic,
  user,
  domain,
}: Pick<Suppression, 'address' | keyof Scope>): string {
  if (user !== undefined) return `${MARK}user:${user}\n${address}`;
  if (domain !== undefined) return `${MARK}domain:${domain}\n${address}`;
  return topic === undefined ? address : `${topic}\n${address}`;
}

/** The address and scope of a hash's field. */
export function readField(field: string): Scope & Readonly<{ address: string }> {
  const end = field.lastIndexOf('\n');
  if (end < 0) return { address: field };
  const address = field.slice(end + 1);
  const before = field.slice(0, end);
  const [, kind, name = ''] = /^\0(user|domain):([^]*)$/.exec(before) ?? []; // oxlint-disable-line no-control-regex
  if (kind === undefined) return { address, topic: before };
  return kind === 'user' ? { address, user: name } : { address, domain: name };
}

/** True for what can be a topic. Whatever a message had must be one, or nobody could leave it. */
export function isTopic(topic: string): boolean {
  return topic !== '' && topic.length <= MAX_TOPIC && !topic.startsWith(MARK);
}

/** True for at most one of topic, user and sender domain, each written as it is stored. */
export function isScope({ topic, user, domain }: Scope): boolean {
  const given = [topic, user, domain].filter((one) => one !== undefined);
  if (given.length > 1) return false;
  if (topic !== undefined) return isTopic(topic);
  const [name] = given;
  return name === undefined || /^[a-z0-9][a-z0-9_.@-]{0,254}$/.test(name);
}

/**
 * The lines of address[,reason[,date[,topic]]], or of the columns that a head line names, in any order: an entry, or what has no
 * address; undefined for an empty line. Found as they are asked for: a file may have millions.
 */
export function* suppressionsIn(
  text: string,
  now: EpochMs,
): Generator<Suppression | CsvProblem | undefined, undefined> {
  let columns = PLAIN;
  const separator = /[,;]/.exec(text)?.[0] === ';' ? ';' : ',';
  for (const { line, fields: raw } of readCsv(text.replace(/^\uFEFF/, ''), separator)) {
    const fields = raw.map((field) => withoutMark(field.trim()));
    const head = line === 1 ? readHead(fields) : undefined;
    columns = head ?? columns;
    if (head || (fields.join('') === '' && fields.length === 1)) yield undefined;
    else yield readEntry(fields, columns, now) ?? { line, text: raw.join(separator).slice(0, 80) };
  }
  return undefined;
}

/** The columns that a head line names; undefined when it is none. */
function readHead(fields: readonly string[]): Columns | undefined {
  const columns = columnsBy((name) => fields.findIndex((field) => HEADS[name].test(field)));
  return columns.address < 0 ? undefined : columns;
}

function columnsBy(place: (name: Column) => number): Columns {
  const [address, reason, date, topic, scope, expires, reply, delivery, report] = COLUMNS;
  return {
    address: place(address),
    reason: place(reason),
    date: place(date),
    topic: place(topic),
    scope: place(scope),
    expires: place(expires),
    reply: place(reply),
    delivery: place(delivery),
    report: place(report),
  };
}

function readEntry(fields: readonly string[], columns: Columns, now: EpochMs): Suppression | undefined {
  return suppressionOf((name) => fields[columns[name]] ?? '', now);
}

/** An entry from its texts by column; undefined where there is no address, or a scope that is none. */
export function suppressionOf(value: (name: Column) => string, now: EpochMs): Suppression | undefined {
  const address = suppressibleAddress(value('address'));
  const scope = readScope(value('topic'), value('scope'));
  if (address === undefined || !scope) return undefined;
  const until = dateOf(value('expires'));
  return {
    address,
    reason: value('reason') || 'imported',
    at: dateOf(value('date')) ?? now,
    ...scope,
    ...(until === undefined ? {} : { until }),
    ...evidenceOf({ reply: value('reply'), delivery: value('delivery'), report: value('report') }),
  };
}

/** Undefined for what is no scope: read as all mail, it would hold back more than was meant. */
function readScope(topic: string, text: string): Scope | undefined {
  const [, kind, name = ''] = /^(user|domain):(.*)$/i.exec(text) ?? [];
  const named =
    kind?.toLowerCase() === 'user' ? { user: name.toLowerCase() } : { domain: name.toLowerCase() };
  if (kind === undefined && text !== '') return undefined;
  const scope = { ...(topic === '' ? {} : { topic }), ...(kind === undefined ? {} : named) };
  return isScope(scope) ? scope : undefined;
}

/** What there is of it, cut to what is kept. */
export function evidenceOf({
  reply = '',
  delivery = '',
  report = '',
}: Partial<Record<keyof Evidence, string | undefined>>): Evidence {
  return {
    ...(reply === '' ? {} : { reply: reply.slice(0, MAX_REPLY) }),
    ...(delivery === '' ? {} : { delivery: delivery.slice(0, MAX_NAME) }),
    ...(report === '' ? {} : { report: report.slice(0, MAX_NAME) }),
  };
}

/** One line of an export, without its line end. */
export function writeCsvLine(entry: Suppression): string {
  const { address, reason, at, topic = '', until, reply = '', delivery = '', report = '' } = entry;
  const date = (ms: EpochMs): string => new Date(ms).toISOString();
  const ends = until === undefined ? '' : date(until);
  const values = [address, reason, at === 0 ? '' : date(at), topic, sayScope(entry), ends];
  return [...values, reply, delivery, report].map(markedField).join(',');
}

/** "user:shop", "domain:shop.example"; "" where neither is meant. */
export function sayScope({ user, domain }: Scope): string {
  if (user !== undefined) return `user:${user}`;
  return domain === undefined ? '' : `domain:${domain}`;
}

/** The head line of an export. */
export const csvHead = COLUMNS.join(',');

/** The name under which somebody stands on a list who was forgotten; `hash` is of list and address, with a key of ours. */
export function aliasOf(hash: string): string {
  return `forgotten:${hash}`;
}

/** The form in which an address stands on the list; undefined when it is none. That of somebody who was forgotten stays as it is. */
export function suppressibleAddress(text: string): string | undefined {
  if (ALIAS.test(text)) return text;
  const at = text.lastIndexOf('@');
  const domain = toAsciiDomain(text.slice(at + 1));
  const local = text.slice(0, at).toLowerCase();
  if (at < 1 || domain === undefined || /[\s<>]/.test(local) || text.length > MAX_ADDRESS) return undefined;
  return `${local}@${domain}`;
}

function dateOf(text: string): EpochMs | undefined {
  const at = /^\d{9,10}$/.test(text) ? Number(text) * 1000 : Date.parse(text); // SendGrid's are Unix seconds
  return Number.isNaN(at) ? undefined : at;
}
