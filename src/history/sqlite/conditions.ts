// A search in SQL: what finds least drives it by an index, the rest only passes or does not. Pure.
import type { SearchQuery } from '../search.ts';
import { partings } from '../partings.ts';
import type { Veil } from '../veil.ts';
import { bareMessageId } from '../../mail/message-id.ts';
import type { Value } from '../columns.ts';

/** A condition in SQL with its values. */
export type Condition = Readonly<{ sql: string; values: readonly Value[] }>;

/** A source of numbers of deliveries in the order of time, joined with these as "d"; `key` is the number. */
export type Drive = Condition &
  Readonly<{
    from: string;
    key: string;
    /** Counts what it finds, without looking at deliveries; ends in the place of a limit. */
    count: string;
    /** The index of a prefix: it is not in the order of time, and good only where it finds few. */
    index?: string;
  }>;

/** One way to find rows; what several ways find is one answer. */
export type Way = Readonly<{ drive: Drive; others: readonly Condition[] }>;

/** One alternative of a part of the query: how it finds, and how a row that was found otherwise, by its number, passes it. */
type Choice = Readonly<{ drive: Drive; passes(key: string): Condition }>;

/** What must match. The lower its rank, the less it finds, as a rule. */
export type Part = Readonly<{ rank: number; any: readonly Choice[] }>;

const IN_ORDER: Drive = { from: 'deliveries d', key: 'd.id', sql: 'true', values: [], count: '' };

/** The parts of a query, those that find least first. */
export function partsOf(query: SearchQuery, veil: Veil): readonly Part[] {
  return [...columnParts(query, veil), ...wordParts(query, veil)].sort((a, b) => a.rank - b.rank);
}

/** The ways that are driven by this part; undefined: all in turn. */
export function waysOf(parts: readonly Part[], first: Part | undefined): readonly Way[] {
  const rest = parts.filter((one) => one !== first);
  const passing = (key: string): readonly Condition[] =>
    rest.map(({ any }) => either(any.map(({ passes }) => passes(key))));
  if (!first) return [{ drive: IN_ORDER, others: passing('d.id') }];
  return first.any.map(({ drive }) => ({ drive, others: passing(drive.key) }));
}

const FREQUENT: ReadonlySet<string> = new Set(['queued', 'delivered']);

function columnParts(query: SearchQuery, veil: Veil): readonly Part[] {
  const { id, messageId, recipient, sender, campaign, tag, status, transport, provider, user, account } =
    query;
  const parts = [
    part(0, id, idChoices),
    part(1, messageId, (value) => [like('message_id', bareMessageId(value))]),
    part(2, recipient, (value) => addressed('recipient', value, veil.recipients)),
    part(5, sender, (value) => senders(value, veil)),
    part(6, tag, (value) => [tagged(value)]),
    part(7, campaign, (value) => [like('campaign', value)]),
    part(FREQUENT.has(status ?? '') ? 11 : 8, status, (value) => [exact('status', value)]),
    part(9, provider, (value) => [exact('provider', value)]),
    part(9, transport, (value) => [exact('transport', value)]),
    part(10, user, (value) => [exact('user', value)]),
    part(12, account, (value) => [exact('account', value)]),
  ];
  return parts.filter((one) => one !== undefined);
}

function part(
  rank: number,
  value: string | undefined,
  choices: (value: string) => readonly Choice[],
): Part | undefined {
  return value === undefined ? undefined : { rank, any: choices(value) };
}

/** A delivery, a submission with all of its own, or the beginning of either. */
function idChoices(id: string): readonly Choice[] {
  if (id.endsWith('*')) return [starting('delivery', id.slice(0, -1))];
  return [id.includes('-') ? exact('delivery', id) : starting('delivery', `${id}-`)];
}

function senders(value: string, veil: Veil): readonly Choice[] {
  if (value.startsWith('@')) return addressed('domain', value, veil.senders);
  return ['sender', 'header_from'].flatMap((column) => addressed(column, value, veil.senders));
}

/** A whole address as it may be stored, the beginning of one, or all of a domain. */
function addressed(
  column: string,
  value: string,
  stored: (address: string) => readonly string[],
): readonly Choice[] {
  const domain = column === 'recipient' ? 'recipient_domain' : column;
  if (value.startsWith('@')) return [exact(domain, value.slice(1).toLowerCase())];
  if (value.endsWith('*')) return [starting(column, value.slice(0, -1))];
  return stored(value).map((one) => exact(column, one));
}

const INDEXES: Readonly<Record<string, string>> = {
  message_id: 'by_message',
  header_from: 'by_from',
};

