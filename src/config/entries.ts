// Users, domains, pools and transports as the configuration file writes them: the stored entries without what we add.
import { z } from 'zod';
import { defaultsSchema, instructionsSchema } from '../model/instructions.ts';
import {
  MERGE_HEADERS,
  SCHEDULE_AHEAD_MS,
  domainSchema,
  nameSchema,
  poolSchema,
  transportSchema,
  userSchema,
  viaSchema,
  warmupSchema,
} from '../model/settings.ts';
import { bytesLike, durationLike } from '../lib/values.ts';
import { toAsciiDomain } from '../mail/domain.ts';

const domainName = z.string().transform((text, context) => {
  const ascii = toAsciiDomain(text);
  if (ascii !== undefined) return ascii;
  context.addIssue({ code: 'custom', message: 'must be a domain name such as shop.example' });
  return z.NEVER;
});

const bytes = bytesLike('"20MB"');

/** A time span such as "2h", in milliseconds. */
export const duration = durationLike('"2h" or "30d"');

/** Instructions as people write them: `ttl` is a duration such as "2h" (or milliseconds). */
export const declaredDefaults = defaultsSchema.extend({
  ttl: z.union([duration, z.number().positive()], { error: 'must be a duration such as "2h"' }).optional(),
  footer: z
    .union(instructionsSchema.shape.footer.unwrap().options, {
      error: 'must be true, false or a block of its own: html, text',
    })
    .optional(),
});

/** A rule with such instructions. */
export const declaredRule = userSchema.shape.rules.unwrap().element.extend({ set: declaredDefaults });

/** Fields that say who sent a message and how it is read: no value from outside may stand in them. */
const FIXED =
  /^(?:from|sender|return-path|received|date|message-id|bcc|mime-version|dkim-signature|(?:content|resent|arc)-.*)$/;

/** A header field in which merge tags may be replaced. */
export const mergeHeader = z
  .string()
  .toLowerCase()
  .regex(/^[a-z0-9-]{1,64}$/, 'must be the name of a header field')
  .refine((name) => !FIXED.test(name), { message: 'is a field in which nothing is replaced' });

/** A host of ours that a domain's links point to. */
export const trackingHost = domainName;

/** A host of ours that a domain's bounces come to. */
export const returnPath = domainName;

/** The picture of a domain's unsubscribe page is loaded by whoever opens it: from https only. */
export const brand = domainSchema.shape.brand.unwrap().extend({
  logo: z.url({ protocol: /^https$/, error: 'must be an https address' }).optional(),
});

/** Pools that default instructions and rules choose without the user having been granted them. */
export function ungranted(
  user: Readonly<{
    pool: string;
    pools: readonly string[];
    defaults: Readonly<{ pool?: string | undefined }>;
    rules: readonly Readonly<{ set: Readonly<{ pool?: string | undefined }> }>[];
  }>,
): readonly Readonly<{ path: (string | number)[]; message: string }>[] {
  const wished = [
    { path: ['defaults', 'pool'], pool: user.defaults.pool },
    ...user.rules.map(({ set }, n) => ({ path: ['rules', n, 'set', 'pool'], pool: set.pool })),
  ];
  const bad = wished.filter(({ pool }) => pool !== undefined && ![user.pool, ...user.pools].includes(pool));
  return bad.map(({ path, pool }) => ({
    path,
    message: `is ${pool}, which is neither the user's pool nor among its pools`,
  }));
}

const limits = userSchema.shape.limits.unwrap().extend({ messageBytes: bytes.optional() });

export const declaredUser = userSchema
  .omit({ v: true, origin: true, disabled: true })
  .extend({
    password: z
      .string()
      .min(1)
      .optional()
      .describe('In clear, best as "${SHOP_PASSWORD}"; stored as a hash.'),
    disabled: z.boolean().optional(),
    limits: limits
      .default({ over: 'hold' })
      .describe('messagesPerHour, messagesPerDay, recipientsPerMessage, messageBytes; over: hold or refuse.'),
    defaults: declaredDefaults.default({}).describe(describe('defaults')),
    rules: z.array(declaredRule).max(100).default([]).describe(describe('rules')),
    scheduleAhead: duration.default(SCHEDULE_AHEAD_MS).describe(describe('scheduleAhead')),
    archive: duration.optional().describe(describe('archive')),
    mergeHeaders: z
      .array(mergeHeader)
      .default([...MERGE_HEADERS])
      .describe(describe('mergeHeaders')),
  })
  .refine((user) => user.password === undefined || user.passwordHash === undefined, {
    message: 'password and passwordHash exclude each other',
    path: ['passwordHash'],
  })
  .superRefine((user, context) => {
    for (const { path, message } of ungranted(user)) context.addIssue({ code: 'custom', path, message });
  });

/** The words that the stored user's schema has for a field. */
function describe(field: 'defaults' | 'rules' | 'scheduleAhead' | 'mergeHeaders' | 'archive'): string {
  return userSchema.shape[field].description ?? '';
}

const declaredVia = viaSchema
  .omit({ sealedPassword: true })
  .extend({
    password: z.string().min(1).optional().describe('In clear, best as "${RELAY_PASSWORD}"; sealed at rest.'),
  })
  .refine((via) => (via.username === undefined) === (via.password === undefined), {
    message: 'username and password belong together',
    path: ['username'],
  })
  .describe(viaSchema.description ?? '');

const declaredWarmup = warmupSchema
  .partial()
  .refine(({ since, day }) => (since === undefined) !== (day === undefined), {
    message: 'needs one of: since, the day that it began; day, which day of it this is',
  })
  .describe(
    'since: the day that its warm-up began (2026-11-25); or day: which day of it today is. Without it, a new address begins at day 1.',
  );

export const declaredTransport = transportSchema
  .omit({ v: true, origin: true, paused: true, draining: true })
  .extend({
    paused: z.boolean().optional(),
    draining: z.boolean().optional(),
    via: declaredVia.optional(),
    warmup: declaredWarmup.optional(),
  })
  .refine((transport) => transport.warm !== true || transport.warmup === undefined, {
    message: 'and warm: true exclude each other',
    path: ['warmup'],
  })
  .refine((transport) => transport.kind === 'sandbox' || transport.address !== undefined, {
    message: 'is missing: name the address of this host that mail leaves from (or kind: sandbox)',
    path: ['address'],
  });

export const declaredPool = poolSchema.omit({ v: true, origin: true });

export const declaredDomain = z.strictObject({
  name: domainName,
  account: nameSchema.default('default'),
  pool: nameSchema
    .optional()
    .describe('Pool that mail from it leaves by, for users of its account; default: that of the user.'),
  trackingHost: trackingHost
    .optional()
    .describe('Host under which its links are tracked, a CNAME to that of tracking.url: click.shop.example.'),
  returnPath: returnPath
    .optional()
    .describe('Host of the return paths of its mail, a CNAME to feedback.domain: bounce.shop.example.'),
  brand: brand
    .optional()
    .describe('Who the unsubscribe page speaks for: name, and logo, the https address of a picture.'),
});
