// A dialect as a table: one row per field, from which both what is read and docs/dialects.md are made. Pure.
import { present } from '../../lib/present.ts';
import type { EpochMs } from '../../lib/clock.ts';
import type { Instructions } from '../../model/instructions.ts';
import { MAX_TAGS } from './bounds.ts';
import { json, members, type Cell, type Complain } from './cell.ts';
import type { Json } from './json.ts';
import type { Asked, Dialect, Facts, FieldDoc, ReadField, Wish } from './index.ts';

/** What one field asks for: instructions, and the rest of what may be asked, on one level. */
export type Part = Instructions & Omit<Asked, 'instructions'>;

/** Cells of a field that is there, top to bottom, by its name in the table. */
export type Get = (field: string) => readonly Cell[];

export type Row = Readonly<{
  /** As senders write it. In JSON a path ("options.sandbox"); "X-Name-*" is every field that begins so, as one object. */
  field: string;
  note: string;
  /** Absent: the field is read over. `get` gives the cells of other fields. */
  read?: (cell: Cell, get: Get, now: EpochMs) => Part;
  /** It may stand there several times; `get` gives all of them. */
  many?: true;
  /** A field that is read over, and whose sender should know it: the events say so. */
  missed?: true;
}>;

/** Says what a field must be; `at` is the place inside it, "" the whole. */
type Phrase = (at: string, be: string) => string;
/** Hears the complaints of one reading: counts them and keeps the first. */
type Ear = { complaints: number; problem?: Readonly<{ field: string; must: string }> };
type Table = Readonly<{ name: string; about: string; rows: readonly Row[] }>;

const NOTHING: Wish = { ok: true, instructions: {} };

/**
 * A dialect of one header field per instruction. Lax: of several fields of a name the first counts, and an empty one says
 * nothing; strict: both are refused.
 */
export function headerDialect(table: Table, manner: 'lax' | 'strict' = 'lax'): Dialect {
  const { name, about, rows } = table;
  const keys = rows.map((row) => ({ row, key: row.field.toLowerCase() }));
  return {
    name,
    about,
    docs: rows.map(docOf),
    read: (field, facts) => {
      const given = keys.filter(({ key }) => isThere(key, facts.names)).map(({ row }) => row);
      if (given.length === 0) return NOTHING;
      const ear: Ear = { complaints: 0 };
      const get: Get = (spelling) => headerCells(spelling, field, facts, complainTo(ear, spelling, say));
      const part = readRows(given, get, { now: facts.now, ear, manner });
      return finish(part, ear);
    },
  };
}

/** A dialect of one header field with a JSON object; of several such fields the first counts. */
export function jsonDialect(table: Table & Readonly<{ header: string }>, phrase: Phrase = say): Dialect {
  const { name, about, rows, header } = table;
  const key = header.toLowerCase();
  return {
    name,
    about,
    docs: rows.map(docOf),
    read: (field, facts) => {
      if (!facts.names.has(key)) return NOTHING;
      const ear: Ear = { complaints: 0 };
      const [text] = headerCells(header, field, facts, complainTo(ear, header, phrase));
      const get = pathsOf(text ? members(parsed(key, field, text)) : new Map());
      const given = rows.filter((row) => get(row.field).some((cell) => cell.value !== null));
      const part = readRows(given, get, { now: facts.now, ear, manner: 'lax' });
      return finish(part, ear);
    },
  };
}

/** Links of all parts are tracked, or none is; undefined says nothing of them. */
export function clicksOf(on: boolean | undefined): Part {
  return on === undefined ? {} : { clicks: on ? 'all' : 'none' };
}

/** For a field that another row's reading uses: here it is only checked. */
export function checked(read: (cell: Cell) => unknown): (cell: Cell) => Part {
  return (cell) => {
    read(cell);
    return {};
  };
}

/** What both ask for. Tags, metadata, merge values and more recipients add up; elsewhere the first wins. */
export function join(first: Part, second: Part): Part {
  if (isEmpty(first)) return second;
  if (isEmpty(second)) return first;
  const tags = [...new Set([...(first.tags ?? []), ...(second.tags ?? [])])].slice(0, MAX_TAGS);
  return {
    ...second,
    ...first,
    ...(tags.length > 0 ? { tags } : {}),
    ...present({
      metadata: both(first.metadata, second.metadata),
      merge: joinMerge(first.merge, second.merge),
      utm: both(first.utm, second.utm),
      unsubscribeText: both(first.unsubscribeText, second.unsubscribeText),
      also: first.also && second.also ? [...first.also, ...second.also] : (first.also ?? second.also),
      notes: first.notes && second.notes ? [...first.notes, ...second.notes] : (first.notes ?? second.notes),
    }),
  };
}

/** The same as instructions and the rest. */
export function askedOf({ to, also, idempotencyKey, notes, ...instructions }: Part): Asked {
  return { instructions, ...present({ to, also, idempotencyKey, notes }) };
}

/** True when nothing is asked for. */
export function isEmpty(part: Part): boolean {
  for (const _ in part) return false;
  return true;
}

