// Endpoints of webhooks: making, changing, testing, pausing and replaying them, and what was sent last.
import { z } from 'zod';
import { eventTypes } from '../model/event.ts';
import {
  addWebhook,
  changeWebhook,
  findWebhook,
  listWebhooks,
  pauseWebhook,
  removeWebhook,
  replayWebhook,
  resumeWebhook,
  rotateWebhook,
  testWebhook,
  webhookLog,
  type WebhookVerbs,
} from '../verbs/webhook.ts';
import type { Did } from '../verbs/did.ts';
import { changeSchema, webhookSchema, wishSchema } from '../webhooks/webhook.ts';
import { conditions } from '../webhooks/state.ts';
import { logEntrySchema } from '../webhooks/store.ts';
import { endpoint } from './endpoint.ts';
import { pageIn, pageOf, pageQuery } from './paging.ts';
import { ownerOf } from './principal.ts';
import { problem, type Problem } from './problem.ts';
import { refusal } from './refusal.ts';

/** Later ones do not fit into a cursor. */
const LAST_MS = 999_999_999_999_999;
const moment = z.number().describe('Epoch milliseconds.');
const webhook = webhookSchema.omit({ v: true, login: true, secrets: true, turn: true }).extend({
  secrets: z
    .array(z.object({ since: moment, until: moment.optional() }))
    .describe('Those in use, newest first.'),
  condition: z
    .enum(conditions)
    .describe('off: a person paused it. parked: it failed for too long and waits for a person.'),
  lagMs: z.number().describe('How long the oldest event waits, milliseconds.'),
  cursor: z.string().describe('All up to here was taken.'),
  failingSince: moment.optional(),
  parkedSince: moment.optional(),
  tries: z.number().describe('In vain, in a row.'),
  nextTry: moment.optional(),
  problem: z.string().optional(),
  sent: z.number().describe('Events that were taken.'),
  requests: z.number(),
  lastAt: moment.optional().describe('When the last request was taken, epoch milliseconds.'),
});
const withSecret = z.object({
  webhook,
  secret: z.string().describe('What the receiver verifies with; it is not told again.'),
});
const secret = z
  .string()
  .min(16)
  .max(200)
  .optional()
  .describe('One that the receiver has already; absent: one is made.');
const id = z.object({ id: z.string().min(1).max(100).describe('Its id or name.') });

/** A webhook tells what happens: whoever makes one may read that. */
const mayNotRead = problem(
  403,
  'Not allowed',
  'A webhook gets events: a key that makes or changes one needs the scope events:read, too.',
);

function given<T>(result: Did<T>): T | Problem {
  return result.ok ? result.value : refusal(result);
}

