// A message's own text: read for templates that take it in, replaced when its CSS is inlined. Pure.
import { quotedPrintable } from '../../mail/encode.ts';
import { inUtf8 } from './charset.ts';
import { findLeaves, type Leaf } from './leaves.ts';
import { recoded } from './recode.ts';
import { decode } from './transfer.ts';
import type { Message } from './build.ts';

/** The first HTML and the first plain text, as text; absent where there is none or its charset is not known. */
export type OwnTexts = Readonly<{ html?: string; text?: string }>;

/** Reads the texts of a message. */
export function ownTexts({ fields, body }: Message): OwnTexts {
  const leaves = findLeaves(fields, body);
  const textOf = (kind: Leaf['kind']): string | undefined => {
    const leaf = leaves.find((one) => one.kind === kind);
    return leaf && readLeaf(leaf, body);
  };
  const html = textOf('html');
  const text = textOf('text');
  return { ...(html === undefined ? {} : { html }), ...(text === undefined ? {} : { text }) };
}

/** The message with another text for its first HTML. */
export function withHtml({ fields, body }: Message, html: string): Message {
  const leaf = findLeaves(fields, body).find((one) => one.kind === 'html');
  if (!leaf) return { fields, body };
  const changed = recoded(leaf, { encoding: 'quoted-printable', charset: 'utf-8' }) ?? leaf.fields;
  const text = quotedPrintable(Buffer.from(html.toWellFormed().replace(/\r\n|\r|\n/g, '\r\n')));
  const before = body.subarray(0, Math.max(leaf.fieldsStart, 0));
  const own = leaf.fieldsStart < 0 ? [] : [changed, Buffer.from('\r\n')];
  return {
    fields: leaf.fieldsStart < 0 ? changed : fields,
    body: Buffer.concat([before, ...own, text, body.subarray(leaf.end)]),
  };
}

/**
 * A template's source with the message's own text at `name` (such as "body"), in whichever way it is written; Mandrill's
 * `mc:edit="main"` element gets it as its content.
 */
export function withBlock(source: string, name: string, own: string): string {
  const escaped = name.replace(/[^\w]/g, '\\$&');
  const tag = new RegExp(
    `\\[${escaped}\\]|\\{\\{\\{?\\s*${escaped}\\s*\\}?\\}\\}|\\*\\|${escaped}\\|\\*|<%\\s*${escaped}\\s*%>`,
    'gi',
  );
  const region = new RegExp(`(<(\\w+)\\b[^>]*\\smc:edit=["']${escaped}["'][^>]*>)[^<]*(</\\2>)`, 'gi');
  return source
    .replace(region, (_, open: string, _name: string, close: string) => `${open}${own}${close}`)
    .replace(tag, () => own);
}

function readLeaf(leaf: Leaf, body: Buffer): string | undefined {
  const { text } = decode(body.subarray(leaf.start, leaf.end), leaf.encoding);
  return inUtf8(Buffer.from(text, 'latin1'), leaf.charset)?.bytes.toString('utf8');
}
