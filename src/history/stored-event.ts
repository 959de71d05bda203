// An event as it is stored beside its delivery's row: without what the row tells already; and whole again. Pure.
import { present } from '../lib/present.ts';
import type { Event } from '../model/event.ts';
import type { DeliveryRow } from './search.ts';

/** What follows the delivery in an event's id: such as "deferred.2". Ids that are made otherwise stay whole. */
export function nameOf({ id, delivery }: Pick<Event, 'id' | 'delivery'>): string {
  return id.startsWith(`${delivery}.`) ? id.slice(delivery.length + 1) : id;
}

/** What the row tells, and what its place tells. */
const OWN: ReadonlySet<string> = new Set([
  'v',
  'id',
  'account',
  'user',
  'submission',
  'delivery',
  'recipient',
]);
const FACTS = ['sender', 'headerFrom', 'subject', 'messageId', 'campaign', 'campaignName', 'size'] as const;

/** One line of JSON. */
export function leanEvent(event: Event, row: DeliveryRow): string {
  const lean: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(event)) if (!OWN.has(name)) lean[name] = value;
  for (const name of FACTS) if (event[name] === row[name]) lean[name] = undefined;
  for (const name of ['tags', 'metadata'] as const)
    if (isSame(event[name], row[name])) lean[name] = undefined;
  return JSON.stringify(lean);
}

/** The event that `leanEvent` made a line of; undefined when it cannot be read. */
export function wholeEvent(line: string, name: string, row: DeliveryRow): Event | undefined {
  const lean = parseLine(line);
  if (lean === undefined) return undefined;
  const { delivery, submission, account, user, recipient } = row;
  const { size, ...facts } = factsOf(row);
  const known = { ...facts, ...(lean.type === 'accepted' && size !== undefined ? { size } : {}) };
  const id = name.startsWith(`${lean.type}`) ? `${delivery}.${name}` : name;
  return { ...known, ...lean, v: 1, id, delivery, submission, account, user, recipient };
}

type Lean = Pick<Event, 'type' | 'at'> & Partial<Event>;

function parseLine(line: string): Lean | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isLean(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** We wrote it ourselves: its kind says enough. */
function isLean(value: unknown): value is Lean {
  return typeof value === 'object' && value !== null && 'type' in value && 'at' in value;
}

function factsOf({
  sender,
  headerFrom,
  subject,
  messageId,
  campaign,
  campaignName,
  tags,
  metadata,
  size,
}: DeliveryRow): Pick<Event, 'sender'> & Partial<Event> {
  const lists = { ...(tags ? { tags: [...tags] } : {}), ...(metadata ? { metadata: { ...metadata } } : {}) };
  return {
    sender,
    ...present({ headerFrom, subject, messageId, campaign, campaignName, size }),
    ...lists,
  };
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  return typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b);
}
