// JSON as control fields carry it: bounded in size and depth, into maps, with folds that mail servers made in bad places. Pure.

/** A value of a JSON text. A number that would lose digits stays the text it was. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = ReadonlyMap<string, Json>;

/** `be` completes "must be …" and names the place. */
export type JsonReading = Readonly<{ ok: true; value: Json } | { ok: false; be: string }>;

/** Where reading stands. `be` is set once something is wrong; then every reader returns undefined. */
type Cursor = { readonly text: string; at: number; depth: number; be: string | undefined };

const MAX_BYTES = 65_536;
const MAX_DEPTH = 10;
const MAX_NAMES = 1000;
const MAX_ITEMS = 10_000;
/** Postfix cuts a line after so many octets, wherever that is, and puts in a line end and a space (smtp_line_length_limit). */
const CUT_OCTETS: ReadonlySet<number> = new Set([990, 998]);
const FOLD = /\r?\n(?=[ \t])/;
const STRING = /"([^"\\]*(?:\\.[^"\\]*)*)"/sy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORDS = { true: true, false: false, null: null } as const;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/**
 * Reads a field's value that may still have its folds (line end and white space), and begin with as many spaces as the
 * field's name and colon took. A fold stands for its white space (RFC 5322 §2.2.3), also inside a string; where that gives
 * no JSON, a fold is tried as nothing at all.
 */
export function readJson(value: string): JsonReading {
  const lines = value.split(FOLD);
  const text = lines.reduce(appendLine, '').trim();
  if (Buffer.byteLength(text) > MAX_BYTES) return { ok: false, be: 'JSON of at most 64 KiB' };
  const reading = parse(text);
  if (reading.ok || lines.length === 1) return reading;
  const joined = parse(lines.map((line) => line.trimStart()).join(''));
  return joined.ok ? joined : reading;
}

/** As JSON text again, for values that are kept as one text. */
export function writeJson(value: Json): string {
  return JSON.stringify(value, (_, one: unknown) =>
    one instanceof Map ? Object.fromEntries(one.entries()) : one,
  );
}

function appendLine(text: string, line: string, index: number, lines: readonly string[]): string {
  const wasCut = CUT_OCTETS.has(Buffer.byteLength(lines[index - 1] ?? ''));
  return text + (wasCut ? line.slice(1) : line);
}

function parse(text: string): JsonReading {
  const cursor: Cursor = { text, at: 0, depth: 0, be: undefined };
  const value = readValue(cursor);
  skipSpace(cursor);
  if (value === undefined || cursor.at < text.length) fail(cursor);
  if (value === undefined || cursor.be !== undefined) return { ok: false, be: cursor.be ?? 'JSON' };
  return { ok: true, value };
}

/** Remembers the first thing that is wrong. */
function fail(cursor: Cursor, be = `JSON; it breaks at character ${cursor.at + 1}`): undefined {
  cursor.be ??= be;
  return undefined;
}

function readValue(cursor: Cursor): Json | undefined {
  skipSpace(cursor);
  const char = cursor.text.charAt(cursor.at);
  if (char === '{') return nested(cursor, readObject);
  if (char === '[') return nested(cursor, readArray);
  if (char === '"') return readString(cursor);
  const number = match(cursor, NUMBER)?.[0];
  if (number !== undefined) return String(Number(number)) === number ? Number(number) : number;
  for (const [word, value] of Object.entries(WORDS))
    if (cursor.text.startsWith(word, cursor.at)) {
      cursor.at += word.length;
      return value;
    }
  return fail(cursor);
}

/** Reads what the bracket at the cursor opens. */
function nested(cursor: Cursor, read: (cursor: Cursor) => Json | undefined): Json | undefined {
  if (cursor.depth >= MAX_DEPTH)
    return fail(cursor, `JSON of at most ${MAX_DEPTH} levels; it goes deeper at character ${cursor.at + 1}`);
  cursor.depth++;
  cursor.at++;
  const value = read(cursor);
  cursor.depth--;
  return value;
}

function readObject(cursor: Cursor): JsonObject | undefined {
  const members = new Map<string, Json>();
  if (take(cursor, '}')) return members;
  do {
    skipSpace(cursor);
    const name = readString(cursor);
    if (name === undefined || !take(cursor, ':')) return fail(cursor);
    const value = readValue(cursor);
    if (value === undefined) return undefined;
    members.set(name, value); // of two with one name the last counts, as everywhere
    if (members.size > MAX_NAMES)
      return fail(
        cursor,
        `JSON with at most ${MAX_NAMES} names in an object; there are more at character ${cursor.at}`,
      );
  } while (take(cursor, ','));
  return take(cursor, '}') ? members : fail(cursor);
}

function readArray(cursor: Cursor): readonly Json[] | undefined {
  const items: Json[] = [];
  if (take(cursor, ']')) return items;
  do {
    const value = readValue(cursor);
    if (value === undefined) return undefined;
    items.push(value);
    if (items.length > MAX_ITEMS)
      return fail(
        cursor,
        `JSON with at most ${MAX_ITEMS} items in a list; there are more at character ${cursor.at}`,
      );
  } while (take(cursor, ','));
  return take(cursor, ']') ? items : fail(cursor);
}

/** Control characters may stand in it as they are: a fold can bring a tab. Readers clean texts anyway. */
function readString(cursor: Cursor): string | undefined {
  const start = cursor.at;
  const raw = match(cursor, STRING)?.[1];
  if (raw === undefined) return fail(cursor);
  if (!raw.includes('\\')) return raw;
  let wrongAt = -1;
  const text = raw.replace(
    /\\(?:u([0-9a-fA-F]{4})|(.))/gs,
    (whole, hex: string | undefined, char: string, at: number) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      if (!Object.hasOwn(ESCAPES, char) && wrongAt < 0) wrongAt = at;
      return ESCAPES[char] ?? whole;
    },
  );
  if (wrongAt < 0) return text;
  cursor.at = start + 1 + wrongAt;
  return fail(cursor);
}

/** Takes one mark when it comes next. */
function take(cursor: Cursor, mark: string): boolean {
  skipSpace(cursor);
  if (cursor.text.charAt(cursor.at) !== mark) return false;
  cursor.at++;
  return true;
}

function match(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text);
  if (!found) return undefined;
  cursor.at = pattern.lastIndex;
  return found;
}

function skipSpace(cursor: Cursor): void {
  while (cursor.at < cursor.text.length && ' \t\r\n\uFEFF'.includes(cursor.text.charAt(cursor.at)))
    cursor.at++;
}
