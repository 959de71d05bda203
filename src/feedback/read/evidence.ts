// Whether words alone make a message a notice of a failure or a delay: what is weighed, and how much it weighs. Pure.
import { valueIn } from './fields.ts';
import type { Opened } from './open.ts';
import type { Quote } from './quote.ts';
import type { Signs } from './signs.ts';
import { isDelayLine, isEndLine, isFailureLine } from './words.ts';

/** Lines of a notice that are searched for what it says. */
const SEARCHED_LINES = 80;
/** Longer lines are no notice's. */
const MAX_LINE = 500;
const ENOUGH = 3;

/** Whether the words are a mail system's about a message that failed or is late. In doubt they are not. */
export function isNotice(opened: Opened, signs: Signs, quote: Quote): boolean {
  if (valueIn(opened.header, 'x-failed-recipients') !== '') return true;
  if (isRejection(opened) && opened.reportType.startsWith('disposition')) return true;
  if (signs.isReply && signs.robot !== 'transport') return isOddReply(signs, quote, opened);
  if (signs.isResponder) return false;
  // A mail system may ask to check the address, too.
  if (signs.isChallenge && !signs.failureSubject && signs.robot !== 'transport') return false;
  return isWeighty(opened, signs, quote);
}

function isWeighty(opened: Opened, signs: Signs, quote: Quote): boolean {
  const isProven = quote.code !== undefined || quote.status !== undefined;
  // RFC 3834: what calls itself an answer, and is not from a mail system, must quote what happened.
  if (signs.automatic === 'replied' && signs.robot !== 'transport' && !isProven) return false;
  if (!isOfProgram(opened, signs)) return false;
  const says = saysFailure(opened, SEARCHED_LINES);
  const isAnnounced = signs.failureSubject || signs.delaySubject;
  const weight = weigh(opened, signs) + Number(says) + Number(isProven) + (isAnnounced ? 2 : 0);
  return (says || isProven || isAnnounced) && weight >= ENOUGH;
}

/** People write about mail that was not delivered, too. */
function isOfProgram(opened: Opened, signs: Signs): boolean {
  if (signs.robot !== 'none' || signs.isNullSender || signs.automatic !== 'no') return true;
  return opened.type === 'multipart/report' || opened.original !== undefined;
}

/** What speaks for a mail system, besides what is said. */
function weigh(opened: Opened, signs: Signs): number {
  const byName = { transport: 2, role: 1, none: 0 }[signs.robot];
  const byType = opened.type === 'multipart/report' ? 2 : 0;
  return byName + byType + Number(signs.isNullSender) + Number(opened.original !== undefined);
}

function saysFailure(opened: Opened, count: number): boolean {
  const lines = opened.texts.flat().slice(0, count);
  return lines.some((line) => line.length < MAX_LINE && (isFailureLine(line) || isDelayLine(line)));
}

/** Apache James and phones answer "Re: …" with a refusal: a code, and the message with it. */
function isOddReply(signs: Signs, quote: Quote, opened: Opened): boolean {
  if (signs.robot !== 'role' || quote.code === undefined) return false;
  return opened.original !== undefined || signs.isNullSender || saysFailure(opened, 8);
}

/** RFC 5429 §2.2: a filter's refusal comes as a disposition notification. */
export function isRejection(opened: Opened): boolean {
  if (/\(rejected\)/i.test(valueIn(opened.header, 'auto-submitted'))) return true;
  const lines = opened.texts.flat().slice(0, 20);
  return lines.some(
    (line) => line.length < MAX_LINE && /was (?:automatically )?(?:rejected|refused)\b/i.test(line),
  );
}

/** Whether a notice says that delivery goes on. */
export function isDelayNotice(opened: Opened, signs: Signs): boolean {
  if (signs.delaySubject) return true;
  const lines = opened.texts.flat().slice(0, 60);
  return (
    !signs.failureSubject && lines.some((line) => isDelayLine(line)) && !lines.some((line) => isEndLine(line))
  );
}
