// Events of what came back later by mail: a bounce, a complaint. Each delivery has one of each, whatever comes again. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { oneLine } from '../mail/fold.ts';
import type { Event } from '../model/event.ts';
import type { Facts } from './facts.ts';
import type { Complaint } from './read/arf.ts';
import type { Judgement } from './read/judge.ts';
import type { ReportedRecipient } from './read/report.ts';

const MAX_NAME = 100;
const MAX_TEXT = 1000;

export type Bounce = Readonly<{
  /** What the report says of the recipient. */
  said: ReportedRecipient;
  judged: Judgement;
  /** dsn: a report in the form of RFC 3464 · text: words of a mail system. */
  report: 'dsn' | 'text';
}>;

/** It has the id of a bounce in reply to an attempt: a delivery ends once. */
export function describeBounce({ at: since, ...facts }: Facts, bounce: Bounce, at: EpochMs): Event {
  const { said, judged, report } = bounce;
  const { code, status, text } = said.reply;
  const mta = oneLine(said.mta, MAX_NAME);
  return {
    v: 1,
    id: `${facts.delivery}.bounced`,
    type: 'bounced',
    at,
    ...facts,
    class: judged.class,
    category: judged.category,
    ...(said.phase === undefined ? {} : { phase: said.phase }),
    reason: `A report that came back later${mta === '' ? '' : ` (${mta})`} says that it was not delivered.`,
    reply: { code, ...(status === undefined ? {} : { status }), text: oneLine(text, MAX_TEXT) },
    age: at - since,
    report,
  };
}

/** Somebody called the message unwanted. */
export function describeComplaint({ at: since, ...facts }: Facts, complaint: Complaint, at: EpochMs): Event {
  const by = oneLine(complaint.userAgent, MAX_NAME);
  const type = oneLine(complaint.type, MAX_NAME) || 'abuse';
  return {
    v: 1,
    id: `${facts.delivery}.complained`,
    type: 'complained',
    at,
    ...facts,
    class: type,
    reason: `The recipient reported the message as ${type}${by === '' ? '' : ` (${by})`}.`,
    age: at - since,
    report: 'arf',
  };
}
