// What the tests of compiled bodies share: options, a recipient's values, marks in place of links.
import { join, type Fill } from '../../../../src/compose/html/fill.ts';
import type { SlotOptions } from '../../../../src/compose/html/slot.ts';
import { htmlSlots, textSlots } from '../../../../src/compose/html/slots.ts';
import { unescapeHtml } from '../../../../src/compose/html/tokens.ts';
import { utf8 } from '../../../../src/compose/merge/charset.ts';
import { tagSearch } from '../../../../src/compose/merge/tags.ts';
import type { Lookup } from '../../../../src/compose/merge/values.ts';
import { tagSyntaxes } from '../../../../src/model/instructions.ts';

export const LITERALS = ['-name-', '-link-', '-html-', '%word%'];

export const htmlTags = tagSearch({
  syntaxes: tagSyntaxes,
  literals: LITERALS,
  charset: utf8,
  form: 'html',
  unescape: unescapeHtml,
});
export const textTags = tagSearch({
  syntaxes: tagSyntaxes,
  literals: LITERALS,
  charset: utf8,
  form: 'plain',
});

export const values =
  (given: Readonly<Record<string, string>>): Lookup =>
  (tag) => {
    const key = Object.hasOwn(given, tag.name) ? tag.name : tag.system;
    const text = key !== undefined && Object.hasOwn(given, key) ? given[key] : undefined;
    return text === undefined ? undefined : { text, html: tag.raw };
  };

/** Links become "<<number target>>", so that they are seen. */
export function fillWith(given: Readonly<Record<string, string>> = {}): Fill {
  let next = 100;
  return {
    charset: utf8,
    value: values(given),
    click: (n, target) => `https://c.example/${n}/${encodeURIComponent(target)}`,
    nextLink: () => ++next,
    pixel: () => '<img src="https://c.example/o">',
  };
}

export type Wish = Partial<Omit<SlotOptions, 'charset'>>;

/** The body for a recipient with these values. `source` and result as text. */
export function filledHtml(
  source: string,
  given: Readonly<Record<string, string>> = {},
  wish: Wish = {},
): string {
  const bytes = utf8.encode(source, 'html');
  const { slots } = htmlSlots(bytes, { charset: utf8, tags: htmlTags, clicks: true, ...wish });
  const joined = join(bytes, slots, fillWith(given));
  return 'text' in joined ? utf8.decode(joined.text) : joined.problem;
}

export function filledText(
  source: string,
  given: Readonly<Record<string, string>> = {},
  wish: Wish = {},
): string {
  const bytes = utf8.encode(source, 'plain');
  const { slots } = textSlots(bytes, { charset: utf8, tags: textTags, clicks: true, ...wish });
  const joined = join(bytes, slots, fillWith(given));
  return 'text' in joined ? utf8.decode(joined.text) : joined.problem;
}

/** A tracked link as `fillWith` writes it, in an attribute. */
export const tracked = (n: number, target: string): string =>
  `https://c.example/${n}/${encodeURIComponent(target)}`;
