// Rows as lines of a file: CSV (RFC 4180) for tables, JSON for programs. Pure.

import { csvField, markedField } from '../lib/csv.ts';

/** One row: columns by name; undefined is an empty field. */
export type Row = Readonly<Record<string, unknown>>;

export type Format = 'csv' | 'jsonl';

/** The head line of a CSV file, with its line end; nothing for JSON. */
export function headOf(columns: readonly string[], format: Format): string {
  return format === 'csv' ? `${columns.join(',')}\r\n` : '';
}

/** A row as one line, with its line end. In CSV the columns are always the same, in JSON empty ones are left out. */
export function lineOf(row: Row, columns: readonly string[], format: Format): string {
  if (format === 'jsonl') return `${JSON.stringify(row)}\n`;
  return `${columns.map((column) => field(row[column])).join(',')}\r\n`;
}

/** Numbers stay numbers; texts are never formulas. */
function field(value: unknown): string {
  return typeof value === 'number' ? csvField(String(value)) : markedField(plain(value));
}

function plain(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.map(plain).join(' ');
  return JSON.stringify(value);
}
