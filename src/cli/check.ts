// postino check: is this installation fit to take and send mail? Every finding is a sentence that says what to do.
import { checkAll, type CheckVerbs } from '../verbs/check.ts';
import { done, type Command, type Result } from './command.ts';

export type CheckContext = CheckVerbs;

export const checkCommands: readonly Command<CheckContext>[] = [
  {
    words: 'check',
    summary: 'Check the configuration, Redis, the disk, DNS, source addresses and clocks.',
    run: check,
  },
];

async function check(context: CheckContext): Promise<Result> {
  const findings = await checkAll(context);
  const marks = { ok: 'ok      ', warning: 'WARNING ', problem: 'PROBLEM ' } as const;
  const text = findings.map(({ name, state, sentence }) => `${marks[state]} ${name}: ${sentence}`).join('\n');
  const result = done(text, findings);
  return findings.some(({ state }) => state === 'problem') ? { ...result, code: 1 } : result;
}
