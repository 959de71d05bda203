// What a token knows of its delivery, as compact bytes; what is too long is kept elsewhere and named by its hash. Pure.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../lib/json.ts';
import { packDelivery, packList, packNumber, packText, type Reader } from './bytes.ts';

/** What events of hits tell beside delivery, account, user and recipient. */
const detailsSchema = z.object({
  /** Envelope sender; "" is the null sender. */
  sender: z.string(),
  /** Address in From, where it is another. */
  headerFrom: z.string().optional(),
  campaign: z.string().optional(),
  campaignName: z.string().optional(),
  tags: z.array(z.string()).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
});

export type Details = Readonly<z.infer<typeof detailsSchema>>;

/** A delivery as its letter's links carry it. */
export type Facts = Details &
  Readonly<{
    /** "<submission>-<n>", the submission a ULID. */
    delivery: string;
    account: string;
    user: string;
    recipient: string;
    /** What an unsubscription is from; absent: all mail. */
    topic?: string | undefined;
    /** Topics to choose from on the page. */
    topics?: readonly string[] | undefined;
    /** Language of the message, such as "it" or "de-AT", for a page whose reader names none of ours. */
    lang?: string | undefined;
  }>;

/** A text that a token names by `key` and does not hold. */
export type Kept = Readonly<{ key: string; text: string }>;
export type Stored = Readonly<{ stored: string }>;

/** Asked before something is kept elsewhere; false: there is no room for it, and the token has to do without. */
export type Admit = (kept: Kept, what: 'details' | 'target' | 'topics') => boolean;

/** Bytes, and what must be kept for them to make sense. */
export type Packed = Readonly<{ bytes: Buffer; kept: readonly Kept[] }>;

/** A delivery as read from a token. */
export type Subject = Readonly<{
  delivery: string;
  account: string;
  user: string;
  recipient: string;
  details: Details | Stored;
}>;

/** What only a token to unsubscribe carries. */
export type Choice = Readonly<{
  topic: string | undefined;
  lang: string | undefined;
  topics: readonly string[] | Stored;
}>;

const DEFAULT_ACCOUNT = 'default';
const KEY_BYTES = 16;
/** Bytes in a token: of tags, metadata and the campaign's name, and of all facts. */
type Room = Readonly<{ labels: number; facts: number }>;

/** Links and pixels stay below 2,000 characters with a target of usual length. */
export const LINK_ROOM: Room = { labels: 700, facts: 1000 };
/** List-Unsubscribe must fit into a line of 998 characters (RFC 5322 §2.1.1). */
export const HEADER_ROOM: Room = { labels: 200, facts: 500 };
const MAX_TOPICS = 140;
/** Bytes of a target that ride along in its link. */
const MAX_TARGET = 1500;

const INLINE = 0;
const STORED = 1;
/** How a target begins: whole, without its scheme, or kept elsewhere. */
const SCHEMES = ['', 'https://', 'http://'] as const;
const STORED_TARGET = 3;

/** A delivery of `who`. What does not fit and may not be kept is left out: first tags and metadata. */
export function packSubject(who: Buffer, facts: Facts, room: Room, admit: Admit): Packed {
  const { sender, headerFrom, campaign, campaignName, tags, metadata } = facts;
  const full: Details = { sender, headerFrom, campaign, campaignName, tags, metadata };
  const whole = packInline(who, full, room);
  if (whole) return { bytes: whole, kept: [] };
  const kept = keep(JSON.stringify(full));
  if (admit(kept, 'details'))
    return { bytes: Buffer.concat([who, packNumber(STORED), bytesOf(kept)]), kept: [kept] };
  const shorter = [{ sender, headerFrom, campaign }, { sender, headerFrom }, { sender }];
  const [fitting] = shorter.flatMap((less) => packInline(who, less, room) ?? []);
  return { bytes: fitting ?? inline(who, { sender: '' }), kept: [] };
}

/** What a subject begins with. Throws when the delivery's id is not one of ours: nothing else makes deliveries. */
export function packWho({ delivery: id, account, user, recipient }: Facts): Buffer {
  const delivery = packDelivery(id);
  if (!delivery) throw new Error(`"${id}" is not a delivery's id`);
  const name = account === DEFAULT_ACCOUNT ? '' : account;
  return Buffer.concat([delivery, packText(name), packText(user), packText(recipient)]);
}

function packInline(who: Buffer, details: Details, room: Room): Buffer | undefined {
  const bytes = inline(who, details);
  // One byte says that they are here.
  return bytes.length <= room.facts + 1 && packLabels(details).length <= room.labels ? bytes : undefined;
}

