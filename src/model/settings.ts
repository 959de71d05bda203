// Settings: accounts, users, domains, pools and transports as they are stored, whoever declared them.
import { z } from 'zod';
import { isTimeZone } from '../lib/day.ts';
import { defaultsSchema, prioritySchema } from './instructions.ts';
import { viaSchema, warmupSchema } from './transport-parts.ts';
import { watchSchema } from './watch.ts';

export { viaSchema, warmupSchema } from './transport-parts.ts';

/** Names of users, pools, transports and accounts: they are parts of keys, queue names and URLs. */
export const nameSchema = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9_.@-]{0,62}[a-z0-9])?$/,
    'must be lower-case letters, digits, ".", "_", "-" or "@", at most 64 characters',
  );

/** Who declared an entry. What the configuration file declares, only the file changes; it wins at every start. */
const originSchema = z.enum(['file', 'command']);

const limitsSchema = z.strictObject({
  messagesPerHour: z.number().int().positive().optional(),
  messagesPerDay: z.number().int().positive().optional(),
  recipientsPerMessage: z.number().int().positive().optional(),
  messageBytes: z.number().int().positive().optional(),
  /** hold: take it and send it when it may go; refuse: 451 or 452. */
  over: z.enum(['hold', 'refuse']).default('hold'),
});

const blockSchema = z.strictObject({ html: z.string().max(16_384), text: z.string().max(16_384) }).partial();

/** Campaigns that a message without one of its own belongs to (SMTP+'s aggregation policies). */
export const campaignPolicies = [
  'day',
  'week',
  'month',
  'year',
  'subject',
  'dynamic-subject',
  'sender',
  'sender-name',
  'sender-subject',
  'user',
] as const;

const ruleSchema = z.strictObject({
  when: z
    .strictObject({
      sender: z.string().optional().describe('From address; "*" stands for any characters.'),
      subject: z.string().optional().describe('Subject; "*" stands for any characters.'),
      recipient: z.string().optional().describe('Address of any recipient; "*" stands for any characters.'),
    })
    .describe('All that is given must match; case does not count.'),
  set: defaultsSchema.describe('What such messages get unless they say otherwise.'),
});

/** Names for people by topic: some services know a topic by a number. */
export const topicNamesSchema = z
  .record(z.string().min(1).max(100), z.string().trim().min(1).max(100))
  .refine((names) => Object.keys(names).length <= 200, 'must be at most 200');

/** How far ahead a user may schedule who was given no other limit, milliseconds. */
export const SCHEDULE_AHEAD_MS = 30 * 86_400_000;
/** Header fields whose merge tags are replaced for a user who was given no others. */
export const MERGE_HEADERS: readonly string[] = ['subject', 'to', 'reply-to'];

