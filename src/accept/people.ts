// Recipients and the recipient store: what a message tells of them, and how much of what is known goes with it. Pure.
import { readMailboxes, type Mailbox } from '../mail/address.ts';
import { decodeRaw } from '../mail/encode.ts';
import { oneLine } from '../mail/fold.ts';
import { valueOf, type HeaderBlock } from '../mail/headers.ts';
import { decodeWords } from '../mail/words.ts';
import type { Instructions } from '../model/instructions.ts';
import type { Recipient } from '../model/submission.ts';

export type Person = Readonly<{ address: string; name?: string; fields?: Readonly<Record<string, string>> }>;

type Values = Readonly<Record<string, Readonly<Record<string, string>>>>;

const MAX_NAME = 255;
const PLAIN_NAME = /^[\w!#$%&'*+/=?^`{|}~ .-]+$/;
const PLAIN_ADDRESS = /^[\w.+-]+@[a-z\d.-]+$/;
/** Stored values become a part of the record, which stays in memory as long as the message is on its way. */
const MAX_STORED_CHARS = 262_144;
/** A list mailing tells nothing that its next one would not, and its header is long. */
const MAX_PEOPLE = 100;

/** Looking for sections in values may cost so many comparisons; beyond it nothing is learned. */
const MAX_COMPARED = 100_000;

/**
 * Recipients of whom something is known. Values for all recipients are those of the one, where there is only one. A value that
 * names a section of the message means nothing without it.
 */
export function peopleOf(
  message: Readonly<{ header: Buffer; block: HeaderBlock }>,
  recipients: readonly Recipient[],
  { merge }: Instructions,
): readonly Person[] {
  if (recipients.length > MAX_PEOPLE) return [];
  const names = namesIn(message);
  const without = sectionless(Object.keys(merge?.sections ?? {}));
  const common = recipients.length === 1 ? without(merge?.fields) : undefined;
  return recipients.flatMap(({ address, name: given }) => {
    const lower = address.toLowerCase();
    const name = given ?? names.get(lower);
    const own = without(merge?.recipients?.[lower]);
    if (name === undefined && !common && !own) return [];
    return [{ address, ...(name === undefined ? {} : { name }), fields: { ...common, ...own } }];
  });
}

type Fields = Readonly<Record<string, string>> | undefined;

function sectionless(sections: readonly string[]): (values: Fields) => Fields {
  const names = sections.filter((name) => name !== '');
  let compared = 0;
  return (values) => {
    if (!values || names.length === 0) return values;
    const entries = Object.entries(values);
    compared += entries.length * names.length;
    if (compared > MAX_COMPARED) return undefined;
    const plain = entries.filter(([, value]) => !names.some((name) => value.includes(name)));
    return plain.length > 0 ? Object.fromEntries(plain) : undefined;
  };
}

/** Values of as many recipients as a record may carry; undefined when that is all of them. */
export function cutStored(stored: Values): Values | undefined {
  let room = MAX_STORED_CHARS;
  const kept: [string, Readonly<Record<string, string>>][] = [];
  for (const [address, values] of Object.entries(stored)) {
    room -= address.length + JSON.stringify(values).length;
    if (room < 0) return Object.fromEntries(kept);
    kept.push([address, values]);
  }
  return undefined;
}

function namesIn({
  header,
  block,
}: Readonly<{ header: Buffer; block: HeaderBlock }>): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const field of block.fields) {
    if (field.name !== 'to' && field.name !== 'cc') continue;
    const raw = valueOf(header, field);
    if (!raw.includes('<')) continue; // addresses only
    for (const { name, address } of mailboxesOf(raw))
      if (name !== '') names.set(address.toLowerCase(), oneLine(decodeWords(Buffer.from(name)), MAX_NAME));
  }
  return names;
}

/** Most messages have one `Name <address>` in plain words; the whole grammar costs ten times as much. */
function mailboxesOf(raw: string): readonly Mailbox[] {
  const open = raw.indexOf('<');
  const name = raw.slice(0, open).trimEnd();
  const address = raw.slice(open + 1, -1);
  const isPlain = raw.endsWith('>') && PLAIN_NAME.test(name) && PLAIN_ADDRESS.test(address);
  if (isPlain) return [{ name, address }];
  return readMailboxes(decodeRaw(Buffer.from(raw, 'latin1'))) ?? [];
}