function inline(who: Buffer, details: Details): Buffer {
  const { sender, headerFrom, campaign } = details;
  return Buffer.concat([
    who,
    packNumber(INLINE),
    packText(sender),
    packText(headerFrom === sender ? '' : (headerFrom ?? '')),
    packText(campaign ?? ''),
    packLabels(details),
  ]);
}

/** Reads what `packSubject` packed. */
export function readSubject(reader: Reader): Subject {
  const delivery = reader.delivery();
  const account = reader.text() || DEFAULT_ACCOUNT;
  const user = reader.text();
  const recipient = reader.text();
  const details = reader.number() === STORED ? readStored(reader) : readInline(reader);
  return { delivery, account, user, recipient, details };
}

/** Details that were kept elsewhere; undefined for a text that is none. */
export function readDetails(text: string): Details | undefined {
  return parseJson(text, detailsSchema);
}

/** A link's target; what is too long is kept elsewhere, or undefined when it may not be. */
export function packTarget(target: string, admit: Admit): Packed | undefined {
  if (Buffer.byteLength(target) > MAX_TARGET) {
    const kept = keep(target);
    if (!admit(kept, 'target')) return undefined;
    return { bytes: Buffer.concat([packNumber(STORED_TARGET), bytesOf(kept)]), kept: [kept] };
  }
  const scheme = Math.max(
    0,
    SCHEMES.findLastIndex((start) => target.startsWith(start)),
  );
  const rest = target.slice(SCHEMES[scheme]?.length);
  return { bytes: Buffer.concat([packNumber(scheme), Buffer.from(rest)]), kept: [] };
}

/** Reads what `packTarget` packed: to the end, so it comes last. */
export function readTarget(reader: Reader): string | Stored {
  const scheme = reader.number();
  if (scheme === STORED_TARGET) return readStored(reader);
  return (SCHEMES[scheme] ?? '') + reader.rest().toString();
}

/** What a token to unsubscribe carries; topics that are too long are kept elsewhere, or left out where they may not be. */
export function packChoice({ topic, topics = [], lang }: Facts, admit: Admit): Packed {
  const start = Buffer.concat([packText(topic ?? ''), packText(lang ?? '')]);
  const list = packList(topics);
  if (list.length <= MAX_TOPICS) return { bytes: Buffer.concat([start, packNumber(INLINE), list]), kept: [] };
  const kept = keep(JSON.stringify(topics));
  if (!admit(kept, 'topics'))
    return { bytes: Buffer.concat([start, packNumber(INLINE), packList([])]), kept: [] };
  return { bytes: Buffer.concat([start, packNumber(STORED), bytesOf(kept)]), kept: [kept] };
}

/** Reads what `packChoice` packed. */
export function readChoice(reader: Reader): Choice {
  const topic = reader.text() || undefined;
  const lang = reader.text() || undefined;
  const topics = reader.number() === STORED ? readStored(reader) : reader.list();
  return { topic, lang, topics };
}

/** Topics that were kept elsewhere; none for a text that is no list. */
export function readTopics(text: string): readonly string[] {
  return parseJson(text, z.array(z.string())) ?? [];
}

function packLabels({ campaignName, tags, metadata }: Details): Buffer {
  const pairs = Object.entries(metadata ?? {}).flat();
  return Buffer.concat([packText(campaignName ?? ''), packList(tags ?? []), packList(pairs)]);
}

function readInline(reader: Reader): Details {
  const sender = reader.text();
  const headerFrom = reader.text();
  const campaign = reader.text();
  const campaignName = reader.text();
  const tags = [...reader.list()];
  const pairs = reader.list();
  const entries = pairs.flatMap((name, i) => (i % 2 === 0 ? [[name, pairs[i + 1] ?? '']] : []));
  return {
    sender,
    ...(headerFrom === '' ? {} : { headerFrom }),
    ...(campaign === '' ? {} : { campaign }),
    ...(campaignName === '' ? {} : { campaignName }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(entries.length === 0 ? {} : { metadata: Object.fromEntries(entries) }),
  };
}

function keep(text: string): Kept {
  const hash = createHash('sha256').update(text).digest().subarray(0, KEY_BYTES);
  return { key: hash.toString('base64url'), text };
}

function bytesOf({ key }: Kept): Buffer {
  return Buffer.from(key, 'base64url');
}

function readStored(reader: Reader): Stored {
  return { stored: reader.take(KEY_BYTES).toString('base64url') };
}
