// Endpoints of limits: what is held back just now, by automation and by pauses.
import { z } from 'zod';
import { cancelLimit, findLimit, listLimits, type LimitVerbs } from '../verbs/limit.ts';
import { endpoint } from './endpoint.ts';
import { pageIn, pageOf, pageQuery } from './paging.ts';
import { notFound } from './problem.ts';

const limit = z.object({
  id: z.string(),
  scope: z.string().describe('What it is about: a lane, a site, a user …'),
  key: z.string().describe('Which one.'),
  does: z.string().describe('In words: "paused", "at most 10/min".'),
  until: z.number().optional().describe('Epoch milliseconds; absent: until somebody resumes it.'),
  rule: z.string().describe('What made it.'),
  why: z.string(),
  at: z.number().describe('Since when, epoch milliseconds; 0: not known.'),
});

const id = z.object({ id: z.string().min(1).max(400) });

export const limitEndpoints = [
  endpoint({
    id: 'listLimits',
    verb: 'limit list',
    method: 'GET',
    path: '/limits',
    scope: 'transports:read',
    summary: 'What is held back just now, by automation and by pauses.',
    query: z.object(pageQuery),
    answer: pageOf(limit),
    run: async ({ query }, context: LimitVerbs) => pageIn(await listLimits(context), (one) => one.id, query),
  }),
  endpoint({
    id: 'showLimit',
    verb: 'limit show',
    method: 'GET',
    path: '/limits/:id',
    scope: 'transports:read',
    summary: 'One limit: what it does, why, and until when.',
    params: id,
    answer: limit,
    run: async ({ params }, context: LimitVerbs) =>
      (await findLimit(context, params.id)) ?? notFound('limit'),
  }),
  endpoint({
    id: 'cancelLimit',
    verb: 'limit cancel',
    method: 'DELETE',
    path: '/limits/:id',
    scope: 'transports:write',
    summary: 'Lifts a limit before its time; automation may set it again.',
    params: id,
    run: async ({ params }, context: LimitVerbs) => {
      const lifted = await cancelLimit(context, params.id);
      return lifted.ok ? undefined : notFound('limit');
    },
  }),
];
