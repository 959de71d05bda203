// The endpoint of set-up guides: what is filled into a program that is to send.
import { z } from 'zod';
import { nameSchema } from '../model/settings.ts';
import type { VerbContext } from '../verbs/context.ts';
import { guideOf, type GuideVerbs } from '../verbs/guide.ts';
import { endpoint } from './endpoint.ts';
import { isProblem } from './problem.ts';
import { find } from './users.ts';

export const guideEndpoints = [
  endpoint({
    id: 'showGuideData',
    method: 'GET',
    path: '/users/:name/guide-data',
    scope: 'messages:read',
    summary: 'Host, ports, TLS and user name for a program that is to send as this user.',
    params: z.object({ name: nameSchema }),
    answer: z.object({
      host: z.string(),
      ports: z
        .array(z.object({ port: z.number(), tls: z.enum(['none', 'starttls', 'implicit']) }))
        .describe('The best one first.'),
      user: z.string(),
      hasPassword: z.boolean().describe('false: it needs none, from its networks.'),
      networks: z.array(z.string()),
      from: z.string().describe('An address that it may send from.'),
      domains: z.array(z.string()),
      sandboxed: z.boolean().describe('All mail is caught and none is sent.'),
    }),
    run: async ({ principal, params: { name } }, verbs: Pick<VerbContext, 'settings'> & GuideVerbs) => {
      const found = await find(principal, verbs, name);
      return isProblem(found) ? found : guideOf(found.user, verbs);
    },
  }),
];
