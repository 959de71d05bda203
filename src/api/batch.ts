// Endpoints of batch files: how far the jobs of the configuration are, and writing an export now.
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { exportNow, listJobs, type BatchVerbs } from '../verbs/batch.ts';
import { endpoint } from './endpoint.ts';
import { pageIn, pageOf, pageQuery } from './paging.ts';
import { refusal } from './refusal.ts';

const job = z.object({
  name: z.string(),
  does: z.string().describe('Such as "export events".'),
  place: z.string(),
  until: z.number().optional().describe('Of an export: all before then is written, epoch milliseconds.'),
  at: z.number().optional().describe('When it last wrote or read a file.'),
  file: z.string().optional().describe('That file.'),
  rows: z.number().optional(),
  problem: z.string().optional().describe('Why it does not work just now; it is tried again.'),
  next: z.number().optional().describe('Not before then.'),
});

const written = z.object({ file: z.string(), place: z.string(), rows: z.number() });

export const batchEndpoints = [
  endpoint({
    id: 'listBatchJobs',
    verb: 'batch list',
    method: 'GET',
    path: '/batch',
    scope: 'settings:read',
    summary: 'The exports and imports of the configuration, and what each did last.',
    query: z.object(pageQuery),
    answer: pageOf(job),
    run: async ({ query }, context: BatchVerbs) => pageIn(await listJobs(context), ({ name }) => name, query),
  }),
  endpoint({
    id: 'writeBatchExport',
    verb: 'batch export',
    method: 'POST',
    path: '/batch/:name/export',
    scope: 'transports:write',
    summary: 'Writes the file of an hour or day now, also of one that goes on or was written before.',
    params: z.object({ name: z.string().min(1).max(40) }),
    body: z
      .object({ at: z.number().optional().describe('A moment in it, epoch milliseconds; absent: now.') })
      .default({}),
    answer: written,
    run: async ({ params, body }, context: BatchVerbs & Readonly<{ clock: Clock }>) => {
      const made = await exportNow(context, params.name, body.at ?? context.clock.now());
      return made.ok ? made.value : refusal(made);
    },
  }),
];
