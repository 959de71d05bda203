// The alerts slice of the configuration: who hears of what, how often, and from when on things are worth an alert.
import { z } from 'zod';
import { bytesLike, durationLike } from '../lib/values.ts';
import { alertKinds, CALM_KINDS, URGENT_KINDS, type AlertKind } from './kinds.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const address = z.email('must be an e-mail address');
const names = z.array(z.string().min(1)).default([]);
const duration = durationLike('"30m" or "2h"');

const every = z.union([
  z.literal('now').transform(() => 0),
  durationLike('"now", "15m", "1h" or "1d"').refine((ms) => ms >= MINUTE && ms <= 7 * DAY, {
    error: 'must be "now", or between "1m" and "7d"',
  }),
]);

const ruleSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and "-", at most 40')
      .describe('Names the rule in commands and webhooks.'),
    when: z
      .array(z.enum(alertKinds))
      .min(1)
      .describe(`Kinds of alerts: ${alertKinds.join(', ')}.`),
    to: z
      .array(address)
      .max(50)
      .default([])
      .describe('Addresses; default: alerts.to, unless it is a webhook.'),
    webhook: z
      .url({ protocol: /^https?$/, error: 'must be an http or https address' })
      .optional()
      .describe('Where to POST the alerts as JSON.'),
    secret: z
      .string()
      .min(16)
      .optional()
      .describe('Signs the webhook (Standard Webhooks): "whsec_…" in base64, or any text of 16 characters.'),
    allowPrivate: z
      .boolean()
      .default(false)
      .describe('The webhook may be at a private address, such as a chat server in the same network.'),
    every: every
      .default(0)
      .describe('now, or how often a digest comes: "15m", "1h", "1d"; by the clock, in UTC.'),
    accounts: names.describe('Only what is about these accounts; empty: all.'),
    users: names.describe('Only what is about these users; empty: all.'),
    transports: names.describe('Only what is about these transports; empty: all.'),
  })
  .refine(({ secret, webhook }) => secret === undefined || webhook !== undefined, {
    path: ['secret'],
    error: 'is for a webhook only',
  });

type ParsedRule = z.infer<typeof ruleSchema>;

export type AlertRule = Readonly<ParsedRule>;

export const alertsConfig = z
  .strictObject({
    to: z
      .array(address)
      .max(50)
      .default([])
      .describe('Who gets alerts. Alone it is enough: what is urgent comes at once, the rest by the hour.'),
    rules: z
      .array(ruleSchema)
      .default([])
      .describe('Who gets what, and when, in place of the rules that "to" makes.'),
    mailsPerHour: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(10)
      .describe('Mails of a rule in an hour; what comes beyond waits for the next hour and is one mail.'),
    watch: z
      .boolean()
      .default(true)
      .describe('Look for mail that waits, certificates that end, missing DKIM keys, full disks.'),
    queueAge: duration.default(HOUR).describe('Mail that has been due for so long is worth an alert.'),
    certificateDays: z.number().int().min(1).max(365).default(14).describe('Days before a certificate ends.'),
    freeDisk: bytesLike('"1GB"')
      .default(1_000_000_000)
      .describe('Free space of the data folder below which to alert.'),
    memory: z
      .number()
      .int()
      .min(1)
      .max(100)
      .default(80)
      .describe('Percent of the memory that mail may take in Redis before none is accepted.'),
    remind: duration.default(DAY).describe('How often to say again what goes on.'),
  })
  .superRefine(({ to, rules }, context) => {
    for (const [i, rule] of rules.entries()) {
      if (rules.findIndex(({ name }) => name === rule.name) < i)
        context.addIssue({ code: 'custom', path: ['rules', i, 'name'], message: 'is there twice' });
      if (rule.to.length === 0 && rule.webhook === undefined && to.length === 0)
        context.addIssue({
          code: 'custom',
          path: ['rules', i],
          message: 'needs "to" or "webhook", or alerts.to for all rules',
        });
    }
  });

export type AlertsConfig = Readonly<z.infer<typeof alertsConfig>>;

/** The rules in force: those that are written down, else what `to` alone means; none without either. */
export function rulesOf({ to, rules }: Pick<AlertsConfig, 'to' | 'rules'>): readonly AlertRule[] {
  if (rules.length > 0)
    return rules.map((rule) =>
      rule.to.length > 0 || rule.webhook !== undefined ? rule : { ...rule, to: [...to] },
    );
  if (to.length === 0) return [];
  return [
    ruleOf('urgent', URGENT_KINDS, { to, every: 0 }),
    ruleOf('hourly', CALM_KINDS, { to, every: HOUR }),
  ];
}

function ruleOf(
  name: string,
  when: readonly AlertKind[],
  { to, every: ms }: Readonly<{ to: readonly string[]; every: number }>,
): AlertRule {
  return {
    name,
    when: [...when],
    to: [...to],
    every: ms,
    allowPrivate: false,
    accounts: [],
    users: [],
    transports: [],
  };
}
