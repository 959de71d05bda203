// Fills the slots of a compiled body for one recipient. Pure.
import type { Charset } from '../merge/charset.ts';
import {
  escapeAttribute,
  escapeHtml,
  escapeJson,
  escapeStyle,
  escapeTarget,
  escapeText,
  isSafeUrl,
} from '../merge/escape.ts';
import { UNSUBSCRIBE_LINK } from '../merge/system.ts';
import { resolveTag, type Lookup } from '../merge/values.ts';
import { chosenSlots } from './branches.ts';
import { cleanTarget, isTrackable, looksLikeUrl } from './link.ts';
import { textOf, urlOf } from './pieces.ts';
import { MAX_TARGET, type LinkSlot, type Slot, type TagSlot } from './slot.ts';
import { htmlSlots } from './slots.ts';

/** What one recipient gets. */
export type Fill = Readonly<{
  /** That of the part, as it was compiled. */
  charset: Charset;
  value: Lookup;
  /** The URL that leads to `target` by way of us; undefined: this one is left as it is. Absent: clicks are not tracked. */
  click?(n: number, target: string): string | undefined;
  /** Numbers for links inside values, above those of the body. Absent: such links are left alone. */
  nextLink?(): number;
  utm?(url: string): string;
  /** The pixel, as HTML. */
  pixel?(): string;
}>;

/** A filled body, or why there is none. */
export type Joined = Readonly<{ text: string } | { problem: 'output' }>;

/** Growth beyond twice the source, in characters. */
const MAX_GROWTH = 10 * 1024 * 1024;
const HAS_LINK = /<(?:a|area|v:\w+)[\s/]/i;

/** How long a filled body of this source may be. */
export function outputLimit(sourceLength: number): number {
  return 2 * sourceLength + MAX_GROWTH;
}

/** The whole body with its slots filled. `limit` is in characters of string space, which are bytes. */
export function join(
  source: string,
  slots: readonly Slot[],
  fill: Fill,
  limit = outputLimit(source.length),
): Joined {
  const parts: string[] = [];
  let from = 0;
  let size = source.length;
  for (const slot of chosenSlots(slots, fill.value)) {
    const text = slot.kind === 'gap' ? '' : fillSlot(slot, fill);
    size += text.length - (slot.end - slot.start);
    if (size > limit) return { problem: 'output' };
    parts.push(source.slice(from, slot.start), text);
    from = slot.end;
  }
  parts.push(source.slice(from));
  return { text: parts.join('') };
}

/** The text of one slot, in string space. */
export function fillSlot(slot: Slot, fill: Fill): string {
  switch (slot.kind) {
    case 'tag':
      return fillTag(slot, fill);
    case 'link':
      return fillLink(slot, fill);
    case 'pixel':
      return fill.pixel ? fill.charset.encode(fill.pixel(), 'html') : '';
    case 'header':
    case 'footer': {
      const joined = join(slot.source, slot.slots, fill);
      return 'text' in joined ? joined.text : slot.source;
    }
  }
}

/** Names of tags that have neither value nor fallback: a strict merge sends nothing then. */
export function unfilledTags(slots: readonly Slot[], value: Lookup): readonly string[] {
  const names = chosenSlots(slots, value).flatMap((slot) => {
    if ('slots' in slot) return unfilledTags(slot.slots, value);
    if (slot.kind === 'pixel' || slot.kind === 'gap') return [];
    const tags = slot.kind === 'tag' ? [slot.tag] : slot.target.flatMap((piece) => piece.tag ?? []);
    return tags.filter((tag) => !tag.branch && resolveTag(tag, value) === undefined).map((tag) => tag.name);
  });
  return [...new Set(names)];
}

function fillTag({ tag, context }: TagSlot, fill: Fill): string {
  const value = resolveTag(tag, fill.value);
  if (value === undefined) return tag.source;
  const { encode } = fill.charset;
  switch (context.in) {
    case 'html':
      if (tag.system === UNSUBSCRIBE_LINK) return encode(unsubscribeLink(value.text), 'html');
      return value.html
        ? withLinks(encode(escapeText(value.text), 'html'), fill)
        : encode(escapeHtml(value.text), 'html');
    case 'attribute':
      return encode(escapeAttribute(value.text, context.quote), 'html');
    case 'style':
      return encode(escapeAttribute(escapeStyle(value.text), context.quote), 'html');
    case 'styleElement':
      return encode(escapeStyle(value.text), 'html');
    case 'json':
      return encode(escapeJson(value.text), 'html');
    case 'text':
      return encode(escapeText(value.text), 'plain');
  }
}

/** Postmark's tag stands for a link of this text. */
function unsubscribeLink(url: string): string {
  return `<a href="${escapeAttribute(url, '"')}">Unsubscribe</a>`;
}

/** A value that is HTML: its links are tracked like those around it; tags in it are text. */
function withLinks(value: string, fill: Fill): string {
  const { click, nextLink } = fill;
  if (!HAS_LINK.test(value) || (!(click && nextLink) && !fill.utm)) return value;
  const slots = slotsOfValue(value, fill);
  const inner: Fill = {
    ...fill,
    ...(click && nextLink && { click: (_: number, target: string) => click(nextLink(), target) }),
  };
  const joined = join(value, slots, inner);
  return 'text' in joined ? joined.text : value;
}

/** A value that stands in many places is read once. */
const valueSlots = new WeakMap<Fill, Map<string, readonly Slot[]>>();

function slotsOfValue(value: string, fill: Fill): readonly Slot[] {
  const known = valueSlots.get(fill) ?? new Map<string, readonly Slot[]>();
  valueSlots.set(fill, known);
  const slots =
    known.get(value) ??
    htmlSlots(value, {
      charset: fill.charset,
      clicks: fill.click !== undefined && fill.nextLink !== undefined,
      utm: fill.utm !== undefined,
    }).slots;
  known.set(value, slots);
  return slots;
}

function fillLink(slot: LinkSlot, fill: Fill): string {
  if (slot.fixed !== undefined) return written(slot, fill, slot.fixed) ?? slot.source;
  const url = urlOf(slot.target, fill.value, fill.charset, slot.quote);
  if (url.filled && !isSafeUrl(url.text, literalStart(slot))) return '#';
  const target = cleanTarget(url.text);
  const changed = isTrackable(target) ? written(slot, fill, target) : undefined;
  return changed ?? (url.filled ? url.source : slot.source);
}

/** What the sender wrote before the first tag. */
function literalStart({ target: [first] }: LinkSlot): string {
  return first && !first.tag ? first.text : '';
}

/** The link by way of us, or with its parameters; undefined when it leads where it led before. */
function written(slot: LinkSlot, fill: Fill, target: string): string | undefined {
  const tagged = slot.utm && fill.utm ? fill.utm(target) : target;
  const final = click(slot, tagged, fill) ?? tagged;
  if (final === target) return undefined;
  return slot.quote === undefined
    ? fill.charset.encode(final, 'plain')
    : fill.charset.encode(escapeTarget(final, slot.quote), 'html');
}

function click(slot: LinkSlot, target: string, fill: Fill): string | undefined {
  if (slot.n === 0 || !fill.click || target.length > MAX_TARGET) return undefined;
  if (slot.label.length > 0 && looksLikeUrl(textOf(slot.label, fill.value))) return undefined;
  return fill.click(slot.n, target);
}
