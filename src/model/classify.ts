// What a failure is called and whether it is final, by rules that are data (config/bounces.yaml). Pure.
import { z } from 'zod';
import { pattern } from '../lib/values.ts';
import type { CauseClass, Phase, RemoteReply } from './outcome.ts';

const phases = [
  'policy',
  'compose',
  'dns',
  'connect',
  'tls',
  'greeting',
  'ehlo',
  'auth',
  'mail',
  'rcpt',
  'data',
  'dot',
] as const satisfies readonly Phase[];

const classes = [
  'bad-mailbox',
  'inactive-mailbox',
  'mailbox-full',
  'bad-domain',
  'no-mail-domain',
  'routing',
  'message-too-big',
  'content',
  'spam',
  'blocked',
  'reputation',
  'authentication',
  'policy',
  'relaying',
  'greylisted',
  'rate-limited',
  'busy',
  'connection',
  'dns',
  'tls',
  'protocol',
  'unsupported',
  'expired',
  'suppressed',
  'local',
  'other',
] as const satisfies readonly CauseClass[];

const classSchema = z.enum(classes);

const ruleSchema = z.strictObject({
  phases: z.array(z.enum(phases)).optional(),
  codes: z.array(z.number().int().min(200).max(599)).optional(),
  /** Enhanced statuses, where x stands for any number: "5.7.1", "x.7.x"; "none": the reply has none. */
  status: z.array(z.string().regex(/^(?:none|(?:[245x])\.(?:\d+|x)\.(?:\d+|x))$/)).optional(),
  /** A regular expression over the reply's text, upper and lower case alike. */
  text: pattern.optional(),
  class: classSchema.optional(),
  /** What to do where that differs from the reply's first digit. */
  end: z.enum(['retry', 'bounce']).optional(),
  /** A reply that this rule decides, for readers and for the test of the rules. */
  example: z.string().optional(),
});

/** The shape of config/bounces.yaml. */
export const bounceRules = z.strictObject({
  /** Looked at before the status: what its text tells better. The first that matches wins. */
  first: z.array(ruleSchema),
  /** "x.1.1" → class. */
  statuses: z.record(z.string().regex(/^x\.\d+\.\d+$/), classSchema),
  /** Looked at where the status says nothing: the first that matches wins. */
  rules: z.array(ruleSchema),
  /** "x.7" → class, where all else says nothing. */
  subjects: z.record(z.string().regex(/^x\.\d+$/), classSchema),
});

export type BounceRules = Readonly<z.infer<typeof bounceRules>>;
export type Rule = BounceRules['first'][number];

export type Verdict = Readonly<{ class: CauseClass; permanent: boolean }>;

/**
 * Judges a reply that refused something in `phase`. A 5xx is permanent and a 4xx is not, unless a rule says otherwise
 * (design promise 8); 421 is never permanent, and a reply that is neither 4xx nor 5xx is a protocol error.
 */
export function classify(rules: BounceRules, phase: Phase, reply: RemoteReply): Verdict {
  if (reply.code < 400) return { class: 'protocol', permanent: false };
  const { rule, byStatus } = decidingRule(rules, phase, reply);
  return {
    class: rule?.class ?? byStatus ?? bySubject(rules, reply) ?? 'other',
    permanent: isFinal(reply.code, rule?.end),
  };
}

/** The rule that decides, and what the status says; a rule of `first` that names no class leaves that to the status. */
export function decidingRule(
  rules: BounceRules,
  phase: Phase,
  reply: RemoteReply,
): Readonly<{ rule: Rule | undefined; byStatus: CauseClass | undefined }> {
  const first = rules.first.find((rule) => applies(rule, phase, reply));
  if (first?.class) return { rule: first, byStatus: undefined };
  const byStatus = reply.status === undefined ? undefined : rules.statuses[`x${reply.status.slice(1)}`];
  if (first || byStatus) return { rule: first, byStatus };
  return { rule: rules.rules.find((rule) => applies(rule, phase, reply)), byStatus };
}

function isFinal(code: number, end: Rule['end']): boolean {
  if (code === 421) return false; // RFC 5321 §3.8: the server is closing, whatever it was asked
  return end === undefined ? code >= 500 : end === 'bounce';
}

function applies(rule: Rule, phase: Phase, reply: RemoteReply): boolean {
  if (rule.phases && !rule.phases.includes(phase)) return false;
  if (rule.codes && !rule.codes.includes(reply.code)) return false;
  if (rule.status && !rule.status.some((wanted) => statusMatches(wanted, reply.status))) return false;
  return !rule.text || rule.text.test(reply.text);
}

function statusMatches(wanted: string, status: string | undefined): boolean {
  if (wanted === 'none') return status === undefined;
  const parts = status?.split('.') ?? [];
  return parts.length > 0 && wanted.split('.').every((part, i) => part === 'x' || part === parts[i]);
}

function bySubject(rules: BounceRules, reply: RemoteReply): CauseClass | undefined {
  const subject = reply.status?.split('.')[1];
  return subject === undefined ? undefined : rules.subjects[`x.${subject}`];
}
