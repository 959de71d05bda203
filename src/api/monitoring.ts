// Endpoints of what the world thinks of a transport: checks, findings, quarantine and release; and checks of the installation.
import { z } from 'zod';
import { nameSchema } from '../model/settings.ts';
import { stateCauses, transportStates } from '../model/transport-state.ts';
import { NO_FINDINGS, type FindingsStore } from '../monitor/findings.ts';
import { checkAll, type CheckVerbs } from '../verbs/check.ts';
import type { VerbContext } from '../verbs/context.ts';
import { showFeedback } from '../verbs/feedback.ts';
import {
  checkTransportNow,
  quarantineTransport,
  releaseTransport,
  type MonitorVerbs,
} from '../verbs/monitor.ts';
import { endpoint } from './endpoint.ts';
import { notFound } from './problem.ts';
import { refusal } from './refusal.ts';

export type MonitorApi = MonitorVerbs & Readonly<{ findings: Pick<FindingsStore, 'all'> }>;

const params = z.object({ name: nameSchema });
const reason = z.string().max(500).optional().describe('Why, for whoever looks later.');
const tally = z.object({
  delivered: z.number(),
  deferred: z.number(),
  blocked: z.number(),
  bounced: z.number(),
  complained: z.number(),
});
const state = z.object({
  name: z.string(),
  state: z.enum(transportStates),
  since: z.number(),
  reason: z.string(),
  cause: z.enum(stateCauses),
});
const finding = z.object({
  check: z.string().describe('"block-list", "reverse-dns", "ehlo", "bind", "rates", "state" …'),
  state: z.enum(['ok', 'warning', 'problem', 'unknown']),
  sentence: z.string(),
  of: z.string().optional().describe('An address, a block list, a provider.'),
  counts: tally.optional(),
});

export const monitorEndpoints = [
  endpoint({
    id: 'checkTransport',
    verb: 'transport check',
    method: 'POST',
    path: '/transports/:name/check',
    scope: 'transports:read',
    summary: 'Checks a transport now: block lists, reverse DNS, EHLO name, address, replies.',
    params,
    answer: z.object({ items: z.array(finding) }),
    run: async ({ params: { name } }, verbs: MonitorApi) => {
      const checked = await checkTransportNow(verbs, name);
      return checked.ok ? { items: checked.value } : refusal(checked);
    },
  }),
  endpoint({
    id: 'quarantineTransport',
    verb: 'transport quarantine',
    method: 'POST',
    path: '/transports/:name/quarantine',
    scope: 'transports:write',
    summary: 'Lets nothing leave by it until it is released; its mail goes to the others of its pool.',
    params,
    body: z.strictObject({ reason }),
    answer: state,
    run: async ({ params: { name }, body }, verbs: MonitorApi) => {
      const put = await quarantineTransport(verbs, name, body.reason);
      return put.ok ? { name, ...put.value } : refusal(put);
    },
  }),
  endpoint({
    id: 'releaseTransport',
    verb: 'transport release',
    method: 'POST',
    path: '/transports/:name/release',
    scope: 'transports:write',
    summary: 'Ends its quarantine; what is known by now will not quarantine it again.',
    params,
    body: z.strictObject({ reason }),
    answer: state,
    run: async ({ params: { name }, body }, verbs: MonitorApi) => {
      const put = await releaseTransport(verbs, name, body.reason);
      return put.ok ? { name, ...put.value } : refusal(put);
    },
  }),
  endpoint({
    id: 'showFindings',
    method: 'GET',
    path: '/transports/:name/findings',
    scope: 'transports:read',
    summary: 'What the regular checks of a transport found last: block lists, names, replies by provider.',
    params,
    answer: z.object({
      at: z.number().describe('Epoch milliseconds; 0: it was not looked at yet.'),
      bind: z.object({ state: z.enum(['ok', 'trouble', 'unknown']), sentence: z.string() }),
      identity: z.array(
        z.object({
          check: z.string(),
          address: z.string(),
          state: z.enum(['ok', 'trouble', 'hint', 'unknown']),
          sentence: z.string(),
        }),
      ),
      listings: z.array(
        z.object({
          address: z.string(),
          list: z.string(),
          at: z.number(),
          listed: z
            .object({ since: z.number(), act: z.enum(['quarantine', 'warn']), codes: z.array(z.string()) })
            .optional()
            .describe('A confirmed entry; absent: none.'),
        }),
      ),
      rates: z.object({ level: z.enum(['good', 'bad', 'worst']), reason: z.string() }),
      hour: z
        .record(z.string(), tally)
        .describe('Replies of the last hour by provider; "": no rule knows it.'),
    }),
    run: async ({ params: { name } }, { settings, findings }: MonitorApi) => {
      if (!(await settings.refresh()).transports.has(name)) return notFound('transport');
      return (await findings.all()).get(name) ?? NO_FINDINGS;
    },
  }),
];

const record = z.object({
  name: z.string(),
  type: z.string(),
  value: z.string(),
  purpose: z.string(),
  note: z.string(),
});

export const checkEndpoints = [
  endpoint({
    id: 'checkInstallation',
    verb: 'check',
    method: 'GET',
    path: '/checks',
    scope: 'settings:read',
    summary: 'Looks at the configuration, Redis, the disk, DNS, source addresses and clocks, now.',
    answer: z.object({
      isGood: z.boolean().describe('There is no problem.'),
      items: z.array(
        z.object({ name: z.string(), state: z.enum(['ok', 'warning', 'problem']), sentence: z.string() }),
      ),
    }),
    run: async (_, verbs: CheckVerbs) => {
      const items = await checkAll(verbs);
      return { items, isGood: items.every((one) => one.state !== 'problem') };
    },
  }),
  endpoint({
    id: 'showFeedback',
    verb: 'feedback show',
    method: 'GET',
    path: '/feedback',
    scope: 'settings:read',
    summary: 'The address to register for feedback loops, and the DNS records of feedback.domain.',
    answer: z.object({
      domain: z.string(),
      hostname: z.string(),
      complaints: z.string().describe('Register this one with providers, and show it to nobody else.'),
      unsubscribe: z.string(),
      postmaster: z.string().optional(),
      records: z.array(record),
    }),
    run: async (_, verbs: VerbContext) => {
      const own = await showFeedback(verbs);
      return own.ok ? own.value : refusal(own);
    },
  }),
];
