// What an event makes of a delivery's row: its status, its counts, and fields that only some events tell. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { timeOfId } from '../lib/ids.ts';
import { present } from '../lib/present.ts';
import { domainOf } from '../model/delivery.ts';
import type { Event } from '../model/event.ts';
import type { CauseClass } from '../model/outcome.ts';
import { categories, type Category } from '../model/taxonomy.ts';
import type { DeliveryRow, DeliveryStatus } from './search.ts';

/** A row with what only the store needs. */
export type StoredRow = DeliveryRow &
  Readonly<{
    /** Domain of the From address, which statistics go by. */
    domain: string;
    /** Whether "accepted" was seen, and whether somebody unsubscribed before: a later one counts no more. */
    accepted: boolean;
    leftBefore: boolean;
  }>;

/** A later one wins over an earlier one of the same rank; one of a higher rank always, whatever the order they are told in. */
const RANK: Readonly<Record<DeliveryStatus, number>> = {
  queued: 0,
  deferred: 1,
  delivered: 2,
  expired: 2,
  dropped: 2,
  cancelled: 2,
  // A delivery that bounced was not delivered, also when the peer said so only later, by mail.
  bounced: 3,
};
const STATUS: Readonly<Partial<Record<Event['type'], DeliveryStatus>>> = {
  accepted: 'queued',
  deferred: 'deferred',
  delivered: 'delivered',
  bounced: 'bounced',
  expired: 'expired',
  dropped: 'dropped',
  cancelled: 'cancelled',
};
const MAX_TEXT = 1000;

/** The moment a delivery was accepted, as its id tells; for ids that are not ours, as the event does. */
export function acceptedAt({ delivery, at, age }: Pick<Event, 'delivery' | 'at' | 'age'>): EpochMs {
  return timeOfId(delivery) ?? at - (age ?? 0);
}

/** The row after the event; `known` is what it was, undefined for the first event of a delivery. */
export function nextRow(known: StoredRow | undefined, event: Event): StoredRow {
  const row = withFacts(known ?? firstRow(event), event);
  return withHit(withEnd(withAttempt(row, event), event), event);
}

/** A row as others see it. */
export function rowOf({
  domain: _domain,
  accepted: _accepted,
  leftBefore: _leftBefore,
  ...row
}: StoredRow): DeliveryRow {
  return row;
}

/** What a failure or a delay means; undefined where nothing failed. */
export function categoryOf({ type, category, class: cause }: Event): Category | undefined {
  const known = categoryNames.get(category ?? '');
  if (known !== undefined || cause === undefined) return known;
  const pair = Object.hasOwn(categories, cause) ? categoryPairs.get(cause) : undefined;
  return pair?.[type === 'deferred' ? 1 : 0];
}

const categoryPairs: ReadonlyMap<string, readonly [Category, Category]> = new Map<
  string,
  (typeof categories)[CauseClass]
>(Object.entries(categories));
const categoryNames: ReadonlyMap<string, Category> = new Map(
  [...Object.values(categories).flat(), 'auto-reply' as const].map((name) => [name, name]),
);

function firstRow(event: Event): StoredRow {
  const { delivery, submission, account, user, recipient, sender } = event;
  const at = acceptedAt(event);
  return {
    delivery,
    submission,
    account,
    user,
    at,
    recipient,
    sender,
    status: 'queued',
    statusAt: at,
    attempts: 0,
    opens: 0,
    humanOpens: 0,
    clicks: 0,
    humanClicks: 0,
    unsubscribed: false,
    complained: false,
    domain: '',
    accepted: false,
    leftBefore: false,
  };
}

/** Facts of the message: those of "accepted" count, others fill in what is missing. A letter may have a subject of its own. */
function withFacts(row: StoredRow, event: Event): StoredRow {
  const { type, attempt, subject, at, sender } = event;
  if (type === 'accepted') return withDomain({ ...row, ...factsOf(event), sender, at, accepted: true });
  const isOwn = attempt !== undefined && subject !== undefined && subject !== row.subject;
  const next = isOwn ? { ...row, subject } : row;
  return row.accepted ? next : withDomain({ ...factsOf(event), ...next });
}

function factsOf(event: Event): Partial<DeliveryRow> {
  const { headerFrom, subject, messageId, campaign, campaignName, tags, metadata, size } = event;
  return present({ headerFrom, subject, messageId, campaign, campaignName, tags, metadata, size });
}

function withDomain(row: StoredRow): StoredRow {
  return { ...row, domain: domainOf(row.headerFrom ?? row.sender) };
}

function withAttempt(row: StoredRow, event: Event): StoredRow {
  const { type, attempt = 0, transport, provider, site } = event;
  if (STATUS[type] === undefined || type === 'accepted') return row;
  // An event that was told late does not turn the route back.
  if (attempt < row.attempts) return row;
  return {
    ...row,
    attempts: attempt,
    ...present({ transport, provider, site }),
  };
}

function withEnd(row: StoredRow, event: Event): StoredRow {
  const status = STATUS[event.type];
  if (status === undefined || event.type === 'accepted') return row;
  const [is, was] = [RANK[status], RANK[row.status]];
  if (is < was || (is === was && event.at < row.statusAt)) return row;
  const { class: _class, category: _category, reason: _reason, reply: _reply, ms: _ms, ...rest } = row;
  const { reply, reason } = event;
  const failure = status === 'delivered' ? {} : { class: event.class, category: categoryOf(event) };
  const ms = status === 'delivered' ? Math.max(0, event.age ?? event.at - row.at) : row.ms;
  return {
    ...rest,
    status,
    statusAt: event.at,
    ...present({ ...failure, reason: reason?.slice(0, MAX_TEXT), reply: reply && sayReply(reply), ms }),
  };
}

function sayReply({ code, status, text }: NonNullable<Event['reply']>): string {
  const parts = [String(code), status, text].filter((part) => part !== undefined && part !== '');
  return parts.join(' ').slice(0, MAX_TEXT);
}

function withHit(row: StoredRow, { type, at, machine, how }: Event): StoredRow {
  const human = machine === undefined ? 1 : 0;
  if (type === 'opened') {
    const firstOpenAt = Math.min(at, row.firstOpenAt ?? at);
    return { ...row, opens: row.opens + 1, humanOpens: row.humanOpens + human, firstOpenAt };
  }
  if (type === 'clicked') return { ...row, clicks: row.clicks + 1, humanClicks: row.humanClicks + human };
  if (type === 'complained') return { ...row, complained: true };
  if (type !== 'unsubscribed') return row;
  return how === 'resubscribe'
    ? { ...row, unsubscribed: false }
    : { ...row, unsubscribed: true, leftBefore: true };
}
