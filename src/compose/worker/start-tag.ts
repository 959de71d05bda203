// Attributes put into the text of a start tag, every other character of it kept. Pure.

/** Characters from `from` to `to` give way to `text`. */
export type Splice = Readonly<{ from: number; to: number; text: string }>;

const NAME = /<[^\s/>]+/y;
const ATTRIBUTE = /([\s/]*)([^\s/>=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>][^\s>]*))?/y;
const END = /[\s/]*>/y;

/**
 * What gives the start tag at `at` these attributes, in place of those that it has: nothing, when it is no tag that we
 * understand.
 */
export function setAttributes(
  html: string,
  at: number,
  values: ReadonlyMap<string, string>,
): readonly Splice[] {
  let end = matchAt(NAME, html, at)?.end;
  if (end === undefined) return [];
  const wanted = new Map(values);
  const splices: Splice[] = [];
  for (let found = matchAt(ATTRIBUTE, html, end); found; found = matchAt(ATTRIBUTE, html, end)) {
    const [, gap = '', name = '', value = ''] = found.match;
    const wish = wanted.get(name.toLowerCase());
    if (wish !== undefined) {
      const from = value === '' ? end + gap.length : found.end - value.length;
      splices.push({ from, to: found.end, text: value === '' ? write(name, wish) : quote(wish) });
      wanted.delete(name.toLowerCase());
    }
    end = found.end;
  }
  if (!matchAt(END, html, end)) return [];
  const added = [...wanted].map(([name, value]) => ` ${write(name, value)}`).join('');
  return added === '' ? splices : [...splices, { from: end, to: end, text: added }];
}

/** The text with the splices, which are sorted and do not overlap. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const pieces: string[] = [];
  let at = 0;
  for (const { from, to, text: instead } of splices) {
    pieces.push(text.slice(at, from), instead);
    at = to;
  }
  return pieces.join('') + text.slice(at);
}

const quote = (value: string): string => `"${value.replaceAll('"', '&quot;')}"`;
const write = (name: string, value: string): string => `${name}=${quote(value)}`;

function matchAt(
  pattern: RegExp,
  text: string,
  at: number,
): Readonly<{ match: RegExpExecArray; end: number }> | undefined {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  return match ? { match, end: pattern.lastIndex } : undefined;
}
