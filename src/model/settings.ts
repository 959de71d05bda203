// Settings: accounts, users, domains, pools and transports as they are stored, whoever declared them.
import { z } from 'zod';
import { prioritySchema } from './instructions.ts';

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
      'Domains whose addresses may stand in From: "shop.example", or "*.shop.example" for every sub-domain.',
    ),
  senders: z.array(z.string()).default([]).describe('Single addresses that may stand in From.'),
  pool: nameSchema.default('default').describe('The pool its mail leaves by.'),
  pools: z.array(nameSchema).default([]).describe('Other pools that a message may choose.'),
  trustedSmartHost: z
    .boolean()
    .default(false)
    .describe('An Exchange that forwards outside mail: From is not checked. Only the operator sets it.'),
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
  disabled: z.boolean().default(false),
  origin: originSchema,
});

export const dkimKeySchema = z.strictObject({
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
  paused: z.boolean().default(false),
  origin: originSchema,
});

/** A pool exists when something names it; the entry holds what is not derived from its transports. */
export const poolSchema = z.strictObject({ v: z.literal(1), name: nameSchema, origin: originSchema });

export type User = Readonly<z.infer<typeof userSchema>>;
export type DkimKey = Readonly<z.infer<typeof dkimKeySchema>>;
export type Domain = Readonly<z.infer<typeof domainSchema>>;
export type Transport = Readonly<z.infer<typeof transportSchema>>;
export type Pool = Readonly<z.infer<typeof poolSchema>>;

/** All settings at one moment, kept in memory by every process and replaced as a whole when one changes. */
export type Settings = Readonly<{
  /** Grows with every change. */
  revision: number;
  users: ReadonlyMap<string, User>;
  domains: ReadonlyMap<string, Domain>;
  pools: ReadonlyMap<string, Pool>;
  transports: ReadonlyMap<string, Transport>;
  /** Accounts that have at least one suppression, so that the others cost no look-up. */
  suppressing: ReadonlySet<string>;
}>;
