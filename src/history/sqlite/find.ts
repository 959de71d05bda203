// Finding deliveries: month after month from the newest on, until a page is full.
import { timeOfId } from '../../lib/ids.ts';
import type { DeliveryRow, Page, SearchQuery } from '../search.ts';
import type { Veil } from '../veil.ts';
import { deliveryRow, numberAt, type Answer } from '../columns.ts';
import { partsOf, waysOf, type Part, type Way } from './conditions.ts';
import type { Database } from './database.ts';
import { monthEnd, monthOf, monthStart, type MonthName } from './months.ts';
import { ROWS_PER_MS } from './schema.ts';

/** Rows that a prefix may find before it is faster to look at all in turn; no more are counted. */
const MANY = 4_000;
const MAX_LIMIT = 1000;

/** A page of what fits; of the months, newest first, each is opened only when its turn has come. */
export function find(
  months: readonly MonthName[],
  open: (month: MonthName) => Database | undefined,
  { query, veil }: Readonly<{ query: SearchQuery; veil: Veil }>,
): Page<DeliveryRow> {
  const limit = Math.min(Math.max(1, query.limit), MAX_LIMIT);
  const parts = partsOf(query, veil);
  const items: DeliveryRow[] = [];
  let last = '';
  for (const { month, ...range } of rangesOf(months, query)) {
    const database = open(month);
    if (!database) continue;
    for (const [id, answer] of findIn(database, parts, { ...range, limit: limit + 1 - items.length })) {
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
  parts: readonly Part[],
  range: Range & Readonly<{ limit: number }>,
): readonly (readonly [number, Answer])[] {
  const found = waysIn(database, parts).flatMap((way) => findByWay(database, way, range));
  const rows = new Map(found.map((answer) => [numberAt(answer, 'id') ?? 0, answer]));
  return [...rows].sort(([a], [b]) => b - a);
}

/** Driven by the part that finds least here; of those that find many, by the first one that is in the order of time. */
function waysIn(database: Database, parts: readonly Part[]): readonly Way[] {
  const [only] = parts;
  if (!only || (parts.length === 1 && !isByPrefix(only))) return waysOf(parts, only);
  const counted = parts.map((part) => ({ part, count: countOf(database, part) }));
  if (counted.some(({ count }) => count === 0)) return [];
  const least = counted.reduce((best, one) => (one.count < best.count ? one : best));
  if (least.count < MANY) return waysOf(parts, least.part);
  return waysOf(
    parts,
    parts.find((part) => !isByPrefix(part)),
  );
}

function isByPrefix({ any }: Part): boolean {
  return any.some(({ drive }) => drive.index !== undefined);
}

/** Not more than MANY for each alternative. */
function countOf(database: Database, { any }: Part): number {
  return any.reduce((sum, { drive }) => {
    const sql = `SELECT count(*) AS found FROM (SELECT 1 FROM ${drive.count} LIMIT ${MANY})`;
    return sum + (numberAt(database.prepare(sql).get(...drive.values) ?? {}, 'found') ?? 0);
  }, 0);
}

function findByWay(
  database: Database,
  { drive, others }: Way,
  { from, to, limit }: Range & Readonly<{ limit: number }>,
): readonly Answer[] {
  const source = drive.index === undefined ? drive.from : `${drive.from} INDEXED BY ${drive.index}`;
  const sql = `SELECT d.* FROM ${source} WHERE ${drive.sql} AND ${drive.key} >= ? AND ${drive.key} < ?
    ${others.map((one) => ` AND ${one.sql}`).join('')} ORDER BY ${drive.key} DESC LIMIT ?`;
  const values = [...drive.values, from, to, ...others.flatMap((one) => one.values), limit];
  return database.prepare(sql).all(...values);
}
