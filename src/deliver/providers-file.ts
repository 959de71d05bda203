// The form of config/providers.yaml and of an operator's own file, and how the two become one. Pure.
import { z } from 'zod';
import { durationLike, pattern } from '../lib/values.ts';
import { rateSchema } from '../lib/rate.ts';
import { nameSchema } from '../model/settings.ts';

const host = z
  .string()
  .regex(
    /^\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/,
    'must be a host name, or one that begins with a dot for all below it; lower case, no dot at its end',
  );

const domain = z
  .string()
  .regex(
    /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/,
    'must be a domain such as "example.org" or "*.example.org", lower case',
  );

const count = z.number().int().min(1).max(10_000);
const duration = durationLike('"30m" or "2h"');

/** What holds between one of our transports and one site. */
const laneSchema = z.strictObject({
  connections: count.optional().describe('Connections at a time; default: delivery.connectionsPerLane.'),
  messages: rateSchema.optional().describe('Messages per time, such as "60/min"; default: no limit.'),
  connects: rateSchema.optional().describe('New connections per time.'),
  messagesPerConnection: count.optional().describe('Default: delivery.messagesPerConnection.'),
  idle: duration.optional().describe('How long an unused connection is kept; default: delivery.idle.'),
});

/** What holds for a provider over all transports, sites and processes together. */
const togetherSchema = z.strictObject({
  connections: count.optional(),
  messages: rateSchema.optional(),
  connects: rateSchema.optional(),
});

const effectSchema = z
  .strictObject({
    suspend: z.literal(true).optional().describe('Nothing is sent.'),
    messages: rateSchema.optional(),
    connections: count.optional(),
    messagesPerConnection: count.optional(),
  })
  .refine((effect) => Object.values(effect).some((value) => value !== undefined), {
    message: 'needs "suspend", "messages", "connections" or "messagesPerConnection"',
  });

const automationScopes = ['lane', 'lanes', 'transport', 'provider', 'user'] as const;

const automationSchema = z.strictObject({
  name: nameSchema.describe('Names it in notices and in "postino limit list".'),
  text: pattern.describe('A regular expression over the text of a reply, upper and lower case alike.'),
  codes: z.array(z.number().int().min(200).max(599)).optional(),
  /** At once, where it is absent. */
  after: rateSchema
    .optional()
    .describe('How many such replies in how long, such as "2/h"; default: the first.'),
  do: effectSchema,
  for: duration.describe('For how long.'),
  on: z
    .enum(automationScopes)
    .default('lanes')
    .describe(
      'lane: this transport and site; lanes: this transport and all sites of the provider; transport: all that leaves by it; provider: all transports; user: the sender.',
    ),
  off: z.literal(true).optional().describe('Takes a rule of this name out.'),
  examples: z.array(z.string()).min(1).describe('Replies that it must know.'),
  source: z.string().optional(),
});

const ruleSchema = z
  .strictObject({
    domains: z.array(domain).default([]).describe('Recipient domains; "*.example.org" is all below it.'),
    mx: z
      .array(host)
      .default([])
      .describe('Names of mail hosts; ".example.net" is all below it. All hosts of a domain must match.'),
    examples: z
      .strictObject({ hosts: z.array(z.string()).default([]), domains: z.array(z.string()).default([]) })
      .optional()
      .describe('Hosts and domains that the rule must know.'),
    lane: laneSchema.default({}).describe('For each of our transports and each site.'),
    together: togetherSchema.default({}).describe('Over all our transports, sites and processes.'),
    oneSite: z.boolean().default(false).describe('All its mail hosts are one site, with one limit.'),
    tls: z.enum(['opportunistic', 'required']).default('opportunistic'),
    automation: z.array(automationSchema).default([]),
    source: z.string().optional().describe('Where the numbers are from.'),
  })
  .refine(({ domains, mx }) => domains.length + mx.length > 0, { message: 'needs "domains" or "mx"' });

/** The form of config/providers.yaml. */
export const providersFile = z.strictObject({
  providers: z.record(nameSchema, ruleSchema).default({}),
  /** For all sites, whoever runs them. */
  automation: z.array(automationSchema).default([]),
});

export type ProvidersFile = Readonly<z.infer<typeof providersFile>>;
export type ProviderRule = Readonly<z.infer<typeof ruleSchema>>;
export type AutomationRule = Readonly<z.infer<typeof automationSchema>>;
export type Effect = Readonly<z.infer<typeof effectSchema>>;
export type TogetherRule = Readonly<z.infer<typeof togetherSchema>>;

/**
 * An operator's file over the shipped one, both as they were read from YAML: its providers come first; of a provider that
 * both have, what it says replaces what was shipped, key by key; of automation rules, those of the same name.
 */
export function overlay(shipped: unknown, own: unknown): unknown {
  const base = record(shipped);
  const over = record(own);
  const ours = record(over['providers']);
  const theirs = record(base['providers']);
  const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
  return {
    ...base,
    ...over,
    providers: Object.fromEntries(names.map((name) => [name, overRule(theirs[name], ours[name])])),
    ...named(base, over),
  };
}

function overRule(shipped: unknown, own: unknown): unknown {
  if (own === undefined || shipped === undefined) return own ?? shipped;
  const base = record(shipped);
  const over = record(own);
  const merged = ['lane', 'together'].flatMap((key) =>
    key in over ? [[key, { ...record(base[key]), ...record(over[key]) }] as const] : [],
  );
  return { ...base, ...over, ...Object.fromEntries(merged), ...named(base, over) };
}

/** Automation rules by name: own ones take the place of shipped ones, `off` takes them out. */
function named(
  base: Readonly<Record<string, unknown>>,
  over: Readonly<Record<string, unknown>>,
): Readonly<{ automation?: unknown }> {
  if (!Array.isArray(over['automation'])) return {};
  const shipped = Array.isArray(base['automation']) ? base['automation'].map(record) : [];
  const own = over['automation'].map(record);
  const names = new Set(own.map(({ name }) => name));
  const kept = shipped.filter(({ name }) => !names.has(name));
  return { automation: [...kept, ...own.filter(({ off }) => off !== true)] };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
