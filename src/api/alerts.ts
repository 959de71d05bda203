// Endpoints of alerts: what goes on, what was told lately, who hears of what, and a test of the ways to them.
import { z } from 'zod';
import { alertKinds, NAMES } from '../alerts/kinds.ts';
import { transportStates } from '../model/transport-state.ts';
import { listRules, situation, testRules, type AlertVerbs } from '../verbs/alert.ts';
import { endpoint } from './endpoint.ts';
import { refusal } from './refusal.ts';

const kind = z.enum(alertKinds);
const MAX_RECENT = 200;

export const alert = z.object({
  id: z.string(),
  kind,
  about: z.string().describe('The kind in words.'),
  at: z.number(),
  key: z.string().describe('What it is about: the name of a transport, a user, a domain …'),
  reason: z.string(),
  advice: z.string().describe('What to do about it; "" when it is over.'),
  over: z.boolean(),
});
export const goesOn = z.object({
  conditions: z.array(
    z.object({ kind, about: z.string(), key: z.string(), since: z.number(), reason: z.string() }),
  ),
  transports: z
    .array(
      z.object({ name: z.string(), state: z.enum(transportStates), since: z.number(), reason: z.string() }),
    )
    .describe('Those that are degraded or quarantined.'),
  limits: z.number().describe('Limits that hold; GET /limits lists them.'),
});

/** What goes on and was told, as endpoints answer it. */
async function shownSituation(verbs: AlertVerbs, count: number) {
  const { now, recent } = await situation(verbs, count);
  return {
    now: {
      conditions: now.conditions.map((one) => ({ ...one, about: NAMES[one.kind] })),
      transports: now.transports,
      limits: now.limits.length,
    },
    recent: recent.map((one) => ({ ...one, about: NAMES[one.kind] })),
  };
}

export const alertEndpoints = [
  endpoint({
    id: 'listAlerts',
    verb: 'alert list',
    method: 'GET',
    path: '/alerts',
    scope: 'alerts:read',
    summary: 'What goes on now, and the latest alerts, newest first.',
    query: z.object({ limit: z.coerce.number().int().min(1).max(MAX_RECENT).default(20) }),
    answer: z.object({ now: goesOn, recent: z.array(alert) }),
    run: ({ query }, verbs: AlertVerbs) => shownSituation(verbs, query.limit),
  }),
  endpoint({
    id: 'listAlertRules',
    verb: 'alert rules',
    method: 'GET',
    path: '/alerts/rules',
    scope: 'alerts:read',
    summary: 'Who hears of what, and when; the configuration file says it.',
    answer: z.object({
      items: z.array(
        z.object({
          name: z.string(),
          when: z.array(kind),
          to: z.array(z.string()),
          webhook: z.string().optional().describe('Its host alone: the address may hold a secret.'),
          every: z.number().describe('Milliseconds; 0: at once.'),
          accounts: z.array(z.string()),
          users: z.array(z.string()),
          transports: z.array(z.string()),
          signed: z.boolean(),
        }),
      ),
    }),
    run: (_, verbs: AlertVerbs) =>
      Promise.resolve({
        items: listRules(verbs).map(({ webhook, ...rule }) => ({
          ...rule,
          webhook: webhook === undefined ? undefined : new URL(webhook).origin,
        })),
      }),
  }),
  endpoint({
    id: 'testAlerts',
    verb: 'alert test',
    method: 'POST',
    path: '/alerts/test',
    scope: 'transports:write',
    summary: 'Sends a test to everybody whom a rule tells, or all rules.',
    body: z.strictObject({ rule: z.string().max(40).default('').describe('Absent: all rules.') }),
    answer: z.object({
      items: z.array(
        z.object({ rule: z.string(), problem: z.string().optional().describe('Absent: it was sent.') }),
      ),
    }),
    run: async ({ body }, verbs: AlertVerbs) => {
      const tested = await testRules(verbs, body.rule);
      return tested.ok ? { items: tested.value } : refusal(tested);
    },
  }),
];
