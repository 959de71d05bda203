// Endpoints of the quarantine: messages that a scanner refused, for somebody to let go or delete.
import { z } from 'zod';
import type { Principal } from '../model/access.ts';
import {
  deleteQuarantined,
  findQuarantined,
  listQuarantine,
  releaseQuarantined,
  showQuarantined,
  type QuarantineVerbs,
} from '../verbs/quarantine.ts';
import type { Quarantined } from '../backlog/quarantine.ts';
import { endpoint } from './endpoint.ts';
import { pageIn, pageOf, pageQuery } from './paging.ts';
import { sees } from './principal.ts';
import { isProblem, notFound, type Problem } from './problem.ts';
import { refusal } from './refusal.ts';

const entry = z.object({
  id: z.string().describe('The id of the message.'),
  user: z.string(),
  at: z.number().describe('Since when, epoch milliseconds.'),
  by: z.string(),
  reason: z.string(),
  from: z.string(),
  subject: z.string(),
  score: z.number().optional(),
  symbols: z.array(z.string()).optional().describe('What the scanner found in it.'),
});
const params = z.object({ id: z.string().min(1).max(64) });
const NEWEST = 1e15;

export const quarantineEndpoints = [
  endpoint({
    id: 'listQuarantine',
    verb: ['quarantine', 'quarantine list'],
    method: 'GET',
    path: '/quarantine',
    scope: 'messages:read',
    summary: 'Messages that a scanner refused, newest first.',
    query: z.object(pageQuery),
    answer: pageOf(entry),
    run: async ({ principal, query }, verbs: QuarantineVerbs) => {
      const own = (await listQuarantine(verbs)).filter((one) => sees(principal, one));
      return pageIn(own, ({ at, id }) => `${String(NEWEST - at).padStart(16, '0')} ${id}`, query);
    },
  }),
  endpoint({
    id: 'showQuarantined',
    verb: 'quarantine show',
    method: 'GET',
    path: '/quarantine/:id',
    scope: 'messages:read',
    summary: 'Why a message is in quarantine, and what the scanner found in it.',
    params,
    query: z.object({ source: z.stringbool().default(false).describe('The message, too: 64 KiB of it.') }),
    answer: entry.extend({
      recipients: z.number().describe('How many of its recipients wait.'),
      source: z.string().optional(),
    }),
    run: async ({ principal, params: { id }, query }, verbs: QuarantineVerbs) => {
      const found = await find(principal, verbs, id);
      if (isProblem(found)) return found;
      const shown = await showQuarantined(verbs, found, query.source ? 'source' : 'facts');
      return shown.ok ? shown.value : refusal(shown);
    },
  }),
  endpoint({
    id: 'releaseQuarantined',
    verb: 'quarantine release',
    method: 'POST',
    path: '/quarantine/:id/release',
    scope: 'quarantine:write',
    summary: 'Sends a message all the same; it is not scanned again.',
    params,
    body: z.strictObject({
      reason: z.string().max(500).optional().describe('Why, for whoever looks later.'),
    }),
    answer: z.object({ released: z.string(), changed: z.number().describe('Deliveries that go on.') }),
    run: async ({ principal, params: { id }, body }, verbs: QuarantineVerbs) => {
      const found = await find(principal, verbs, id);
      if (isProblem(found)) return found;
      return { released: found.id, changed: await releaseQuarantined(verbs, found, body.reason) };
    },
  }),
  endpoint({
    id: 'deleteQuarantined',
    verb: 'quarantine delete',
    method: 'DELETE',
    path: '/quarantine/:id',
    scope: 'quarantine:write',
    summary: 'Ends a message without sending it. This cannot be undone.',
    params,
    run: async ({ principal, params: { id } }, verbs: QuarantineVerbs) => {
      const found = await find(principal, verbs, id);
      if (isProblem(found)) return found;
      await deleteQuarantined(verbs, found);
      return undefined;
    },
  }),
];

async function find(
  principal: Principal,
  verbs: QuarantineVerbs,
  id: string,
): Promise<Quarantined | Problem> {
  const found = await findQuarantined(verbs, id);
  return found.ok && sees(principal, found.value) ? found.value : notFound('message');
}
