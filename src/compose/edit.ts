// Edits of a header block field by field; what is kept is copied as bytes, never read as text. Pure.
import type { Field } from '../mail/headers.ts';

/** What becomes of one field: it stays as it is, it goes, or these bytes (with CRLF) take its place. */
export type Edit = 'keep' | 'drop' | Buffer;

const CRLF = Buffer.from('\r\n');
const LF = 10;

/** The fields after the edits, in their order, each with its line end and without the empty line. */
export function editFields(
  header: Buffer,
  fields: readonly Field[],
  decide: (field: Field, index: number) => Edit,
): Buffer {
  const pieces: Buffer[] = [];
  let keptFrom = -1;
  fields.forEach((field, index) => {
    const edit = decide(field, index);
    if (edit === 'keep') {
      if (keptFrom < 0) keptFrom = field.start;
      return;
    }
    if (keptFrom >= 0) pieces.push(header.subarray(keptFrom, field.start));
    keptFrom = -1;
    if (edit !== 'drop') pieces.push(edit);
  });
  const end = fields.at(-1)?.end ?? 0;
  if (keptFrom >= 0) {
    pieces.push(header.subarray(keptFrom, end));
    if (header[end - 1] !== LF) pieces.push(CRLF); // a message that ends inside its last field
  }
  return pieces.length === 1 ? (pieces[0] ?? CRLF) : Buffer.concat(pieces);
}
