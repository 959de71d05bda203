// The classifier of replies, which stands in model/ since feedback judges by the same rules.
export { bounceRules, classify, type BounceRules, type Verdict } from '../model/classify.ts';