export const userSchema = z.strictObject({
  v: z.literal(1),
  name: nameSchema,
  account: nameSchema.default('default'),
  passwordHash: z.string().optional().describe('"$argon2id$…"; absent: cannot log in with a password.'),
  networks: z.array(z.string()).default([]).describe('Source networks (CIDR) from which no AUTH is needed.'),
  domains: z
    .array(z.string())
    .default([])
    .describe(
      'Domains whose addresses may stand in From: "shop.example", "*.shop.example" for every sub-domain, or "*" for all.',
    ),
  senders: z.array(z.string()).default([]).describe('Single addresses that may stand in From.'),
  pool: nameSchema.default('default').describe('The pool its mail leaves by.'),
  pools: z.array(nameSchema).default([]).describe('Other pools that a message may choose.'),
  trustedSmartHost: z
    .boolean()
    .default(false)
    .describe('An Exchange that forwards outside mail: From is not checked. Only the operator sets it.'),
  smartHostControls: z
    .boolean()
    .default(false)
    .describe(
      'Follow control headers of mail that a trusted smart host says is from its own domains, which nobody has checked.',
    ),
  unauthorisedFrom: z
    .enum(['reject', 'rewrite'])
    .default('reject')
    .describe("What to do with a From that is not the user's own."),
  rewriteFrom: z
    .string()
    .optional()
    .describe('Address that takes the place of an unauthorised From; default: no-reply@ the first domain.'),
  bounceAddress: z
    .string()
    .optional()
    .describe("Envelope sender that replaces a MAIL FROM outside the user's own; default: the From address."),
  notifications: z
    .string()
    .default('sender')
    .describe('sender: DSNs to the envelope sender; off: none; else the address that gets them.'),
  priority: prioritySchema.default(3),
  maxPriority: prioritySchema.default(1).describe('The most urgent priority that a message may ask for.'),
  limits: limitsSchema.default({ over: 'hold' }),
  defaults: defaultsSchema
    .default({})
    .describe('Instructions for messages that say nothing else, for programs that cannot set headers.'),
  rules: z
    .array(ruleSchema)
    .max(100)
    .default([])
    .describe('Instructions by sender, subject and recipient; the first rule that sets something wins.'),
  topicNames: topicNamesSchema
    .optional()
    .describe('What the unsubscribe page calls a topic, such as "1234": "Newsletter".'),
  campaigns: z
    .enum(campaignPolicies)
    .optional()
    .describe('What statistics of messages without a campaign are aggregated by.'),
  badControls: z
    .enum(['refuse', 'ignore'])
    .default('refuse')
    .describe('What to do with a control header that cannot be read: 550, or send and note it in the event.'),
  suppressed: z
    .enum(['refuse', 'drop'])
    .default('refuse')
    .describe('A suppressed recipient: 550 at RCPT, or taken and dropped with an event.'),
  scheduleAhead: z
    .number()
    .positive()
    .default(SCHEDULE_AHEAD_MS)
    .describe('How far ahead a message may be scheduled.'),
  mergeHeaders: z
    .array(z.string())
    .default([...MERGE_HEADERS])
    .describe('Header fields in which merge tags are replaced.'),
  liquid: z.boolean().default(false).describe('May use stored templates written in Liquid.'),
  bypassSuppression: z
    .boolean()
    .default(false)
    .describe('Its messages may ask to be sent to suppressed addresses.'),
  autoSuppress: z
    .boolean()
    .optional()
    .describe(
      'Bounces and complaints put recipients of its mail on the suppression list; default: true, false for a trusted smart host.',
    ),
  verp: z
    .boolean()
    .optional()
    .describe(
      'Each delivery gets a return path of ours, so that bounces are read; default: true where feedback.domain is set, false for a trusted smart host.',
    ),
  watch: watchSchema.optional().describe('Thresholds of its own: bounces, complaints, signs of theft.'),
  header: blockSchema.optional().describe('Block behind <body>, for messages that ask for it: html, text.'),
  footer: blockSchema.optional().describe('Block before </body>, for messages that ask for it: html, text.'),
  archive: z
    .number()
    .positive()
    .optional()
    .describe(
      'How long its messages are kept after their last delivery, to be looked at and sent again; absent: not at all.',
    ),
  disabled: z.boolean().default(false),
  origin: originSchema,
});

const dkimKeySchema = z.strictObject({
  selector: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/),
  algorithm: z.enum(['rsa-sha256', 'ed25519-sha256']),
  /** PKCS#8, sealed with the master key; never leaves the store in clear. */
  sealedPrivateKey: z.string(),
  /** The p= of the DNS record (base64). */
  publicKey: z.string(),
});

export const domainSchema = z.strictObject({
  v: z.literal(1),
  /** Lower-case A-labels. */
  name: z.string(),
  account: nameSchema.default('default'),
  keys: z.array(dkimKeySchema).default([]),
  /** Host under which its links are tracked, a CNAME to ours: "click.shop.example". */
  trackingHost: z.string().optional(),
  /** Host of the return paths of its mail, a CNAME to feedback.domain: "bounce.shop.example". */
  returnPath: z.string().optional(),
  /** Who the unsubscribe page speaks for: a name, and the https address of a picture. */
  brand: z
    .strictObject({ name: z.string().max(100).optional(), logo: z.url({ protocol: /^https$/ }).optional() })
    .optional(),
  /** The pool that mail from it leaves by, for users of its account. */
  pool: nameSchema.optional(),
  origin: originSchema,
});

