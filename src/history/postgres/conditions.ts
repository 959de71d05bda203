// A search in SQL: the conditions that a delivery, as "d", must meet, and when it can have been accepted. Pure.
import type { EpochMs } from '../../lib/clock.ts';
import { fromBase32 } from '../../lib/base32.ts';
import { bareMessageId } from '../../mail/message-id.ts';
import type { SearchQuery } from '../search.ts';
import type { Veil } from '../veil.ts';
import { indexedText } from './params.ts';
import { subjectQuery, tagQuery, textQuery } from './words.ts';

/** A condition whose values are "?" in turn. */
export type Condition = Readonly<{ sql: string; values: readonly (string | number)[] }>;

export function conditionsOf(query: SearchQuery, veil: Veil): readonly Condition[] {
  const { id, messageId, recipient, sender, campaign, tag, status, transport, provider, user, account } =
    query;
  const conditions = [
    given(id, ofId),
    given(messageId, (value) => like('d.message_id', bareMessageId(value))),
    given(recipient, (value) => addressed(RECIPIENT, value, veil.recipients)),
    given(sender, (value) => either([ofSender(value, veil), ofFrom(value, veil)])),
    given(campaign, (value) => like('d.campaign', value)),
    given(tag, (value) => worded(tagQuery(value))),
    given(query.subject, (value) => worded(subjectQuery(value, veil))),
    given(query.text, (value) => worded(textQuery(value, veil))),
    given(status, (value) => exact('d.status', value)),
    given(transport, (value) => exact('d.transport', value)),
    given(provider, (value) => exact('d.provider', value)),
    given(user, (value) => exact('d."user"', value)),
    given(account, (value) => exact('d.account', value)),
  ];
  return conditions.filter((one) => one !== undefined);
}

function given(
  value: string | undefined,
  make: (value: string) => Condition | undefined,
): Condition | undefined {
  return value === undefined ? undefined : make(value);
}

/** A delivery, a submission with all of its own, or the beginning of either. */
function ofId(id: string): Condition {
  if (id.endsWith('*')) return starting('d.delivery', id.slice(0, -1));
  return id.includes('-') ? exact('d.delivery', id) : starting('d.delivery', `${id}-`);
}

type Columns = Readonly<{ address: string; domain: string }>;
const RECIPIENT: Columns = { address: 'lower(d.recipient)', domain: 'd.recipient_domain' };
const SENDER: Columns = { address: 'lower(d.sender)', domain: 'd.domain' };
const FROM: Columns = { address: 'lower(d.header_from)', domain: 'd.domain' };

function ofSender(value: string, veil: Veil): Condition {
  return addressed(SENDER, value, veil.senders);
}

function ofFrom(value: string, veil: Veil): Condition | undefined {
  return value.startsWith('@') ? undefined : addressed(FROM, value, veil.senders);
}

/** A whole address as it may be stored, the beginning of one, or all of a domain. */
function addressed(
  { address, domain }: Columns,
  value: string,
  stored: (address: string) => readonly string[],
): Condition {
  if (value.startsWith('@')) return exact(domain, value.slice(1).toLowerCase());
  if (value.endsWith('*')) return starting(address, inSmall(value.slice(0, -1)));
  return either(stored(value).map((one) => exact(address, inSmall(one))));
}

/** As lower() of PostgreSQL does for text that compares by its bytes: letters of ASCII. */
function inSmall(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function exact(column: string, value: string): Condition {
  return { sql: `${column} = ?`, values: [indexedText(value)] };
}

function like(column: string, value: string): Condition {
  return value.endsWith('*') ? starting(column, value.slice(0, -1)) : exact(column, value);
}

function starting(column: string, value: string): Condition {
  const from = indexedText(value);
  // Above all that begins so.
  return { sql: `${column} >= ? AND ${column} < ?`, values: [from, `${from}\u{10ffff}`] };
}

function worded(query: string): Condition {
  return { sql: 'd.words @@ ?::tsquery', values: [query.replaceAll('\0', ' ')] };
}

function either(conditions: readonly (Condition | undefined)[]): Condition {
  const all = conditions.filter((one) => one !== undefined);
  return {
    sql: `(${all.map(({ sql }) => `(${sql})`).join(' OR ')})`,
    values: all.flatMap(({ values }) => values),
  };
}

export type Range = Readonly<{ from: EpochMs; to: EpochMs }>;

const TIME_CHARS = 10;
const MIN_CHARS = 4;
export const END_OF_TIME = 253_402_300_800_000;

/** When what the query finds can have been accepted: `from` and before `to`. */
export function rangeOf({ id, since = 0, until = END_OF_TIME }: SearchQuery): Range {
  const made = madeRange(id);
  return {
    from: Math.max(0, Math.floor(since), made.from),
    to: Math.min(END_OF_TIME, Math.ceil(until), made.to),
  };
}

/** An id, or the beginning of one, tells when it was made. */
function madeRange(id = ''): Range {
  const time = /^[0-7][0-9A-HJKMNP-TV-Z]*/.exec(id)?.[0].slice(0, TIME_CHARS) ?? '';
  const isWhole = time.length === TIME_CHARS;
  if (!isWhole && (time.length < MIN_CHARS || `${time}*` !== id)) return { from: 0, to: END_OF_TIME };
  return {
    from: fromBase32(time.padEnd(TIME_CHARS, '0')),
    to: fromBase32(time.padEnd(TIME_CHARS, 'Z')) + 1,
  };
}
