// A message taken apart as far as reports go: its texts, delivery statuses, feedback fields and the returned header. Pure.
import { partRanges, readContentType } from '../../mail/mime.ts';
import { NO_FIELDS, readFields, valueIn, type Fields } from './fields.ts';
import { readableLines } from './lines.ts';
import { returnedHeaderIn } from './returned.ts';
import { charsetDecoded, htmlText, linesOf, transferDecoded } from './text.ts';

export type Opened = Readonly<{
  header: Fields;
  /** Content type of the whole in lower case, and its report-type. */
  type: string;
  reportType: string;
  /** What is written to a reader before the returned message: lines of each text. */
  texts: readonly (readonly string[])[];
  /** Texts of message/delivery-status parts: groups of fields, line ends LF. */
  statuses: readonly Buffer[];
  /** Fields of a message/feedback-report. */
  feedback: Fields | undefined;
  /** Header of the returned message, wherever it was found. */
  original: Fields | undefined;
  /** The returned message where it came as a part, with its header; undefined where it stood in a text. */
  attached: Buffer | undefined;
}>;

/** How deep multiparts may stand in each other. */
const MAX_DEPTH = 8;
/** Parts of all multiparts together. */
const MAX_PARTS = 60;
/** Bytes that are searched for delimiter lines, all levels together. */
const MAX_SEARCHED = 4 * 1024 * 1024;

type Draft = {
  texts: (readonly string[])[];
  htmls: (readonly string[])[];
  statuses: Buffer[];
  feedback: Fields | undefined;
  original: Fields | undefined;
  attached: Buffer | undefined;
  parts: number;
  searched: number;
};

/** Takes a message apart. Never fails: what cannot be read is not there. */
export function openReport(message: Buffer): Opened {
  const bytes = readableLines(message);
  const { fields: header, size } = readFields(bytes);
  const draft: Draft = {
    texts: [],
    htmls: [],
    statuses: [],
    feedback: undefined,
    original: undefined,
    attached: undefined,
    parts: 0,
    searched: 0,
  };
  walk(header, bytes.subarray(size), draft, 0);
  const found = cutTexts(textsOf(draft));
  const contentType = valueIn(header, 'content-type');
  return {
    header,
    type: readContentType(contentType).type,
    reportType: parameterOf(contentType, 'report-type'),
    texts: found.texts,
    statuses: draft.statuses,
    feedback: draft.feedback,
    original: draft.original ?? found.original,
    attached: draft.attached,
  };
}

/** HTML is most often the same again: it is read where the plain texts name nobody. */
function textsOf({ texts, htmls }: Draft): readonly (readonly string[])[] {
  return texts.some((lines) => lines.some((line) => line.includes('@'))) ? texts : [...texts, ...htmls];
}

function walk(fields: Fields, body: Buffer, draft: Draft, depth: number): void {
  if (++draft.parts > MAX_PARTS) return;
  const contentType = valueIn(fields, 'content-type');
  const { type, boundary } = readContentType(contentType);
  const ranges = type.startsWith('multipart/') ? rangesOf(body, boundary, draft) : undefined;
  if (ranges && depth < MAX_DEPTH) {
    for (const { start, end } of ranges) {
      if (draft.parts > MAX_PARTS) return;
      const part = readFields(body.subarray(start, end));
      walk(part.fields, body.subarray(start + part.size, end), draft, depth + 1);
    }
    return;
  }
  const decoded = transferDecoded(body, valueIn(fields, 'content-transfer-encoding').toLowerCase());
  takeLeaf(type, decoded, draft, parameterOf(contentType, 'charset'));
}

function rangesOf(body: Buffer, boundary: string | undefined, draft: Draft): ReturnType<typeof partRanges> {
  if (boundary === undefined || draft.searched > MAX_SEARCHED) return undefined;
  draft.searched += body.length;
  return partRanges(body, boundary);
}

function takeLeaf(type: string, body: Buffer, draft: Draft, charset: string): void {
  switch (leafOf(type)) {
    case 'status':
      draft.statuses.push(body);
      return;
    case 'feedback':
      draft.feedback ??= readFields(body).fields;
      return;
    case 'returned':
      draft.original ??= headerOfReturned(body);
      draft.attached ??= body;
      return;
    case 'html':
      draft.htmls.push(linesOf(htmlText(charsetDecoded(body, charset))));
      return;
    case 'text':
      if (body.length > 0) draft.texts.push(linesOf(charsetDecoded(body, charset)));
      return;
    case 'none':
  }
}

/** Names that mail hosts give to the parts of a report: RFC 3464, RFC 6533, RFC 5965, and those of AOL and others. */
function leafOf(type: string): 'status' | 'feedback' | 'returned' | 'html' | 'text' | 'none' {
  if (/^(?:message|text)\/(?:global-|x-?)?delivery-status$/.test(type)) return 'status';
  if (/^message\/(?:x-)?feedback-report$/.test(type)) return 'feedback';
  if (/^(?:message\/(?:rfc822|global|partial|news)|(?:text|message)\/(?:rfc822|global)-headers?)$/.test(type))
    return 'returned';
  if (type === 'text/html') return 'html';
  return type.startsWith('text/') || type.startsWith('multipart/') ? 'text' : 'none';
}

/** Some put an empty line or a few words in front of the returned header. */
function headerOfReturned(body: Buffer): Fields {
  const { fields } = readFields(readableLines(body));
  if (fields.list.length > 0) return fields;
  return returnedHeaderIn(linesOf(body.toString('latin1', 0, 32_768)))?.fields ?? NO_FIELDS;
}

/** Cuts the returned message, or its header, off the texts that carry it. */
function cutTexts(
  texts: readonly (readonly string[])[],
): Readonly<{ texts: readonly (readonly string[])[]; original: Fields | undefined }> {
  const cut: (readonly string[])[] = [];
  for (const lines of texts) {
    const returned = returnedHeaderIn(lines);
    cut.push(returned ? lines.slice(0, returned.from) : lines);
    if (returned?.fields.list.length) return { texts: cut, original: returned.fields };
  }
  return { texts: cut, original: undefined };
}

function parameterOf(value: string, name: string): string {
  const at = value.toLowerCase().indexOf(`${name}=`);
  if (at < 0) return '';
  const match = /^"?([\w.:()+-]{1,60})/.exec(value.slice(at + name.length + 1, at + 100));
  return match?.[1]?.toLowerCase() ?? '';
}
