// The subject of a letter whose values or template may have made it another than the message's. Pure.
import { subjectIn } from '../mail/subject.ts';
import type { Letter } from '../model/letter.ts';
import type { Submission } from '../model/submission.ts';

/** Undefined where it is the message's own: then the header need not be read again. */
export function ownSubject({ treatment, subject }: Submission, { parts }: Letter): string | undefined {
  const [head] = parts;
  const isMade = treatment?.template !== undefined || treatment?.mergeHeaders?.includes('subject') === true;
  if (!isMade || !Buffer.isBuffer(head)) return undefined;
  const own = subjectIn(head);
  return own === subject ? undefined : own;
}
