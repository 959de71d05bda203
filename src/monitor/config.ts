// The monitor slice of the configuration: block lists, checks, rates, thresholds for transports and senders.
import { z } from 'zod';
import { durationLike } from '../lib/values.ts';
import { senderConfig, theftConfig } from './sender-config.ts';
import { blocklistSchema, DEFAULT_BLOCKLISTS } from './blocklists.ts';

const duration = durationLike('"10m" or "4h"');
const percent = z.number().min(0).max(100);
const checks = z.number().int().min(1).max(1000);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const resolver = z.string().regex(/^[\da-fA-F:.[\]]+$/, 'must be an address such as "192.0.2.53"');

const ratesConfig = z.strictObject({
  minimum: z
    .number()
    .int()
    .min(1)
    .default(100)
    .describe(
      'Attempts within the hour below which nothing is concluded; fewer count as if they were so many.',
    ),
  deferred: percent.default(50).describe('Percent of replies within the hour that said "later": degraded.'),
  blocked: percent.default(10).describe('Percent that refused our address or its reputation: degraded.'),
  bounced: percent.default(10).describe('Percent that refused for good: degraded.'),
  complained: percent.default(0.3).describe('Complaints per hundred deliveries within a day: degraded.'),
  blockedByAll: percent
    .default(60)
    .describe('Percent refused for our address over all providers together: quarantined. 0: never.'),
  checks: checks.default(3).describe('Rounds in a row that must be bad before the state gets worse.'),
  calm: checks.default(10).describe('Rounds in a row without trouble before it gets better.'),
  rest: duration.default(4 * HOUR).describe('How long a quarantine for rates lasts; then it is tried again.'),
});

export const monitorConfig = z.strictObject({
  enabled: z.boolean().default(true).describe('false: nothing is checked, and states stay as they are.'),
  every: duration.default(MINUTE).describe('How often rates, states and senders are looked at.'),
  blocklistsEvery: duration.default(10 * MINUTE).describe('How often block lists are asked.'),
  identityEvery: duration.default(HOUR).describe('How often reverse DNS and EHLO names are asked.'),
  confirmAfter: duration.default(MINUTE).describe('How long after a first positive a list is asked again.'),
  confirmWith: z
    .array(resolver)
    .default([])
    .describe(
      'Resolvers that are asked the second time; empty: those of dns.servers from behind, which are the same where there is one.',
    ),
  cleanChecks: checks.default(3).describe('Clean answers in a row after which an entry of a list is over.'),
  blocklists: z
    .array(blocklistSchema)
    .refine((lists) => new Set(lists.map(({ zone }) => zone)).size === lists.length, 'a zone is there twice')
    .default([...DEFAULT_BLOCKLISTS])
    .describe('Block lists that are asked for our addresses; [] asks none. Read their terms first.'),
  rates: ratesConfig.prefault({}).describe('What replies say of a transport, per provider.'),
  senders: senderConfig.prefault({}).describe('Bounces and complaints of a user, and what follows.'),
  theft: theftConfig.prefault({}).describe('Signs that a password was stolen, and what follows.'),
});

export type MonitorConfig = Readonly<z.infer<typeof monitorConfig>>;
export type RatesConfig = MonitorConfig['rates'];
