// What the recipient store keeps of names, merge fields and events: bounded, and without what looks like a secret. Pure.
import type { EpochMs } from '../lib/clock.ts';
import type { Event, EventType } from '../model/event.ts';

/** A recipient as an application names it. */
export type Person = Readonly<{
  address: string;
  /** Display name. */
  name?: string | undefined;
  /** Merge fields. */
  fields?: Readonly<Record<string, string>> | undefined;
}>;

export const recipientCounters = [
  'accepted',
  'delivered',
  'bounced',
  'opened',
  'clicked',
  'unsubscribed',
] as const;
export type RecipientCounter = (typeof recipientCounters)[number];

/** What a recipient's status becomes; "resubscribed" ends "unsubscribed" and "complained", which nothing else does. */
export type StatusChange = 'reached' | 'bounced' | 'unsubscribed' | 'complained' | 'resubscribed';

/** What events say about one recipient, summed up. */
export type Note = Readonly<{
  address: string;
  /** Times of the earliest and the latest event. */
  first: EpochMs;
  last: EpochMs;
  status: StatusChange | undefined;
  counts: Readonly<Record<RecipientCounter, number>>;
}>;

export const MAX_FIELDS = 50;
const MAX_FIELD_BYTES = 200;
export const MAX_ALL_BYTES = 4096;
const MAX_FIELD_NAME = 100;
const MAX_NAME = 200;
const MAX_ADDRESS = 320;

/** Words in a field's name that speak of what nobody else is to see. */
const SECRET =
  /^(?:password|passwd|pwd|secret|token|otp|pin|code|key|url|uri|link|href|hash|signature|iban|card|cvv|ssn)s?$/;
/** Words that speak of one message only: the next one without a value must not tell the number of the last order. */
const PASSING =
  /^(?:id|order|invoice|ticket|booking|reservation|shipment|parcel|tracking|item|product|amount|total|price|balance|date|time|subject|message|body|content)(?:s|id|no|nr|number)?$/;

/** The form in which an address names a recipient; undefined when it can be none. */
export function recipientAddress(text: string): string | undefined {
  const address = text.trim().toLowerCase();
  const hasDomain = address.lastIndexOf('@') > 0 && !address.endsWith('@');
  return hasDomain && address.length <= MAX_ADDRESS && !hasControls(address) ? address : undefined;
}

/** A display name worth keeping; "" when there is none. */
export function learnableName(name: string | undefined): string {
  const text = name?.trim() ?? '';
  return text.includes('@') || text.length > MAX_NAME || hasControls(text) ? '' : text;
}

/**
 * The fields worth keeping: short ones, without links and without what looks like a password or a code. What is too long
 * is left out, not cut: half a value is a wrong one.
 */
export function learnableFields(fields: Readonly<Record<string, string>> = {}): Record<string, string> {
  const fit = Object.entries(fields).filter(([name, value]) => isLasting(name, value));
  return bounded(fit);
}

/** The sentence why this cannot be a display name; undefined when it can. */
export function nameProblem(name = ''): string | undefined {
  if (name.length <= MAX_NAME && !hasControls(name)) return undefined;
  return `A name has at most ${MAX_NAME} characters, and no line ends.`;
}

/** The sentence why these fields cannot be stored; undefined when they can. */
export function fieldsProblem(fields: Readonly<Record<string, string>>): string | undefined {
  const entries = Object.entries(fields);
  const bad = entries.find(([name]) => !isName(name));
  if (bad) return `A field's name has 1 to ${MAX_FIELD_NAME} characters, and "${bad[0]}" cannot be one.`;
  const long = entries.find(([, value]) => Buffer.byteLength(value) > MAX_FIELD_BYTES);
  if (long) return `The value of ${long[0]} is longer than ${MAX_FIELD_BYTES} bytes.`;
  if (entries.length > MAX_FIELDS) return `A recipient has at most ${MAX_FIELDS} fields.`;
  return Buffer.byteLength(JSON.stringify(fields)) > MAX_ALL_BYTES
    ? `The fields of a recipient are together at most ${MAX_ALL_BYTES} bytes.`
    : undefined;
}

/** Sums up events by account, then by recipient. A program that follows links neither opens nor clicks. */
export function notesOf(events: readonly Event[]): ReadonlyMap<string, readonly Note[]> {
  const accounts = new Map<string, Map<string, Note>>();
  for (const event of events) {
    const address = recipientAddress(event.recipient);
    if (address === undefined || (counterOf(event) ?? statusOf(event)) === undefined) continue;
    const notes = accounts.get(event.account) ?? new Map<string, Note>();
    accounts.set(event.account, notes);
    notes.set(address, withEvent(notes.get(address) ?? blank(address, event.at), event));
  }
  return new Map([...accounts].map(([account, notes]) => [account, [...notes.values()]]));
}

function blank(address: string, at: EpochMs): Note {
  const counts = { accepted: 0, delivered: 0, bounced: 0, opened: 0, clicked: 0, unsubscribed: 0 };
  return { address, first: at, last: at, status: undefined, counts };
}

function withEvent(note: Note, event: Event): Note {
  const counter = counterOf(event);
  const counts =
    counter === undefined ? note.counts : { ...note.counts, [counter]: note.counts[counter] + 1 };
  const status = laterStatus(note.status, statusOf(event));
  const first = Math.min(note.first, event.at);
  return { address: note.address, first, last: Math.max(note.last, event.at), status, counts };
}

function counterOf({ type, machine, how }: Event): RecipientCounter | undefined {
  if (machine === 'scanner' || how === 'resubscribe') return undefined;
  return recipientCounters.find((counter) => counter === type);
}

const STATUS_OF: Partial<Record<EventType, StatusChange>> = {
  delivered: 'reached',
  opened: 'reached',
  clicked: 'reached',
  bounced: 'bounced',
  complained: 'complained',
  unsubscribed: 'unsubscribed',
};

/** An unsubscription from one topic says nothing about the others. */
function statusOf({ type, topic, how, machine }: Event): StatusChange | undefined {
  if (machine === 'scanner' || (type === 'unsubscribed' && topic !== undefined)) return undefined;
  return how === 'resubscribe' ? 'resubscribed' : STATUS_OF[type];
}

function laterStatus(
  old: StatusChange | undefined,
  next: StatusChange | undefined,
): StatusChange | undefined {
  if (next === undefined) return old;
  const outlasts = next === 'reached' || next === 'bounced';
  const lasting = old === 'unsubscribed' || old === 'complained' || old === 'resubscribed';
  return outlasts && lasting ? old : next;
}

function isLasting(name: string, value: string): boolean {
  if (!isName(name) || value === '' || Buffer.byteLength(value) > MAX_FIELD_BYTES) return false;
  if (value.includes('://') || hasControls(value)) return false;
  const words = name.replace(/([a-z])([A-Z])/g, '$1 $2').split(/[^\p{L}\p{N}]+/u);
  return !words.some((word) => SECRET.test(word.toLowerCase()) || PASSING.test(word.toLowerCase()));
}

function isName(name: string): boolean {
  return name !== '' && name !== '__proto__' && name.length <= MAX_FIELD_NAME && !hasControls(name);
}

/** As many as there is room for, in their order. */
function bounded(entries: readonly (readonly [string, string])[]): Record<string, string> {
  const kept: [string, string][] = [];
  let bytes = 2;
  for (const [name, value] of entries.slice(0, MAX_FIELDS)) {
    bytes += Buffer.byteLength(JSON.stringify([name, value]));
    if (bytes > MAX_ALL_BYTES) break;
    kept.push([name, value]);
  }
  return Object.fromEntries(kept);
}

function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