/** `key` is a name in lower case, or the beginning of names and "*". */
function isThere(key: string, names: ReadonlySet<string>): boolean {
  if (!key.endsWith('*')) return names.has(key);
  for (const name of names) if (name.startsWith(key.slice(0, -1))) return true;
  return false;
}

type Circumstances = Readonly<{ now: EpochMs; ear: Ear; manner: 'lax' | 'strict' }>;

/** What the rows ask for; a row that complains asks for nothing. */
function readRows(rows: readonly Row[], get: Get, { now, ear, manner }: Circumstances): Part {
  let part: Part = {};
  for (const row of rows) {
    const before = ear.complaints;
    const cells = get(row.field);
    if (manner === 'strict') checkStrictly(row, cells);
    const asked = readRow(row, cells, get, now);
    if (ear.complaints === before) part = join(part, asked);
  }
  return part;
}

function readRow({ field, read, missed }: Row, [cell]: readonly Cell[], get: Get, now: EpochMs): Part {
  if (cell && read) return read(cell, get, now);
  return missed ? { notes: [`${field} is not supported and was ignored.`] } : {};
}

function say(at: string, be: string): string {
  return at === '' ? `must be ${be}` : `must have ${be} at ${at}`;
}

function complainTo(ear: Ear, field: string, phrase: Phrase): Complain {
  return (at, be) => {
    ear.complaints++;
    ear.problem ??= { field, must: phrase(at, be) };
    return undefined;
  };
}

function finish(part: Part, { problem }: Ear): Wish {
  return problem ? { ok: false, ...problem, rest: askedOf(part) } : { ok: true, ...askedOf(part) };
}

function checkStrictly(row: Row, cells: readonly Cell[]): void {
  if (cells.length > 1 && !row.many) cells[1]?.complain('', 'there only once');
  cells.find((cell) => cell.value === '')?.complain('', 'there with a value');
}

function docOf({ field, note, read }: Row): FieldDoc {
  return { field, status: read ? 'supported' : 'ignored', note };
}

function headerCells(spelling: string, field: ReadField, facts: Facts, complain: Complain): readonly Cell[] {
  const name = spelling.toLowerCase();
  if (name.endsWith('*')) return familyCells(name.slice(0, -1), field, facts, complain);
  if (!facts.names.has(name)) return [];
  return field(name).map((value, index) => ({
    value,
    at: '',
    complain,
    folded: () => field(name, 'folded')[index] ?? '',
  }));
}

/** All fields that begin so, as one object by the rest of their names; a second of one name gets a number behind it. */
function familyCells(prefix: string, field: ReadField, facts: Facts, complain: Complain): readonly Cell[] {
  const family = new Map<string, string>();
  for (const name of facts.names) {
    if (!name.startsWith(prefix)) continue;
    const rest = facts.spelling(name).slice(prefix.length);
    field(name).forEach((value, index) => family.set(index === 0 ? rest : `${rest}_${index + 1}`, value));
  }
  return family.size > 0 ? [{ value: family, at: '', complain }] : [];
}

/** SMTP+ and SendGrid share a field: its JSON is read once for each message. */
const readings = new WeakMap<ReadField, Map<string, Json>>();

function parsed(key: string, field: ReadField, text: Cell): Cell {
  const known = readings.get(field)?.get(key);
  if (known !== undefined) return { ...text, value: known };
  const cell = json(text);
  readings.set(field, (readings.get(field) ?? new Map<string, Json>()).set(key, cell.value));
  return cell;
}

/** Finds cells by path, each path once. */
function pathsOf(top: ReadonlyMap<string, Cell>): Get {
  const known = new Map<string, readonly Cell[]>();
  const find = (path: string): readonly Cell[] => {
    const [first = '', ...rest] = path.split('.');
    return rest.reduce<readonly Cell[]>(memberOf, [top.get(first) ?? []].flat());
  };
  return (path) => {
    const cells = known.get(path) ?? find(path);
    known.set(path, cells);
    return cells;
  };
}

function memberOf(cells: readonly Cell[], name: string): readonly Cell[] {
  return cells.flatMap((cell) => members(cell).get(name) ?? []);
}

function both<T extends object>(first: T | undefined, second: T | undefined): T | undefined {
  return first && second ? { ...second, ...first } : (first ?? second);
}

type Merge = Instructions['merge'];

function joinMerge(first: Merge, second: Merge): Merge {
  if (!first || !second) return first ?? second;
  const syntaxes = [...new Set([...(first.syntaxes ?? []), ...(second.syntaxes ?? [])])];
  return {
    ...second,
    ...first,
    ...(syntaxes.length > 0 ? { syntaxes } : {}),
    ...present({
      fields: both(first.fields, second.fields),
      sections: both(first.sections, second.sections),
      recipients: joinRecipients(first.recipients, second.recipients),
    }),
  };
}

type Values = NonNullable<NonNullable<Merge>['recipients']>;

function joinRecipients(first: Values | undefined, second: Values | undefined): Values | undefined {
  if (!first || !second) return first ?? second;
  const joined = new Map(Object.entries(second));
  for (const [address, values] of Object.entries(first))
    joined.set(address, { ...joined.get(address), ...values });
  return Object.fromEntries(joined);
}
