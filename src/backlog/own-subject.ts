// The subject of a letter whose values or template may have made it another than the message's. Pure.
import { oneLine } from '../mail/fold.ts';
import { scanHeaders, valueOf } from '../mail/headers.ts';
import { decodeWords } from '../mail/words.ts';
import type { Letter } from '../model/letter.ts';
import type { Submission } from '../model/submission.ts';

const MAX_SUBJECT = 255;

/** Undefined where it is the message's own: then the header need not be read again. */
export function ownSubject({ treatment, subject }: Submission, { parts }: Letter): string | undefined {
  const [head] = parts;
  const isMade = treatment?.template !== undefined || treatment?.mergeHeaders?.includes('subject') === true;
  if (!isMade || !Buffer.isBuffer(head)) return undefined;
  const field = scanHeaders(head).fields.find(({ name }) => name === 'subject');
  if (!field) return undefined;
  const own = oneLine(decodeWords(Buffer.from(valueOf(head, field), 'latin1')), MAX_SUBJECT);
  return own === subject ? undefined : own;
}
