// Endpoints of suppressions: addresses that mail must not go to any more, and why.
import { z } from 'zod';
import type { Principal } from '../model/access.ts';
import { HOME } from '../model/scopes.ts';
import { nameSchema } from '../model/settings.ts';
import { EVERYWHERE } from '../model/suppression.ts';
import { durationLike } from '../lib/values.ts';
import { csvHead, writeCsvLine, type Scope } from '../store/suppressions-csv.ts';
import type { VerbContext } from '../verbs/context.ts';
import {
  addSuppression,
  exportList,
  isOf,
  lookUp,
  removeSuppression,
  type Where,
} from '../verbs/suppression.ts';
import { endpoint, sent } from './endpoint.ts';
import { makeCursor, pageOf, pageQuery, readCursor } from './paging.ts';
import { isProblem, notFound, problem, type Problem } from './problem.ts';
import { refusal } from './refusal.ts';

const scope = {
  topic: z.string().min(1).max(100).optional().describe('Only mail of this topic.'),
  user: nameSchema.optional().describe('Only mail of this user.'),
  domain: z.string().max(253).optional().describe('Only mail from this sender domain.'),
};
const everywhere = z.stringbool().default(false).describe('The list of the whole installation.');
const places = { ...scope, everywhere };
const address = z.string().max(320);
const params = z.object({ address });

const entry = z.object({
  address: z.string(),
  ...scope,
  reason: z.string(),
  at: z.number().describe('Epoch milliseconds; 0: nobody knows.'),
  until: z.number().optional().describe('When it ends, epoch milliseconds; absent: never.'),
  reply: z.string().optional().describe("What the recipient's host said."),
  delivery: z.string().optional(),
  report: z.string().optional(),
});
const found = entry.extend({
  isEverywhere: z.boolean().describe('Of the list of the whole installation.'),
});
const MAX_IMPORT_BYTES = 16 * 1024 * 1024;
const CSV = 'text/csv';

type Verbs = VerbContext;

