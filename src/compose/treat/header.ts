// The header of a treated message for one recipient: tags filled, To its own, List-Unsubscribe added. Pure.
import { readMailboxes, writeMailbox } from '../../mail/address.ts';
import { decodeRaw, encodedWords } from '../../mail/encode.ts';
import { foldField, isAsciiText, oneLine } from '../../mail/fold.ts';
import { scanHeaders, valueOf, type Field } from '../../mail/headers.ts';
import { decodeWords } from '../../mail/words.ts';
import type { Delivery } from '../../model/delivery.ts';
import type { Submission } from '../../model/submission.ts';
import { editFields, type Edit } from '../edit.ts';
import { fillHeader, unfilledInHeader, type HeaderKind, type HeaderTags } from '../merge/header.ts';

/** What all recipients of a submission share of their headers. */
export type HeaderPlan = Readonly<{
  fields: Buffer;
  scan: readonly Field[];
  /** Places of fields whose tags are filled, with their decoded bytes. */
  tagged: ReadonlyMap<number, Readonly<{ name: string; value: Buffer; kind: HeaderKind }>>;
  /** Display names in To and Cc by address in lower case. */
  names: ReadonlyMap<string, string>;
  /** Tags in To are filled, also where we write it. */
  fillsTo: boolean;
  /** Takes the place of the message's subject. */
  subject?: string | undefined;
}>;

export type HeaderFill = Readonly<{
  tags: HeaderTags | undefined;
  /** Addresses of List-Unsubscribe, the https one first; none: no field. */
  unsubscribe: readonly string[];
}>;

const MAX_SUBJECT = 998;
const MAILBOXES = new Set(['to', 'cc', 'reply-to']);
/** Their addresses were authorised (design promise 4): values change only the names in front of them. */
const NAMES = new Set(['from', 'sender']);
/** Fields that say how a message is read or signed are never filled. */
const NEVER =
  /^(?:content-.*|mime-version|message-id|date|received|dkim-signature|return-path|list-unsubscribe-post)$/;

/** Looks for fields with tags among those that the user named. */
export function planHeader(
  fields: Buffer,
  wish: Readonly<{ headers: readonly string[]; subject?: string | undefined }>,
): HeaderPlan {
  const scan = scanHeaders(fields).fields;
  const wanted = new Set(wish.headers);
  const tagged = new Map<number, Readonly<{ name: string; value: Buffer; kind: HeaderKind }>>();
  scan.forEach((field, index) => {
    if (!wanted.has(field.name) || NEVER.test(field.name)) return;
    const value = Buffer.from(valueOf(fields, field), 'latin1');
    tagged.set(index, { name: nameOf(fields, field), value, kind: kindOf(field.name) });
  });
  const names = shownNames(fields, scan);
  return { fields, scan, tagged, names, fillsTo: wanted.has('to'), subject: wish.subject };
}

/** Display names in To and Cc by address in lower case. */
export function shownNames(
  fields: Buffer,
  scan: readonly Field[] = scanHeaders(fields).fields,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const field of scan)
    if (field.name === 'to' || field.name === 'cc')
      collectNames(Buffer.from(valueOf(fields, field), 'latin1'), names);
  return names;
}

function kindOf(name: string): HeaderKind {
  if (NAMES.has(name)) return 'names';
  return MAILBOXES.has(name) ? 'mailboxes' : 'unstructured';
}

/** The name as its sender wrote it. */
function nameOf(fields: Buffer, field: Field): string {
  return fields.toString('latin1', field.start, field.valueStart - 1).trimEnd();
}

function collectNames(value: Buffer, names: Map<string, string>): void {
  for (const { name, address } of readMailboxes(decodeRaw(value)) ?? []) {
    const shown = oneLine(decodeWords(Buffer.from(name)), MAX_SUBJECT);
    if (shown !== '' && !names.has(address.toLowerCase())) names.set(address.toLowerCase(), shown);
  }
}

/** The fields for one recipient. */
export function fillFields(
  plan: HeaderPlan,
  { submission, delivery }: Readonly<{ submission: Submission; delivery: Delivery }>,
  fill: HeaderFill,
): Buffer {
  const own = ownTo(plan, { submission, delivery }, fill.tags);
  let toWritten = false;
  const edited = editFields(plan.fields, plan.scan, ({ name }, index): Edit => {
    if (own !== undefined && (name === 'to' || name === 'cc')) {
      if (name === 'cc') return submission.instructions.separate === true ? 'drop' : 'keep';
      if (toWritten) return 'drop';
      toWritten = true;
      return Buffer.from(own);
    }
    if (name === 'subject' && plan.subject !== undefined) return 'drop';
    const tagged = fill.tags && plan.tagged.get(index);
    const filled = tagged && fill.tags && fillHeader(tagged, fill.tags);
    return filled === undefined ? 'keep' : Buffer.from(filled);
  });
  const added = [
    own !== undefined && !toWritten ? own : '',
    plan.subject === undefined ? '' : subjectField(plan.subject, fill.tags),
    unsubscribeFields(plan, fill.unsubscribe),
  ].join('');
  return added === '' ? edited : Buffer.concat([edited, Buffer.from(added)]);
}

/** Names of tags in the header that nothing is known of. */
export function unfilledInFields(plan: HeaderPlan, tags: HeaderTags): readonly string[] {
  const values = [...plan.tagged.values()].map(({ value }) => value);
  const all = plan.subject === undefined ? values : [...values, Buffer.from(plan.subject)];
  return all.flatMap((value) => unfilledInHeader(value, tags));
}

/** The recipient's own To field, for messages whose recipients do not see each other. */
function ownTo(
  { names, fillsTo }: HeaderPlan,
  { submission, delivery }: Readonly<{ submission: Submission; delivery: Delivery }>,
  tags: HeaderTags | undefined,
): string | undefined {
  const { instructions, treatment } = submission;
  const { recipient } = delivery;
  const lower = recipient.address.toLowerCase();
  if (instructions.separate !== true && !treatment?.ownTo?.includes(lower)) return undefined;
  const name = oneLine(recipient.name ?? names.get(lower) ?? '', MAX_SUBJECT);
  const value = writeMailbox(name.includes('=?') ? '' : name, recipient.address);
  const filled =
    fillsTo && tags && fillHeader({ name: 'To', value: Buffer.from(value), kind: 'names' }, tags);
  return filled || foldField('To', value);
}

function subjectField(subject: string, tags: HeaderTags | undefined): string {
  const value = Buffer.from(subject);
  const filled = tags && fillHeader({ name: 'Subject', value, kind: 'unstructured' }, tags);
  if (filled !== undefined) return filled;
  const line = oneLine(subject, MAX_SUBJECT);
  return foldField('Subject', isAsciiText(line) && !line.includes('=?') ? line : encodedWords(line));
}

/** RFC 2369 §3.2 and RFC 8058 §3.1; one-click only with an https address. A sender's own field stays the only one. */
function unsubscribeFields({ scan }: HeaderPlan, addresses: readonly string[]): string {
  if (addresses.length === 0 || scan.some(({ name }) => name === 'list-unsubscribe')) return '';
  const list = `List-Unsubscribe:${addresses.map((address) => ` <${address}>`).join(',\r\n')}\r\n`;
  const oneClick = addresses.some((address) => address.startsWith('https:'));
  return oneClick ? `${list}List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n` : list;
}
