// Template tags hidden from an HTML parser behind characters of the same number, and put back. Pure.

/** `{{ name | default: "x" }}`, `{% if a < 3 %}`, `*|NAME|*`, `[[var:name:"x"]]`: what has quotes and brackets of its own. */
const TAG = /\{\{\{?[^{}]*\}\}\}?|\{%[^{}]*?%\}|\*\|[^\s|<>"']*\|\*|\[\[[^[\]]*\]\]/g;
/** Unicode noncharacters: in no text, and letters to a CSS parser. */
const FIRST = 0xfd_d0;
const DIGITS = 31;
const HIDDEN = new RegExp(`[\\u{${FIRST.toString(16)}}][\\u{${(FIRST + 1).toString(16)}}-\\u{fdef}]+`, 'gu');
const MAX_TAGS = DIGITS ** 3;

/** A text of the same length without tags, and what puts them back into any text made from it. */
export type Hidden = Readonly<{ text: string; show(text: string): string }>;

/** Hides the tags of a text; more than MAX_TAGS different ones stay as they are. */
export function hideTags(source: string): Hidden {
  const masks = new Map<string, string>();
  const tags = new Map<string, string>();
  const text = source.replace(TAG, (tag) => {
    const known = masks.get(tag);
    if (known !== undefined) return known;
    if (masks.size >= MAX_TAGS || tag.length < 4) return tag;
    const mask = makeMask(masks.size, tag.length);
    masks.set(tag, mask);
    tags.set(mask, tag);
    return mask;
  });
  return { text, show: (masked) => masked.replace(HIDDEN, (mask) => tags.get(mask) ?? mask) };
}

function makeMask(number: number, length: number): string {
  let digits = '';
  for (let rest = number; digits.length < length - 1; rest = Math.floor(rest / DIGITS))
    digits += String.fromCharCode(FIRST + 1 + (rest % DIGITS));
  return String.fromCharCode(FIRST) + digits;
}
