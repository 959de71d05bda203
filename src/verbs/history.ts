// What can be asked of the history: finding messages, their stories, statistics; completed from the event log where it is behind.
import { cursorText, type EventLog } from '../events/log.ts';
import type { HistoryReader, Place } from '../history/history.ts';
import { nextRow, rowOf, type StoredRow } from '../history/row.ts';
import { messageWith, type DeliveryRow, type Message } from '../history/search.ts';
import { byNumber } from '../model/delivery.ts';
import type { Event } from '../model/event.ts';
import { isOwn, type Owner } from '../model/owner.ts';

export type HistoryVerbs = Readonly<{
  /** undefined: the configuration has none. */
  history: HistoryReader | undefined;
  eventLog: EventLog;
}>;

const MAX_EVENTS = 20_000;
/** Events of a moment may be told in another order. */
const SLACK_MS = 120_000;

/** A submission or one delivery with all that happened, however far the history is; undefined: unknown, or somebody else's. */
export async function messageOf(
  { history, eventLog }: HistoryVerbs,
  id: string,
  owner: Partial<Owner> = {},
): Promise<Message | undefined> {
  const { known, reached } = await ask(history, id, owner);
  const end = await eventLog.end();
  const behind = end !== undefined && cursorText(end) !== (reached && cursorText(reached));
  if (known && !behind) return known;
  const since = known && reached ? { since: reached.ms - SLACK_MS } : {};
  const found = await eventLog.search({ id, ...since }, MAX_EVENTS);
  const recent = found.events.map(({ event }) => event).filter((event) => isOwn(owner, event));
  if (!known && recent.length === 0) return undefined;
  const story = storyOf([...eventsIn(known), ...recent]);
  return story && { ...story, more: known?.more === true || !found.complete };
}

/** A history that cannot be read must not hide what the log has. */
async function ask(
  history: HistoryReader | undefined,
  id: string,
  owner: Partial<Owner>,
): Promise<Readonly<{ known?: Message | undefined; reached?: Place | undefined }>> {
  if (!history) return {};
  try {
    // How far it is, first: what comes meanwhile is in the story, or in the log behind it.
    const reached = await history.reached();
    return { known: await history.timeline(id, owner), reached };
  } catch {
    return {};
  }
}

function eventsIn(message: Message | undefined): readonly Event[] {
  return message?.deliveries.flatMap(({ events }) => events) ?? [];
}

/** The story that events tell, each once, in any order; undefined where there are none. */
export function storyOf(events: readonly Event[]): Message | undefined {
  const once = [...new Map(events.map((event) => [event.id, event])).values()].sort((a, b) => a.at - b.at);
  const byDelivery = [...Map.groupBy(once, ({ delivery }) => delivery)].sort(([a], [b]) => byNumber(a, b));
  const deliveries = byDelivery.map(([, own]) => ({ row: rowAfter(own), events: own }));
  return messageWith(deliveries, false);
}

function rowAfter(events: readonly Event[]): DeliveryRow {
  let stored: StoredRow | undefined;
  for (const event of events) stored = nextRow(stored, event);
  if (!stored) throw new Error('a delivery without events');
  return rowOf(stored);
}

/** How far the history is behind the event log, milliseconds; undefined: there is none, or it cannot be read. */
export async function lagOf({ history, eventLog }: HistoryVerbs): Promise<number | undefined> {
  if (!history) return undefined;
  try {
    const [reached, end] = await Promise.all([history.reached(), eventLog.end()]);
    return end ? Math.max(0, end.ms - (reached?.ms ?? 0)) : 0;
  } catch {
    return undefined;
  }
}
