// What stands for a merge tag: the recipient's values, those for all, the store's, and ours, in that order. Pure.
import type { Merge } from '../../model/instructions.ts';
import { sectionsOf, type Expand } from './sections.ts';
import type { Tag } from './tags.ts';

type Values = Readonly<Record<string, string>>;

export type ForRecipient = Readonly<{
  /** In lower case, as the keys of the instructions. */
  address: string;
  /** Values of the recipient store (Treatment.stored). */
  stored?: Values | undefined;
  /** Ours, by the names of system.ts: `email`, `name`, `first_name`, `last_name`, `unsubscribe_url`, `preferences_url`. */
  system(name: string): string | undefined;
}>;

/** `html`: it is the sender's, by a tag whose vendor puts values into HTML as they are. */
export type Value = Readonly<{ text: string; html: boolean }>;

/** The value of a tag for one recipient; undefined when nothing is known of it. */
export type Lookup = (tag: Tag) => Value | undefined;

export type MergeValues = Readonly<{
  /** Texts that are tags by themselves ('literal'), for `tagSearch`. */
  literals: ReadonlySet<string>;
  lookupFor(recipient: ForRecipient): Lookup;
}>;

/** Literals beyond these many are not looked for. */
const MAX_LITERALS = 10_000;
const MAX_LITERAL_CHARS = 512 * 1024;

/** Prepares the values of a submission once; `lookupFor` is then cheap. */
export function mergeValues(merge: Merge, moreLiterals: readonly string[] = []): MergeValues {
  const literals = literalsOf(merge, moreLiterals);
  const expand = sectionsOf({ sections: merge.sections ?? {}, literals });
  const fields = merge.fields && indexed(merge.fields);
  return {
    literals,
    lookupFor: (recipient) => {
      const own = ownValue(merge.recipients, recipient.address);
      const sources = [own && indexed(own), fields, recipient.stored && indexed(recipient.stored)];
      return (tag) => lookUp(tag, sources, { recipient, expand: expand && remembering(expand) });
    },
  };
}

/**
 * Keys that are tags as they stand: all of them, but where the message writes tags in other ways too, then of the values for
 * all only a key with a mark in it ("-name-", "%name%"), since SMTP+ fields are plain words that also stand in texts.
 */
function literalsOf(merge: Merge, more: readonly string[]): ReadonlySet<string> {
  const literals = new Set<string>();
  if (!merge.syntaxes?.includes('literal')) return literals;
  let room = MAX_LITERAL_CHARS;
  const add = (key: string): void => {
    if (key === '' || literals.has(key) || literals.size >= MAX_LITERALS || key.length > room) return;
    literals.add(key);
    room -= key.length;
  };
  more.forEach(add);
  const isAlone = merge.syntaxes.every((syntax) => syntax === 'literal');
  Object.keys(merge.fields ?? {})
    .filter((key) => isAlone || /[^\p{L}\p{M}\p{N}_ ]/u.test(key))
    .forEach(add);
  for (const values of Object.values(merge.recipients ?? {})) Object.keys(values).forEach(add);
  return literals;
}

/** What stands for a tag: its value, or its fallback when there is none or an empty one. Undefined: the tag stays as it is. */
export function resolveTag(tag: Tag, lookup: Lookup): Value | undefined {
  const value = lookup(tag);
  if (tag.fallback === undefined || (value !== undefined && value.text !== '')) return value;
  return { text: tag.fallback, html: false };
}

/** A value that stands in many places is expanded once for its recipient. */
function remembering(expand: Expand): Expand {
  const known = new Map<string, string>();
  return (value, valueOf) => {
    const expanded = known.get(value) ?? expand(value, valueOf);
    known.set(value, expanded);
    return expanded;
  };
}

type Source = Readonly<{ values: Values; byLower(): ReadonlyMap<string, string> }>;
type Around = Readonly<{ recipient: ForRecipient; expand: Expand | undefined }>;

function lookUp(tag: Tag, sources: readonly (Source | undefined)[], around: Around): Value | undefined {
  const found = isOursOnly(tag) ? undefined : valueIn(sources, tag);
  if (found === undefined) {
    const ours = tag.system === undefined ? undefined : around.recipient.system(tag.system);
    return ours === undefined ? undefined : { text: ours, html: false };
  }
  if (tag.syntax !== 'literal' || !around.expand) return { text: found, html: tag.raw };
  return { text: around.expand(found, (literal) => exactValueIn(sources, literal)), html: tag.raw };
}

/** `%recipient_email%` is never a value of the sender. */
function isOursOnly(tag: Tag): boolean {
  return tag.syntax === 'mailgun' && tag.system !== undefined;
}

function valueIn(sources: readonly (Source | undefined)[], tag: Tag): string | undefined {
  if (tag.syntax === 'literal') return exactValueIn(sources, tag.name);
  const lower = tag.name.toLowerCase();
  for (const source of sources) {
    const value = source && (ownValue(source.values, tag.name) ?? source.byLower().get(lower));
    if (value !== undefined) return value;
  }
  return undefined;
}

function exactValueIn(sources: readonly (Source | undefined)[], key: string): string | undefined {
  for (const source of sources) {
    const value = source && ownValue(source.values, key);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Names without case, made when first needed; of two that differ in case only the first counts. */
function indexed(values: Values): Source {
  let byLower: Map<string, string> | undefined;
  return {
    values,
    byLower: () => {
      byLower ??= new Map(
        Object.entries(values)
          .toReversed()
          .map(([name, value]) => [name.trim().toLowerCase(), value]),
      );
      return byLower;
    },
  };
}

function ownValue<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}
