// Merge tags in header fields: no value can add a line, a field or a mailbox. Pure.
import { readMailboxes, writeMailbox } from '../../mail/address.ts';
import { decodeRaw, encodedWords } from '../../mail/encode.ts';
import { foldField, isAsciiText, oneLine } from '../../mail/fold.ts';
import { decodeWords } from '../../mail/words.ts';
import { courseState, makeCourse } from './course.ts';
import type { Hit, TagSearch } from './tags.ts';
import { resolveTag, type Lookup } from './values.ts';

/**
 * unstructured: a text, such as Subject. mailboxes: addresses with names, such as To. names: the same, but only display names
 * change, for fields whose address was authorised (From, Sender).
 */
export type HeaderKind = 'unstructured' | 'mailboxes' | 'names';

export type HeaderField = Readonly<{
  /** As it is written: "Subject". */
  name: string;
  /** The value's bytes with folding undone. */
  value: Buffer;
  kind: HeaderKind;
}>;

export type HeaderTags = Readonly<{
  /** Made with the charset `unicode` and the form 'plain'. */
  search: TagSearch;
  value: Lookup;
}>;

const MAX_CHARS = 4 * 998;
const MAX_VALUE_CHARS = 998;
const MAX_ADDRESS_CHARS = 320;
const MAX_TAGS = 200;
const ADDRESS = /^[^\s<>()[\]\\,;:"@]+@[^\s<>()[\]\\,;:"@]+$/;
/** Longer words than a line may be (RFC 5322 §2.1.1) are encoded, since they cannot be folded. */
const LONG_WORD = /[^ ]{900}/;

/**
 * The whole field with its CRLF, folded, in 7 bits. Undefined when it stays as it stands: no tag in it has a value, or what
 * comes out would be no address.
 */
export function fillHeader(field: HeaderField, tags: HeaderTags): string | undefined {
  return field.kind === 'unstructured' ? fillText(field, tags) : fillMailboxes(field, tags);
}

/** Names of tags without value and fallback. */
export function unfilledInHeader(value: Buffer, { search, value: lookup }: HeaderTags): readonly string[] {
  return search(decodeWords(value), MAX_TAGS)
    .filter(({ tag }) => !tag.branch && resolveTag(tag, lookup) === undefined)
    .map(({ tag }) => tag.name);
}

function fillText({ name, value }: HeaderField, tags: HeaderTags): string | undefined {
  const filled = filledText(decodeWords(value), tags);
  return filled === undefined ? undefined : foldField(name, writeText(oneLine(filled, MAX_CHARS)));
}

/** A text with its values and the branches of its conditions; undefined when there is none of either. */
export function filledText(text: string, { search, value }: HeaderTags): string | undefined {
  const hits = search(text, MAX_TAGS);
  const isWhole = courseState(hits.flatMap(({ tag }) => tag.branch ?? [])) === 'whole';
  const course = makeCourse(value);
  let out = '';
  let from = 0;
  let isOn = true;
  let changed = false;
  for (const { start, end, tag } of hits) {
    const isTurn = isWhole && tag.branch !== undefined;
    const found = isTurn || !isOn ? undefined : resolveTag(tag, value);
    if (!isTurn && found === undefined) continue;
    if (isOn) out += text.slice(from, start) + oneLine(found?.text ?? '', MAX_VALUE_CHARS);
    if (isTurn && tag.branch) isOn = course.pass(tag.branch);
    from = end;
    changed = true;
  }
  return changed ? out + text.slice(from) : undefined;
}

/** A value that only looks like an encoded word is encoded too: it would be read as something else. */
function writeText(text: string): string {
  return isAsciiText(text) && !text.includes('=?') && !LONG_WORD.test(text) ? text : encodedWords(text);
}

/**
 * Reads the mailboxes first, with a word in place of each tag, and fills names and addresses one by one afterwards: commas,
 * quotes and angle brackets in a value are then characters of a name.
 */
