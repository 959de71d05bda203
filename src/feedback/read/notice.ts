// Notices in words, as mail systems wrote them before RFC 3464 and still do: recipients, and what is said of each. Pure.
import { addressesIn } from './addresses.ts';
import { MAX_RECIPIENTS } from './dsn.ts';
import { decodedValue, textIn, valueIn, valuesIn, type Fields } from './fields.ts';
import type { Opened } from './open.ts';
import { isFailureLine } from './words.ts';

/** An address and the lines that speak of it. */
export type Entry = Readonly<{ address: string; lines: readonly string[] }>;

type Place = Readonly<{ address: string; line: number; rank: number }>;

/** Lines that are kept of what is said of one recipient. */
const MAX_SAID = 25;
const HEADS = /^[\s>*•·\-–—+|.:'"`([]*(?:\d{1,2}[.)]\s)?[\s<'"`[(]*$/;
const LABEL =
  /(?:^|[\s(*-])(?:(?:failed|intended|final|original|envelope|invalid|unknown|target|bad|local)[- ])?(?:mail )?(?:recipients?|address(?:es)?|e-?mail address|user(?:id)?|mailbox|rcpt(?: to)?|destinatari\w*|empfänger|destinataires?|получател\w*)(?: address)?(?: \(s\)|\(s\))?\s?[:=]\s?[\s<'"`[]*(?:smtp:|rfc822;)?\s?<?$/i;
const X400 = /(?:dda:(?:smtp|rfc-?822)|rfc-?822|smtp)[=:;]\s?$/i;
const SAID_TO = /(?:\bto|\bfor|rcpt to|following (?:address|recipient)\w*|addressed to|mailbox|user|recipient|address)\b[\s:<'"`(]*$/i;
const NOT_ABOUT =
  /^\W{0,6}(?:from|to|cc|bcc|reply-to|sender|subject|date|sent|message-id|return-path|received|mail from|x-[\w-]{1,40}|envelope-from)\s?:|mail from:|envelope[- ]from|please (?:contact|send|e-?mail|forward|write)|contact (?:the|your|us|me)?|questions?|assistance|(?:mailto|https?):|message-id|for help|original sender|you sent from|sender address/i;
const NOBODY = /^(?:post-?master|mailer-?daemon|abuse|support|helpdesk|hostmaster|webmaster|no-?reply)$/i;

/** The recipients that a notice names, best evidence first; none when it names nobody. */
export function entriesOf(opened: Opened): readonly Entry[] {
  const lines = opened.texts.flat();
  const failed = failedRecipients(opened.header);
  const places = placesIn(lines, ownAddresses(opened), failed);
  const best = Math.max(0, ...places.map((place) => place.rank));
  const chosen = places.filter((place) => place.rank === best && best > 0);
  const named = failed.length > 0 ? failed : unique(chosen.map((place) => place.address));
  const starts = named.map((address) => startOf(address, places));
  return named.slice(0, MAX_RECIPIENTS).map((address, i) => {
    const start = starts[i] ?? -1;
    const next = Math.min(lines.length, ...starts.filter((other) => other > start));
    return { address, lines: start < 0 ? [] : lines.slice(start, Math.min(next, start + MAX_SAID)) };
  });
}

/** Whom the returned message was for, where the notice itself does not say. */
export function originalRecipient(original: Fields | undefined): string {
  if (!original) return '';
  for (const name of ['x-failed-recipients', 'x-original-to', 'x-rcpt-to', 'x-envelope-to', 'envelope-to', 'delivered-to', 'to', 'apparently-to']) {
    const spotted = addressesIn(textIn(original, name))[0];
    if (spotted) return spotted.address;
  }
  for (const value of valuesIn(original, 'received')) {
    const match = /\bfor\s{1,4}<?([^\s<>;]{1,320})>?\s*[;(]/.exec(value.slice(0, 2000));
    const address = addressesIn(match?.[1] ?? '')[0]?.address;
    if (address !== undefined) return address;
  }
  return '';
}

/** Exim, Gmail and others name them in the header. */
function failedRecipients(header: Fields): readonly string[] {
  const values = [...valuesIn(header, 'x-failed-recipients'), ...valuesIn(header, 'x-mailer-daemon-recipients')];
  return unique(values.flatMap((value) => addressesIn(decodedValue(value)).map((spotted) => spotted.address)));
}

/** Addresses of the sender and of the system that writes: they stand in notices, and never as the one that failed. */
function ownAddresses({ header, original }: Opened): ReadonlySet<string> {
  const fields = [
    ...['to', 'from', 'reply-to', 'return-path', 'sender', 'delivered-to', 'x-original-to'].map((name) => textIn(header, name)),
    ...['from', 'return-path', 'sender', 'reply-to', 'errors-to'].map((name) => (original ? textIn(original, name) : '')),
  ];
  const own = fields.flatMap((field) => addressesIn(field).map((spotted) => spotted.address.toLowerCase()));
  const target = originalRecipient(original).toLowerCase();
  return new Set(own.filter((address) => address !== target));
}

function placesIn(lines: readonly string[], own: ReadonlySet<string>, failed: readonly string[]): readonly Place[] {
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

function startOf(address: string, places: readonly Place[]): number {
  const lower = address.toLowerCase();
  const mine = places.filter((place) => place.address.toLowerCase() === lower);
  const best = Math.max(0, ...mine.map((place) => place.rank));
  return mine.find((place) => place.rank === best)?.line ?? -1;
}

function unique(addresses: readonly string[]): readonly string[] {
  const seen = new Map<string, string>();
  for (const address of addresses) if (!seen.has(address.toLowerCase())) seen.set(address.toLowerCase(), address);
  return [...seen.values()];
}
