// Endpoints of messages that were taken: finding them, and what became of one.
import { present } from '../lib/present.ts';
import { z } from 'zod';
import { deliveryStatuses } from '../history/search.ts';
import { eventSchema } from '../model/event.ts';
import { messageOf, type HistoryVerbs } from '../verbs/history.ts';
import type { LookAtWaiting } from '../verbs/look.ts';
import { endpoint } from './endpoint.ts';
import { moment } from './moment.ts';
import { badCursor, pageOf, pageQuery } from './paging.ts';
import { boundsOf, ownerOf } from './principal.ts';
import { notFound, problem, type Problem } from './problem.ts';
import { waitSchema, withWaits } from './waiting.ts';

/** What it needs. */
export type MessagesReadApi = HistoryVerbs & Readonly<{ lookAtWaiting: LookAtWaiting }>;

const when = z.number().describe('Epoch milliseconds.');
const delivery = z.object({
  delivery: z.string(),
  submission: z.string(),
  account: z.string(),
  user: z.string(),
  at: when.describe('When it was accepted, epoch milliseconds.'),
  recipient: z.string(),
  sender: z.string().describe('Envelope sender; "" is the null sender.'),
  headerFrom: z.string().optional(),
  subject: z.string().optional(),
  messageId: z.string().optional(),
  campaign: z.string().optional(),
  campaignName: z.string().optional(),
  tags: z.array(z.string()).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  size: z.number().optional(),
  status: z.enum(deliveryStatuses),
  statusAt: when,
  class: z.string().optional(),
  category: z.string().optional(),
  reason: z.string().optional().describe('Our sentence about the last failure or delay.'),
  reply: z.string().optional().describe('What the peer said last.'),
  transport: z.string().optional(),
  provider: z.string().optional(),
  site: z.string().optional(),
  attempts: z.number(),
  ms: z.number().optional().describe('From accepted to delivered.'),
  opens: z.number(),
  humanOpens: z.number().describe('By people, as far as can be told.'),
  firstOpenAt: when.optional(),
  clicks: z.number(),
  humanClicks: z.number(),
  unsubscribed: z.boolean(),
  complained: z.boolean(),
  wait: waitSchema.optional(),
});

const message = z.object({
  submission: z.string(),
  account: z.string(),
  user: z.string(),
  at: when,
  sender: z.string(),
  subject: z.string().optional(),
  messageId: z.string().optional(),
  deliveries: z.array(z.object({ row: delivery, events: z.array(eventSchema) })),
  more: z.boolean().describe('There are more deliveries or events than these.'),
});

/** As those of the histories are: of a month or a moment, and a place in it. */
const CURSOR = /^\d+(?:-\d\d)?\../s;

const text = z.string().min(1).max(500).optional();
const query = z.object({
  ...pageQuery,
  id: text.describe('Of a message or a delivery; a trailing "*" makes it a prefix, here and below.'),
  messageId: text,
  recipient: text.describe('An address, the beginning of one with "*", or "@example.net".'),
  sender: text.describe('Envelope sender or From address, written likewise.'),
  subject: text.describe('Words of the subject.'),
  text: text.describe('Words of the subject, of what the peer said, or of the recipient.'),
  campaign: text,
  tag: text,
  status: z.enum(deliveryStatuses).optional(),
  transport: text,
  provider: text,
  user: text,
  since: moment.optional().describe('Accepted from then on; epoch milliseconds, or RFC 3339.'),
  until: moment.optional(),
});

/** Anything that search cannot do without the history. */
export const noHistory: Problem = problem(
  503,
  'No history',
  'Search and statistics are switched off here, or cannot be read just now; see history in the configuration.',
  { retryAfterS: 30 },
);

export const messageReadEndpoints = [
  endpoint({
    id: 'searchMessages',
    verb: 'message search',
    method: 'GET',
    path: '/messages',
    scope: 'messages:read',
    summary: 'Finds deliveries, the newest first.',
    description: 'All that is given must match. A moment passes before what was just accepted is found.',
    query,
    answer: pageOf(delivery),
    run: async ({ principal, query: asked }, { history, lookAtWaiting }: MessagesReadApi) => {
      const bounds = boundsOf(principal, asked.user);
      if (!bounds) return { items: [] };
      // The histories would begin again with the first page, and a client never end.
      if (asked.cursor !== undefined && !CURSOR.test(asked.cursor)) return badCursor;
      const { id, ...rest } = asked;
      const given = id === undefined ? rest : { ...rest, id: id.toUpperCase() };
      const found = await history?.search({ ...present(given), ...bounds }).catch(() => undefined);
      return found ? { ...found, items: await withWaits(found.items, lookAtWaiting) } : noHistory;
    },
  }),
  endpoint({
    id: 'showMessage',
    verb: 'message show',
    method: 'GET',
    path: '/messages/:id',
    scope: 'messages:read',
    summary: 'What became of a message, or of one delivery: all events, oldest first.',
    params: z.object({ id: z.string().max(64) }),
    answer: message,
    run: async ({ principal, params: { id } }, verbs: MessagesReadApi) => {
      const found = await messageOf(verbs, id.toUpperCase(), ownerOf(principal));
      if (!found) return notFound('message');
      const rows = await withWaits(
        found.deliveries.map(({ row }) => row),
        verbs.lookAtWaiting,
      );
      return {
        ...found,
        deliveries: found.deliveries.map((one, n) => ({ ...one, row: rows[n] ?? one.row })),
      };
    },
  }),
];
