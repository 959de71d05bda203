// What a report's recipient comes to: class, permanence and category, by the rules that judge deliveries too. Pure.
import { classify, type BounceRules, type Verdict } from '../../model/classify.ts';
import { categoryOf, type Category } from '../../model/taxonomy.ts';
import type { ReportedRecipient } from './report.ts';

export type Judgement = Verdict & Readonly<{ category: Category }>;

/** Judges what a report says of a recipient with the rules of config/bounces.yaml. */
export function judgeRecipient(rules: BounceRules, { reply, phase }: ReportedRecipient): Judgement {
  const verdict = classify(rules, phase, reply);
  return { ...verdict, category: categoryOf(verdict) };
}
