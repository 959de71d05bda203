// The text parts of a message that may be changed: where they stand, how they are encoded, in which charset. Pure.
import type { Field } from '../../mail/headers.ts';
import { valueOf } from '../../mail/headers.ts';
import { contentTypeOf, partRanges, splitEntity, transferEncodingOf, type Entity } from '../../mail/mime.ts';

export type LeafKind = 'html' | 'text' | 'amp';

/** A text part. Offsets are bytes of the message's body; `fieldsStart` is -1 when its fields are the message's own. */
export type Leaf = Readonly<{
  kind: LeafKind;
  fieldsStart: number;
  /** Its own fields with their line ends, and their places therein. */
  fields: Buffer;
  scan: readonly Field[];
  start: number;
  end: number;
  /** "", "7bit", "8bit", "binary", "quoted-printable", "base64". */
  encoding: string;
  /** As named, in lower case; "" when none is. */
  charset: string;
}>;

const KINDS: Readonly<Record<string, LeafKind>> = {
  'text/html': 'html',
  'text/plain': 'text',
  'text/x-amp-html': 'amp',
};
/** Changing what is in these would break a signature or a report; what is in an enclosed message is somebody else's. */
const SEALED = /^(?:multipart\/(?:signed|encrypted|report)|message\/.*|application\/(?:x-)?pkcs7-mime)$/;
const ENCODINGS = new Set(['', '7bit', '8bit', 'binary', 'quoted-printable', 'base64']);
const MAX_DEPTH = 20;
const MAX_LEAVES = 50;

/** True for what is never looked into. `type` in lower case. */
export function isSealed(type: string): boolean {
  return SEALED.test(type);
}

/** All text parts that a reader sees as the message, in order. Attachments and sealed parts are none of them. */
export function findLeaves(fields: Buffer, body: Buffer): readonly Leaf[] {
  const entity = { fields, scan: splitEntity(fields).scan, body };
  const leaves: Leaf[] = [];
  collect(entity, { start: 0, fieldsStart: -1, depth: 0 }, leaves);
  return leaves;
}

type Where = Readonly<{ start: number; fieldsStart: number; depth: number }>;

function collect(entity: Entity, where: Where, leaves: Leaf[]): void {
  const { type, boundary } = contentTypeOf(entity);
  if (isSealed(type) || where.depth > MAX_DEPTH || leaves.length >= MAX_LEAVES) return;
  if (!type.startsWith('multipart/')) return addLeaf(entity, type, where, leaves);
  // RFC 2046 §5.1.5: the parts of a digest are messages.
  if (boundary === undefined || type === 'multipart/digest') return;
  const parts = (partRanges(entity.body, boundary) ?? []).map((range) => ({
    ...range,
    part: splitEntity(entity.body.subarray(range.start, range.end)),
  }));
  // An invitation (RFC 6047): the texts beside it say the same as the entry, and mail programs compare them.
  const isEntry = ({ part }: Readonly<{ part: Entity }>): boolean =>
    contentTypeOf(part).type === 'text/calendar';
  if (type === 'multipart/alternative' && parts.some(isEntry)) return;
  for (const { start, end, part } of parts) {
    const bodyStart = where.start + end - part.body.length;
    collect(part, { start: bodyStart, fieldsStart: where.start + start, depth: where.depth + 1 }, leaves);
  }
}

function addLeaf(entity: Entity, type: string, where: Where, leaves: Leaf[]): void {
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  const encoding = transferEncodingOf(entity);
  if (!kind || !ENCODINGS.has(encoding) || isAttached(entity)) return;
  leaves.push({
    kind,
    fieldsStart: where.fieldsStart,
    fields: entity.fields,
    scan: entity.scan,
    start: where.start,
    end: where.start + entity.body.length,
    encoding,
    charset: charsetOf(entity),
  });
}

function isAttached(entity: Entity): boolean {
  const field = entity.scan.find((one) => one.name === 'content-disposition');
  return field !== undefined && /^\s*attachment/i.test(valueOf(entity.fields, field));
}

function charsetOf(entity: Entity): string {
  const field = entity.scan.find((one) => one.name === 'content-type');
  const value = field ? valueOf(entity.fields, field) : '';
  return (/;\s*charset\s*=\s*"?([\w.:()+-]+)/i.exec(value)?.[1] ?? '').toLowerCase();
}
