// An 8-bit message written in 7 bits for a peer without 8BITMIME (RFC 6152 §3): part by part, then signed. Pure.
import { isAscii, isUtf8 } from 'node:buffer';
import { base64Lines, quotedPrintable } from '../mail/encode.ts';
import { contentTypeOf, partRanges, splitEntity, transferEncodingOf, type Entity } from '../mail/mime.ts';
import { editFields } from './edit.ts';
import { sevenBitFields } from './seven-bit-header.ts';

/**
 * Why a message cannot be written in 7 bits. sealed: signed or encrypted parts would break. structure: parts that
 * cannot be told apart, nested too deep or in an encoding that we do not know. header: a part's header needs 8 bits.
 */
export type Obstacle = 'sealed' | 'structure' | 'header';

export type SevenBit = Readonly<{ fields: Buffer; body: Buffer } | { obstacle: Obstacle }>;

const MAX_DEPTH = 20;
const CRLF = Buffer.from('\r\n');
const SEALED = /^(?:multipart\/(?:signed|encrypted)|application\/(?:x-)?pkcs7-mime)$/;
const SAFE_ENCODINGS = ['base64', 'quoted-printable'];

/**
 * Writes a message (fields without the empty line, and body) in 7 bits. Parts that are 7-bit already stay to the
 * byte. The fields come back without raw 8-bit text only where they belong to parts: those of the message itself
 * are the caller's matter.
 */
export function sevenBitBody(fields: Buffer, body: Buffer): SevenBit {
  const done = convert({ fields, scan: splitEntity(fields).scan, body }, 0);
  if ('obstacle' in done || done.body === body) return done;
  return { fields: withMimeVersion(done.fields), body: done.body };
}

/** RFC 2045 §4: a transfer encoding that we gave means nothing without it. */
function withMimeVersion(fields: Buffer): Buffer {
  const names = new Set(splitEntity(fields).scan.map((field) => field.name));
  if (names.has('mime-version') || !names.has('content-transfer-encoding')) return fields;
  return Buffer.concat([fields, Buffer.from('MIME-Version: 1.0\r\n')]);
}

function convert(entity: Entity, depth: number): SevenBit {
  if (isAscii(entity.body)) return entity;
  if (depth > MAX_DEPTH) return { obstacle: 'structure' };
  const { type, boundary } = contentTypeOf(entity);
  if (SEALED.test(type)) return { obstacle: 'sealed' };
  if (type.startsWith('multipart/')) return convertMultipart(entity, boundary, depth);
  if (type === 'message/rfc822' || type === 'message/global') return convertMessage(entity, depth);
  return convertLeaf(entity, type);
}

function convertMultipart(entity: Entity, boundary: string | undefined, depth: number): SevenBit {
  const ranges = boundary === undefined ? undefined : partRanges(entity.body, boundary);
  if (!ranges) return { obstacle: 'structure' };
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { start, end } of ranges) {
    pieces.push(withoutHighBytes(entity.body.subarray(at, start)));
    const part = convertPart(entity.body.subarray(start, end), depth + 1);
    if (!Buffer.isBuffer(part)) return part;
    pieces.push(part);
    at = end;
  }
  pieces.push(withoutHighBytes(entity.body.subarray(at)));
  return { fields: withEncoding(entity, '7bit'), body: Buffer.concat(pieces) };
}

/** An enclosed message may not be encoded as a whole (RFC 2046 §5.2.1), so its own parts are. */
function convertMessage(entity: Entity, depth: number): SevenBit {
  const encoding = transferEncodingOf(entity);
  if (SAFE_ENCODINGS.includes(encoding)) return convertLeaf(entity, 'message/rfc822');
  const inner = convertPart(entity.body, depth + 1);
  return Buffer.isBuffer(inner) ? { fields: withEncoding(entity, '7bit'), body: inner } : inner;
}

/** Bytes of a part or enclosed message, its header included. */
function convertPart(bytes: Buffer, depth: number): Buffer | Readonly<{ obstacle: Obstacle }> {
  if (isAscii(bytes)) return bytes;
  const entity = splitEntity(bytes);
  const done = convert(entity, depth);
  if ('obstacle' in done) return done;
  const fields = isAscii(done.fields)
    ? done.fields
    : sevenBitFields(done.fields, splitEntity(done.fields).scan);
  if (!fields) return { obstacle: 'header' };
  return Buffer.concat([fields, CRLF, done.body]);
}

function convertLeaf(entity: Entity, type: string): SevenBit {
  const encoding = transferEncodingOf(entity);
  switch (encoding) {
    case 'quoted-printable': // against its own grammar: only the stray bytes change
      return { fields: entity.fields, body: escapeHighBytes(entity.body) };
    case 'base64': // readers skip what is not in the alphabet (RFC 2045 §6.8)
      return { fields: entity.fields, body: Buffer.from(entity.body.filter((byte) => byte < 128)) };
    case '':
    case '7bit':
    case '8bit':
    case 'binary':
      return type.startsWith('text/') || type.startsWith('message/')
        ? { fields: withEncoding(entity, 'quoted-printable'), body: quotedPrintable(entity.body) }
        : { fields: withEncoding(entity, 'base64'), body: base64Lines(entity.body) };
    default:
      return { obstacle: 'structure' };
  }
}

/** The fields with this transfer encoding, and with the MIME fields without which it would mean nothing. */
function withEncoding(entity: Entity, encoding: '7bit' | 'quoted-printable' | 'base64'): Buffer {
  const names = new Set(entity.scan.map((field) => field.name));
  if (encoding === '7bit' && !names.has('content-transfer-encoding')) return entity.fields;
  const line = Buffer.from(`Content-Transfer-Encoding: ${encoding}\r\n`);
  const kept = editFields(entity.fields, entity.scan, ({ name }) =>
    name === 'content-transfer-encoding' ? 'drop' : 'keep',
  );
  const type = names.has('content-type') ? CRLF.subarray(2) : plainType(entity.body);
  return Buffer.concat([kept, type, line]);
}

/** A text that named no charset: UTF-8 where it is, else RFC 1428's name for "nobody knows". */
function plainType(body: Buffer): Buffer {
  return Buffer.from(`Content-Type: text/plain; charset=${isUtf8(body) ? 'utf-8' : 'unknown-8bit'}\r\n`);
}

/** Preamble and epilogue are not shown; their 8-bit bytes become "?". */
function withoutHighBytes(bytes: Buffer): Buffer {
  return isAscii(bytes) ? bytes : Buffer.from(bytes.map((byte) => (byte < 128 ? byte : 63)));
}

function escapeHighBytes(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1');
  const escaped = text.replace(/[\x80-\xff]/g, (char) => `=${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return Buffer.from(escaped, 'latin1');
}
