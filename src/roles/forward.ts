// Answers that come to return paths go on to who sent the mail, and mail for those who run this installation to them: not too much.
import { hash } from 'node:crypto';
import { mayUse } from '../accept/policy.ts';
import type { Config } from '../config.ts';
import type { Facts } from '../feedback/facts.ts';
import { goesRound, marked } from '../feedback/forward.ts';
import type { Mail, Receipt } from '../feedback/kind.ts';
import type { Once } from '../feedback/once.ts';
import { newId } from '../lib/ids.ts';
import { oneLine } from '../mail/fold.ts';
import { fieldsNamed, scanHeaders, valueOf } from '../mail/headers.ts';
import { decodeWords } from '../mail/words.ts';
import { domainOf } from '../model/delivery.ts';
import type { Settings } from '../model/settings.ts';
import type { SubmitMail } from './backlog.ts';
import type { Base } from './base.ts';
import { systemSubmission } from './system.ts';

export type ForwardDeps = Readonly<{
  feedback: NonNullable<Config['feedback']>;
  isOurs(domain: string): boolean;
  submit: SubmitMail;
  once: Pick<Once, 'mayForward'>;
}>;

export type Forward = Readonly<{
  toSender(facts: Facts, mail: Mail): Promise<Receipt>;
  toReader(facts: Facts, mail: Mail): Promise<Receipt>;
  toOperator(mail: Mail): Promise<Receipt>;
}>;

const HOUR_MS = 3_600_000;
const MAX_SUBJECT = 255;

/** Forwarded mail has the null sender: nothing comes back, and no program answers it (RFC 3834 §2). */
export function makeForward(base: Base, { feedback, isOurs, submit, once }: ForwardDeps): Forward {
  const { log, settingsNow } = base;
  const mayNow = makeHourly(base, feedback.forwardsPerHour);
  const send = async (mail: Mail, to: string): Promise<Receipt> => {
    if (!mayNow()) {
      log.warn(
        { to },
        'Mail to ourselves waits at its sender: more than feedback.forwardsPerHour was forwarded.',
      );
      return 'later';
    }
    const answer = await submit(requestFor(mail, { to, domain: feedback.domain, base }));
    return answer.kind === 'queued' ? 'taken' : 'later';
  };
  const whyNot = ({ message }: Mail, to: string): string | undefined => {
    if (isOurs(domainOf(to))) return 'it would come back here';
    return goesRound(message, feedback.domain) ? 'it goes round' : undefined;
  };
  const leave = (why: string, about: Readonly<Record<string, unknown>>): Receipt => {
    // Whoever has one address of ours could fill the log.
    log.debug({ ...about, why }, 'Mail to an address of ours was not forwarded.');
    return 'taken';
  };
  return {
    toSender: async (facts, mail) => {
      const { delivery } = facts;
      const to = senderOf(settingsNow(), facts);
      if (to === undefined) return leave('there is nobody to forward it to', { delivery });
      const why = whyNot(mail, to);
      if (why !== undefined) return leave(why, { delivery });
      if (!(await once.mayForward(delivery))) return leave('enough was forwarded', { delivery });
      return send(mail, to);
    },
    toReader: async (facts, mail) => {
      const { delivery } = facts;
      const to = readerOf(settingsNow(), facts);
      if (to === undefined) return 'taken';
      const why = whyNot(mail, to);
      // The event is told: what cannot be forwarded now is not asked for again.
      return why === undefined
        ? send(mail, to).catch((error: unknown) => leave(String(error), { delivery }))
        : leave(why, { delivery });
    },
    toOperator: async (mail) => {
      const { postmaster } = feedback;
      if (postmaster === undefined) return 'unread';
      const why = whyNot(mail, postmaster);
      return why === undefined ? send(mail, postmaster) : leave(why, { from: mail.from });
    },
  };
}

/** So many in each hour. */
function makeHourly({ clock }: Pick<Base, 'clock'>, limit: number): () => boolean {
  let [hour, count] = [-1, 0];
  return () => {
    const now = Math.floor(clock.ticks() / HOUR_MS);
    if (now !== hour) [hour, count] = [now, 0];
    return ++count <= limit;
  };
}

/** The envelope sender, else From, as far as they are the user's; a smart host's senders never asked us for anything. */
function senderOf({ users }: Pick<Settings, 'users'>, facts: Facts): string | undefined {
  const user = users.get(facts.user);
  if (!user || user.disabled || user.trustedSmartHost || facts.sender === '') return undefined;
  return [facts.sender, facts.headerFrom ?? ''].find((address) => mayUse(user, address));
}

/** Who hears of failures of the user's mail. */
function readerOf(settings: Pick<Settings, 'users'>, facts: Facts): string | undefined {
  const { notifications } = settings.users.get(facts.user) ?? {};
  if (notifications === undefined || notifications === 'off') return undefined;
  return notifications === 'sender' ? senderOf(settings, facts) : notifications;
}

function requestFor(
  { message }: Mail,
  { to, domain, base }: Readonly<{ to: string; domain: string; base: Base }>,
): Parameters<SubmitMail>[0] {
  const at = base.clock.now();
  const id = newId(at);
  const { message: body, headerSize } = marked(message, domain);
  const submission = systemSubmission(at, body, {
    id,
    from: '',
    headerSize,
    eightBit: !/^[\0-\x7f]*$/.test(body.toString('latin1')), // oxlint-disable-line no-control-regex
    messageId: valueIn(message, 'message-id') || `<${id}@${base.config.system.domain}>`,
    subject: oneLine(decodeWords(Buffer.from(valueIn(message, 'subject'), 'latin1')), MAX_SUBJECT),
    // Without a domain: what a stranger wrote is signed with no key of ours.
    headerFrom: '',
    passing: true,
    instructions: {},
  });
  const fingerprint = `forward.${hash('sha256', Buffer.concat([Buffer.from(`${to}\n`), message]), 'base64url')}`;
  return { submission, recipients: [{ address: to }], body, fingerprint };
}

function valueIn(message: Buffer, name: string): string {
  const [field] = fieldsNamed(scanHeaders(message), name);
  return field ? oneLine(valueOf(message, field), 998) : '';
}
