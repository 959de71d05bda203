// Notices in words, as mail systems wrote them before RFC 3464 and still do: recipients, and what is said of each. Pure.
import { addressesIn } from './addresses.ts';
import { MAX_RECIPIENTS } from './dsn.ts';
import { decodedValue, textIn, valuesIn, type Fields } from './fields.ts';
import type { Opened } from './open.ts';
import { isFailureLine } from './words.ts';

/** An address and the lines that speak of it. */
export type Entry = Readonly<{ address: string; lines: readonly string[] }>;

type Place = Readonly<{ address: string; line: number; rank: number }>;

/** Lines that are kept of what is said of one recipient. */
const MAX_SAID = 25;
const HEADS =
  /^[\s>*•·\-–—+|.:'"`([]*(?:(?:\d{1,2}[.)]|[45]\d\d(?: [45]\.\d{1,3}\.\d{1,3})?)\s)?[\s<'"`[(]*$/;
const LABEL =
  /(?:^|[\s(*-])(?:(?:failed|intended|final|original|envelope|invalid|unknown|target|bad|local)[- ])?(?:mail )?(?:recipients?|address(?:es)?|e-?mail address|user(?:id)?|mailbox|expanded from|destinatari\w*|empfänger|destinataires?|получател\w*)(?: address)?(?: \(s\)|\(s\))?\s?[:=]\s?[\s<'"`[]*(?:smtp:|rfc822;)?\s?<?$/i;
const X400 = /(?:dda:(?:smtp|rfc-?822)|rfc-?822|smtp)[=:;]\s?$/i;
const SAID_TO =
  /(?:\bto|\bfor|rcpt to|following (?:address|recipient)\w*|addressed to|mailbox|user|recipient|address)\b[\s:<'"`(]*$/i;
const NOT_ABOUT =
  /^\W{0,6}(?:from|to|cc|bcc|reply-to|sender|subject|date|sent|message-id|return-path|received|mail from|x-[\w-]{1,40}|envelope-from)\s?:|mail from:|envelope[- ]from|please (?:contact|send|e-?mail|forward|write)|contact (?:the|your|us|me)?|questions?|assistance|(?:mailto|https?):|message-id|for help|original sender|you sent from|sender address/i;
const CODED = /(?<![\d.])[45](?:\d\d|\.\d{1,3}\.\d{1,3})(?![\d.])/;
const NOBODY = /^(?:post-?master|mailer-?daemon|abuse|support|helpdesk|hostmaster|webmaster|no-?reply)$/i;

/** The recipients that a notice names, by the best evidence there is. `known` are named elsewhere, as by a status part. */
export function entriesOf(opened: Opened, known: readonly string[] = []): readonly Entry[] {
  const lines = opened.texts.flat();
  const failed = known.length > 0 ? known : failedRecipients(opened.header);
  const places = placesOrOwn(lines, ownAddresses(opened), failed);
  const best = Math.max(0, ...places.map((place) => place.rank));
  const chosen = places.filter((place) => place.rank === best && best > 0);
  const named = failed.length > 0 ? failed : unique(chosen.map((place) => place.address));
  return named
    .slice(0, MAX_RECIPIENTS)
    .map((address) => ({ address, lines: saidOf(address, lines, places) }));
}

/** From the line that names the recipient best to the one that names the next, or to where the reply has ended. */
function saidOf(address: string, lines: readonly string[], places: readonly Place[]): readonly string[] {
  const lower = address.toLowerCase();
  const mine = places.filter((place) => place.address.toLowerCase() === lower);
  const rank = Math.max(0, ...mine.map((place) => place.rank));
  const start = mine.find((place) => place.rank === rank)?.line;
  if (start === undefined) return [];
  const isNext = (place: Place): boolean =>
    place.line > start && place.rank === rank && place.address.toLowerCase() !== lower;
  const next = places.find((place) => isNext(place))?.line ?? lines.length;
  const said = lines.slice(start, Math.min(next, start + MAX_SAID));
  // A transcript says it in one line: "550 <a@b.example>... User unknown".
  if (/^\s{0,4}[45]\d\d[ -]/.test(said[0] ?? '')) {
    const end = said.findIndex((line, i) => i > 0 && !/^[\t ]/.test(line));
    const command = lines.slice(Math.max(0, start - 8), start).findLast((line) => !line.startsWith('<<<'));
    return [...(command?.startsWith('>>>') ? [command] : []), ...said.slice(0, end < 0 ? said.length : end)];
  }
  return said.slice(0, endOfReply(said));
}

/** The empty line after the reply's last line, where several have the same code ("550-", "550 "), or a ruled line. */
function endOfReply(said: readonly string[]): number {
  const first = said.findIndex((line) => CODED.test(line));
  if (first < 0) return said.length;
  const rule = said.findIndex((line, i) => i > first && /^\s{0,8}[-=]{3,}/.test(line));
  const within = rule < 0 ? said : said.slice(0, rule);
  const last = Math.max(
    first,
    within.findLastIndex((line) => /^\s{0,8}[45]\d\d[ -]/.test(line)),
  );
  const end = within.findIndex((line, i) => i > last && line.trim() === '');
  return end < 0 ? within.length : end;
}

/** Whom the returned message was for, where the notice itself does not say. */
export function originalRecipient(original: Fields | undefined): string {
  if (!original) return '';
  for (const value of valuesIn(original, 'received')) {
    const match = /\bfor\s{1,4}<?([^\s<>;]{1,320})>?\s*[;(]/.exec(value.slice(0, 2000));
    const address = addressesIn(match?.[1] ?? '')[0]?.address;
    if (address !== undefined) return address;
  }
  for (const name of [
    'x-original-to',
    'x-rcpt-to',
    'x-envelope-to',
    'envelope-to',
    'to',
    'apparently-to',
    'delivered-to',
  ]) {
    const spotted = addressesIn(textIn(original, name))[0];
    if (spotted) return spotted.address;
  }
  return '';
}

/** Exim, Gmail and others name them in the header. */
function failedRecipients(header: Fields): readonly string[] {
  const values = [
    ...valuesIn(header, 'x-failed-recipients'),
    ...valuesIn(header, 'x-mailer-daemon-recipients'),
  ];
  return unique(
    values.flatMap((value) => addressesIn(decodedValue(value)).map((spotted) => spotted.address)),
  );
}

/** Addresses of the sender and of the system that writes: they stand in notices, and never as the one that failed. */
function ownAddresses({ header, original }: Opened): ReadonlySet<string> {
  const fields = [
    ...['to', 'from', 'return-path', 'sender'].map((name) => textIn(header, name)),
    ...['from', 'return-path', 'sender', 'errors-to'].map((name) => (original ? textIn(original, name) : '')),
  ];
  const own = fields.flatMap((field) => addressesIn(field).map((spotted) => spotted.address.toLowerCase()));
  const target = originalRecipient(original).toLowerCase();
  return new Set(own.filter((address) => address !== target));
}

/** Who writes to himself stands in the notice too: then a line of its own names him. */
function placesOrOwn(
  lines: readonly string[],
  own: ReadonlySet<string>,
  failed: readonly string[],
): readonly Place[] {
  const places = placesIn(lines, own, failed);
  if (places.length > 0) return places;
  return placesIn(lines, new Set(), failed).filter((place) => place.rank === 4);
}

function placesIn(
  lines: readonly string[],
  own: ReadonlySet<string>,
  failed: readonly string[],
): readonly Place[] {
  const sure = new Set(failed.map((address) => address.toLowerCase()));
  const places: Place[] = [];
  for (const [i, line] of lines.entries()) {
    const isAbout = !NOT_ABOUT.test(line.slice(0, 300));
    for (const { address, start } of addressesIn(line)) {
      const lower = address.toLowerCase();
      if (own.has(lower) && !sure.has(lower)) continue;
      if (NOBODY.test(lower.slice(0, lower.lastIndexOf('@'))) && !sure.has(lower)) continue;
      places.push({ address, line: i, rank: isAbout ? rankOf(line, start) : 1 });
    }
    if (places.length > MAX_RECIPIENTS * 4) break;
  }
  return places;
}

/** 4: the line begins with it, or a label names it · 3: the words before lead to it · 2: somewhere in the notice. */
function rankOf(line: string, start: number): number {
  const before = line.slice(Math.max(0, start - 80), start);
  if (start < 60 && HEADS.test(line.slice(0, start))) return 4;
  if (LABEL.test(before) || X400.test(before)) return 4;
  if (SAID_TO.test(before) || isFailureLine(line)) return 3;
  return 2;
}

function unique(addresses: readonly string[]): readonly string[] {
  const seen = new Map<string, string>();
  for (const address of addresses)
    if (!seen.has(address.toLowerCase())) seen.set(address.toLowerCase(), address);
  return [...seen.values()];
}
