// A webhook: the address of a customer that gets events, which events, in which shape. Pure.
import { z } from 'zod';
import { domainOf } from '../model/delivery.ts';
import { eventTypes, type Event } from '../model/event.ts';
import { isNotice } from '../model/notice.ts';
import { nameSchema } from '../model/settings.ts';
import { shapeNames, shapes } from './shapes/index.ts';
import { unknownPlaces } from './shapes/smtpplus.ts';

const words = z.array(z.string().min(1).max(255)).max(100);

const parts = {
  name: nameSchema.describe('Names it in commands.'),
  user: nameSchema.describe("Only events of this user's mail; absent: of the whole account."),
  url: z
    .string()
    .max(2048)
    .describe('Where to send; a user name and password in it are sent as basic authentication.'),
  types: z.array(z.enum(eventTypes)).describe('Types of events; empty: all that are about messages.'),
  campaigns: words.describe('Only events of these campaigns; empty: all.'),
  tags: words.describe('Only events with at least one of these tags; empty: all.'),
  domains: words.describe('Only events of mail from these domains; empty: all.'),
  people: z.boolean().describe('Leave out opens and clicks of programs.'),
  batchSize: z.number().int().min(1).max(1000).describe('Events in a request, at most.'),
  batchWait: z
    .number()
    .int()
    .min(0)
    .max(60_000)
    .describe('How long an event waits for others to go with, milliseconds.'),
  method: z.enum(['GET', 'POST']).describe('Of the shape smtpplus alone.'),
  parameters: z
    .record(z.string().min(1).max(100), z.string().max(500))
    .refine((map) => Object.keys(map).length <= 60, 'must be at most 60')
    .refine((map) => Object.values(map).every((value) => unknownPlaces(value).length === 0), {
      error: 'have a place in brackets that is not known; docs/webhooks.md lists them',
    })
    .describe('Of the shape smtpplus alone: names of parameters and what they hold, such as "[Email]".'),
};

/** What people may change; the same for the command line and the API. */
export const changeSchema = z
  .strictObject({ ...parts, user: parts.user.nullable().describe('null: of the whole account.') })
  .partial();

/** What people may say of a new one. */
export const wishSchema = z.strictObject({
  ...parts,
  user: parts.user.optional(),
  shape: z
    .enum(shapeNames)
    .default('standard')
    .describe('The form: our own, or that of another service whose receiver you have.'),
  types: parts.types.default([]),
  campaigns: parts.campaigns.default([]),
  tags: parts.tags.default([]),
  domains: parts.domains.default([]),
  people: parts.people.default(false),
  batchSize: parts.batchSize.default(100),
  batchWait: parts.batchWait.default(1000),
  method: parts.method.default('POST'),
  parameters: parts.parameters.default({}),
});

const secretSchema = z.strictObject({
  /** Sealed with the master key; never leaves the store in clear. */
  sealed: z.string(),
  since: z.number(),
  /** When it stops being used; absent: the one in force. */
  until: z.number().optional(),
});

export const webhookSchema = wishSchema.extend({
  v: z.literal(1),
  id: z.string(),
  account: nameSchema,
  /** Sealed "user:password" of the URL, which is kept without it. */
  login: z.string().optional(),
  /** The newest first, at most two. */
  secrets: z.array(secretSchema).min(1).max(2),
  /** What receivers verify with, where that is not the secret itself (base64). */
  publicKey: z.string().optional(),
  /** Only a person turns it off and on. */
  enabled: z.boolean(),
  at: z.number(),
  /** Grows when somebody lets it go on or sends events again, so that whoever feeds it looks anew. */
  turn: z.number().int(),
});

export type Wish = Readonly<z.infer<typeof wishSchema>>;
export type Change = Readonly<z.infer<typeof changeSchema>>;
export type Webhook = Readonly<z.infer<typeof webhookSchema>>;

/** True when the event is for this webhook. Never one of another account, or of another user where it is for one. */
export function wants(hook: Webhook, event: Event): boolean {
  const { account, user, types, shape } = hook;
  if (event.account !== account || (user !== undefined && event.user !== user)) return false;
  // What is about the installation comes to those alone who ask for it by name.
  if (types.length === 0 ? isNotice(event) : !types.includes(event.type)) return false;
  return isOfInterest(hook, event) && shapes[shape].word(event) !== undefined;
}

function isOfInterest({ campaigns, tags, domains, people }: Webhook, event: Event): boolean {
  if (people && event.machine !== undefined) return false;
  if (campaigns.length > 0 && !campaigns.includes(event.campaign ?? '')) return false;
  if (tags.length > 0 && !event.tags?.some((tag) => tags.includes(tag))) return false;
  return domains.length === 0 || domains.includes(domainOf(event.headerFrom ?? event.sender));
}

/** The URL and what stands in it before the "@", apart; the rest is kept to the letter, since signatures cover it. */
export function splitUrl(text: string): Readonly<{ url: string; login: string | undefined }> {
  const match = /^(https?:\/\/)([^/?#@]*)@(.*)$/is.exec(text);
  return match ? { url: `${match[1]}${match[3]}`, login: match[2] } : { url: text, login: undefined };
}

/** The URL as it was given. */
export function joinUrl(url: string, login: string | undefined): string {
  return login === undefined ? url : url.replace(/^(https?:\/\/)/i, (scheme) => `${scheme}${login}@`);
}
