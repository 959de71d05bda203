// Endpoints of the sandbox: mail that was caught instead of sent, as an inbox.
import { z } from 'zod';
import {
  attachment,
  download,
  html,
  remotePattern,
  source,
  type Caught,
  type CaughtEntry,
  type Sandbox,
} from '../http/inbox.ts';
import type { Reader } from '../http/reader.ts';
import { linksIn } from '../mail/links-in.ts';
import type { Principal } from '../model/access.ts';
import type { Settings } from '../model/settings.ts';
import { HOME } from '../model/scopes.ts';
import { endpoint, sent } from './endpoint.ts';
import { pageIn, pageOf, pageQuery } from './paging.ts';
import { sees } from './principal.ts';
import { isProblem, notFound, type Problem } from './problem.ts';

export type SandboxApi = Readonly<{ sandbox: Sandbox; reader: Reader; settingsNow(): Settings }>;

/** It holds no more. */
const ALL = 500;
const NEWEST = 1e15;

const caught = z.object({
  id: z.string(),
  at: z.number().describe('When it was caught, epoch milliseconds.'),
  from: z.string().describe('Envelope sender.'),
  to: z.string().describe('Envelope recipient.'),
  subject: z.string(),
  size: z.number(),
  user: z.string(),
});
const view = z.object({
  headers: z.array(z.object({ name: z.string(), value: z.string() })),
  subject: z.string(),
  from: z.string(),
  to: z.string(),
  cc: z.string(),
  date: z.number().optional(),
  text: z.string().optional(),
  html: z.boolean().describe('It has HTML: GET /sandbox/:id/html.'),
  remote: z.boolean().describe('Its HTML names things on other hosts.'),
  cut: z.boolean().describe('Something was left out because it is too long.'),
  attachments: z.array(z.object({ name: z.string(), type: z.string(), size: z.number() })),
  links: z
    .array(
      z.object({
        url: z.string(),
        text: z.string().optional(),
        oddity: z
          .enum(['insecure', 'not-a-link', 'elsewhere', 'local'])
          .optional()
          .describe(
            'insecure: plain http; not-a-link: nothing that opens; elsewhere: its text names another host.',
          ),
      }),
    )
    .describe('Read, not opened.'),
});
const params = z.object({ id: z.string().min(1).max(64) });

export const sandboxEndpoints = [
  endpoint({
    id: 'listSandbox',
    method: 'GET',
    path: '/sandbox',
    scope: 'messages:read',
    summary: 'Messages that the sandbox caught, newest first.',
    query: z.object(pageQuery),
    answer: pageOf(caught),
    run: async ({ principal, query }, api: SandboxApi) => {
      const own = await listOf(principal, api);
      return pageIn(own, ({ at, id }) => `${String(NEWEST - at).padStart(16, '0')} ${id}`, query);
    },
  }),
  endpoint({
    id: 'showCaught',
    method: 'GET',
    path: '/sandbox/:id',
    scope: 'messages:read',
    summary: 'A caught message as it was read: headers, text, attachments, links.',
    params,
    answer: caught.extend({
      view: view.optional(),
      problem: z.string().optional().describe('Why it cannot be read; its source can.'),
    }),
    run: async ({ principal, params: { id } }, api: SandboxApi) => {
      const message = await find(principal, id, api);
      if (isProblem(message)) return message;
      const read = await api.reader.view(message.raw);
      if (!read.ok) return { ...message.summary, problem: read.problem };
      const { html: itsHtml, ...rest } = read.value;
      const has = {
        html: itsHtml !== undefined,
        remote: itsHtml !== undefined && remotePattern.test(itsHtml),
      };
      const links = linksIn({ html: itsHtml, text: rest.text });
      return { ...message.summary, view: { ...rest, ...has, links } };
    },
  }),
  endpoint({
    id: 'showCaughtHtml',
    method: 'GET',
    path: '/sandbox/:id/html',
    scope: 'messages:read',
    summary: 'Its HTML as it is, under a policy that lets it run and load nothing.',
    params,
    produces: 'text/html',
    run: async ({ principal, params: { id } }, api: SandboxApi) => {
      const message = await find(principal, id, api);
      return isProblem(message) ? message : sent(await html(api, message));
    },
  }),
  endpoint({
    id: 'showCaughtSource',
    method: 'GET',
    path: '/sandbox/:id/source',
    scope: 'messages:read',
    summary: 'Its source as text: 256 KiB of it.',
    params,
    produces: 'text/plain',
    run: async ({ principal, params: { id } }, api: SandboxApi) => {
      const message = await find(principal, id, api);
      return isProblem(message) ? message : sent(source(message));
    },
  }),
  endpoint({
    id: 'downloadCaught',
    method: 'GET',
    path: '/sandbox/:id/raw',
    scope: 'messages:read',
    summary: 'The whole message, as a file.',
    params,
    produces: 'application/octet-stream',
    run: async ({ principal, params: { id } }, api: SandboxApi) => {
      const message = await find(principal, id, api);
      return isProblem(message) ? message : sent(download(`${message.summary.id}.eml`, message.raw));
    },
  }),
  endpoint({
    id: 'downloadCaughtAttachment',
    method: 'GET',
    path: '/sandbox/:id/attachments/:n',
    scope: 'messages:read',
    summary: 'An attachment, counted from 0, as a file.',
    params: params.extend({ n: z.coerce.number().int().min(0).max(999) }),
    produces: 'application/octet-stream',
    run: async ({ principal, params: { id, n } }, api: SandboxApi) => {
      const message = await find(principal, id, api);
      return isProblem(message) ? message : sent(await attachment(api, message, n));
    },
  }),
  endpoint({
    id: 'deleteCaught',
    method: 'DELETE',
    path: '/sandbox/:id',
    scope: 'messages:send',
    summary: 'Deletes a caught message.',
    params,
    run: async ({ principal, params: { id } }, api: SandboxApi) => {
      const message = await find(principal, id, api);
      if (isProblem(message)) return message;
      return (await api.sandbox.remove(id)) ? undefined : notFound('message');
    },
  }),
  endpoint({
    id: 'clearSandbox',
    method: 'DELETE',
    path: '/sandbox',
    scope: 'messages:send',
    summary: 'Deletes all that you see in the sandbox.',
    run: async ({ principal }, api: SandboxApi) => {
      for (const { id } of await listOf(principal, api)) await api.sandbox.remove(id);
      return undefined;
    },
  }),
];

async function listOf(principal: Principal, api: SandboxApi): Promise<readonly CaughtEntry[]> {
  const { messages } = await api.sandbox.list(0, ALL);
  return messages.filter((message) => isSeen(principal, message, api));
}

async function find(principal: Principal, id: string, api: SandboxApi): Promise<Caught | Problem> {
  const message = await api.sandbox.get(id);
  return message && isSeen(principal, message.summary, api) ? message : notFound('message');
}

/** Mail of users that are gone is the installation's own. */
function isSeen(principal: Principal, { user }: CaughtEntry, { settingsNow }: SandboxApi): boolean {
  return sees(principal, { account: settingsNow().users.get(user)?.account ?? HOME, user });
}
