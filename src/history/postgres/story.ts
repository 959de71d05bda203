// The story of one message: its deliveries with all their events.
import { timeOfId } from '../../lib/ids.ts';
import { deliveryRow, textAt } from '../columns.ts';
import type { Owner } from '../../model/owner.ts';
import { messageWith, type Message } from '../search.ts';
import type { Event } from '../../model/event.ts';
import { END_OF_TIME } from './conditions.ts';
import type { Ask } from './driver.ts';
import { readEvent } from './events.ts';
import { indexedText } from './params.ts';

const MAX_DELIVERIES = 1000;
const MAX_EVENTS = 20_000;

/** A submission, or one delivery of it; undefined: not here, or not the owner's. */
export async function storyOf(ask: Ask, id: string, owner: Partial<Owner>): Promise<Message | undefined> {
  const made = timeOfId(id);
  const when = made === undefined ? '' : `AND d.made = ${Math.min(made, END_OF_TIME - 1)}`;
  // "." follows "-" in ASCII.
  const which = id.includes('-') ? 'd.delivery = $1 AND $2 = $2' : 'd.delivery > $1 AND d.delivery < $2';
  const clean = indexedText(id);
  const found = await ask(
    `SELECT d.* FROM postino.deliveries d WHERE ${which} ${when}
      AND d.account = coalesce($3, d.account) AND d."user" = coalesce($4, d."user")
      ORDER BY d.made, length(d.delivery), d.delivery LIMIT ${MAX_DELIVERIES + 1}`,
    [id.includes('-') ? clean : `${clean}-`, `${clean}.`, owner.account ?? null, owner.user ?? null],
  );
  const rows = found.slice(0, MAX_DELIVERIES).map(deliveryRow);
  if (rows.length === 0) return undefined;
  const events = await ask(
    `SELECT d.* FROM postino.events d WHERE d.delivery = ANY($1::text[]) ${when} ORDER BY d.place LIMIT ${MAX_EVENTS + 1}`,
    [rows.map(({ delivery }) => delivery)],
  );
  const byDelivery = Map.groupBy(events.slice(0, MAX_EVENTS), (answer) => textAt(answer, 'delivery') ?? '');
  const deliveries = rows.map((row) => ({
    row,
    events: (byDelivery.get(row.delivery) ?? [])
      .map((answer) => readEvent(answer, row))
      .filter((event) => event !== undefined)
      .sort(byTime),
  }));
  return messageWith(deliveries, found.length > MAX_DELIVERIES || events.length > MAX_EVENTS);
}

function byTime(a: Event, b: Event): number {
  return a.at - b.at;
}
