// CSS of <style> elements put into style attributes; for rendering threads only; the only file that imports juice and cheerio.
import { load, type CheerioAPI } from 'cheerio/slim';
import juice from 'juice';
import { hideTags } from './hide-tags.ts';
import { MAX_OUTPUT, refuse, type CssTask, type Made } from './jobs.ts';
import { flatRules, putInVariables } from './sheet.ts';
import { applySplices, setAttributes, type Splice } from './start-tag.ts';

type Attributes = Readonly<Record<string, string>>;

/** <style> elements for these media only stay where they are. */
const anyMedia = /^\s*(?:all|screen)?\s*$/i;

/** Attributes for old Outlooks, where the letter has none of its own, and the CSS values that mean something there. */
const oldAttributes: Readonly<Record<string, RegExp>> = {
  width: /^\d+%?$/,
  height: /^\d+%?$/,
  bgcolor: /^(?:#[\da-f]{3}|#[\da-f]{6})$/i,
  align: /^(?:left|right|center|justify)$/,
  valign: /^(?:top|middle|bottom|baseline)$/,
};

/** Does one job; never throws. */
export function inlineTask({ html }: CssTask): Made<string> {
  try {
    const output = inlineCss(html);
    if (output !== undefined) return { ok: true, output };
    return refuse('wrong', `With its CSS in its elements the HTML has more than ${MAX_OUTPUT} characters.`);
  } catch {
    return refuse('wrong', 'The CSS of the HTML cannot be put into its elements.');
  }
}

/**
 * juice says what the attributes should be; they are put into the text as it came, so that everything else (doctype, entities,
 * comments for Outlook, merge tags, mistakes) stays byte for byte. The <style> elements stay too: for media queries, and for
 * those who can read them. Undefined: it gets too long.
 */
export function inlineCss(html: string): string | undefined {
  const { text, show } = hideTags(html);
  const $ = load(text, { xml: { xmlMode: false, decodeEntities: false, withStartIndices: true } });
  const css = styleOf($);
  if (css === '') return html;
  const before = elements($, '*').map((element) => ({ element, attributes: { ...element.attribs } }));
  juice.inlineDocument($, css, { preserveImportant: true, resolveCSSVariables: false });
  const splices: Splice[] = [];
  let length = html.length;
  for (const { element, attributes } of before) {
    const values = changes(attributes, element.attribs);
    if (values.size === 0 || typeof element.startIndex !== 'number') continue;
    for (const splice of setAttributes(text, element.startIndex, values)) {
      splices.push({ ...splice, text: show(splice.text) });
      length += splice.text.length - (splice.to - splice.from);
    }
    if (length > MAX_OUTPUT) return undefined;
  }
  return applySplices(html, splices);
}

const elements = ($: CheerioAPI, selector: string) =>
  $(selector)
    .toArray()
    .filter((node) => 'attribs' in node);

/** The rules of all <style> elements that are meant for any reader, and not to be kept as they are. */
function styleOf($: CheerioAPI): string {
  const sheets = elements($, 'style').filter(
    ({ attribs }) => anyMedia.test(attribs['media'] ?? '') && attribs['data-embed'] === undefined,
  );
  return putInVariables(sheets.flatMap((element) => flatRules($(element).text())));
}

function changes(before: Attributes, after: Attributes): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  if (after['style'] !== undefined && after['style'] !== before['style']) values.set('style', after['style']);
  for (const [name, meaningful] of Object.entries(oldAttributes)) {
    const value = after[name];
    if (before[name] === undefined && value !== undefined && meaningful.test(value)) values.set(name, value);
  }
  return values;
}
