// A part's own fields with another transfer encoding or charset. Pure.
import type { Field } from '../../mail/headers.ts';
import { editFields } from '../edit.ts';
import type { Leaf } from './leaves.ts';

/** The part's fields with these; undefined when they stay as they are. */
export function recoded(
  leaf: Leaf,
  want: Readonly<{ encoding?: 'quoted-printable'; charset?: 'utf-8' }>,
): Buffer | undefined {
  const encodes = want.encoding !== undefined && leaf.encoding !== want.encoding;
  const recharsets = want.charset !== undefined && leaf.charset !== 'utf-8' && leaf.charset !== 'utf8';
  if (!encodes && !recharsets) return undefined;
  const kept = editFields(leaf.fields, leaf.scan, (field) => {
    if (field.name === 'content-transfer-encoding' && encodes) return 'drop';
    return field.name === 'content-type' && recharsets ? withUtf8(leaf.fields, field) : 'keep';
  });
  const has = (name: string): boolean => leaf.scan.some((field) => field.name === name);
  const added = [
    recharsets && !has('content-type') ? 'Content-Type: text/plain; charset=utf-8\r\n' : '',
    encodes ? 'Content-Transfer-Encoding: quoted-printable\r\n' : '',
    // A message without this is no MIME message, and the fields above would mean nothing (RFC 2045 §4).
    leaf.fieldsStart < 0 && !has('mime-version') ? 'MIME-Version: 1.0\r\n' : '',
  ];
  return Buffer.concat([kept, Buffer.from(added.join(''))]);
}

function withUtf8(fields: Buffer, field: Field): Buffer {
  const line = fields.toString('latin1', field.start, field.end);
  const charset = /(;\s*charset\s*=\s*)(?:"[^"]*"|[^\s;]+)/i;
  const changed = charset.test(line)
    ? line.replace(charset, '$1utf-8')
    : line.replace(/(:\s*[\w!#$&^.+-]+\/[\w!#$&^.+-]+)/, '$1; charset=utf-8');
  return Buffer.from(changed, 'latin1');
}