export const webhookEndpoints = [
  endpoint({
    id: 'listWebhooks',
    verb: 'webhook list',
    method: 'GET',
    path: '/webhooks',
    scope: 'webhooks:read',
    summary: 'All webhooks and how they are doing.',
    query: z.object(pageQuery),
    answer: pageOf(webhook),
    run: async ({ query, principal }, context: WebhookVerbs) =>
      pageIn(await listWebhooks(context, ownerOf(principal)), (one) => one.id, query),
  }),
  endpoint({
    id: 'addWebhook',
    verb: 'webhook add',
    method: 'POST',
    path: '/webhooks',
    scope: 'webhooks:write',
    status: 201,
    location: '/webhooks/:webhook.id',
    summary: 'Makes a webhook; it gets what happens from now on. A key needs events:read, too.',
    body: wishSchema.extend({ secret }),
    answer: withSecret,
    run: async ({ body, principal }, context: WebhookVerbs) => {
      if (!principal.scopes.has('events:read')) return mayNotRead;
      const user = body.user ?? principal.user;
      const wish = { ...body, ...(user === undefined ? {} : { user }) };
      return given(await addWebhook(context, ownerOf(principal), wish));
    },
  }),
  endpoint({
    id: 'showWebhook',
    verb: 'webhook show',
    method: 'GET',
    path: '/webhooks/:id',
    scope: 'webhooks:read',
    summary: 'One webhook: what it gets, how far it is, what the matter is.',
    params: id,
    answer: webhook,
    run: async ({ params, principal }, context: WebhookVerbs) =>
      given(await findWebhook(context, ownerOf(principal), params.id)),
  }),
  endpoint({
    id: 'changeWebhook',
    verb: 'webhook set',
    method: 'PATCH',
    path: '/webhooks/:id',
    scope: 'webhooks:write',
    summary: 'Changes what is named; the shape cannot be changed.',
    params: id,
    body: changeSchema,
    answer: webhook,
    run: async ({ params, body, principal }, context: WebhookVerbs) => {
      if (!principal.scopes.has('events:read')) return mayNotRead;
      return given(await changeWebhook(context, ownerOf(principal), { ref: params.id, change: body }));
    },
  }),
  endpoint({
    id: 'removeWebhook',
    verb: 'webhook remove',
    method: 'DELETE',
    path: '/webhooks/:id',
    scope: 'webhooks:write',
    summary: 'Removes it, with its place and its log.',
    params: id,
    run: async ({ params, principal }, context: WebhookVerbs) => {
      const removed = await removeWebhook(context, ownerOf(principal), params.id);
      return removed.ok ? undefined : refusal(removed);
    },
  }),
  endpoint({
    id: 'testWebhook',
    verb: 'webhook test',
    method: 'POST',
    path: '/webhooks/:id/test',
    scope: 'webhooks:write',
    summary: 'Sends an event that did not happen, and says what was answered.',
    params: id,
    body: z.strictObject({ type: z.enum(eventTypes).default('delivered') }),
    answer: logEntrySchema,
    run: async ({ params, body, principal }, context: WebhookVerbs) =>
      given(await testWebhook(context, ownerOf(principal), { ref: params.id, type: body.type })),
  }),
  endpoint({
    id: 'pauseWebhook',
    verb: 'webhook pause',
    method: 'POST',
    path: '/webhooks/:id/pause',
    scope: 'webhooks:write',
    summary: 'Stops it; its events wait.',
    params: id,
    answer: webhook,
    run: async ({ params, principal }, context: WebhookVerbs) =>
      given(await pauseWebhook(context, ownerOf(principal), params.id)),
  }),
  endpoint({
    id: 'resumeWebhook',
    verb: 'webhook resume',
    method: 'POST',
    path: '/webhooks/:id/resume',
    scope: 'webhooks:write',
    summary: 'Lets a paused or parked webhook go on where it stopped.',
    params: id,
    answer: webhook,
    run: async ({ params, principal }, context: WebhookVerbs) =>
      given(await resumeWebhook(context, ownerOf(principal), params.id)),
  }),
  endpoint({
    id: 'replayWebhook',
    verb: 'webhook replay',
    method: 'POST',
    path: '/webhooks/:id/replay',
    scope: 'webhooks:write',
    summary: 'Sends events again, from a time or a cursor on.',
    params: id,
    body: z.strictObject({
      since: z.number().int().min(0).max(LAST_MS).optional().describe('Epoch milliseconds.'),
      cursor: z.string().max(60).optional(),
    }),
    answer: webhook,
    run: async ({ params, body, principal }, context: WebhookVerbs) =>
      given(await replayWebhook(context, ownerOf(principal), { ref: params.id, ...body })),
  }),
  endpoint({
    id: 'rotateWebhook',
    verb: 'webhook rotate',
    method: 'POST',
    path: '/webhooks/:id/rotate',
    scope: 'webhooks:write',
    summary: 'Gives it a new secret; the old one is in use beside it for a while.',
    params: id,
    body: z.strictObject({
      keepMs: z
        .number()
        .int()
        .min(0)
        .max(30 * 86_400_000)
        .default(86_400_000)
        .describe('How long the old one is in use beside it, milliseconds.'),
      secret,
    }),
    answer: withSecret,
    run: async ({ params, body, principal }, context: WebhookVerbs) =>
      given(await rotateWebhook(context, ownerOf(principal), { ref: params.id, ...body })),
  }),
  endpoint({
    id: 'webhookLog',
    verb: 'webhook log',
    method: 'GET',
    path: '/webhooks/:id/log',
    scope: 'webhooks:read',
    summary: 'The last requests and what was answered, newest first.',
    params: id,
    query: z.object({ limit: z.coerce.number().int().min(1).max(50).default(50) }),
    answer: z.object({ items: z.array(logEntrySchema) }),
    run: async ({ params, query, principal }, context: WebhookVerbs) => {
      const found = await webhookLog(context, ownerOf(principal), { ref: params.id, limit: query.limit });
      return found.ok ? { items: found.value } : refusal(found);
    },
  }),
];
