// Values as PostgreSQL takes them: text without NUL and short enough for an index, whole numbers. Pure.
import type { Column, Columns, Value } from '../columns.ts';
import { numberColumns } from './schema.ts';

/** An entry of an index must be shorter than a third of a page, in bytes. */
const MAX_INDEXED = 600;
const INDEXED: ReadonlySet<string> = new Set([
  'user',
  'recipient',
  'recipient_domain',
  'sender',
  'header_from',
  'message_id',
  'campaign',
  'status',
  'transport',
]);

/** PostgreSQL keeps no NUL in a text. */
export function cleanText(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\u{fffd}') : text;
}

/** As it is stored in a column that is searched by. */
export function indexedText(text: string): string {
  return cleanText(text).slice(0, MAX_INDEXED);
}

export function wholeNumber(value: number): number {
  return Number.isFinite(value) ? Math.trunc(Math.min(Math.max(value, -MAX), MAX)) : 0;
}

const MAX = 2_000_000_000_000_000;
const MAX_INT = 2_000_000_000;

export function columnValue(name: Column, columns: Columns): Value {
  const value = columns[name];
  if (value === null) return null;
  const kind = numberColumns.get(name);
  if (kind !== undefined) {
    const number = wholeNumber(Number(value));
    return kind === 'bigint' ? number : Math.min(number, MAX_INT);
  }
  return INDEXED.has(name) ? indexedText(String(value)) : cleanText(String(value));
}
