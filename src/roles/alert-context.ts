// What the alert commands ask for, from a running relay's Redis and its configuration.
import { rulesOf, type AlertRule } from '../alerts/config.ts';
import { postAlerts } from '../alerts/dispatch.ts';
import type { Alert } from '../alerts/alert.ts';
import { readConditions } from '../alerts/watch.ts';
import { newId } from '../lib/ids.ts';
import type { AlertVerbs } from '../verbs/alert.ts';
import { dispatchDeps, openDesk } from './alerts.ts';
import { openSubmit } from './backlog.ts';
import type { Base } from './base.ts';

/** The alerts part of the context of commands. */
export function alertsOf(base: Base): AlertVerbs['alerts'] {
  const { config, asking, prefix } = base;
  const desk = openDesk(base);
  return {
    rules: rulesOf(config.alerts),
    recent: desk.recent,
    conditions: async () => [...(await readConditions(asking, prefix)).values()],
    test: (rule) => test(rule, base),
  };
}

/** By itself, past what waits for the rule. */
async function test(rule: AlertRule, base: Base): Promise<string | undefined> {
  const deps = dispatchDeps(base, await openSubmit(base, () => undefined, false));
  const at = base.clock.now();
  const alert: Alert = {
    id: `test.${newId(at)}`,
    kind: 'trouble',
    at,
    key: 'test',
    reason: 'This is a test: an operator wanted to see whether alerts arrive. Nothing is wrong.',
    advice: '',
    over: false,
    facts: { rule: rule.name },
  };
  const sheet = { rule: rule.name, alerts: [alert], more: 0 };
  const answers = [
    ...(rule.to.length > 0 ? [await deps.mail(sheet, rule.to, alert.id)] : []),
    ...(rule.webhook === undefined ? [] : [await postAlerts(rule, { sheet, id: alert.id }, deps)]),
  ];
  const problems = answers.flatMap((answer) => (answer.ok ? [] : [answer.problem]));
  return problems.length === 0 ? undefined : problems.join('; ');
}
