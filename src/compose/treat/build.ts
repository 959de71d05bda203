// A message whose text is replaced by a template's: its attachments and embedded pictures stay. Pure.
import { quotedPrintable } from '../../mail/encode.ts';
import { contentTypeOf, partRanges, splitEntity, type Entity } from '../../mail/mime.ts';
import { editFields } from '../edit.ts';
import { joinHoled, sliceOf, type Holed } from './holed.ts';

/** What a template gave; at least one of the two. */
export type Content = Readonly<{ html?: string | undefined; text?: string | undefined }>;

/** Fields with their line ends, without the empty line; and what follows it. */
export type Message = Holed &
  Readonly<{
    fields: Buffer;
    /** Why its parts could not be looked through, a sentence. */
    unread?: string | undefined;
  }>;

type Wrapped = Readonly<{ type: string; encoding?: string; body: Holed }>;
type Kept = Readonly<{ message: Holed; inline: Holed[]; attached: Holed[] }>;

const MAX_DEPTH = 20;
/** What a template takes the place of; a calendar entry or a table is none of it. */
const READ = new Set(['text/plain', 'text/html', 'text/x-amp-html', 'text/enriched', 'text/richtext']);
const CRLF = '\r\n';

/** The message with this text. `id` makes the boundaries: the same message gives the same bytes. */
export function buildMessage(message: Message, content: Content, id: string): Message {
  const { fields, body } = message;
  const scan = splitEntity(fields).scan;
  const inline: Holed[] = [];
  const attached: Holed[] = [];
  keepParts({ fields, scan, body }, { start: 0, depth: 0 }, { message, inline, attached });
  const text = wrapText(content, id);
  const related = wrap('related', [asPart(text), ...inline], id);
  const inner = inline.length > 0 ? related : text;
  const outer = attached.length > 0 ? wrap('mixed', [asPart(inner), ...attached], id) : inner;
  const kept = editFields(fields, scan, ({ name }) =>
    name === 'content-type' || name === 'content-transfer-encoding' || name === 'mime-version'
      ? 'drop'
      : 'keep',
  );
  const mime = Buffer.from(`MIME-Version: 1.0${CRLF}${fieldsOf(outer)}`, 'latin1');
  return { fields: Buffer.concat([kept, mime]), ...outer.body };
}

/** Parts that are no text of the message, as they stand. `start`: where the entity's body is in the message's. */
function keepParts(
  entity: Entity,
  { start: from, depth }: Readonly<{ start: number; depth: number }>,
  kept: Kept,
): void {
  const { type, boundary } = contentTypeOf(entity);
  if (!/^multipart\/(?:mixed|related|alternative)$/.test(type) || boundary === undefined) return;
  if (depth > MAX_DEPTH) return;
  for (const { start, end } of partRanges(entity.body, boundary) ?? []) {
    const bytes = entity.body.subarray(start, end);
    const part = splitEntity(bytes);
    const partType = contentTypeOf(part).type;
    const has = (name: string): boolean => part.scan.some((field) => field.name === name);
    if (/^multipart\/(?:mixed|related|alternative)$/.test(partType))
      keepParts(part, { start: from + end - part.body.length, depth: depth + 1 }, kept);
    else if (READ.has(partType) && !isAttachment(part)) continue;
    else
      (has('content-id') && type === 'multipart/related' ? kept.inline : kept.attached).push(
        sliceOf(kept.message, from + start, from + end),
      );
  }
}

function isAttachment(part: Entity): boolean {
  const field = part.scan.find((one) => one.name === 'content-disposition');
  return (
    field !== undefined && /^\s*attachment/i.test(part.fields.toString('latin1', field.valueStart, field.end))
  );
}

function wrapText({ html, text }: Content, id: string): Wrapped {
  const htmlPart = html === undefined ? undefined : leaf('html', html);
  const textPart = text === undefined ? undefined : leaf('plain', text);
  if (htmlPart && textPart) return wrap('alternative', [asPart(textPart), asPart(htmlPart)], id);
  return htmlPart ?? textPart ?? leaf('plain', '');
}

function leaf(subtype: 'html' | 'plain', text: string): Wrapped {
  const lines = text.toWellFormed().replace(/\r\n|\r|\n/g, CRLF);
  return {
    type: `text/${subtype}; charset=utf-8`,
    encoding: 'quoted-printable',
    body: { body: quotedPrintable(Buffer.from(lines)) },
  };
}

function wrap(subtype: string, parts: readonly Holed[], id: string): Wrapped {
  const boundary = `=_${id}_${subtype}`; // "=_" cannot stand in quoted-printable or base64
  const pieces = parts.flatMap((part) => [Buffer.from(`--${boundary}${CRLF}`), part, Buffer.from(CRLF)]);
  return {
    type: `multipart/${subtype};${CRLF} boundary="${boundary}"`,
    body: joinHoled([...pieces, Buffer.from(`--${boundary}--${CRLF}`)]),
  };
}

function asPart(wrapped: Wrapped): Holed {
  return joinHoled([Buffer.from(`${fieldsOf(wrapped)}${CRLF}`, 'latin1'), wrapped.body]);
}

function fieldsOf({ type, encoding }: Wrapped): string {
  const line = encoding === undefined ? '' : `Content-Transfer-Encoding: ${encoding}${CRLF}`;
  return `Content-Type: ${type}${CRLF}${line}`;
}
