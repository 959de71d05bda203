// CSV (RFC 4180): fields that need quotes get them, and text is read record by record. Pure.

/** What stands between fields; a semicolon is what spreadsheets write where the comma is decimal. */
export type Separator = ',' | ';';

/** No table has more columns: what is a file of commas must not become a list of a hundred million fields. */
export const MAX_CSV_FIELDS = 1000;

/** `line` is where the record begins, counted from 1: a quoted field may have line ends. */
export type CsvRecord = Readonly<{ line: number; fields: readonly string[] }>;

const FIELDS = { ',': fieldBefore(','), ';': fieldBefore(';') } as const;

/** A field as it stands in a line. */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A field for spreadsheets: what one would take for a formula is made a text by an apostrophe (OWASP, CSV injection), since
 * subjects, names and replies are written by strangers. What looks as if it had one gets another, so that `withoutMark` gives
 * back what was there.
 */
export function markedField(text: string): string {
  return csvField(/^'*[=+\-@\t\r]/.test(text) ? `'${text}` : text);
}

/** A field as it was before `markedField`. */
export function withoutMark(text: string): string {
  return /^'+[=+\-@\t\r]/.test(text) ? text.slice(1) : text;
}

/**
 * The records of CSV text; a quoted field may have separators and line ends. Lines may end in CRLF, LF or CR. A record has at
 * most MAX_CSV_FIELDS + 1 fields, which tells that it had more.
 */
export function* readCsv(text: string, separator: Separator = ','): Generator<CsvRecord, undefined> {
  const field = new RegExp(FIELDS[separator], 'y');
  let fields: string[] = [];
  let line = 1;
  let next = 1;
  while (field.lastIndex < text.length) {
    const [, raw = '', end = ''] = field.exec(text) ?? [];
    const isQuoted = raw.startsWith('"') && raw.endsWith('"') && raw.length > 1;
    keep(fields, isQuoted ? unquote(raw) : raw);
    if (isQuoted) next += raw.split(LINE_END).length - 1;
    const isOver = field.lastIndex >= text.length;
    if (end === separator && isOver) fields.push('');
    if (end === separator && !isOver) continue;
    yield { line, fields };
    line = ++next;
    fields = [];
  }
  return undefined;
}

function keep(fields: string[], value: string): void {
  if (fields.length <= MAX_CSV_FIELDS) fields.push(value);
}

const LINE_END = /\r\n|\n|\r/;

/** In quotes or plain, and what comes behind it; plain is also what stands behind a closing quote. */
function fieldBefore(separator: Separator): string {
  return `("[^"]*(?:""[^"]*)*"|[^${separator}\\r\\n]*)(${separator}|\\r\\n|\\n|\\r|$)`;
}

function unquote(raw: string): string {
  return raw.slice(1, -1).replaceAll('""', '"');
}
