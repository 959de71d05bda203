// Cells: values of control fields with the place they stand at, and readers that complain there when a value is wrong. Pure.
import type { EpochMs } from '../../lib/clock.ts';
import { parseDuration } from '../../lib/duration.ts';
import { readMailboxes } from '../../mail/address.ts';
import { toAsciiDomain } from '../../mail/domain.ts';
import { readJson, writeJson, type Json } from './json.ts';
import { readTime } from './time.ts';

/** Takes what is wrong: the place, and what must be there ("yes or no"). */
export type Complain = (at: string, be: string) => undefined;

/** A value of a control field. Readers of a cell return undefined when nothing is said or when they complained. */
export type Cell = Readonly<{
  value: Json;
  /** Place inside the field, such as "filters.bcc.settings"; "" is the whole field. */
  at: string;
  complain: Complain;
  /** The field's value with its folds, for JSON. */
  folded?: () => string;
}>;

const MAX_LINE = 255;
const MAX_VALUE = 65_536;
const MAX_ADDRESS = 320;
const MAX_TIME = 60;
/** An address as nearly all are: nothing about it needs to be taken apart. */
const SIMPLE = /^([\w!#$%&'*+/=?^`{|}~-]{1,64}(?:\.[\w!#$%&'*+/=?^`{|}~-]{1,64})*)@([\w.-]{1,253})$/;
const PRINTABLE = /^[ -~]*$/;
const YES = new Set(['true', 'yes', 'y', 'on', '1']);
const NO = new Set(['false', 'no', 'n', 'off', '0']);

/** One line of text. What is longer than `max` is cut, as far as a vendor's users would notice at all. */
export function line(cell: Cell, max = MAX_LINE): string | undefined {
  const text = plain(cell);
  return text === undefined || text === '' ? undefined : cut(text, max);
}

/** A name that something is looked up by: one line of 1 to `max` characters, never cut. */
export function named(cell: Cell, max = MAX_LINE): string | undefined {
  const text = plain(cell);
  if (text === undefined) return undefined;
  return text !== '' && text.length <= max
    ? text
    : cell.complain(cell.at, `a text of 1 to ${max} characters`);
}

/** The same, but an empty value says nothing. */
export function maybeNamed(cell: Cell, max = MAX_LINE): string | undefined {
  return plain(cell) === '' ? undefined : named(cell, max);
}

/** Text that goes into mail: line feeds and tabs stay. Lists and objects become their JSON. */
export function value(cell: Cell): string | undefined {
  if (cell.value === null) return '';
  const text = typeof cell.value === 'object' ? writeJson(cell.value) : String(cell.value);
  if (text.length > MAX_VALUE) return cell.complain(cell.at, `a text of at most ${MAX_VALUE} characters`);
  // eslint-disable-next-line no-control-regex
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/(?![\n\t])[\p{Cc}\u2028\u2029]+/gu, ' ')
    .toWellFormed();
}

/** True or false however it is written; an empty value and null say nothing. */
export function flag(cell: Cell): boolean | undefined {
  if (cell.value === null) return undefined;
  const word = typeof cell.value === 'object' ? '?' : String(cell.value).trim().toLowerCase();
  if (YES.has(word)) return true;
  if (NO.has(word)) return false;
  return word === '' ? undefined : cell.complain(cell.at, cell.at === '' ? 'yes or no' : 'true or false');
}

/** One of the words of a table, in any case; words that mean the same may stand there for undefined. */
export function choice<T>(cell: Cell, table: Readonly<Record<string, T>>): T | undefined {
  const word = typeof cell.value === 'object' ? '' : String(cell.value).trim().toLowerCase();
  if (Object.hasOwn(table, word)) return table[word];
  if (cell.value === null || word === '') return undefined;
  return cell.complain(cell.at, `one of ${Object.keys(table).join(', ')}`);
}

/** A whole number within these bounds, however it is written; null says nothing. */
export function whole(cell: Cell, min: number, max: number): number | undefined {
  if (cell.value === null) return undefined;
  const number = typeof cell.value === 'object' ? NaN : Number(String(cell.value).trim() || NaN);
  const fits = Number.isInteger(number) && number >= min && number <= max;
  return fits ? number : cell.complain(cell.at, `a whole number from ${min} to ${max}`);
}

/** A point in time; empty and null say nothing. */
export function time(cell: Cell): EpochMs | undefined {
  const text = plain(cell);
  if (text === undefined || text === '') return undefined;
  const at = text.length <= MAX_TIME ? readTime(text) : undefined;
  return at ?? cell.complain(cell.at, 'a date such as 2026-03-02T10:00:00+01:00, or Unix seconds');
}

/** A duration such as "2h", in milliseconds. */
export function duration(cell: Cell): number | undefined {
  const text = plain(cell);
  if (text === undefined) return undefined;
  const ms = text.length <= MAX_TIME ? parseDuration(text) : undefined;
  return ms !== undefined && ms > 0 ? ms : cell.complain(cell.at, 'a duration such as 30m, 2h or 3d');
}

/** A domain in lower-case A-labels. */
export function domain(cell: Cell): string | undefined {
  const text = maybeNamed(cell);
  if (text === undefined) return undefined;
  return toAsciiDomain(text) ?? cell.complain(cell.at, 'a domain name');
}

/** The name of a pool: they are in lower case. */
export function pool(cell: Cell): string | undefined {
  return maybeNamed(cell)?.toLowerCase();
}

/** One mailbox, with or without a name. */
export function mailbox(cell: Cell): Box | undefined {
  const text = plain(cell);
  if (text === undefined || text === '') return undefined;
  return simpleBox(text) ?? anyBox(text) ?? cell.complain(cell.at, 'a mail address');
}

type Box = Readonly<{ address: string; name?: string }>;

function simpleBox(text: string): Box | undefined {
  const [, local = '', host = ''] = (text.length <= MAX_ADDRESS && SIMPLE.exec(text)) || [];
  const ascii = host === '' ? undefined : toAsciiDomain(host);
  return ascii === undefined ? undefined : { address: `${local}@${ascii}` };
}

function anyBox(text: string): Box | undefined {
  const boxes = text.length <= MAX_ADDRESS + MAX_LINE ? readMailboxes(text) : undefined;
  const [box] = boxes ?? [];
  if (!box || boxes?.length !== 1 || box.address.length > MAX_ADDRESS) return undefined;
  return box.name === '' ? { address: box.address } : { address: box.address, name: cut(box.name, MAX_LINE) };
}

/** Cells of an object's members. PHP writes an empty object as "[]". */
export function members(cell: Cell): ReadonlyMap<string, Cell> {
  const { value: json } = cell;
  if (json instanceof Map) {
    const cells = new Map<string, Cell>();
    for (const [name, one] of json)
      cells.set(name, inner(cell, one, cell.at === '' ? place(name) : `${cell.at}.${place(name)}`));
    return cells;
  }
  if (json !== null && !(Array.isArray(json) && json.length === 0)) cell.complain(cell.at, 'a JSON object');
  return new Map();
}

/** Cells of a list's items; a value that is no list is a list of itself. */
export function items(cell: Cell): readonly Cell[] {
  const { value: json } = cell;
  if (json === null || json === '' || (json instanceof Map && json.size === 0)) return [];
  if (!Array.isArray(json)) return [cell];
  return json.map((one: Json, index) => inner(cell, one, `${cell.at}[${index}]`));
}

/** The JSON that a field's text is; an empty text says nothing. */
export function json(cell: Cell): Cell {
  const reading = readJson(cell.folded?.() ?? plain(cell) ?? '');
  if (reading.ok) return inner(cell, reading.value, cell.at);
  if (plain(cell) !== '') cell.complain(cell.at, reading.be);
  return inner(cell, null, cell.at);
}

/** Names and texts of an object. `read` reads a value; a name that it leaves out is left out. */
export function record(
  cell: Cell,
  read: (cell: Cell) => string | undefined = value,
): Readonly<Record<string, string>> | undefined {
  const entries: (readonly [string, string])[] = [];
  for (const [name, one] of members(cell)) {
    const key = clean(name);
    const text = read(one);
    // "__proto__" is nobody's field, and readers of what we store would not keep it.
    if (text === undefined || key === '' || key === '__proto__') continue;
    if (key.length > MAX_LINE) cell.complain(cell.at, `names of at most ${MAX_LINE} characters`);
    entries.push([key, text]);
  }
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/** The sender's own data: texts of one line, whatever they were. */
export function metadata(cell: Cell): Readonly<Record<string, string>> | undefined {
  return record(cell, (one) => cut(clean(value(one) ?? ''), MAX_VALUE));
}

/** The texts of a list, without what is empty or there twice; at most `max`, the others are left out. */
export function texts(cells: readonly Cell[], max: number, maxChars = MAX_LINE): string[] | undefined {
  const found = new Set<string>();
  for (const cell of cells) {
    const text = line(cell, maxChars);
    if (text !== undefined && found.size < max) found.add(text);
  }
  return found.size > 0 ? [...found] : undefined;
}

/** The pieces of a text with commas between them, trimmed. */
export function words(cell: Cell): readonly string[] {
  return (plain(cell) ?? '').split(',').map((piece) => piece.trim());
}

/** The same as cells. */
export function pieces(cell: Cell): readonly Cell[] {
  return words(cell).map((word) => inner(cell, word, cell.at));
}

/** An address as a key: mail programs and people write it in either case. */
export function addressKey(cell: Cell, name: string): string | undefined {
  return mailbox(inner(cell, name, cell.at))?.address.toLowerCase();
}

function inner(cell: Cell, json: Json, at: string): Cell {
  return { value: json, at, complain: cell.complain };
}

/** Trimmed text of one line; undefined for null, and for what is no text, with a complaint. */
function plain(cell: Cell): string | undefined {
  if (cell.value === null) return undefined;
  return typeof cell.value === 'object' ? cell.complain(cell.at, 'a text') : clean(String(cell.value)).trim();
}

function clean(text: string): string {
  return PRINTABLE.test(text) ? text : text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').toWellFormed();
}

function cut(text: string, max: number): string {
  return text.length <= max
    ? text
    : text
        .slice(0, max)
        .replace(/[\uD800-\uDBFF]$/, '')
        .trimEnd();
}

/** A name as a reply can say it. */
function place(name: string): string {
  return name.length <= 40 && /^[!-~]+$/.test(name) ? name : name.replace(/[^!-~]/g, '?').slice(0, 40);
}
