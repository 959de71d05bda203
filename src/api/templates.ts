// Endpoints of stored templates and their versions.
import { z } from 'zod';
import type { Principal } from '../model/access.ts';
import { tagSyntaxes } from '../model/instructions.ts';
import type { Previews } from '../store/previews.ts';
import type { VerbContext } from '../verbs/context.ts';
import {
  listTemplates,
  putTemplate,
  removeTemplate,
  renderTemplate,
  shortName,
  showTemplate,
} from '../verbs/template.ts';
import { endpoint, sent } from './endpoint.ts';
import { pageIn, pageOf, pageQuery } from './paging.ts';
import { notFound } from './problem.ts';
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

type Verbs = Pick<VerbContext, 'templates' | 'tryTemplate' | 'previewTemplate' | 'recipients'>;

export type TemplateApi = Readonly<{ previews: Previews }>;

const MAX_BODY_BYTES = 2 * 1024 * 1024;

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
    maxBodyBytes: MAX_BODY_BYTES,
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
      const stored = await putTemplate(verbs, principal.account, name, present(body));
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
    id: 'renderTemplate',
    verb: 'template render',
    method: 'POST',
    path: '/templates/:name/render',
    scope: 'templates:read',
    summary: 'Fills a template in for a recipient as a message with it would be, and sends nothing.',
    params,
    body: z.strictObject({
      version: z.number().int().positive().optional().describe('Absent: the latest.'),
      content: z
        .strictObject({ ...content, engine: engine.default('tags') })
        .optional()
        .describe('Takes the place of what is stored, for whoever is writing it.'),
      to: z
        .string()
        .max(320)
        .regex(/^[^\p{Cc}<>,\s"@]+@[^\p{Cc}<>,\s"@]+$/u, 'must be an address')
        .optional()
        .describe('The recipient; what is known of it is filled in.'),
      data: z
        .record(z.string().max(255), z.unknown())
        .optional()
        .describe('Values of merge tags, as a message brings them.'),
      mergeSyntax: z.array(z.enum(tagSyntaxes)).max(6).optional().describe('Default: brackets.'),
    }),
    maxBodyBytes: MAX_BODY_BYTES,
    answer: z.object({
      subject: z.string(),
      html: z.string().optional(),
      text: z.string().optional(),
      notes: z.array(z.string()).describe('What one should know of it, such as tags without a value.'),
      preview: z
        .string()
        .optional()
        .describe('Names its HTML at /templates/previews, for a quarter of an hour or until the next one.'),
    }),
    run: async ({ principal, params: { name }, body }, verbs: Verbs & TemplateApi) => {
      const { version, content: written, to, data, mergeSyntax } = body;
      const filled = await renderTemplate(
        verbs,
        { account: principal.account, name },
        { version, content: written && present(written), recipient: to, data, syntaxes: mergeSyntax },
      );
      if (!filled.ok) return refusal(filled);
      const { html } = filled.value;
      if (html === undefined) return filled.value;
      return { ...filled.value, preview: await verbs.previews.put(ownerOf(principal), html) };
    },
  }),
  endpoint({
    id: 'viewTemplatePreview',
    method: 'GET',
    path: '/templates/previews/:id',
    scope: 'templates:read',
    summary:
      'The HTML of the last template that was filled in, under a policy that lets it run and load nothing.',
    params: z.object({ id: z.string().max(64) }),
    produces: 'text/html',
    run: async ({ principal, params: { id } }, { previews }: TemplateApi) => {
      const body = await previews.get(ownerOf(principal), id);
      if (body === undefined) return notFound('preview');
      return sent({ status: 200, type: 'text/html; charset=utf-8', policy: 'mail', body });
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

type Written = Readonly<{
  engine: 'tags' | 'liquid';
  subject?: string | undefined;
  html?: string | undefined;
  text?: string | undefined;
}>;

function present({ engine: language, subject, html, text }: Written) {
  return {
    engine: language,
    ...(subject === undefined ? {} : { subject }),
    ...(html === undefined ? {} : { html }),
    ...(text === undefined ? {} : { text }),
  };
}

/** Whose preview it is: nobody else's is shown, and each has one. */
function ownerOf({ account, via, name, user = '' }: Principal): string {
  return JSON.stringify([account, via, name, user]);
}
