// Finding deliveries: month after month from the newest on, until a page is full.
import { timeOfId } from '../../lib/ids.ts';
import type { DeliveryRow, Page, SearchQuery } from '../search.ts';
import type { Veil } from '../veil.ts';
import { deliveryRow } from '../columns.ts';
import { waysOf, withoutIndex, type Way } from './conditions.ts';
import { numberAt, type Answer, type Database } from './database.ts';
import { monthEnd, monthOf, monthStart, type MonthName } from './months.ts';
import { ROWS_PER_MS } from './schema.ts';

export type OpenMonth = Readonly<{ month: MonthName; database: Database }>;

/** Rows that a prefix may find before it is faster to look at all in turn. */
const MANY = 5_000;
const MAX_LIMIT = 1000;

/** A page of what fits; of the months, newest first, each is opened only when its turn has come. */
export function find(
  months: readonly MonthName[],
  open: (month: MonthName) => Database | undefined,
  { query, veil }: Readonly<{ query: SearchQuery; veil: Veil }>,
): Page<DeliveryRow> {
  const limit = Math.min(Math.max(1, query.limit), MAX_LIMIT);
  const ways = waysOf(query, veil);
  const items: DeliveryRow[] = [];
  let last = '';
  for (const { month, ...range } of rangesOf(months, query)) {
    const database = open(month);
    if (!database) continue;
    for (const [id, answer] of findIn(database, ways, { ...range, limit: limit + 1 - items.length })) {
      if (items.length === limit) return { items, next: last };
      items.push(deliveryRow(answer));
      last = `${month}.${id}`;
    }
  }
  return { items };
}

type Range = Readonly<{ from: number; to: number }>;

/** Which months may have something, and which numbers of deliveries. */
function* rangesOf(
  months: readonly MonthName[],
  { id, cursor = '', since = 0, until = Infinity }: SearchQuery,
): Generator<Range & Readonly<{ month: MonthName }>> {
  const [, after, number] = /^(\d{4}-\d\d)\.(\d{1,16})$/.exec(cursor) ?? [];
  const only = monthOfId(id);
  const asked = months.filter((month) => month <= (after ?? month) && month === (only ?? month));
  for (const month of asked) {
    const start = monthStart(month);
    if (until <= start || since >= monthEnd(month)) continue;
    const to = after === month ? Number(number) : Number.MAX_SAFE_INTEGER;
    // A clock may have been set back: what has the month in its id is not later than its end.
    const before = until >= monthEnd(month) ? to : (until - start) * ROWS_PER_MS;
    yield { month, from: Math.max(0, since - start) * ROWS_PER_MS, to: Math.min(to, before) };
  }
}

/** Of a whole id: the time is in it. */
function monthOfId(id: string | undefined): MonthName | undefined {
  const made = id === undefined ? undefined : timeOfId(id);
  return made === undefined ? undefined : monthOf(made);
}

/** Rows with their numbers, newest first; up to `limit` of each way. */
function findIn(
  database: Database,
  ways: readonly Way[],
  range: Range & Readonly<{ limit: number }>,
): readonly (readonly [number, Answer])[] {
  const found = ways.flatMap((way) => findByWay(database, way, range));
  const rows = new Map(found.map((answer) => [numberAt(answer, 'id') ?? 0, answer]));
  return [...rows].sort(([a], [b]) => b - a);
}

function findByWay(
  database: Database,
  way: Way,
  { from, to, limit }: Range & Readonly<{ limit: number }>,
): readonly Answer[] {
  const { drive, others } = way;
  if (drive.index !== undefined && isFrequent(database, way))
    return findByWay(database, withoutIndex(way), { from, to, limit });
  const source = drive.index === undefined ? drive.from : `${drive.from} INDEXED BY ${drive.index}`;
  const sql = `SELECT d.* FROM ${source} WHERE ${drive.sql} AND ${drive.key} >= ? AND ${drive.key} < ?
    ${others.map((one) => ` AND ${one.sql}`).join('')} ORDER BY ${drive.key} DESC LIMIT ?`;
  const values = [...drive.values, from, to, ...others.flatMap((one) => one.values), limit];
  return database.prepare(sql).all(...values);
}

function isFrequent(database: Database, { drive }: Way): boolean {
  const sql = `SELECT count(*) AS found FROM (SELECT 1 FROM deliveries d INDEXED BY ${drive.index} WHERE ${drive.sql} LIMIT ${MANY})`;
  return (numberAt(database.prepare(sql).get(...drive.values) ?? {}, 'found') ?? 0) >= MANY;
}
