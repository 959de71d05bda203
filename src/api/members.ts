// Endpoints of members: who may log in to the dashboard, with which role.
import type { Owner } from '../model/owner.ts';
import { z } from 'zod';
import {
  memberRoleSchema,
  memberSchema,
  type Member,
  type MemberRole,
  type Principal,
} from '../model/access.ts';
import { scopesOf } from '../model/scopes.ts';
import { nameSchema } from '../model/settings.ts';
import {
  addMember,
  changeMember,
  publicMember,
  removeMember,
  resetMember,
  type MemberVerbs,
} from '../verbs/member.ts';
import { endpoint } from './endpoint.ts';
import { pageIn, pageOf, pageQuery } from './paging.ts';
import { notFound, problem, type Problem } from './problem.ts';
import { refusal } from './refusal.ts';
import { newPassword } from './session.ts';

const member = memberSchema.pick({
  name: true,
  account: true,
  role: true,
  user: true,
  disabled: true,
  madeAt: true,
});
const withPassword = member.extend({
  password: z.string().optional().describe('The password that was made, shown only now.'),
});
const params = z.object({ name: nameSchema });
const password = newPassword.optional().describe('Absent: a good one is made.');

export const memberEndpoints = [
  endpoint({
    id: 'listMembers',
    verb: 'member list',
    method: 'GET',
    path: '/members',
    scope: 'members:read',
    summary: 'Who may log in to the dashboard.',
    query: z.object(pageQuery),
    answer: pageOf(member),
    run: async ({ principal, query }, { members }: MemberVerbs) => {
      const page = pageIn(await members.list(principal.account), ({ name }) => name, query);
      return { ...page, items: page.items.map(publicMember) };
    },
  }),
  endpoint({
    id: 'addMember',
    verb: 'member add',
    method: 'POST',
    path: '/members',
    scope: 'members:write',
    summary: 'Lets somebody log in to the dashboard.',
    body: z.strictObject({
      name: nameSchema,
      role: memberRoleSchema,
      user: nameSchema.optional().describe('The SMTP user whose mail a member of role "user" sees.'),
      password,
    }),
    status: 201,
    location: '/members/:name',
    answer: withPassword,
    run: async ({ principal, body }, verbs: MemberVerbs) => {
      const { account } = principal;
      const excess = exceeds(principal, { account, role: body.role, user: body.user });
      if (excess) return excess;
      const given = body.password === undefined ? 'make' : { given: body.password };
      const added = await addMember(verbs, { ...body, account, password: given });
      if (!added.ok) return refusal(added);
      return { ...publicMember(added.value.member), password: added.value.made };
    },
  }),
  endpoint({
    id: 'showMember',
    method: 'GET',
    path: '/members/:name',
    scope: 'members:read',
    summary: 'One member.',
    params,
    answer: member,
    run: async (ask, verbs: MemberVerbs) => {
      const found = await find(ask.principal, verbs, ask.params.name);
      return found ? publicMember(found) : notFound('member');
    },
  }),
  endpoint({
    id: 'changeMember',
    verb: 'member set',
    method: 'PATCH',
    path: '/members/:name',
    scope: 'members:write',
    summary: 'Changes what a member may do. It counts at once.',
    params,
    body: z.strictObject({
      role: memberRoleSchema.optional(),
      user: nameSchema.optional(),
      disabled: z.boolean().optional(),
    }),
    answer: member,
    run: async (ask, verbs: MemberVerbs) => {
      const { principal, body } = ask;
      const refused = await mayChange(principal, verbs, ask.params.name);
      if (refused) return refused;
      const excess =
        body.role && exceeds(principal, { account: principal.account, role: body.role, user: body.user });
      if (excess) return excess;
      const changed = await changeMember(verbs, ask.params.name, body);
      return changed.ok ? publicMember(changed.value) : refusal(changed);
    },
  }),
  endpoint({
    id: 'resetMemberPassword',
    verb: 'member reset-password',
    method: 'POST',
    path: '/members/:name/reset-password',
    scope: 'members:write',
    summary: 'Gives a member a new password; the old one and its sessions end at once.',
    params,
    body: z.strictObject({ password }),
    answer: withPassword,
    run: async (ask, verbs: MemberVerbs) => {
      const refused = await mayChange(ask.principal, verbs, ask.params.name);
      if (refused) return refused;
      const given = ask.body.password === undefined ? 'make' : { given: ask.body.password };
      const reset = await resetMember(verbs, ask.params.name, given);
      if (!reset.ok) return refusal(reset);
      return { ...publicMember(reset.value.member), password: reset.value.made };
    },
  }),
  endpoint({
    id: 'removeMember',
    verb: 'member remove',
    method: 'DELETE',
    path: '/members/:name',
    scope: 'members:write',
    summary: 'Takes somebody out: its sessions end at once, keys that it made stay.',
    params,
    run: async (ask, verbs: MemberVerbs) => {
      const refused = await mayChange(ask.principal, verbs, ask.params.name);
      if (refused) return refused;
      const removed = await removeMember(verbs, ask.params.name);
      return removed.ok ? undefined : refusal(removed);
    },
  }),
];

async function find(
  { account }: Principal,
  { members }: Pick<MemberVerbs, 'members'>,
  name: string,
): Promise<Member | undefined> {
  const found = await members.get(name);
  return found?.account === account ? found : undefined;
}

/** Why a member is not to be changed by this principal: it is not there, or may do more. */
async function mayChange(
  principal: Principal,
  verbs: MemberVerbs,
  name: string,
): Promise<Problem | undefined> {
  const found = await find(principal, verbs, name);
  return found ? exceeds(principal, found) : notFound('member');
}

/** Nobody hands on, or takes away, what it does not have itself. */
function exceeds(
  { scopes }: Principal,
  { role, ...owner }: Owner & Readonly<{ role: MemberRole }>,
): Problem | undefined {
  const more = [...scopesOf(role, owner)].filter((scope) => !scopes.has(scope));
  if (more.length === 0) return undefined;
  return problem(403, 'Not allowed', `The role "${role}" may do more than you: ${more.join(', ')}.`);
}
