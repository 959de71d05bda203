// What is in a file that came: entries from CSV with a head line, or from JSON lines. Pure.
import { constants } from 'node:buffer';
import { z } from 'zod';
import { MAX_CSV_FIELDS, readCsv, withoutMark, type CsvRecord } from '../lib/csv.ts';
import { parseJson } from '../lib/json.ts';

/** One line of a file that came: values by column, in lower case. */
export type Entry = Readonly<Record<string, string>>;

/** A line, counted from 1; a sentence's end in the place of its entry where it has none, undefined for a blank one. */
export type Listed = Readonly<{ line: number; entry: Entry | string | undefined }>;

export type Entries = Readonly<{ list: Iterable<Listed> } | { problem: string }>;

/** In characters: more has no entry of a list. */
const MAX_ENTRY = 64 * 1024;
const TOO_LONG = `has more than ${MAX_ENTRY} characters`;

/** The entries in the bytes of a file, found as they are asked for. A mark of the encoding in front tells UTF-16. */
export function entriesOf(bytes: Buffer, isCsv: boolean): Entries {
  // More than a text can have: whatever batch.maxFileBytes says, this file must not stop those behind it.
  if (bytes.length > constants.MAX_STRING_LENGTH)
    return { problem: `It has more than ${constants.MAX_STRING_LENGTH} bytes; split it.` };
  const text = new TextDecoder(encodingOf(bytes)).decode(bytes);
  return isCsv ? csvEntries(text) : { list: listJson(text) };
}

/** "Unicode text" of spreadsheets is UTF-16. */
function encodingOf(bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString('hex');
  if (mark === 'fffe') return 'utf-16le';
  return mark === 'feff' ? 'utf-16be' : 'utf-8';
}

function csvEntries(text: string): Entries {
  // What stands first in the head line; spreadsheets write semicolons where the comma is decimal.
  const separator = /^[^\r\n,;]*([,;]?)/.exec(text)?.[1] === ';' ? ';' : ',';
  const records = readCsv(text, separator);
  const first = records.next();
  const head = (first.done ? [] : first.value.fields).map((name) => name.trim().toLowerCase());
  if (head.length > MAX_CSV_FIELDS)
    return { problem: `Its first line names more than ${MAX_CSV_FIELDS} columns.` };
  if (!head.some((name) => ADDRESS.has(name)))
    return { problem: 'Its first line names no column "address" or "email".' };
  return { list: listCsv(records, head) };
}

function* listCsv(records: Iterable<CsvRecord>, head: readonly string[]): Generator<Listed> {
  for (const { line, fields } of records) yield { line, entry: csvEntry(fields, head) };
}

function csvEntry(fields: CsvRecord['fields'], head: readonly string[]): Listed['entry'] {
  const [only = ''] = fields;
  if (fields.length === 1 && only.length <= MAX_ENTRY && only.trim() === '') return undefined;
  if (fields.length > head.length) return 'has more fields than there are columns';
  if (fields.reduce((sum, { length }) => sum + length, 0) > MAX_ENTRY) return TOO_LONG;
  return named(head.map((name, i) => [name, withoutMark(fields[i]?.trim() ?? '')] as const));
}

const valueSchema = z
  .union([z.string(), z.number(), z.boolean(), z.null()])
  .transform((value) => String(value ?? ''));
const objectSchema = z.record(z.string(), valueSchema);

/** Not by `split`: a file of line ends alone would be a list of a hundred million lines. */
function* listJson(text: string): Generator<Listed> {
  const next = /([^\r\n]*)(?:\r\n|\n|\r|$)/y;
  for (let line = 1; next.lastIndex < text.length; line++) {
    const [, one = ''] = next.exec(text) ?? [];
    yield { line, entry: one.length > MAX_ENTRY ? TOO_LONG : jsonEntry(one) };
  }
}

function jsonEntry(text: string): Listed['entry'] {
  if (text.trim() === '') return undefined;
  const object = parseJson(text, objectSchema);
  if (!object) return 'is no JSON object';
  return named(Object.entries(object).map(([name, value]) => [name.toLowerCase(), value] as const));
}

const ADDRESS: ReadonlySet<string> = new Set(['address', 'email', 'e-mail', 'mail', 'recipient']);

/** The address has one name, whatever the file calls it; no name reaches into objects' own ones. */
function named(pairs: readonly (readonly [string, string])[]): Entry {
  const entry = new Map(pairs.map(([name, value]) => [ADDRESS.has(name) ? 'address' : name, value]));
  return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(entry)));
}
