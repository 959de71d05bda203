// Finding deliveries: in the newest days first, then in more and more of them, until a page is full.
import { deliveryRow, numberAt, textAt, type Answer } from '../columns.ts';
import type { DeliveryRow, Page, SearchQuery } from '../search.ts';
import type { Veil } from '../veil.ts';
import { conditionsOf, rangeOf, type Condition, type Range } from './conditions.ts';
import { DAY_MS, listDays } from './days.ts';
import type { Ask } from './driver.ts';
import { indexedText } from './params.ts';

const MAX_LIMIT = 1000;
/** Days that are looked at first, and how many times as many after each round: planning costs by the partition. */
const FIRST_DAYS = 2;
const GROWTH = 4;

/** A page of what fits, newest first. */
export async function find(ask: Ask, query: SearchQuery, veil: Veil): Promise<Page<DeliveryRow>> {
  const limit = Math.min(Math.max(1, Math.floor(query.limit)), MAX_LIMIT);
  const after = readCursor(query.cursor);
  const conditions = [...conditionsOf(query, veil), ...(after ? [after.condition] : [])];
  const asked = rangeOf(query);
  const whole = { from: asked.from, to: Math.min(asked.to, (after?.made ?? asked.to) + 1) };
  const found: Answer[] = [];
  for (const range of rangesOf(await daysIn(ask, whole), whole)) {
    found.push(...(await findIn(ask, conditions, { ...range, limit: limit + 1 - found.length })));
    if (found.length > limit) break;
  }
  const items = found.slice(0, limit).map(deliveryRow);
  const last = found[limit - 1];
  return found.length > limit && last ? { items, next: cursorOf(last) } : { items };
}

/** Days that have deliveries in the range, newest first. */
async function daysIn(ask: Ask, { from, to }: Range): Promise<readonly number[]> {
  const days = await listDays(ask);
  return days
    .filter(({ day, deliveries }) => deliveries > 0 && day * DAY_MS < to && (day + 1) * DAY_MS > from)
    .map(({ day }) => day);
}

function* rangesOf(days: readonly number[], { from, to }: Range): Generator<Range> {
  for (let [at, size] = [0, FIRST_DAYS]; at < days.length; at += size, size *= GROWTH) {
    const [newest = 0, oldest = 0] = [days[at], days[Math.min(at + size, days.length) - 1]];
    yield { from: Math.max(from, oldest * DAY_MS), to: Math.min(to, (newest + 1) * DAY_MS) };
  }
}

function findIn(
  ask: Ask,
  conditions: readonly Condition[],
  { from, to, limit }: Range & Readonly<{ limit: number }>,
): Promise<readonly Answer[]> {
  let number = 0;
  const sql = conditions.map((one) => ` AND ${one.sql.replaceAll('?', () => `$${++number}`)}`).join('');
  // Bounds of the partitions stand in the statement: no other one is even planned for.
  return ask(
    `SELECT d.* FROM postino.deliveries d WHERE d.made >= ${from} AND d.made < ${to}${sql}
      ORDER BY d.made DESC, d.delivery DESC LIMIT ${limit}`,
    conditions.flatMap(({ values }) => values),
  );
}

function cursorOf(answer: Answer): string {
  return `${numberAt(answer, 'made') ?? 0}.${textAt(answer, 'delivery') ?? ''}`;
}

function readCursor(cursor = ''): Readonly<{ made: number; condition: Condition }> | undefined {
  const [, made, delivery] = /^(\d{1,15})\.(.{1,600})$/s.exec(cursor) ?? [];
  if (made === undefined || delivery === undefined) return undefined;
  const values = [Number(made), indexedText(delivery)];
  return { made: Number(made), condition: { sql: '(d.made, d.delivery) < (?, ?)', values } };
}
