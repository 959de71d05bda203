// CSV (RFC 4180): fields that need quotes get them, and text is read record by record. Pure.

/** A field as it stands in a line. */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The records of CSV text; a quoted field may have commas and line ends. Lines may end in CRLF, LF or CR. */
export function* readCsv(text: string): Generator<readonly string[], undefined> {
  const field = /("[^"]*(?:""[^"]*)*"|[^,\r\n]*)(,|\r\n|\n|\r|$|)/y; // the last: what stands behind a closing quote
  let record: string[] = [];
  while (field.lastIndex < text.length) {
    const [, raw = '', end = ''] = field.exec(text) ?? [];
    record.push(raw.startsWith('"') && raw.endsWith('"') && raw.length > 1 ? unquote(raw) : raw);
    const isOver = field.lastIndex >= text.length;
    if (end === ',' && isOver) record.push('');
    if (end !== ',' || isOver) {
      yield record;
      record = [];
    }
  }
  return undefined;
}

function unquote(raw: string): string {
  return raw.slice(1, -1).replaceAll('""', '"');
}
