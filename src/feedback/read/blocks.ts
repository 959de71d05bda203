// Groups of fields that follow each other: the content of a delivery status, or what stands in a text like one. Pure.
import { readFields, type Fields } from './fields.ts';

/** Groups of one part that are read. */
const MAX_BLOCKS = 300;
/** Steps from line to line or from group to group. */
const MAX_STEPS = 500;
/** Bytes of one group. */
const MAX_BLOCK_BYTES = 16 * 1024;
const IN_TEXT =
  /^\s{0,8}(?:final-recipient|original-recipient|x-actual-recipient|action|status|diagnostic-code|remote-mta|reporting-mta|arrival-date|last-attempt-date|will-retry-until|received-from-mta)\s?:/i;

/** The groups of a part; lines that are no fields are left out. */
export function fieldBlocks(bytes: Buffer): readonly Fields[] {
  const blocks: Fields[] = [];
  let at = 0;
  for (let step = 0; step < MAX_STEPS && at < bytes.length && blocks.length < MAX_BLOCKS; step++) {
    const { fields, size } = readFields(bytes.subarray(at, at + MAX_BLOCK_BYTES));
    if (fields.list.length > 0) blocks.push(fields);
    const lineEnd = bytes.indexOf('\n', at);
    at = size > 0 ? at + size : lineEnd < 0 ? bytes.length : lineEnd + 1;
  }
  return blocks;
}

/** The groups in lines of text that name a recipient: Amazon WorkMail, KDDI and gateways write them so. */
export function fieldBlocksIn(lines: readonly string[]): readonly Fields[] {
  if (!lines.some((line) => /^\s{0,8}final-recipient\s?:/i.test(line))) return [];
  const kept: string[] = [];
  let isInside = false;
  for (const line of lines) {
    if (IN_TEXT.test(line)) {
      isInside = true;
      kept.push(line.trimStart());
    } else if (line.trim() === '') {
      isInside = false;
      kept.push('');
    } else if (isInside) kept.push(` ${line.trim()}`);
  }
  return fieldBlocks(Buffer.from(kept.join('\n').replace(/^\n+/, ''), 'utf8'));
}
