// unsubscribe@: the mailto address of List-Unsubscribe (RFC 2369 §3.2); the token in its subject says who leaves what.
import type { Log } from '../../lib/log.ts';
import type { Kind, Mail, Receipt } from '../kind.ts';
import { openMail } from '../open-mail.ts';
import { tokensIn } from '../tokens.ts';

/** unknown: no token of ours · gone: older than they work · later: cannot be done just now, and nothing was. */
export type Stop = (token: string) => Promise<Readonly<{ kind: 'done' | 'unknown' | 'gone' | 'later' }>>;

export type UnsubscribeKindDeps = Readonly<{
  /** Our own domain, in lower-case A-labels. */
  domain: string;
  stop: Stop;
  log: Log;
}>;

const LOCAL = 'unsubscribe';

/** The address that letters name. */
export function unsubscribeMailbox(domain: string): string {
  return `${LOCAL}@${domain}`;
}

/** Makes the kind for mail to unsubscribe. */
export function makeUnsubscribeKind({ domain, stop, log }: UnsubscribeKindDeps): Kind {
  return {
    name: 'unsubscribe',
    takes: (to) => to.local === LOCAL && to.domain === domain,
    receive: async (mail) => {
      const receipt = await obey(mail, stop);
      log.debug({ from: mail.from, receipt }, 'Mail to unsubscribe came in.');
      return receipt;
    },
  };
}

/**
 * The token is the proof, whoever the sender claims to be. A person whose request names nothing is refused, so that their
 * own host tells them; nothing is ever sent back from here. Programs that answer or report want nothing from us.
 */
async function obey({ from, message }: Mail, stop: Stop): Promise<Receipt> {
  const { subject, text, sort } = openMail(message);
  if (sort === 'report') return 'taken';
  for (const token of tokensIn(subject, text)) {
    const { kind } = await stop(token);
    if (kind === 'done') return 'taken';
    if (kind === 'later') return 'later';
    if (kind === 'gone') return 'expired';
  }
  return from === '' || sort === 'automatic' ? 'taken' : 'noRequest';
}
