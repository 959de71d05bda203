// Endpoints of the API's own keys.
import { z } from 'zod';
import { apiKeySchema, scopeSchema, type ApiKey, type Principal } from '../model/access.ts';
import { nameSchema } from '../model/settings.ts';
import { addKey, listKeys, publicKey, removeKey, type KeyVerbs } from '../verbs/key.ts';
import { endpoint } from './endpoint.ts';
import { pageIn, pageOf, pageQuery } from './paging.ts';
import { sees } from './principal.ts';
import { notFound, problem } from './problem.ts';
import { refusal } from './refusal.ts';

const key = apiKeySchema.omit({ v: true, hash: true }).extend({
  usedAt: z.number().optional().describe('When it was used last, to the minute, epoch milliseconds.'),
});
const params = z.object({ id: z.string().max(64) });

export const keyEndpoints = [
  endpoint({
    id: 'listKeys',
    verb: 'key list',
    method: 'GET',
    path: '/keys',
    scope: 'keys:read',
    summary: 'The keys of the API, without their secrets.',
    query: z.object(pageQuery),
    answer: pageOf(key),
    run: async ({ principal, query }, verbs: KeyVerbs) => {
      const own = (await listKeys(verbs, principal.account)).filter((one) => sees(principal, one.key));
      const page = pageIn(own, (one) => `${String(one.key.madeAt).padStart(15, '0')} ${one.key.id}`, query);
      return { ...page, items: page.items.map((one) => publicKey(one.key, one.usedAt)) };
    },
  }),
  endpoint({
    id: 'addKey',
    verb: 'key add',
    method: 'POST',
    path: '/keys',
    scope: 'keys:write',
    summary: 'Makes a key. It is shown only in this answer.',
    description: 'Nobody makes a key that may do more than the maker may, and no key one that lasts longer.',
    body: z.strictObject({
      name: apiKeySchema.shape.name.describe('What it is for, for whoever reads the list later.'),
      scopes: z.array(scopeSchema).min(1),
      user: nameSchema.optional().describe('It is for the mail of this SMTP user alone.'),
      expiresAt: z
        .number()
        .int()
        .positive()
        .optional()
        .describe('Epoch milliseconds; absent: it does not expire.'),
    }),
    status: 201,
    answer: key.extend({ key: z.string().describe('All of the key, shown only now.') }),
    run: async ({ principal, body }, verbs: KeyVerbs) => {
      const excess = body.scopes.filter((scope) => !principal.scopes.has(scope));
      if (excess.length > 0)
        return problem(
          403,
          'Not allowed',
          `You cannot hand on what you may not do yourself: ${excess.join(', ')}.`,
        );
      if (principal.user !== undefined && body.user !== undefined && body.user !== principal.user)
        return notFound('user');
      const { account, name: by } = principal;
      const ends = await endOf(principal, verbs);
      if (ends !== undefined && (body.expiresAt === undefined || body.expiresAt > ends))
        return problem(
          403,
          'Not allowed',
          `No key outlives the key that made it: say "expiresAt", ${ends} at most.`,
        );
      const added = await addKey(verbs, { ...body, account, by, user: principal.user ?? body.user });
      if (!added.ok) return refusal(added);
      return { ...publicKey(added.value.key), key: added.value.secret };
    },
  }),
  endpoint({
    id: 'removeKey',
    verb: 'key remove',
    method: 'DELETE',
    path: '/keys/:id',
    scope: 'keys:write',
    summary: 'Removes a key: the next request with it is refused.',
    description: 'An admin removes any key of the account, everybody else the keys that they made.',
    params,
    run: async (ask, verbs: KeyVerbs) => {
      const found = await verbs.apiKeys.get(ask.params.id);
      if (!found || !sees(ask.principal, found)) return notFound('key');
      if (!mayRemove(ask.principal, found))
        return problem(403, 'Not allowed', 'Only an admin removes keys that others made.');
      const removed = await removeKey(verbs, found.id);
      return removed.ok ? undefined : refusal(removed);
    },
  }),
];

/** When a key ends by itself; undefined: it does not, or it is a member who asks. */
async function endOf({ via, name }: Principal, { apiKeys }: KeyVerbs): Promise<number | undefined> {
  return via === 'key' ? (await apiKeys.get(name))?.expiresAt : undefined;
}

function mayRemove({ name, role, scopes }: Principal, key: ApiKey): boolean {
  return role === 'admin' || scopes.has('members:write') || key.by === name || key.id === name;
}
