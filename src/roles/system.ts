// Our own mail (reports, alerts, what is forwarded): whose it is, and how it goes into the queue.
import { newId } from '../lib/ids.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Submission } from '../model/submission.ts';

/** The name of the account and the user that our own mail leaves by. */
export const SYSTEM = 'system';

/** What one message of ours says of itself; `from` is the envelope sender, "" the null sender. */
type Own = Pick<Submission, 'from' | 'headerFrom' | 'messageId' | 'subject' | 'instructions'> &
  Partial<Pick<Submission, 'id' | 'headerSize' | 'eightBit' | 'passing'>>;

/** A message of ours as a submission: it comes from this host, and its body goes into Redis with it. */
export function systemSubmission(at: EpochMs, body: Buffer, own: Own): Submission {
  return {
    v: 1,
    id: newId(at),
    account: SYSTEM,
    user: SYSTEM,
    at,
    size: body.length,
    headerSize: body.indexOf('\r\n\r\n') + 4,
    body: 'redis:',
    smtputf8: false,
    eightBit: false,
    received: { helo: 'localhost', address: '127.0.0.1', protocol: 'HTTP' },
    ...own,
  };
}
