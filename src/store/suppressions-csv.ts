// Suppression lists as CSV (RFC 4180): address, reason, date. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { toAsciiDomain } from '../mail/domain.ts';

export type Suppression = Readonly<{
  /** Lower-case throughout: no provider tells "A@" from "a@", and a list that did would be easy to slip past. */
  address: string;
  reason: string;
  /** When it was put on the list; 0 when nobody knows. */
  at: EpochMs;
}>;

/** A line that was left out. `line` counts from 1. */
export type CsvProblem = Readonly<{ line: number; text: string }>;

const HEAD = /^(email|e-mail|address|recipient|mail)$/i;
const MAX_ADDRESS = 254;

/** Reads address[,reason[,date]]. A head line and empty lines are skipped; what has no address is listed. */
export function readSuppressionsCsv(
  text: string,
  now: EpochMs,
): Readonly<{ entries: readonly Suppression[]; problems: readonly CsvProblem[] }> {
  const entries = new Map<string, Suppression>();
  const problems: CsvProblem[] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const [first = '', reason = '', date = ''] = splitCsvLine(line).map((field) => field.trim());
    if (line.trim() === '' || (index === 0 && HEAD.test(first))) continue;
    const address = suppressibleAddress(first);
    if (address === undefined) problems.push({ line: index + 1, text: line.slice(0, 80) });
    else if (!entries.has(address))
      entries.set(address, { address, reason: reason || 'imported', at: dateOf(date) ?? now });
  }
  return { entries: [...entries.values()], problems };
}

/** One line of an export, without its line end. */
export function writeCsvLine({ address, reason, at }: Suppression): string {
  return [address, reason, at === 0 ? '' : new Date(at).toISOString()].map(quoted).join(',');
}

/** The head line of an export. */
export const csvHead = 'address,reason,date';

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
  const field = new RegExp(`(?:^|${separator})(?:"((?:[^"]|"")*)"|([^${separator}]*))`, 'g');
  for (const match of line.matchAll(field)) fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
  return fields;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function dateOf(text: string): EpochMs | undefined {
  const at = text === '' ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
