// The header block of a message (RFC 5322 §2.2): found, split into fields with their exact bytes, looked up. Pure.

/** One field as it stands in the message: `start` to `end` are bytes, with its folded lines and its last CRLF. */
export type Field = Readonly<{
  /** Name in lower case, as for look-ups. */
  name: string;
  start: number;
  end: number;
  /** Byte where the value begins, after the colon. */
  valueStart: number;
}>;

export type HeaderBlock = Readonly<{
  fields: readonly Field[];
  /** Bytes up to and with the empty line; the body begins here. Equals the message's length when there is no empty line. */
  size: number;
  /** True when an empty line ends the block. */
  complete: boolean;
}>;

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;
const COLON = 58;

/**
 * Splits the header block of `message` (CRLF line ends; a bare LF also ends a line). A line that is neither a field
 * nor a folded line ends the block there, as mail programs do: what follows is body, and `complete` is false.
 */
export function scanHeaders(message: Buffer): HeaderBlock {
  const fields: Field[] = [];
  let at = 0;
  while (at < message.length) {
    const emptyLine = lengthOfEmptyLine(message, at);
    if (emptyLine > 0) return { fields, size: at + emptyLine, complete: true };
    const colon = endOfName(message, at);
    if (colon < 0) return { fields, size: at, complete: false };
    const end = endOfField(message, at);
    const name = message.toString('latin1', at, colon).trimEnd().toLowerCase();
    fields.push({ name, start: at, end, valueStart: colon + 1 });
    at = end;
  }
  return { fields, size: message.length, complete: false };
}

/** The raw value of a field: its bytes after the colon as latin1, unfolded (RFC 5322 §2.2.3) and trimmed. */
export function valueOf(message: Buffer, field: Field): string {
  return message
    .toString('latin1', field.valueStart, field.end)
    .replace(/\r?\n(?=[ \t])/g, '')
    .trim();
}

/** All fields of that name, top to bottom. `name` in lower case. */
export function fieldsNamed(block: HeaderBlock, name: string): readonly Field[] {
  return block.fields.filter((field) => field.name === name);
}

function lengthOfEmptyLine(message: Buffer, at: number): number {
  if (message[at] === LF) return 1;
  return message[at] === CR && message[at + 1] === LF ? 2 : 0;
}

/** Index of the colon that ends a field name at `at`; -1 when the line does not begin with a field name. */
function endOfName(message: Buffer, at: number): number {
  let i = at;
  while (i < message.length) {
    const byte = message[i] ?? 0;
    if (byte === COLON) return i > at ? i : -1;
    if (byte === SPACE || byte === TAB) return i > at ? obsoleteSpaceThenColon(message, i) : -1;
    if (byte < 33 || byte > 126) return -1;
    i++;
  }
  return -1;
}

/** RFC 5322 §4.5 (obsolete syntax) allows white space between name and colon. */
function obsoleteSpaceThenColon(message: Buffer, from: number): number {
  let i = from;
  while (message[i] === SPACE || message[i] === TAB) i++;
  return message[i] === COLON ? i : -1;
}

function endOfField(message: Buffer, at: number): number {
  let i = at;
  for (;;) {
    const lf = message.indexOf(LF, i);
    if (lf < 0) return message.length;
    i = lf + 1;
    if (message[i] !== SPACE && message[i] !== TAB) return i;
  }
}
