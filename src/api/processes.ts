// The endpoint of processes: which run, and of which version each is.
import { z } from 'zod';
import type { RunningProcess } from '../store/processes.ts';
import { endpoint } from './endpoint.ts';
import { pageIn, pageOf, pageQuery } from './paging.ts';

const running = z.object({
  name: z.string(),
  version: z.string(),
  format: z.number().describe('The form of the data that it writes.'),
  roles: z.array(z.string()),
  host: z.string(),
  pid: z.number(),
  since: z.number().describe('Since when it runs, epoch milliseconds.'),
  at: z.number().describe('When it was heard of last.'),
});

export type ProcessVerbs = Readonly<{ processes(): Promise<readonly RunningProcess[]> }>;

export const processEndpoints = [
  endpoint({
    id: 'listProcesses',
    verb: 'process list',
    method: 'GET',
    path: '/processes',
    scope: 'settings:read',
    summary: 'The running processes of this installation, with their versions and roles.',
    query: z.object(pageQuery),
    answer: pageOf(running),
    run: async ({ query }, { processes }: ProcessVerbs) =>
      pageIn(await processes(), ({ name }) => name, query),
  }),
];
