// postino alert …: what goes on, what was told lately, who hears of what, and a test of the ways to them.
import type { Alert } from '../alerts/alert.ts';
import type { AlertRule } from '../alerts/config.ts';
import type { Condition } from '../alerts/watch.ts';
import { NAMES } from '../alerts/kinds.ts';
import type { Limits } from '../deliver/shaping/limits.ts';
import type { Clock } from '../lib/clock.ts';
import { sayDuration } from '../lib/duration.ts';
import type { Settings } from '../model/settings.ts';
import type { TransportState } from '../model/transport-state.ts';
import { done, failed, misused, table, textOf, type Command, type Result, type Values } from './command.ts';
import { clean, sayTime } from './timeline.ts';

export type AlertContext = Readonly<{
  clock: Clock;
  settingsNow(): Settings;
  states: Readonly<{ refresh(): Promise<unknown>; stateOf(name: string): TransportState }>;
  limits: Pick<Limits, 'refresh' | 'list'>;
  alerts: Readonly<{
    rules: readonly AlertRule[];
    recent(count: number): Promise<readonly Alert[]>;
    conditions(): Promise<readonly Condition[]>;
    /** Sends a test by all ways of a rule; what went wrong, if anything. */
    test(rule: AlertRule): Promise<string | undefined>;
  }>;
}>;

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
    run: ({ alerts }) => Promise.resolve(rules(alerts.rules)),
  },
  {
    words: 'alert test [rule]',
    summary: 'Send a test to everybody whom a rule tells, or all rules.',
    run: (context, { rule = '' }) => test(context, rule),
  },
];

async function list(
  { alerts, clock, settingsNow, states, limits }: AlertContext,
  options: Values,
): Promise<Result> {
  const limit = Number(textOf(options, 'limit') ?? LIMIT);
  if (!Number.isInteger(limit) || limit < 1) return misused('--limit must be a whole number above 0.');
  await Promise.all([states.refresh(), limits.refresh()]);
  const now = clock.now();
  const conditions = await alerts.conditions();
  const transports = [...settingsNow().transports.keys()].flatMap((name) => {
    const state = states.stateOf(name);
    return state.state === 'degraded' || state.state === 'quarantined' ? [{ name, ...state }] : [];
  });
  const recent = await alerts.recent(limit);
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
  const held = limits.list();
  const told = recent.map(({ at, kind, over, reason }) => [
    sayTime(at),
    `${over ? 'over: ' : ''}${NAMES[kind]}`,
    clean(reason),
  ]);
  const text = [
    table(['now', 'since', 'what'], going, 'Nothing goes on that needs somebody.'),
    ...(held.length > 0 ? [`Limits that hold: ${held.length}; "postino limit list" shows them.`] : []),
    '',
    table(['time (UTC)', 'about', 'what'], told, 'There were no alerts yet.'),
    ...(alerts.rules.length === 0 ? ['', 'Nobody hears of alerts: set alerts.to in the configuration.'] : []),
  ].join('\n');
  return done(text, { now: { conditions, transports, limits: held }, recent });
}

function rules(all: readonly AlertRule[]): Result {
  const rows = all.map(({ name, when, to, webhook, every, accounts, users, transports }) => [
    name,
    every === 0 ? 'at once' : `every ${sayDuration(every)}`,
    [...to, ...(webhook === undefined ? [] : [new URL(webhook).origin])].join(', '),
    [...when, ...[...accounts, ...users, ...transports].map((only) => `(only ${only})`)].join(', '),
  ]);
  const none = 'There are no rules: set alerts.to in the configuration, or alerts.rules.';
  const shown = all.map(({ secret, ...rule }) => ({ ...rule, signed: secret !== undefined }));
  return done(table(['rule', 'when', 'to', 'of what'], rows, none), shown);
}

async function test({ alerts }: AlertContext, name: string): Promise<Result> {
  const chosen = alerts.rules.filter((rule) => name === '' || rule.name === name);
  if (chosen.length === 0)
    return failed(
      name === ''
        ? 'There are no rules: set alerts.to in the configuration, or alerts.rules.'
        : `There is no rule called ${name}; "postino alert rules" shows them all.`,
    );
  const results = await Promise.all(
    chosen.map(async (rule) => ({ rule: rule.name, problem: await alerts.test(rule) })),
  );
  const lines = results.map(({ rule, problem }) =>
    problem === undefined ? `${rule}: sent` : `${rule}: not sent: ${clean(problem)}`,
  );
  const isBad = results.some(({ problem }) => problem !== undefined);
  return { text: lines.join('\n'), data: results, code: isBad ? 1 : 0 };
}
