// Takes a batch of events: all that it changes in one transaction, with how far the event log is read.
import { makeCube, type Cube } from '../cube.ts';
import type { Event } from '../../model/event.ts';
import type { Place, Recorded } from '../history.ts';
import { comparePlaces, placeText, readPlace } from '../place.ts';
import { nextRow, type StoredRow } from '../row.ts';
import { nameOf } from '../stored-event.ts';
import { tallies } from '../tally.ts';
import type { Veil } from '../veil.ts';
import { makeCountsWriter, monthOfMs, saveNames, type CampaignName } from './counts.ts';
import { dayOf, madeOf, makeDays } from './days.ts';
import { holdDeliveries, keyText, saveDeliveries, type Held } from './deliveries.ts';
import type { Ask, Session } from './driver.ts';
import {
  addEvents,
  eventText,
  knownEvents,
  readClicks,
  type Clicks,
  type EventKey,
  type NewEvent,
} from './events.ts';
import { keptOf, readMeta, saveMeta } from './meta.ts';
import { wholeNumber } from './params.ts';
import { transact } from './session.ts';

export type Taker = (session: Session, batch: readonly Recorded[]) => Promise<void>;

/** What is remembered from batch to batch is what only this process can have changed, and is read again when it has failed. */
export function makeTaker(veil: Veil): Taker {
  const days = makeDays();
  const counts = makeCountsWriter();
  const cube = makeCube();

  const takeAll = async ({ ask }: Session, mine: readonly Recorded[], last: Place): Promise<void> => {
    const meta = await readMeta(ask, 'locked');
    const done = readPlace(meta.get('cursor'));
    if (done && comparePlaces(last, done) <= 0) return;
    const left = done ? mine.filter(({ cursor }) => comparePlaces(cursor, done) > 0) : mine;
    const fresh = left.map(({ event }) => placed(veil.event(event)));
    const changes = fresh.length === 0 ? NOTHING : changesOf(fresh, await readKnown(ask, fresh), cube);
    const first = mine[0]?.cursor;
    // While the server is at one of them the next one is put together.
    await allDone([
      addEvents(ask, changes.added),
      saveDeliveries(ask, changes.held),
      saveDays(ask, changes),
      saveNames(ask, changes.names),
      counts.add(ask, cube.take(), { kept: keptOf(meta), epoch: meta.get('series') ?? '' }),
      ...(!done && first ? [saveMeta(ask, 'first', placeText(first))] : []),
      saveMeta(ask, 'cursor', placeText(last)),
    ]);
  };
  return async (session, batch) => {
    const last = batch.at(-1)?.cursor;
    if (!last) return;
    const mine = batch.filter(({ event }) => event.delivery !== '' && Number.isFinite(event.at));
    try {
      await days.ensure(
        session,
        mine.map(({ event }) => dayOf(madeOf(event))),
      );
      await transact(session, () => takeAll(session, mine, last));
    } catch (error) {
      cube.take();
      for (const part of [counts, days]) part.forget();
      throw error;
    }
  };
}

type Placed = EventKey & Readonly<{ event: Event }>;

function placed(event: Event): Placed {
  return { event, made: madeOf(event), delivery: event.delivery, name: nameOf(event) };
}

/** What a batch touches, as it is stored. */
type Known = Readonly<{ held: ReadonlyMap<string, Held>; seen: Set<string>; clicks: Clicks }>;

async function readKnown(ask: Ask, fresh: readonly Placed[]): Promise<Known> {
  const held = await holdDeliveries(ask, fresh);
  const stored = fresh.filter((one) => held.get(keyText(one))?.saved !== undefined);
  const [seen, clicks] = [
    await knownEvents(ask, stored),
    await readClicks(
      ask,
      stored.filter(({ event }) => event.type === 'clicked'),
    ),
  ];
  return { held, seen, clicks };
}

type Changes = Readonly<{
  held: readonly Held[];
  added: readonly NewEvent[];
  names: readonly CampaignName[];
}>;
const NOTHING: Changes = { held: [], added: [], names: [] };

function changesOf(fresh: readonly Placed[], { held, seen, clicks }: Known, cube: Cube): Changes {
  const added: NewEvent[] = [];
  const names: CampaignName[] = [];
  for (const one of fresh) {
    const slot = held.get(keyText(one));
    if (!slot || seen.has(eventText(one))) continue; // told twice
    seen.add(eventText(one));
    const after = takeOne(slot, one, { clicks, cube });
    added.push({ made: one.made, event: one.event, row: after });
    const { account, campaign, campaignName: name } = after;
    if (campaign !== undefined && name !== undefined)
      names.push({ account, campaign, month: monthOfMs(one.made), name });
  }
  return { held: [...held.values()], added, names };
}

/** Also when one fails the others are waited for: none of them may still be at work when the next batch begins. */
async function allDone(works: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(works);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

function takeOne(
  slot: Held,
  { event, ...key }: Placed,
  { clicks, cube }: Readonly<{ clicks: Clicks; cube: Cube }>,
): StoredRow {
  const before = slot.row;
  const after = nextRow(before, event);
  const followed = followedOf(clicks, slot, event);
  for (const tally of tallies(event, { row: before, followed }, after)) cube.add(after, tally);
  if (event.type === 'clicked') clicks.add(key, event.machine === undefined);
  slot.row = after;
  return after;
}

function followedOf(clicks: Clicks, one: Held, event: NewEvent['event']): ReturnType<Clicks['followed']> {
  return event.type === 'clicked' ? clicks.followed(one, event.link ?? 0) : 'never';
}

type OfDay = { deliveries: number; conversationAt: number | null; visitorAt: number | null };

/** How many deliveries a day has, and since when something of it is kept that must go before the day does. */
async function saveDays(ask: Ask, { held, added }: Changes): Promise<void> {
  if (added.length === 0) return;
  const days = new Map<number, OfDay>();
  const dayAt = (made: number): OfDay => {
    const day = days.get(dayOf(made)) ?? { deliveries: 0, conversationAt: null, visitorAt: null };
    days.set(dayOf(made), day);
    return day;
  };
  for (const { made, saved, row } of held) if (row && !saved) dayAt(made).deliveries++;
  for (const { made, event } of added) {
    const day = dayAt(made);
    if (event.conversation !== undefined)
      day.conversationAt = Math.min(wholeNumber(event.at), day.conversationAt ?? Infinity);
    if (event.ip !== undefined || event.userAgent !== undefined)
      day.visitorAt = Math.min(wholeNumber(event.at), day.visitorAt ?? Infinity);
  }
  const all = [...days];
  await ask(
    `UPDATE postino.days d SET deliveries = d.deliveries + n.deliveries,
      conversation_at = least(d.conversation_at, n.conversation_at), visitor_at = least(d.visitor_at, n.visitor_at)
      FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n (day, deliveries, conversation_at, visitor_at)
      WHERE d.day = n.day AND (n.deliveries > 0 OR n.conversation_at < coalesce(d.conversation_at, 9e18)
        OR n.visitor_at < coalesce(d.visitor_at, 9e18))`,
    [
      all.map(([day]) => day),
      all.map(([, { deliveries }]) => deliveries),
      all.map(([, { conversationAt }]) => conversationAt),
      all.map(([, { visitorAt }]) => visitorAt),
    ],
  );
}