function fillMailboxes({ name, value, kind }: HeaderField, tags: HeaderTags): string | undefined {
  const raw = decodeRaw(value);
  const marks = markTags(raw, tags.search(raw, MAX_TAGS));
  const mailboxes = readMailboxes(marks.text);
  if (!mailboxes || mailboxes.length === 0) return undefined;
  const written: string[] = [];
  let changed = false;
  for (const mailbox of mailboxes) {
    const display = fillName(marks, mailbox.name, tags);
    const address = fillAddress(marks, mailbox.address, { tags, kind });
    if (address === undefined) return undefined;
    changed ||= display.changed || address.changed;
    written.push(writeSafely(display.text || address.name, address.text));
  }
  return changed ? foldField(name, written.join(', ')) : undefined;
}

type Marks = Readonly<{ text: string; word: RegExp; hits: readonly Hit[] }>;

/** The value with a word for each tag that says which one it is. */
function markTags(raw: string, hits: readonly Hit[]): Marks {
  let prefix = 'tag';
  while (raw.toLowerCase().includes(prefix)) prefix += 'q';
  let text = '';
  let from = 0;
  hits.forEach(({ start, end }, index) => {
    const before = raw.slice(from, start);
    const after = raw.slice(end);
    // Alone between commas or in angle brackets it is a whole address.
    const alone = /(?:^|[,;:<])\s*$/.test(text + before) && /^\s*(?:$|[,;>])/.test(after);
    text += `${before}${prefix}${index}x${alone ? `@${prefix}.invalid` : ''}`;
    from = end;
  });
  text += raw.slice(from);
  return { text, hits, word: new RegExp(`${prefix}(\\d{1,3})x(?:@${prefix}\\.invalid)?`, 'gi') };
}

type Filled = Readonly<{ text: string; changed: boolean }>;

/** Tags inside an encoded name are found only after it is decoded. */
function fillName(marks: Marks, name: string, tags: HeaderTags): Filled {
  let changed = false;
  const decoded = decodeWords(Buffer.from(name, 'utf8')).replace(marks.word, (_, index: string) => {
    const tag = marks.hits[Number(index)]?.tag;
    const value = tag && resolveTag(tag, tags.value);
    changed ||= value !== undefined;
    return value ? oneLine(value.text, MAX_VALUE_CHARS) : (tag?.source ?? '');
  });
  const inner = changed || !name.includes('=?') ? undefined : filledText(decoded, tags);
  return { text: oneLine(inner ?? decoded, MAX_VALUE_CHARS), changed: changed || inner !== undefined };
}

/** Undefined when it would be no single plain address, or may not change. `name`: of a value that is name and address. */
function fillAddress(
  marks: Marks,
  address: string,
  { tags, kind }: Readonly<{ tags: HeaderTags; kind: HeaderKind }>,
): (Filled & Readonly<{ name: string }>) | undefined {
  const found = [...address.matchAll(marks.word)].map((match) => marks.hits[Number(match[1])]?.tag);
  if (found.length === 0) return { text: address, changed: false, name: '' };
  if (kind === 'names') return undefined;
  const values = found.map((tag) => tag && resolveTag(tag, tags.value)?.text);
  if (values.some((value) => value === undefined)) return undefined;
  let next = 0;
  const filled = address.replace(marks.word, () => values[next++] ?? '').trim();
  // A value that is a whole address may bring its name; one that is a part of an address is only that part.
  const whole = address.replace(marks.word, '') === '';
  const mailboxes = isPlain(filled) && (whole || ADDRESS.test(filled)) ? readMailboxes(filled) : undefined;
  const [only] = mailboxes ?? [];
  if (!only || mailboxes?.length !== 1 || !isAsciiText(only.address) || only.address.includes('"'))
    return undefined;
  return { text: only.address, changed: true, name: oneLine(only.name, MAX_VALUE_CHARS) };
}

function isPlain(address: string): boolean {
  return address.length <= MAX_ADDRESS_CHARS && !/[\p{Cc}\u2028\u2029,;]/u.test(address);
}

/** A name that looks like an encoded word, or has no letter in ASCII, is encoded. */
function writeSafely(name: string, address: string): string {
  if (name.includes('=?') || LONG_WORD.test(name)) return `${encodedWords(name)} <${address}>`;
  return writeMailbox(name, address);
}
