// Endpoints of pools: named groups of transports, and what takes over from them.
import { z } from 'zod';
import { declaredPool } from '../config/entries.ts';
import { nameSchema, poolSchema } from '../model/settings.ts';
import type { VerbContext } from '../verbs/context.ts';
import { addPool, changePool, listPools, removePool, showPool, type ShownPool } from '../verbs/pool.ts';
import { endpoint } from './endpoint.ts';
import { pageIn, pageOf, pageQuery } from './paging.ts';
import { HOW_TO_PATCH, patched, patchOf } from './patch.ts';
import { refusal } from './refusal.ts';

const shown = z.object({
  ...declaredPool.shape,
  transports: z.array(z.string()),
  users: z.array(z.string()).describe('Who may send by it.'),
});
const rule = declaredPool.omit({ name: true });
const params = z.object({ name: nameSchema });

type Verbs = Pick<VerbContext, 'settings'>;

export const poolEndpoints = [
  endpoint({
    id: 'listPools',
    verb: 'pool list',
    method: 'GET',
    path: '/pools',
    scope: 'transports:read',
    summary: 'The pools with their transports.',
    query: z.object(pageQuery),
    answer: pageOf(shown),
    run: async ({ query }, verbs: Verbs) => pageIn(await listPools(verbs), ({ name }) => name, query),
  }),
  endpoint({
    id: 'addPool',
    verb: 'pool add',
    method: 'POST',
    path: '/pools',
    scope: 'transports:write',
    summary: 'Adds a pool, a named group of transports.',
    body: declaredPool,
    status: 201,
    location: '/pools/:name',
    answer: shown,
    run: async ({ body }, verbs: Verbs) => {
      const added = await addPool(verbs, poolSchema.parse({ ...body, v: 1, origin: 'command' }));
      return added.ok ? again(verbs, body.name) : refusal(added);
    },
  }),
  endpoint({
    id: 'showPool',
    method: 'GET',
    path: '/pools/:name',
    scope: 'transports:read',
    summary: 'One pool.',
    params,
    answer: shown,
    run: ({ params: { name } }, verbs: Verbs) => again(verbs, name),
  }),
  endpoint({
    id: 'changePool',
    verb: 'pool set',
    method: 'PATCH',
    path: '/pools/:name',
    scope: 'transports:write',
    summary: 'Changes what happens when no transport of a pool can send.',
    description: HOW_TO_PATCH,
    params,
    body: patchOf(rule, ['name', 'transports', 'users']),
    answer: shown,
    run: async ({ params: { name }, body }, verbs: Verbs) => {
      const found = await showPool(verbs, name);
      if (!found.ok) return refusal(found);
      const { transports, users, ...old } = found.value;
      const next = patched(rule, { old: ruleOf(old), fixed: { name, transports, users } }, body);
      if (!next.ok) return next.problem;
      const { fallback, whenAllBad } = next.value;
      const changed = await changePool(verbs, name, { fallback, whenAllBad });
      return changed.ok ? again(verbs, name) : refusal(changed);
    },
  }),
  endpoint({
    id: 'removePool',
    verb: 'pool remove',
    method: 'DELETE',
    path: '/pools/:name',
    scope: 'transports:write',
    summary: 'Removes a pool that nothing belongs to.',
    params,
    run: async ({ params: { name } }, verbs: Verbs) => {
      const removed = await removePool(verbs, name);
      return removed.ok ? undefined : refusal(removed);
    },
  }),
];

async function again(verbs: Verbs, name: string) {
  const found = await showPool(verbs, name);
  return found.ok ? found.value : refusal(found);
}

function ruleOf({ name: _name, ...rest }: Omit<ShownPool, 'transports' | 'users'>) {
  return rest;
}
