// What is done with bounces and complaints once it is known which delivery they are about.
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { describeBounce, describeComplaint } from '../describe.ts';
import type { Facts, Unknown } from '../facts.ts';
import type { Mail, Receipt } from '../kind.ts';
import type { Once } from '../once.ts';
import { provenDelivery, type About, type ProofDeps } from '../proof.ts';
import type { Complaint } from '../read/arf.ts';
import type { Judgement } from '../read/judge.ts';
import type { BounceReport, ReportedRecipient } from '../read/report.ts';

export type ReportDeps = ProofDeps &
  Readonly<{
    /** True for hosts of ours that return paths are at. */
    isOurs(domain: string): boolean;
    judge(recipient: ReportedRecipient): Judgement;
    once: Once;
    clock: Clock;
    log: Log;
    /** Forwards mail to who sent the delivery. */
    toSender(facts: Facts, mail: Mail): Promise<Receipt>;
    /** Forwards a bounce to who hears of the user's failures, as far as somebody does. */
    toReader(facts: Facts, mail: Mail): Promise<unknown>;
    /** Forwards mail to who runs this installation. */
    toOperator(mail: Mail): Promise<Receipt>;
  }>;

/** The recipient comes from the return path; of what the report says, what is about it, or about the first. */
export async function takeBounce(
  delivery: string,
  { by, recipients }: BounceReport,
  mail: Mail,
  deps: ReportDeps,
): Promise<Receipt> {
  const facts = await deps.factsOf(delivery);
  if (typeof facts === 'string') return unknown(facts, { delivery, what: 'bounce' }, deps);
  const lower = facts.recipient.toLowerCase();
  const said =
    recipients.find(({ address }) => address.toLowerCase() === lower) ??
    recipients.find(({ action }) => action === 'failed');
  if (said?.action !== 'failed') return 'taken';
  const event = describeBounce(facts, { said, judged: deps.judge(said), report: by }, deps.clock.now());
  const isNew = await deps.once.tell(event);
  deps.log.debug({ delivery, class: event.class, isNew }, 'A bounce came in.');
  // Before there were return paths of ours it came to them.
  if (isNew) await deps.toReader(facts, mail);
  return 'taken';
}

/** A complaint about a delivery that is proved; unproved it changes nothing. */
export async function takeComplaint(about: About, deps: ReportDeps): Promise<Receipt | 'unproved'> {
  if (!about.complaint.isAgainst) return 'taken';
  const facts = await provenDelivery(about, deps);
  if (facts === 'gone') {
    const { userAgent, reportedDomain } = about.complaint;
    // At an open address anybody could fill the log.
    const level = about.way === 'open' ? 'debug' : 'info';
    deps.log[level]({ userAgent, reportedDomain }, 'A complaint came in that proves no message of ours.');
    return 'unproved';
  }
  if (facts === 'early') return 'later';
  return tellComplaint(facts, about.complaint, deps);
}

/** A complaint that came to the return path of a delivery. */
export async function takeComplaintAt(
  delivery: string,
  complaint: Complaint,
  deps: ReportDeps,
): Promise<Receipt> {
  if (!complaint.isAgainst) return 'taken';
  const facts = await deps.factsOf(delivery);
  if (typeof facts === 'string') return unknown(facts, { delivery, what: 'complaint' }, deps);
  return tellComplaint(facts, complaint, deps);
}

async function tellComplaint(
  facts: Facts,
  complaint: Complaint,
  { once, clock, log }: ReportDeps,
): Promise<Receipt> {
  const isNew = await once.tell(describeComplaint(facts, complaint, clock.now()));
  log.debug({ delivery: facts.delivery, isNew }, 'A complaint came in.');
  return 'taken';
}

/** Without the history nobody knows whose it was: it is said, and nothing is done. */
export function unknown(
  why: Unknown,
  about: Readonly<{ delivery: string; what: string }>,
  { log }: Pick<ReportDeps, 'log'>,
): Receipt {
  if (why === 'early') return 'later';
  log.info(
    about,
    'Something came back about a delivery that the history does not know any more; nothing was done.',
  );
  return 'taken';
}