export const transportSchema = z.strictObject({
  v: z.literal(1),
  name: nameSchema,
  kind: z
    .enum(['smtp', 'sandbox'])
    .default('smtp')
    .describe('smtp sends from `address`; sandbox catches everything and sends nothing.'),
  address: z.string().optional().describe('IPv4 or IPv6 source address of this host; required for smtp.'),
  address6: z.string().optional().describe('IPv6 source address beside an IPv4 one.'),
  publicAddress: z.string().optional().describe('What the world sees behind NAT.'),
  ehlo: z
    .string()
    .optional()
    .describe('Name that it says in EHLO; it should be that of the address in the DNS. Default: hostname.'),
  pool: nameSchema.default('default').describe('The group of transports that it belongs to.'),
  weight: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe("Its share of the pool's mail, beside the weights of the others."),
  via: viaSchema.optional(),
  warm: z
    .boolean()
    .optional()
    .describe('true: the world knows mail from this address already, so that it needs no warm-up.'),
  warmup: warmupSchema.optional(),
  timeZone: z
    .string()
    .refine(isTimeZone, { message: 'must be a time zone such as Europe/Rome' })
    .optional()
    .describe('Where the days of its warm-up begin; default: warmup.timeZone.'),
  paused: z.boolean().default(false),
  /** No new deliveries; what waits moves to the others of its pool. */
  draining: z.boolean().default(false),
  origin: originSchema,
});

/** A pool exists when something names it; the entry holds what is not derived from its transports. */
export const poolSchema = z.strictObject({
  v: z.literal(1),
  name: nameSchema,
  fallback: nameSchema
    .optional()
    .describe('The pool whose transports take over while none of its own can send; each use is told.'),
  whenAllBad: z
    .enum(['use', 'hold'])
    .default('use')
    .describe(
      'When all its transports are quarantined: use the least bad one (never one on a block list), or hold the mail.',
    ),
  origin: originSchema,
});

/** What is known of a stored template without its content, which lies in a store of its own. */
export const templateSchema = z.strictObject({
  v: z.literal(1),
  /** "<account>/<name>". */
  name: z.string(),
  engine: z.enum(['tags', 'liquid']),
  /** Versions that exist, oldest first; the last one is the latest. */
  versions: z.array(z.number().int().positive()).min(1),
});

export type Template = Readonly<z.infer<typeof templateSchema>>;
export type CampaignPolicy = (typeof campaignPolicies)[number];
export type Rule = Readonly<z.infer<typeof ruleSchema>>;
export type User = Readonly<z.infer<typeof userSchema>>;
export type DkimKey = Readonly<z.infer<typeof dkimKeySchema>>;
export type Domain = Readonly<z.infer<typeof domainSchema>>;
export type Transport = Readonly<z.infer<typeof transportSchema>>;
export type Via = Readonly<z.infer<typeof viaSchema>>;
export type Pool = Readonly<z.infer<typeof poolSchema>>;

/** All settings at one moment, kept in memory by every process and replaced as a whole when one changes. */
export type Settings = Readonly<{
  /** Grows with every change. */
  revision: number;
  users: ReadonlyMap<string, User>;
  domains: ReadonlyMap<string, Domain>;
  pools: ReadonlyMap<string, Pool>;
  transports: ReadonlyMap<string, Transport>;
  /** By "<account>/<name>". */
  templates: ReadonlyMap<string, Template>;
  /** Accounts that have at least one suppression, so that the others cost no look-up. */
  suppressing: ReadonlySet<string>;
}>;
