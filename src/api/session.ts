// Endpoints of the dashboard's sessions: logging in and out, who one is, and one's own password.
import { z } from 'zod';
import { json, type Ask as HttpAsk } from '../http/exchange.ts';
import { clientOf, isForeign, networkOf } from '../http/security.ts';
import type { Session } from '../http/session.ts';
import { memberRoleSchema, scopeSchema, type Member, type Principal } from '../model/access.ts';
import { resetMember, type MemberVerbs } from '../verbs/member.ts';
import { MIN_PASSWORD_CHARS } from '../verbs/user.ts';
import { principalOfMember, tooMany } from './authenticate.ts';
import type { AccessContext } from './context.ts';
import { endpoint, sent, type Sent } from './endpoint.ts';
import { problem, type Problem } from './problem.ts';
import { refusal } from './refusal.ts';

const MAX_PASSWORD = 1024;

export const newPassword = z.string().min(MIN_PASSWORD_CHARS).max(MAX_PASSWORD);

const who = z.object({
  name: z.string().describe("The member's name, or the key's id."),
  via: z.enum(['session', 'key']),
  account: z.string(),
  role: memberRoleSchema,
  user: z.string().optional().describe('The only SMTP user whose mail is shown.'),
  scopes: z.array(scopeSchema),
  token: z
    .string()
    .optional()
    .describe('Of a session: what requests that change something carry as "x-csrf-token".'),
});

export const sessionEndpoints = [
  endpoint({
    id: 'logIn',
    method: 'POST',
    path: '/session',
    scope: 'open',
    summary: 'Logs a member in: the answer sets a cookie, and holds the token that changes need.',
    body: z.strictObject({ name: z.string().min(1).max(64), password: z.string().max(MAX_PASSWORD) }),
    answer: who,
    run: async ({ body, http }, context: AccessContext) => {
      if (isForeign(http)) return foreign;
      const member = await prove(context, { ...body, http });
      return 'name' in member ? begin(context, http, member) : member;
    },
  }),
  endpoint({
    id: 'showSession',
    method: 'GET',
    path: '/session',
    scope: 'any',
    summary: 'Who asks: a member or a key, and what it may do.',
    answer: who,
    run: async ({ principal, http }, { sessions }: AccessContext) => {
      const session = principal.via === 'session' ? await sessions.find(http) : undefined;
      return tellWho(principal, session?.token);
    },
  }),
  endpoint({
    id: 'logOut',
    method: 'DELETE',
    path: '/session',
    scope: 'any',
    summary: 'Logs out.',
    run: async ({ http }, { sessions }: AccessContext) =>
      sent({ ...json({}), status: 204, body: '', headers: { 'set-cookie': await sessions.end(http) } }),
  }),
  endpoint({
    id: 'changeOwnPassword',
    method: 'POST',
    path: '/session/password',
    scope: 'any',
    summary: "Changes the member's own password; all its other sessions end.",
    body: z.strictObject({ password: z.string().max(MAX_PASSWORD), newPassword }),
    answer: who,
    run: async ({ principal, body, http }, context: AccessContext & MemberVerbs) => {
      if (principal.via === 'key') return problem(403, 'Not allowed', 'A key has no password; log in.');
      const proven = await prove(context, { name: principal.name, password: body.password, http });
      if (!('name' in proven)) return proven;
      const reset = await resetMember(context, principal.name, { given: body.newPassword });
      return reset.ok ? begin(context, http, reset.value.member) : refusal(reset);
    },
  }),
];

const foreign = problem(403, 'Forbidden', 'Log in on the page itself, not from another site.');
const wrong = problem(401, 'Wrong password', 'The name or the password is wrong. Please try again.');

/** The member that this is, by its password. */
async function prove(
  { gate, members }: AccessContext,
  { name, password, http }: Readonly<{ name: string; password: string; http: HttpAsk }>,
): Promise<Member | Problem> {
  const verdict = await gate(password, networkOf(clientOf(http)), name);
  if (verdict === 'wrong') return wrong;
  if (verdict !== 'right') return tooMany(verdict.waitMs);
  return (await members.get(name)) ?? wrong;
}

async function begin({ sessions, log }: AccessContext, http: HttpAsk, member: Member): Promise<Sent> {
  log.info({ member: member.name, address: clientOf(http) }, 'A member logged in.');
  const { cookie, session } = await sessions.begin(http, member);
  const told = tellWho(principalOfMember(member), session.token);
  return sent({ ...json(told), headers: { 'set-cookie': cookie } });
}

function tellWho(principal: Principal, token: Session['token'] | undefined): z.output<typeof who> {
  const { name, via, account, role, user, scopes } = principal;
  return {
    name,
    via,
    account,
    role,
    ...(user === undefined ? {} : { user }),
    scopes: [...scopes],
    ...(token === undefined ? {} : { token }),
  };
}
