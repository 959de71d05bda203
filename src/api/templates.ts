// Endpoints of stored templates and their versions.
import { z } from 'zod';
import type { VerbContext } from '../verbs/context.ts';
import { listTemplates, putTemplate, removeTemplate, shortName, showTemplate } from '../verbs/template.ts';
import { endpoint } from './endpoint.ts';
import { pageIn, pageOf, pageQuery } from './paging.ts';
import { refusal } from './refusal.ts';

const engine = z
  .enum(['tags', 'liquid'])
  .describe('tags: [name] and the like; liquid: with loops and conditions, for users who may.');
const versions = z.array(z.number());
const content = {
  subject: z.string().max(998).optional(),
  html: z.string().optional(),
  text: z.string().optional(),
};
const template = z.object({ name: z.string(), engine, versions, latest: z.number() });
const params = z.object({ name: z.string().min(1).max(128) });

type Verbs = Pick<VerbContext, 'templates' | 'tryTemplate'>;

export const templateEndpoints = [
  endpoint({
    id: 'listTemplates',
    verb: 'template list',
    method: 'GET',
    path: '/templates',
    scope: 'templates:read',
    summary: 'The stored templates.',
    query: z.object(pageQuery),
    answer: pageOf(template),
    run: async ({ principal, query }, verbs: Verbs) => {
      const page = pageIn(await listTemplates(verbs, principal.account), ({ name }) => name, query);
      const items = page.items.map((one) => ({
        name: shortName(one.name),
        engine: one.engine,
        versions: one.versions,
        latest: one.versions.at(-1) ?? 0,
      }));
      return { ...page, items };
    },
  }),
  endpoint({
    id: 'putTemplate',
    verb: 'template put',
    method: 'PUT',
    path: '/templates/:name',
    scope: 'templates:write',
    summary: 'Stores a template, or a new version of it.',
    params,
    body: z.strictObject({ ...content, engine: engine.default('tags') }),
    maxBodyBytes: 2 * 1024 * 1024,
    answer: z.object({
      name: z.string(),
      version: z.number(),
      came: z.enum(['added', 'known']).describe('known: the latest version is the same already.'),
      mistake: z
        .string()
        .optional()
        .describe('Filled in without values it fails, and its mail would bounce.'),
    }),
    run: async ({ principal, params: { name }, body }, verbs: Verbs) => {
      const { subject, html, text } = body;
      const stored = await putTemplate(verbs, principal.account, name, {
        engine: body.engine,
        ...(subject === undefined ? {} : { subject }),
        ...(html === undefined ? {} : { html }),
        ...(text === undefined ? {} : { text }),
      });
      return stored.ok ? { name, ...stored.value } : refusal(stored);
    },
  }),
  endpoint({
    id: 'showTemplate',
    verb: 'template show',
    method: 'GET',
    path: '/templates/:name',
    scope: 'templates:read',
    summary: 'A template as it is stored.',
    params,
    query: z.object({
      version: z.coerce.number().int().positive().optional().describe('Absent: the latest.'),
    }),
    answer: z.object({ name: z.string(), version: z.number(), versions, engine, ...content, at: z.number() }),
    run: async ({ principal, params: { name }, query }, verbs: Verbs) => {
      const shown = await showTemplate(verbs, principal.account, name, query.version);
      if (!shown.ok) return refusal(shown);
      const { content: stored, ...rest } = shown.value;
      return { name, ...rest, ...stored };
    },
  }),
  endpoint({
    id: 'removeTemplate',
    verb: 'template remove',
    method: 'DELETE',
    path: '/templates/:name',
    scope: 'templates:write',
    summary: 'Removes a template; what is queued with it is still sent, for 90 days.',
    params,
    run: async ({ principal, params: { name } }, verbs: Verbs) => {
      const removed = await removeTemplate(verbs, principal.account, name);
      return removed.ok ? undefined : refusal(removed);
    },
  }),
];
