// A message's own text: read for templates that take it in, replaced when its CSS is inlined. Pure.
import { quotedPrintable } from '../../mail/encode.ts';
import { inUtf8 } from './charset.ts';
import { findLeaves, type Leaf } from './leaves.ts';
import { recoded } from './recode.ts';
import { MAX_TEXT_BYTES } from './outline.ts';
import { decode } from './transfer.ts';
import type { Message } from './build.ts';
import { hasHole, joinHoled, sliceOf } from './holed.ts';

/** The first HTML and the first plain text, as text; absent where there is none or its charset is not known. */
export type OwnTexts = Readonly<{
  html?: string;
  text?: string;
  /** One of them is there and too large to be read. */
  tooLarge: boolean;
}>;

/** A template takes the message's text in so often: once is usual, more would make a large message of a small one. */
const MAX_TIMES = 4;

/** Reads the texts of a message. */
export function ownTexts(message: Message): OwnTexts {
  const { fields, body } = message;
  const leaves = findLeaves(fields, body);
  let tooLarge = false;
  const textOf = (kind: Leaf['kind']): string | undefined => {
    const leaf = leaves.find((one) => one.kind === kind);
    if (!leaf) return undefined;
    const isTooLarge = leaf.end - leaf.start > MAX_TEXT_BYTES || hasHole(message, leaf.start, leaf.end);
    tooLarge ||= isTooLarge;
    return isTooLarge ? undefined : readLeaf(leaf, body);
  };
  const html = textOf('html');
  const text = textOf('text');
  return { ...(html === undefined ? {} : { html }), ...(text === undefined ? {} : { text }), tooLarge };
}

/** The message with another text for its first HTML. */
export function withHtml(message: Message, html: string): Message {
  const { fields, body } = message;
  const leaf = findLeaves(fields, body).find((one) => one.kind === 'html');
  if (!leaf) return message;
  const changed = recoded(leaf, { encoding: 'quoted-printable', charset: 'utf-8' }) ?? leaf.fields;
  const text = quotedPrintable(Buffer.from(html.toWellFormed().replace(/\r\n|\r|\n/g, '\r\n')));
  const before = sliceOf(message, 0, Math.max(leaf.fieldsStart, 0));
  const own = leaf.fieldsStart < 0 ? [] : [changed, Buffer.from('\r\n')];
  return {
    fields: leaf.fieldsStart < 0 ? changed : fields,
    ...joinHoled([before, ...own, text, sliceOf(message, leaf.end)]),
  };
}

/**
 * A template's source with the message's own text at `name` (such as "body"), in whichever way it is written; Mandrill's
 * `mc:edit="main"` element gets it as its content.
 */
export function withBlock(source: string, name: string, own: string): string {
  const escaped = name.replace(/[^\w]/g, '\\$&');
  const tag = new RegExp(
    `\\[${escaped}\\]|\\{\\{\\{?\\s{0,9}${escaped}\\s{0,9}\\}?\\}\\}|\\*\\|${escaped}\\|\\*|<%\\s{0,9}${escaped}\\s{0,9}%>`,
    'gi',
  );
  let times = 0;
  return withRegion(source, name, own).replace(tag, () => (times++ < MAX_TIMES ? own : ''));
}

/** The element with `mc:edit="<name>"` gets this content. Searched by hand: a pattern would take its time on hostile text. */
function withRegion(source: string, name: string, own: string): string {
  const mark = source.indexOf(`mc:edit="${name}"`);
  const open = mark < 0 ? -1 : source.lastIndexOf('<', mark);
  const openEnd = mark < 0 ? -1 : source.indexOf('>', mark);
  const element = open < 0 ? undefined : /^<(\w{1,20})/.exec(source.slice(open, open + 22))?.[1];
  if (element === undefined || openEnd < 0) return source;
  const close = source.indexOf(`</${element}`, openEnd);
  return close < 0 ? source : source.slice(0, openEnd + 1) + own + source.slice(close);
}

function readLeaf(leaf: Leaf, body: Buffer): string | undefined {
  const { text } = decode(body.subarray(leaf.start, leaf.end), leaf.encoding);
  return inUtf8(Buffer.from(text, 'latin1'), leaf.charset)?.bytes.toString('utf8');
}