/** Another row is asked for by the index: it takes less room than the rows, and is in memory. */
function exact(column: string, value: string): Choice {
  const index = INDEXES[column] ?? `by_${column}`;
  const where = `${column} = ?`;
  return {
    drive: {
      ...IN_ORDER,
      sql: `d.${where}`,
      values: [value],
      count: `deliveries INDEXED BY ${index} WHERE ${where}`,
    },
    passes: (key) => ({
      sql: `EXISTS (SELECT 1 FROM deliveries x INDEXED BY ${index} WHERE x.${where} AND x.id = ${key})`,
      values: [value],
    }),
  };
}

function like(column: string, value: string): Choice {
  return value.endsWith('*') ? starting(column, value.slice(0, -1)) : exact(column, value);
}

function starting(column: string, value: string): Choice {
  const index = INDEXES[column] ?? `by_${column}`;
  const where = (name: string): string => `${name} >= ? AND ${name} < ?`;
  // Above all that begins so.
  const values = [value, `${value}\u{10ffff}`];
  return {
    drive: {
      ...IN_ORDER,
      sql: where(`d.${column}`),
      values,
      count: `deliveries INDEXED BY ${index} WHERE ${where(column)}`,
      index,
    },
    passes: (key) => ({
      sql: `(SELECT ${where(`x.${column}`)} FROM deliveries x WHERE x.id = ${key})`,
      values,
    }),
  };
}

function tagged(tag: string): Choice {
  return {
    drive: {
      from: 'tags t CROSS JOIN deliveries d ON d.id = t.id',
      key: 't.id',
      sql: 't.tag = ?',
      values: [tag],
      count: 'tags WHERE tag = ?',
    },
    passes: (key) => ({
      sql: `EXISTS (SELECT 1 FROM tags x WHERE x.tag = ? AND x.id = ${key})`,
      values: [tag],
    }),
  };
}

const WORDS_RANK = 3;

function wordParts({ subject, text }: SearchQuery, veil: Veil): readonly Part[] {
  const inSubject = (asked: string): Choice => found('subjects', ofSubject(asked, veil));
  return [
    ...(text === undefined
      ? []
      : [
          {
            rank: WORDS_RANK,
            any: [
              inSubject(text),
              found('replies', matchOf(text)),
              found('recipients', matchOf(text)),
              ...partings(text).map(({ recipient, subject: about }) =>
                foundBoth(matchOf(recipient), ofSubject(about, veil)),
              ),
            ],
          },
        ]),
    ...(subject === undefined ? [] : [{ rank: WORDS_RANK + 1, any: [inSubject(subject)] }]),
  ];
}

function found(table: 'subjects' | 'replies' | 'recipients', match: string): Choice {
  const where = `${table} MATCH ?`;
  const values = [match];
  return {
    drive: {
      from: `${table} CROSS JOIN deliveries d ON d.id = ${table}.rowid`,
      key: `${table}.rowid`,
      sql: where,
      values,
      count: `${table} WHERE ${where}`,
    },
    passes: (key) => ({ sql: `${key} IN (SELECT rowid FROM ${table} WHERE ${where})`, values }),
  };
}

/** Some words in the recipient's address, and the others in the subject. */
function foundBoth(recipient: string, subject: string): Choice {
  const alike =
    'recipients MATCH ? AND EXISTS (SELECT 1 FROM subjects WHERE subjects MATCH ? AND subjects.rowid = recipients.rowid)';
  const values = [recipient, subject];
  return {
    drive: {
      from: 'recipients CROSS JOIN deliveries d ON d.id = recipients.rowid',
      key: 'recipients.rowid',
      sql: alike,
      values,
      count: `recipients WHERE ${alike}`,
    },
    passes: (key) => ({ sql: `${key} IN (SELECT rowid FROM recipients WHERE ${alike})`, values }),
  };
}

/** The words of the subject, or the one that stands for it as a whole where it is hashed. */
function ofSubject(asked: string, veil: Veil): string {
  return [matchOf(asked), `"${veil.subject(asked)}"`].filter((one) => one !== NOTHING).join(' OR ');
}

/** In no text: what is no word is not found. */
const NOTHING = '"\u{e000}nothing"';
const MAX_WORDS = 20;

/** All words, in the language of FTS5; "*" leaves the last letters of one open. */
function matchOf(text: string): string {
  const words = text.match(/[\p{L}\p{N}\p{M}\p{Co}]+\*?/gu) ?? [];
  const terms = words
    .slice(0, MAX_WORDS)
    .map((word) => (word.endsWith('*') ? `"${word.slice(0, -1)}" *` : `"${word}"`));
  return terms.length === 0 ? NOTHING : `(${terms.join(' AND ')})`;
}

function either(conditions: readonly Condition[]): Condition {
  return {
    sql: `(${conditions.map(({ sql }) => `(${sql})`).join(' OR ')})`,
    values: conditions.flatMap(({ values }) => values),
  };
}