export const suppressionEndpoints = [
  endpoint({
    id: 'listSuppressions',
    verb: 'suppression list',
    method: 'GET',
    path: '/suppressions',
    scope: 'suppressions:read',
    summary: 'Suppressed addresses.',
    description: 'A page of a long list may hold a few more or fewer than asked for, in no order.',
    query: z.object({ ...pageQuery, ...places }),
    answer: pageOf(entry),
    run: async ({ principal, query: { cursor, limit, ...asked } }, { suppressions }: Verbs) => {
      const where = whereOf(principal, asked);
      if (isProblem(where)) return where;
      const from = cursor === undefined ? undefined : readCursor(cursor);
      const page = await suppressions.page(where.list, { cursor: from, limit });
      const items = page.entries.filter((one) => isOf(one, where.scope));
      return { items, ...(page.next !== undefined && { next: makeCursor(page.next) }) };
    },
  }),
  endpoint({
    id: 'addSuppression',
    verb: 'suppression add',
    method: 'POST',
    path: '/suppressions',
    scope: 'suppressions:write',
    summary: 'Sends nothing to this address any more.',
    body: z.strictObject({
      address,
      ...scope,
      everywhere: z.boolean().default(false),
      reason: z.string().min(1).max(500).default('by hand'),
      for: durationLike('"30d"').optional().describe('How long, such as "30d"; absent: for ever.'),
    }),
    status: 201,
    location: '/suppressions/:address',
    answer: entry.extend({ came: z.enum(['added', 'known']) }),
    run: async ({ principal, body }, verbs: Verbs) => {
      const { address: to, reason, for: forMs, ...asked } = body;
      const where = whereOf(principal, asked);
      if (isProblem(where)) return where;
      const added = await addSuppression(verbs, where, { address: to, reason, forMs });
      if (!added.ok) return refusal(added);
      const stored = await verbs.suppressions.show(where.list, to, where.scope);
      return stored ? { ...stored, came: added.value } : notFound('suppression');
    },
  }),
  endpoint({
    id: 'exportSuppressions',
    verb: 'suppression export',
    method: 'GET',
    path: '/suppressions/export',
    scope: 'suppressions:read',
    summary: 'The whole list as CSV.',
    query: z.object(places),
    produces: CSV,
    run: async ({ principal, query }, verbs: Verbs) => {
      const where = whereOf(principal, query);
      if (isProblem(where)) return where;
      const lines = (await exportList(verbs, where)).map(writeCsvLine);
      return sent({
        status: 200,
        type: `${CSV}; charset=utf-8`,
        body: `${[csvHead, ...lines].join('\r\n')}\r\n`,
        headers: { 'content-disposition': 'attachment; filename="suppressions.csv"' },
      });
    },
  }),
  endpoint({
    id: 'importSuppressions',
    verb: 'suppression import',
    method: 'POST',
    path: '/suppressions/import',
    scope: 'suppressions:write',
    summary: 'Adds the lines of a CSV file: columns as in an export, or as its first line names them.',
    query: z.object({ everywhere }),
    accepts: [CSV, 'text/plain', 'application/octet-stream'],
    maxBodyBytes: MAX_IMPORT_BYTES,
    answer: z.object({
      added: z.number(),
      known: z.number(),
      problems: z.array(z.object({ line: z.number(), text: z.string() })).describe('The first 100.'),
      wrong: z.number().describe('Lines without an address, or with a wrong scope.'),
    }),
    run: async ({ principal, query, http }, { suppressions }: Verbs) => {
      if (principal.user !== undefined) return notForOne;
      const where = whereOf(principal, query);
      if (isProblem(where)) return where;
      return suppressions.importCsv(where.list, http.body.toString('utf8'));
    },
  }),
  endpoint({
    id: 'showSuppression',
    method: 'GET',
    path: '/suppressions/:address',
    scope: 'suppressions:read',
    summary: 'What holds mail to this address back: its entries of whatever scope.',
    params,
    query: z.object(places),
    answer: z.object({ address: z.string(), entries: z.array(found) }),
    run: async ({ principal, params: { address: to }, query }, verbs: Verbs) => {
      const where = whereOf(principal, query);
      if (isProblem(where)) return where;
      const all = await lookUp(verbs, where, to);
      const entries = all.map((one) => ({ ...shownTo(principal, one), isEverywhere: one.isEverywhere }));
      return entries.length === 0 ? notFound('suppression') : { address: to, entries };
    },
  }),
  endpoint({
    id: 'removeSuppression',
    verb: 'suppression remove',
    method: 'DELETE',
    path: '/suppressions/:address',
    scope: 'suppressions:write',
    summary: 'Sends to this address again; what it left by topic, user or domain stays unless named.',
    params,
    query: z.object(places),
    run: async ({ principal, params: { address: to }, query }, verbs: Verbs) => {
      const where = whereOf(principal, query);
      if (isProblem(where)) return where;
      const removed = await removeSuppression(verbs, where, to);
      return removed.ok ? undefined : refusal(removed);
    },
  }),
];

const notForOne = problem(
  403,
  'Not allowed',
  'An import is for a whole account, and you see one user of it.',
);

type Asked = Scope & Readonly<{ everywhere: boolean }>;
type Loose = Readonly<{ [K in keyof Scope]?: string | undefined }> & Readonly<{ everywhere: boolean }>;

/** Which list, and which part of it: who is bound to a user sees and makes entries of that user alone. */
function whereOf(principal: Principal, asked: Loose): Where | Problem {
  const { account, user } = principal;
  if (asked.everywhere && (account !== HOME || user !== undefined)) return notFound('list');
  if (user !== undefined && (asked.user ?? user) !== user) return notFound('user');
  const named = user === undefined ? asked : { ...asked, user };
  return { list: asked.everywhere ? EVERYWHERE : account, scope: scopeOf(named) };
}

function scopeOf({ topic, user, domain }: Loose): Omit<Asked, 'everywhere'> {
  return {
    ...(topic === undefined ? {} : { topic }),
    ...(user === undefined ? {} : { user }),
    ...(domain === undefined ? {} : { domain: domain.toLowerCase() }),
  };
}

/** Evidence of the installation's list is of other accounts' mail. */
function shownTo(
  { account }: Principal,
  { entry: one, isEverywhere }: Readonly<{ entry: z.input<typeof entry>; isEverywhere: boolean }>,
) {
  if (!isEverywhere || account === HOME) return one;
  const { reply: _reply, delivery: _delivery, report: _report, ...rest } = one;
  return rest;
}
