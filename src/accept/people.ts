// What a message tells of its recipients, for the recipient store: names in To and Cc, and their merge values. Pure.
import { readMailboxes } from '../mail/address.ts';
import { decodeRaw } from '../mail/encode.ts';
import { oneLine } from '../mail/fold.ts';
import { fieldsNamed, valueOf, type HeaderBlock } from '../mail/headers.ts';
import { decodeWords } from '../mail/words.ts';
import type { Instructions } from '../model/instructions.ts';
import type { Recipient } from '../model/submission.ts';

export type Person = Readonly<{ address: string; name?: string; fields?: Readonly<Record<string, string>> }>;

const MAX_NAME = 255;
/** A list mailing tells nothing that its next one would not, and its header is long. */
const MAX_PEOPLE = 100;

/** Recipients of whom something is known. Values for all recipients are those of the one, where there is only one. */
export function peopleOf(
  message: Readonly<{ header: Buffer; block: HeaderBlock }>,
  recipients: readonly Recipient[],
  { merge }: Instructions,
): readonly Person[] {
  if (recipients.length > MAX_PEOPLE) return [];
  const names = namesIn(message);
  const common = recipients.length === 1 ? merge?.fields : undefined;
  return recipients.flatMap(({ address, name: given }) => {
    const lower = address.toLowerCase();
    const name = given ?? names.get(lower);
    const own = merge?.recipients?.[lower];
    if (name === undefined && !common && !own) return [];
    return [{ address, ...(name === undefined ? {} : { name }), fields: { ...common, ...own } }];
  });
}

function namesIn({
  header,
  block,
}: Readonly<{ header: Buffer; block: HeaderBlock }>): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const field of [...fieldsNamed(block, 'to'), ...fieldsNamed(block, 'cc')])
    for (const { name, address } of readMailboxes(decodeRaw(Buffer.from(valueOf(header, field), 'latin1'))) ??
      []) {
      if (name !== '') names.set(address.toLowerCase(), oneLine(decodeWords(Buffer.from(name)), MAX_NAME));
    }
  return names;
}
