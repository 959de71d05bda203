// The subject of a message as people read it. Pure.
import { oneLine } from './fold.ts';
import { fieldsNamed, scanHeaders, valueOf } from './headers.ts';
import { decodeWords } from './words.ts';

const MAX_SUBJECT = 255;

/** Decoded, on one line, at most 255 characters; undefined when there is none. `head` begins with the message's header. */
export function subjectIn(head: Buffer): string | undefined {
  const [field] = fieldsNamed(scanHeaders(head), 'subject');
  return field && oneLine(decodeWords(Buffer.from(valueOf(head, field), 'latin1')), MAX_SUBJECT);
}
