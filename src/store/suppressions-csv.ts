// Suppression lists as CSV (RFC 4180): address, reason, date, topic. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { toAsciiDomain } from '../mail/domain.ts';

export type Suppression = Readonly<{
  /** Lower-case throughout: no provider tells "A@" from "a@", and a list that did would be easy to slip past. */
  address: string;
  reason: string;
  /** When it was put on the list; 0 when nobody knows. */
  at: EpochMs;
  /** Only mail of this topic; absent: all mail. */
  topic?: string;
}>;

/** A line that was left out. `line` counts from 1. */
export type CsvProblem = Readonly<{ line: number; text: string }>;

/** Where the values stand in a line; -1: nowhere. */
type Columns = Readonly<Record<'address' | 'reason' | 'date' | 'topic', number>>;

/** Names of columns in what Postino and the services that people come from export. */
const HEADS = {
  address: /^(?:email|e-mail|address|recipient|mail|email ?address)$/i,
  reason: /^(?:reason|error|type|description)$/i,
  date: /^(?:date|created|created[ _]?at|timestamp)$/i,
  topic: /^topic$/i,
} as const;
const PLAIN: Columns = { address: 0, reason: 1, date: 2, topic: 3 };
const MAX_ADDRESS = 254;
const MAX_TOPIC = 255;

/** What an entry is called in the account's hash: the address, or "<topic>\n<address>". No address has a line end. */
export function fieldOf({ address, topic }: Pick<Suppression, 'address' | 'topic'>): string {
  return topic === undefined ? address : `${topic}\n${address}`;
}

/** The address and topic of a hash's field. */
export function readField(field: string): Readonly<{ address: string; topic?: string }> {
  const end = field.lastIndexOf('\n');
  return end < 0 ? { address: field } : { address: field.slice(end + 1), topic: field.slice(0, end) };
}

/** True for what can be a topic. Whatever a message had must be one, or nobody could leave it. */
export function isTopic(topic: string): boolean {
  return topic !== '' && topic.length <= MAX_TOPIC;
}

/**
 * Reads address[,reason[,date[,topic]]], or the columns that a head line names, in any order. Empty lines are skipped; what
 * has no address is listed.
 */
export function readSuppressionsCsv(
  text: string,
  now: EpochMs,
): Readonly<{ entries: readonly Suppression[]; problems: readonly CsvProblem[] }> {
  const entries = new Map<string, Suppression>();
  const problems: CsvProblem[] = [];
  let columns = PLAIN;
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const fields = splitCsvLine(line).map((field) => field.trim());
    if (line.trim() === '') continue;
    const head = index === 0 ? readHead(fields) : undefined;
    columns = head ?? columns;
    if (head) continue;
    const entry = readEntry(fields, columns, now);
    if (!entry) problems.push({ line: index + 1, text: line.slice(0, 80) });
    else if (!entries.has(fieldOf(entry))) entries.set(fieldOf(entry), entry);
  }
  return { entries: [...entries.values()], problems };
}

/** The columns that a head line names; undefined when it is none. */
function readHead(fields: readonly string[]): Columns | undefined {
  const find = (name: keyof Columns): number => fields.findIndex((field) => HEADS[name].test(field));
  const address = find('address');
  if (address < 0) return undefined;
  return { address, reason: find('reason'), date: find('date'), topic: find('topic') };
}

function readEntry(fields: readonly string[], columns: Columns, now: EpochMs): Suppression | undefined {
  const value = (name: keyof Columns): string => fields[columns[name]] ?? '';
  const [first, reason, date, topic] = [value('address'), value('reason'), value('date'), value('topic')];
  const address = suppressibleAddress(first);
  if (address === undefined || topic.length > MAX_TOPIC) return undefined;
  const entry = { address, reason: reason || 'imported', at: dateOf(date) ?? now };
  return topic === '' ? entry : { ...entry, topic };
}

/** One line of an export, without its line end. */
export function writeCsvLine({ address, reason, at, topic = '' }: Suppression): string {
  return [address, reason, at === 0 ? '' : new Date(at).toISOString(), topic].map(quoted).join(',');
}

/** The head line of an export. */
export const csvHead = 'address,reason,date,topic';

/** The form in which an address stands on the list; undefined when it is none. */
export function suppressibleAddress(text: string): string | undefined {
  const at = text.lastIndexOf('@');
  const domain = toAsciiDomain(text.slice(at + 1));
  const local = text.slice(0, at).toLowerCase();
  if (at < 1 || domain === undefined || /[\s<>]/.test(local) || text.length > MAX_ADDRESS) return undefined;
  return `${local}@${domain}`;
}

function splitCsvLine(line: string): readonly string[] {
  const separator = line.includes(',') ? ',' : ';'; // what spreadsheets write where the comma is decimal
  const fields: string[] = [];
  const field = new RegExp(`${separator}(?:"((?:[^"]|"")*)"|([^${separator}]*))`, 'g');
  for (const match of `${separator}${line}`.matchAll(field))
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
  return fields;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function dateOf(text: string): EpochMs | undefined {
  const at = /^\d{9,10}$/.test(text) ? Number(text) * 1000 : Date.parse(text); // SendGrid's are Unix seconds
  return Number.isNaN(at) ? undefined : at;
}
