// Event: a fact told outside; versioned and public.
import { z } from 'zod';

export const eventTypes = [
  'accepted',
  'deferred',
  'delivered',
  'bounced',
  'expired',
  'dropped',
  'cancelled',
  'opened',
  'clicked',
  'unsubscribed',
  'complained',
  // Of the installation, not of a message: submission, delivery and recipient are "".
  'transport-state',
  'sender-state',
  'limit',
  'trouble',
] as const;

const replySchema = z.strictObject({ code: z.number(), status: z.string().optional(), text: z.string() });

export const eventSchema = z.object({
  v: z.literal(1),
  /** Deterministic: "<delivery>.<type>", with ".<attempt>" where a type can repeat. Readers drop repeats by it. */
  id: z.string(),
  type: z.enum(eventTypes),
  /** Epoch milliseconds. */
  at: z.number(),
  account: z.string(),
  user: z.string(),
  submission: z.string(),
  delivery: z.string(),
  recipient: z.string(),
  /** Envelope sender; "" is the null sender. */
  sender: z.string(),
  headerFrom: z.string().optional(),
  messageId: z.string().optional(),
  subject: z.string().optional(),
  size: z.number().optional(),
  campaign: z.string().optional(),
  campaignName: z.string().optional(),
  tags: z.array(z.string()).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  /** Of an attempt: which transport, to which site and host, which attempt it was, counted from 1. */
  transport: z.string().optional(),
  /** The fallback pool that this transport is of; absent: it is one of the delivery's own pool. */
  fallback: z.string().optional(),
  site: z.string().optional(),
  host: z.string().optional(),
  /** Who runs the recipient's mail hosts: a name of config/providers.yaml; absent where no rule knows it. */
  provider: z.string().optional(),
  /** Remote address and port, and our own address, of the attempt. */
  address: z.string().optional(),
  localAddress: z.string().optional(),
  tls: z.string().optional(),
  attempt: z.number().optional(),
  /** How long the attempt took, and how long ago the message was accepted, milliseconds. */
  ms: z.number().optional(),
  age: z.number().optional(),
  reply: replySchema.optional(),
  /** Bounce class, phase and our sentence for a failure or a delay. */
  class: z.string().optional(),
  phase: z.string().optional(),
  /** Of a bounce that came later by mail: what it says of the recipient, one of the words of model/taxonomy.ts. */
  category: z.string().optional(),
  reason: z.string().optional(),
  /** Attempts of this delivery so far that may have been taken by the peer although we do not know it. */
  ambiguous: z.number().optional(),
  /** When the next attempt is due, epoch milliseconds. */
  due: z.number().optional(),
  /** Of "accepted": the delivery or message that is sent again by it. */
  resendOf: z.string().optional(),
  /** Steps of the conversation, at most 4 KiB. */
  conversation: z.string().optional(),
  /** What was asked for and not done, in sentences. */
  notes: z.array(z.string()).optional(),
  /** Of a hit: the link's target and number, and who came. */
  url: z.string().optional(),
  link: z.number().optional(),
  userAgent: z.string().optional(),
  ip: z.string().optional(),
  device: z.enum(['desktop', 'mobile', 'tablet', 'tv', 'unknown']).optional(),
  client: z.string().optional(),
  os: z.string().optional(),
  country: z.string().optional(),
  /** "proxy": a mail provider's picture proxy (people may or may not have looked); "scanner": a program that follows links. */
  machine: z.enum(['proxy', 'scanner']).optional(),
  /** Topic of an unsubscription; absent: all mail. `how`: one-click, page, mail; "resubscribe" undoes it. */
  topic: z.string().optional(),
  how: z.enum(['one-click', 'page', 'mail', 'resubscribe']).optional(),
  /** Of a bounce or complaint that came later by mail: what kind of report it was. */
  report: z.enum(['dsn', 'text', 'arf']).optional(),
  /** Of a state: what it is now and what it was; `reason` says why. */
  state: z.string().optional(),
  was: z.string().optional(),
  /** Of a limit or trouble: what it is about ("lane", "provider", "transport", "user" …), and which of those. */
  scope: z.string().optional(),
  key: z.string().optional(),
  /** The rule or check that made it, what is done, and until when (epoch milliseconds); `over` when it has ended. */
  rule: z.string().optional(),
  action: z.string().optional(),
  until: z.number().optional(),
  over: z.boolean().optional(),
});

/** An event that we wrote ourselves: its version and its kind say enough (reading the history must be cheap). */
export const writtenEventSchema = z.custom<Event>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    'v' in value &&
    value.v === 1 &&
    'type' in value &&
    typeof value.type === 'string',
);

export type EventType = (typeof eventTypes)[number];
export type Event = Readonly<z.infer<typeof eventSchema>>;
