// Instructions: what a sender asked for in control headers, the same shape whatever the dialect.
import { z } from 'zod';

export const prioritySchema = z.literal([1, 2, 3, 4, 5]);

/** Ways to write a merge tag; a message may use several, each dialect brings its own. */
export const tagSyntaxes = [
  /** `[name]`, `[name|fallback]`: SMTP+ and ours. */
  'brackets',
  /** `%recipient.name%`, `%recipient%`, `%unsubscribe_url%`: Mailgun. */
  'mailgun',
  /** `*|NAME|*`: Mandrill's mailchimp language; names without case. */
  'mailchimp',
  /** `{{name}}`, `{{{name}}}`: Mandrill's handlebars and Mailgun's templates; variables only. */
  'handlebars',
  /** `{{var:name:"fallback"}}`, `[[var:name:"fallback"]]`: Mailjet. */
  'mailjet',
  /** Any text that is a key of the values: SendGrid's substitutions, such as `-name-`. */
  'literal',
] as const;

const text = z.string().max(65_536);
const values = z.record(z.string().max(255), text);
const hostOrName = z.string().min(1).max(255);

const mergeSchema = z.strictObject({
  /** True: no tag is replaced, whatever else says so (SMTP+ SkipDynamicFields). */
  off: z.boolean().optional(),
  syntaxes: z.array(z.enum(tagSyntaxes)).optional(),
  /** Values for all recipients, by name. */
  fields: values.optional(),
  /** SendGrid sections: texts that stand in values by their name. */
  sections: values.optional(),
  /** Values of single recipients, by address in lower case; they win over `fields`. */
  recipients: z.record(z.string().max(320), values).optional(),
  /** True: a tag without value and fallback bounces the delivery instead of staying as it is. */
  strict: z.boolean().optional(),
});

const utmSchema = z.strictObject({
  source: z.string().max(255).optional(),
  medium: z.string().max(255).optional(),
  term: z.string().max(255).optional(),
  content: z.string().max(255).optional(),
  campaign: z.string().max(255).optional(),
  /** Only links to these hosts and their sub-domains; absent: all. */
  domains: z.array(hostOrName).max(100).optional(),
});

const blockSchema = z.strictObject({ html: text.optional(), text: text.optional() });

export const instructionsSchema = z.strictObject({
  /** 1 is the most urgent, 3 the default; already capped by what the user may use. */
  priority: prioritySchema.optional(),
  /** A pool that the user was granted. */
  pool: z.string().optional(),
  /** Domain of the return path, of DKIM's d= and of the tracking host, among what the user was granted. */
  returnPathDomain: hostOrName.optional(),
  signingDomain: hostOrName.optional(),
  trackingDomain: hostOrName.optional(),

  /** What statistics are aggregated by, and its name for people. */
  campaign: z.string().max(255).optional(),
  campaignName: z.string().max(255).optional(),
  tags: z.array(z.string().max(255)).max(20).optional(),
  /** The sender's own data, handed on in events and never to recipients. */
  metadata: z.record(z.string(), z.string()).optional(),

  /** An open pixel; links rewritten in which parts. */
  opens: z.boolean().optional(),
  clicks: z.enum(['none', 'all', 'html', 'text']).optional(),
  /** Google Analytics parameters for links. */
  utm: utmSchema.optional(),

  merge: mergeSchema.optional(),
  /** A stored template of the account; absent version: the latest. `block` is the tag that the message's own body fills. */
  template: z
    .strictObject({
      name: z.string().max(255),
      version: z.number().int().positive().optional(),
      block: z.string().max(255).optional(),
    })
    .optional(),
  /** The user's own header block; its footer block, or a block that comes with the message. */
  header: z.boolean().optional(),
  footer: z.union([z.boolean(), blockSchema]).optional(),
  inlineCss: z.boolean().optional(),
  /** Every recipient sees only its own address in To, and no Cc. */
  separate: z.boolean().optional(),
  /** A recipient in no To or Cc gets a copy with its own address in To (Bcc as SMTP+ does it). */
  ownBcc: z.boolean().optional(),

  /** List-Unsubscribe fields and links, of which topic (group, stream); false: none. */
  unsubscribe: z.boolean().optional(),
  topic: z.string().max(100).optional(),
  /** Topics to choose from on the page. */
  topics: z.array(z.string().max(100)).max(25).optional(),
  /** An unsubscribe text at the end, or the tag that the link takes the place of (SendGrid subscriptiontrack). */
  unsubscribeText: blockSchema.extend({ replace: z.string().max(255).optional() }).optional(),
  /** Send although the address is suppressed; only where the operator granted it. */
  bypassSuppression: z.boolean().optional(),

  /** Not to be sent before, epoch milliseconds. */
  sendAt: z.number().optional(),
  /** Names deliveries that are cancelled or put off together. */
  batch: z.string().max(100).optional(),
  /** How long to try, milliseconds from when it may first be sent; how many attempts at most. */
  ttl: z.number().positive().optional(),
  attempts: z.number().int().positive().optional(),
  /** encrypted: TLS or not at all; verified: with a certificate that names the host; optional: the recipient's domain is not asked. */
  tls: z.enum(['encrypted', 'verified', 'optional']).optional(),
  /** Taken, reported as delivered, and not sent (test mode). */
  drop: z.boolean().optional(),
});

/** What a user may have as a default, and a rule may set: everything but what only one message can mean. */
export const defaultsSchema = instructionsSchema.omit({ sendAt: true, batch: true, drop: true }).partial();

export type Priority = z.infer<typeof prioritySchema>;
export type TagSyntax = (typeof tagSyntaxes)[number];
export type Instructions = Readonly<z.infer<typeof instructionsSchema>>;
export type Merge = NonNullable<Instructions['merge']>;
export type Utm = NonNullable<Instructions['utm']>;
/** A piece of a letter for its HTML and its text. */
export type Block = Readonly<z.infer<typeof blockSchema>>;
