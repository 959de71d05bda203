// Events beside their deliveries: which are there, those of a batch, and the story of a delivery.
import type { EpochMs } from '../../lib/clock.ts';
import { parseJson } from '../../lib/json.ts';
import { z } from 'zod';
import type { Event } from '../../model/event.ts';
import { numberAt, textAt, type Answer } from '../columns.ts';
import type { StoredRow } from '../row.ts';
import type { DeliveryRow } from '../search.ts';
import { leanEvent, nameOf, wholeEvent } from '../stored-event.ts';
import type { Before } from '../tally.ts';
import { visitorFields, withoutConversation, withoutVisitor } from '../veil.ts';
import { keyText, type Key } from './deliveries.ts';
import type { Ask } from './driver.ts';
import { byKeys, onDays } from './keys.ts';
import { cleanText, wholeNumber } from './params.ts';

export type EventKey = Key & Readonly<{ name: string }>;

export const eventText = (key: EventKey): string => `${keyText(key)} ${key.name}`;

/** Which of these are there already. */
export async function knownEvents(ask: Ask, keys: readonly EventKey[]): Promise<Set<string>> {
  if (keys.length === 0) return new Set();
  const found = await ask(
    byKeys('k (made, delivery, name)', {
      kinds: ['bigint', 'text', 'text'],
      select: `e.made, e.delivery, e.name FROM postino.events e
        WHERE e.made = k.made AND e.delivery = k.delivery AND e.name = k.name ${onDays(keys, 'e')} LIMIT 1`,
    }),
    [keys.map(({ made }) => made), keys.map(({ delivery }) => delivery), keys.map(({ name }) => name)],
  );
  return new Set(found.map((answer) => eventText(keyOf(answer))));
}

function keyOf(answer: Answer): EventKey {
  return {
    made: numberAt(answer, 'made') ?? 0,
    delivery: textAt(answer, 'delivery') ?? '',
    name: textAt(answer, 'name') ?? '',
  };
}

/** Who has clicked which link of which delivery so far. */
export type Clicks = Readonly<{
  followed(key: Key, link: number): Before['followed'];
  add(key: EventKey, human: boolean): void;
}>;

/** "3" of "clicked.3.1767225600000". */
function linkOf(name: string): string | undefined {
  return /^clicked\.([^.]*)\./.exec(name)?.[1];
}

/** Of these deliveries. */
export async function readClicks(ask: Ask, keys: readonly Key[]): Promise<Clicks> {
  const byLink = new Map<string, boolean>();
  const add = (key: EventKey, human: boolean): void => {
    const link = linkOf(key.name);
    if (link === undefined) return;
    const id = `${keyText(key)} ${link}`;
    byLink.set(id, human || byLink.get(id) === true);
  };
  if (keys.length > 0) {
    // "/" follows "." in ASCII.
    const found = await ask(
      byKeys('k (made, delivery)', {
        kinds: ['bigint', 'text'],
        select: `e.made, e.delivery, e.name, e.human FROM postino.events e WHERE e.made = k.made
          AND e.delivery = k.delivery AND e.name >= 'clicked.' AND e.name < 'clicked/' ${onDays(keys, 'e')} OFFSET 0`,
      }),
      [keys.map(({ made }) => made), keys.map(({ delivery }) => delivery)],
    );
    for (const answer of found) add(keyOf(answer), answer['human'] === true);
  }
  return {
    add,
    followed: (key, link) => {
      const human = byLink.get(`${keyText(key)} ${link}`);
      return human === undefined ? 'never' : human ? 'by person' : 'by machine';
    },
  };
}

/** An event to be stored, with the row that it makes. */
export type NewEvent = Readonly<{ made: EpochMs; event: Event; row: StoredRow }>;

export async function addEvents(ask: Ask, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  const stored = events.map(({ made, event, row }) => ({ made, event, ...storedEvent(event, row) }));
  await ask(
    `INSERT INTO postino.events (made, delivery, name, place, at, human, body, conversation, visitor)
      SELECT n.made, n.delivery, n.name, nextval('postino.places'), n.at, n.human, n.body, n.conversation, n.visitor
      FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::boolean[], $6::text[], $7::text[], $8::text[])
        WITH ORDINALITY AS n (made, delivery, name, at, human, body, conversation, visitor, number) ORDER BY n.number`,
    [
      stored.map(({ made }) => made),
      stored.map(({ event }) => event.delivery),
      stored.map(({ event }) => nameOf(event)),
      stored.map(({ event }) => wholeNumber(event.at)),
      stored.map(({ event }) => event.machine === undefined),
      stored.map(({ body }) => body),
      stored.map(({ conversation }) => conversation),
      stored.map(({ visitor }) => visitor),
    ],
  );
}

/** What is kept for another time stands by itself, as JSON. */
export function storedEvent(
  event: Event,
  row: DeliveryRow,
): Readonly<{ body: string; conversation: string | null; visitor: string | null }> {
  const { conversation } = event;
  const visitor = visitorFields.flatMap((name) => (event[name] === undefined ? [] : [[name, event[name]]]));
  return {
    body: cleanText(leanEvent(withoutConversation(withoutVisitor(event)), row)),
    conversation: conversation === undefined ? null : JSON.stringify(conversation),
    visitor: visitor.length === 0 ? null : JSON.stringify(Object.fromEntries(visitor)),
  };
}

const visitorSchema = z.object({
  ip: z.string().optional(),
  userAgent: z.string().optional(),
  client: z.string().optional(),
  os: z.string().optional(),
});

/** The event of a row of the table; undefined when it cannot be read. */
export function readEvent(answer: Answer, row: DeliveryRow): Event | undefined {
  const event = wholeEvent(textAt(answer, 'body') ?? '', textAt(answer, 'name') ?? '', row);
  if (!event) return undefined;
  const conversation = parseJson(textAt(answer, 'conversation') ?? 'null', z.string());
  const { ip, userAgent, client, os } = parseJson(textAt(answer, 'visitor') ?? '{}', visitorSchema) ?? {};
  return {
    ...event,
    ...(ip === undefined ? {} : { ip }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(client === undefined ? {} : { client }),
    ...(os === undefined ? {} : { os }),
    ...(conversation === undefined ? {} : { conversation }),
  };
}
