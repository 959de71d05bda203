// Endpoints of recipients: what is known of the people that mail went to.
import { z } from 'zod';
import type { StoredRecipient } from '../store/recipients.ts';
import { forgetPerson, NOT_COMPLETE, wasAnything, type ForgetVerbs } from '../verbs/forget.ts';
import type { VerbContext } from '../verbs/context.ts';
import { endpoint } from './endpoint.ts';
import { badCursor, makeCursor, pageOf, pageQuery, readCursor } from './paging.ts';
import { HOW_TO_PATCH, patched, patchOf } from './patch.ts';
import { invalid, notFound, problem } from './problem.ts';

const count = z.number().describe('Close to the truth, not exact.');
const recipient = z.object({
  address: z.string(),
  name: z.string().optional().describe('Display name, [name] in messages.'),
  fields: z.record(z.string(), z.string()).describe('Merge fields.'),
  first: z.number(),
  last: z.number().describe('When it was seen last, epoch milliseconds.'),
  status: z.enum(['new', 'reached', 'bounced', 'unsubscribed', 'complained']),
  accepted: count,
  delivered: count,
  opened: count,
  clicked: count,
});
const wish = z.strictObject({
  name: z.string().max(255).optional(),
  fields: z.record(z.string().min(1).max(100), z.string().max(10_000)).default({}),
});
/** A merge patch takes fields away with null. */
const patch = patchOf(wish, [
  'address',
  'first',
  'last',
  'status',
  'accepted',
  'delivered',
  'opened',
  'clicked',
]).extend({
  fields: z.record(z.string().min(1).max(100), z.string().max(10_000).nullable()).optional(),
});
const params = z.object({ address: z.string().max(320) });

type Verbs = Pick<VerbContext, 'recipients'>;

export const recipientEndpoints = [
  endpoint({
    id: 'listRecipients',
    verb: 'recipient list',
    method: 'GET',
    path: '/recipients',
    scope: 'recipients:read',
    summary: 'Recipients, those last seen first.',
    query: z.object(pageQuery),
    answer: pageOf(recipient),
    run: async ({ principal, query: { cursor, limit } }, { recipients }: Verbs) => {
      const after = cursor === undefined ? undefined : readPlace(cursor);
      if (cursor !== undefined && !after) return badCursor;
      const items = await recipients.page(principal.account, { after, limit });
      const last = items.at(-1);
      return { items, ...(last && items.length === limit && { next: placeOf(last) }) };
    },
  }),
  endpoint({
    id: 'showRecipient',
    verb: 'recipient show',
    method: 'GET',
    path: '/recipients/:address',
    scope: 'recipients:read',
    summary: 'What is known of a recipient.',
    params,
    answer: recipient,
    run: async ({ principal, params: { address } }, { recipients }: Verbs) =>
      (await recipients.show(principal.account, address)) ?? notFound('recipient'),
  }),
  endpoint({
    id: 'changeRecipient',
    verb: 'recipient set',
    method: 'PATCH',
    path: '/recipients/:address',
    scope: 'recipients:write',
    summary: 'Sets the name and merge fields of a recipient, and makes one that is not known yet.',
    description: HOW_TO_PATCH,
    params,
    body: patch,
    answer: recipient,
    run: async ({ principal, params: { address }, body }, { recipients }: Verbs) => {
      const known = await recipients.show(principal.account, address);
      const { name, fields, ...fixed } = known ?? { address, fields: {} };
      const said = patched(wish, { old: { name, fields }, fixed: known ? fixed : {} }, body);
      if (!said.ok) return said.problem;
      const changed = await recipients.set(principal.account, address, () => ({
        name: said.value.name ?? '',
        fields: said.value.fields,
      }));
      return changed.ok ? changed.recipient : invalid(changed.problem);
    },
  }),
  endpoint({
    id: 'forgetRecipient',
    verb: 'recipient forget',
    method: 'DELETE',
    path: '/recipients/:address',
    scope: 'recipients:write',
    summary: 'Forgets a recipient wherever it is named; what waits for it is cancelled.',
    description:
      'Its mail still counts. A suppression stays as a keyed hash, so that it gets no mail. 409: something was just under way; ask again.',
    params,
    run: async ({ principal, params: { address } }, verbs: ForgetVerbs) => {
      const erased = await forgetPerson(verbs, principal.account, address);
      if (!erased.complete) return problem(409, 'Not forgotten everywhere yet', NOT_COMPLETE);
      return wasAnything(erased) ? undefined : notFound('recipient');
    },
  }),
];

function placeOf({ last, address }: StoredRecipient): string {
  return makeCursor(`${last} ${address}`);
}

function readPlace(cursor: string): Readonly<{ last: number; address: string }> | undefined {
  const [, last, address] = /^(\d+) (.+)$/s.exec(readCursor(cursor)) ?? [];
  return last === undefined || address === undefined ? undefined : { last: Number(last), address };
}
