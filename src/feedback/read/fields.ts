// Fields of a header or of a group of a report, bounded, looked up by name. Pure.
import { cleanText } from '../../mail/reply.ts';
import { scanHeaders, valueOf } from '../../mail/headers.ts';
import { decodeWords } from '../../mail/words.ts';

export type Fields = Readonly<{
  /** Names in lower case, in their order; values unfolded, bytes as latin1. */
  list: readonly Readonly<{ name: string; value: string }>[];
}>;

/** Fields that are kept of one header. */
const MAX_FIELDS = 400;
/** Characters that are kept of a value. */
const MAX_VALUE = 8192;
/** Bytes of a header that are read. */
const MAX_HEADER_BYTES = 128 * 1024;

export const NO_FIELDS: Fields = { list: [] };

/** Reads the fields at the start of `bytes`, whose line ends are LF, and tells where they end. */
export function readFields(bytes: Buffer): Readonly<{ fields: Fields; size: number }> {
  const empty = bytes.indexOf('\n\n');
  const end = bytes[0] === 10 ? 1 : empty < 0 ? bytes.length : empty + 2;
  const head = bytes.subarray(0, Math.min(end, MAX_HEADER_BYTES));
  const block = scanHeaders(head);
  const list = block.fields.slice(0, MAX_FIELDS).map((field) => ({
    name: field.name,
    value: valueOf(head, { ...field, end: Math.min(field.end, field.valueStart + MAX_VALUE) }),
  }));
  const isWhole = block.size === head.length;
  return { fields: { list }, size: isWhole ? end : block.size };
}

/** The first field of that name (lower case); "" when there is none. */
export function valueIn(fields: Fields, name: string): string {
  return fields.list.find((field) => field.name === name)?.value ?? '';
}

/** The same with encoded words and 8-bit text decoded, at most 1 KiB, no control characters. */
export function textIn(fields: Fields, name: string): string {
  return decodedValue(valueIn(fields, name));
}

export function decodedValue(value: string): string {
  const text = decodeWords(Buffer.from(value, 'latin1'));
  return cleanText(text === value ? value : Buffer.from(text, 'utf8').toString('latin1'));
}

/** All values of that name. */
export function valuesIn(fields: Fields, name: string): readonly string[] {
  return fields.list.filter((field) => field.name === name).map((field) => field.value);
}
