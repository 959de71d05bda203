// What a report's recipient comes to: class, permanence and category, by the rules that judge deliveries too. Pure.
import { classify, type BounceRules, type Verdict } from '../../model/classify.ts';
import { categoryOf, type Category } from '../../model/taxonomy.ts';
import type { ReportedRecipient } from './report.ts';

export type Judgement = Verdict & Readonly<{ category: Category }>;

/** Words for an unknown user that hosts also use for a sender whom they do not like. */
const UNKNOWN_USER = /user unknown|unknown user|no such user|user not exist|mailbox unavailable/i;
/** The same without anybody's name. */
const NAMELESS = /^\W*user unknown\W*(?:\(in reply to|$)/i;

/** The system says where it has looked, or names its own user. */
const PLAIN = /^unknown user: |(?:recipient|alias|mailbox|user) (?:table|database|directory)/i;

/**
 * Judges what a report says of a recipient with the rules of config/bounces.yaml.
 *
 * "User unknown" is a hard bounce where it is sure: with a status of its own (x.1.x), at RCPT, or about a host's own users.
 * After DATA, or where neither step nor status is told, or without anybody's name, it is also what mobile
 * carriers and filters say of senders whom they do not like: that is counted, and takes nobody off at once.
 */
export function judgeRecipient(rules: BounceRules, recipient: ReportedRecipient): Judgement {
  const { reply, phase, action } = recipient;
  const verdict = classify(rules, phase ?? 'dot', reply);
  if (verdict.class !== 'bad-mailbox') return { ...verdict, category: categoryOf(verdict) };
  // Whose host has said so for days, until the mail came back, is unknown: Postfix calls it 450 where it is set up to.
  const isGivenUp = action === 'failed' && reply.status === '4.1.1' && /user unknown/i.test(reply.text);
  if (isGivenUp) return { ...verdict, category: 'hard' };
  return { ...verdict, category: isDoubtful(recipient) ? 'soft' : categoryOf(verdict) };
}

function isDoubtful({ reply, phase }: ReportedRecipient): boolean {
  if (/^5\.1\.[1-9]/.test(reply.status ?? '') || !UNKNOWN_USER.test(reply.text)) return false;
  if (NAMELESS.test(reply.text)) return true;
  if (PLAIN.test(reply.text)) return false;
  return phase === 'dot' || (phase === undefined && reply.status === undefined);
}
