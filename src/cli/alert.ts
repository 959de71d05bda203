// postino alert …: what goes on, what was told lately, who hears of what, and a test of the ways to them.
import { NAMES } from '../alerts/kinds.ts';
import { headline } from '../alerts/write.ts';
import type { Clock } from '../lib/clock.ts';
import { sayDuration } from '../lib/duration.ts';
import { listRules, situation, testRules, type AlertVerbs, type PublicRule } from '../verbs/alert.ts';
import { declined, done, misused, table, textOf, type Command, type Result, type Values } from './command.ts';
import { clean, sayTime } from './timeline.ts';

export type AlertContext = AlertVerbs & Readonly<{ clock: Clock }>;

const LIMIT = 20;

export const alertCommands: readonly Command<AlertContext>[] = [
  {
    words: 'alert list',
    summary: 'What goes on now, and the latest alerts, newest first.',
    options: [{ flags: '--limit <n>', summary: `at most so many of the past (default: ${LIMIT})` }],
    run: (context, _, options) => list(context, options),
  },
  {
    words: 'alert rules',
    summary: 'Who hears of what, and when; the configuration file says it.',
    run: (context) => Promise.resolve(rules(listRules(context))),
  },
  {
    words: 'alert test [rule]',
    summary: 'Send a test to everybody whom a rule tells, or all rules.',
    run: (context, { rule = '' }) => test(context, rule),
  },
];

async function list(context: AlertContext, options: Values): Promise<Result> {
  const limit = Number(textOf(options, 'limit') ?? LIMIT);
  if (!Number.isInteger(limit) || limit < 1) return misused('--limit must be a whole number above 0.');
  const found = await situation(context, limit);
  const { conditions, transports, limits: held } = found.now;
  const now = context.clock.now();
  const going = [
    ...conditions.map(({ kind, since, reason }) => [
      NAMES[kind],
      `for ${sayDuration(now - since)}`,
      clean(reason),
    ]),
    ...transports.map(({ name, state, since, reason }) => [
      `${name} ${state}`,
      `for ${sayDuration(now - since)}`,
      clean(reason),
    ]),
  ];
  const told = found.recent.map((alert) => [sayTime(alert.at), clean(headline(alert)), clean(alert.reason)]);
  const text = [
    table(['now', 'since', 'what'], going, 'Nothing goes on that needs somebody.'),
    ...(held.length > 0 ? [`Limits that hold: ${held.length}; "postino limit list" shows them.`] : []),
    '',
    table(['time (UTC)', 'about', 'what'], told, 'There were no alerts yet.'),
    ...(context.alerts.rules.length === 0
      ? ['', 'Nobody hears of alerts: set alerts.to in the configuration.']
      : []),
  ].join('\n');
  return done(text, found);
}

function rules(all: readonly PublicRule[]): Result {
  const rows = all.map(({ name, when, to, webhook, every, accounts, users, transports }) => [
    name,
    every === 0 ? 'at once' : `every ${sayDuration(every)}`,
    [...to, ...(webhook === undefined ? [] : [new URL(webhook).origin])].join(', '),
    [...when, ...[...accounts, ...users, ...transports].map((only) => `(only ${only})`)].join(', '),
  ]);
  const none = 'There are no rules: set alerts.to in the configuration, or alerts.rules.';
  return done(table(['rule', 'when', 'to', 'of what'], rows, none), all);
}

async function test(context: AlertContext, name: string): Promise<Result> {
  const tested = await testRules(context, name);
  if (!tested.ok) return declined(tested);
  const results = tested.value;
  const lines = results.map(({ rule, problem }) =>
    problem === undefined ? `${rule}: sent` : `${rule}: not sent: ${clean(problem)}`,
  );
  const isBad = results.some(({ problem }) => problem !== undefined);
  return { text: lines.join('\n'), data: results, code: isBad ? 1 : 0 };
}
