// MIME structure (RFC 2045, RFC 2046): content types, transfer encodings and the parts of a multipart. Pure.
import { scanHeaders, valueOf, type Field } from './headers.ts';

export type ContentType = Readonly<{
  /** "text/plain", in lower case. */
  type: string;
  /** Content of the boundary parameter; undefined when there is none. */
  boundary?: string;
}>;

/** Where the parts of a multipart body stand; what lies between is delimiter lines, preamble and epilogue. */
export type PartRange = Readonly<{ start: number; end: number }>;

/** A part or message cut in two: its fields (each with its line end) and what follows the empty line. */
export type Entity = Readonly<{ fields: Buffer; scan: readonly Field[]; body: Buffer }>;

const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const DASH = 45;
const DEFAULT_TYPE: ContentType = { type: 'text/plain' };

/** Reads a Content-Type value. What cannot be read is text/plain (RFC 2045 §5.2). */
export function readContentType(value: string): ContentType {
  const type = /^\s*([\w!#$&^.+-]+\/[\w!#$&^.+-]+)/.exec(value)?.[1]?.toLowerCase();
  if (!type) return DEFAULT_TYPE;
  const match = /;\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"()<>@,\\]+))/i.exec(value);
  const boundary = match?.[1]?.replace(/\\(.)/g, '$1') ?? match?.[2];
  return boundary ? { type, boundary: boundary.trimEnd() } : { type };
}

/** Content type of an entity, by its first Content-Type field. */
export function contentTypeOf(entity: Entity): ContentType {
  const field = entity.scan.find((one) => one.name === 'content-type');
  return field ? readContentType(valueOf(entity.fields, field)) : DEFAULT_TYPE;
}

/** Transfer encoding of an entity in lower case; "" when it names none. */
export function transferEncodingOf(entity: Entity): string {
  const field = entity.scan.find((one) => one.name === 'content-transfer-encoding');
  if (!field) return '';
  return valueOf(entity.fields, field)
    .replace(/\([^)]*\)/g, '')
    .trim()
    .toLowerCase();
}

/** Splits a message or part into fields and body. */
export function splitEntity(bytes: Buffer): Entity {
  const block = scanHeaders(bytes);
  const last = block.fields.at(-1);
  return {
    fields: bytes.subarray(0, last?.end ?? 0),
    scan: block.fields,
    body: bytes.subarray(block.size),
  };
}

/** The parts of a multipart body; undefined when no delimiter line of that boundary is there. */
export function partRanges(body: Buffer, boundary: string): readonly PartRange[] | undefined {
  const marker = Buffer.from(`--${boundary}`, 'latin1');
  const parts: PartRange[] = [];
  let start = -1;
  let from = 0;
  for (;;) {
    const at = body.indexOf(marker, from);
    if (at < 0) break;
    from = at + marker.length;
    const line = delimiterLine(body, at, from);
    if (!line) continue;
    if (start >= 0) parts.push({ start, end: Math.max(start, lineEndBefore(body, at)) });
    if (line.last) return parts;
    start = line.end;
  }
  if (start < 0) return undefined;
  parts.push({ start, end: body.length }); // the closing delimiter is missing: the last part reaches to the end
  return parts;
}

/** The delimiter line at `at`, whose marker ends at `from`: the byte after it, and whether it closes the multipart. */
function delimiterLine(
  body: Buffer,
  at: number,
  from: number,
): Readonly<{ end: number; last: boolean }> | undefined {
  if (at > 0 && body[at - 1] !== LF) return undefined;
  const last = body[from] === DASH && body[from + 1] === DASH;
  let i = last ? from + 2 : from;
  while (body[i] === SPACE || body[i] === TAB) i++; // RFC 2046 §5.1.1 transport padding
  if (i >= body.length) return { end: body.length, last };
  if (body[i] === LF) return { end: i + 1, last };
  return body[i] === CR && body[i + 1] === LF ? { end: i + 2, last } : undefined;
}

/** RFC 2046 §5.1.1: the line end before a delimiter belongs to the delimiter. */
function lineEndBefore(body: Buffer, at: number): number {
  return at >= 2 && body[at - 2] === CR ? at - 2 : Math.max(0, at - 1);
}
