// The story of one message: its deliveries with all their events, from the file of the month it was accepted in.
import { isOwn, type Owner } from '../../model/owner.ts';
import { messageWith, type Message } from '../search.ts';
import { makeEventReader } from './chunks.ts';
import { numberAt, storedRow } from '../columns.ts';
import { rowOf } from '../row.ts';
import type { Database } from './database.ts';

const MAX_DELIVERIES = 1000;
const MAX_EVENTS = 20_000;

/** A submission, or one delivery of it; undefined: not here, or not the owner's. */
export function storyOf(database: Database, id: string, owner: Partial<Owner>): Message | undefined {
  const one = id.includes('-');
  // "." follows "-" in ASCII.
  const where = one ? 'delivery = ?' : 'delivery > ? AND delivery < ?';
  const values = one ? [id] : [`${id}-`, `${id}.`];
  const found = database
    .prepare(`SELECT * FROM deliveries WHERE ${where} ORDER BY id LIMIT ${MAX_DELIVERIES + 1}`)
    .all(...values)
    .map((answer) => ({ number: numberAt(answer, 'id') ?? 0, row: storedRow(answer) }))
    .filter(({ row }) => isOwn(owner, row));
  const read = makeEventReader(database);
  let left = MAX_EVENTS;
  const deliveries = found.slice(0, MAX_DELIVERIES).map(({ number, row: stored }) => {
    const row = rowOf(stored);
    const events = read(number, row, left + 1);
    left -= events.length;
    return { row, events };
  });
  return messageWith(deliveries, found.length > MAX_DELIVERIES || left < 0);
}
