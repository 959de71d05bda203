// The dashboard's pages, and log-in and log-out by forms.
import type { Member } from '../model/access.ts';
import { dashboardRoutes } from './dashboard-files.ts';
import { problem, redirect, type Answer, type Ask, type Route } from './exchange.ts';
import { ADMIN, type Gate } from './gate.ts';
import { clientOf, isForeign, networkOf } from './security.ts';
import type { Sessions } from './session.ts';

export type PagesDeps = Readonly<{
  sessions: Sessions;
  gate: Gate;
  /** A member that may log in; undefined for others. */
  memberOf(name: string): Promise<Member | undefined>;
}>;

/** The pages, which everybody may load; and a form's log-in and log-out. */
export function pageRoutes({ sessions, gate, memberOf }: PagesDeps): readonly Route[] {
  const logIn = async (ask: Ask): Promise<Answer> => {
    if (isForeign(ask)) return problem(403, 'Forbidden', 'Log in on the page itself, not from another site.');
    const name = ask.form.get('name') ?? ADMIN;
    const verdict = await gate(ask.form.get('password') ?? '', networkOf(clientOf(ask)), name);
    const member = verdict === 'right' ? await memberOf(name) : undefined;
    if (member) return redirect('/', { 'set-cookie': (await sessions.begin(ask, member)).cookie });
    if (verdict === 'right' || verdict === 'wrong')
      return problem(401, 'Wrong password', 'The name or the password is wrong. Please try again.');
    const seconds = Math.ceil(verdict.waitMs / 1000);
    const wait = `Too many tries. Please wait ${seconds} second${seconds === 1 ? '' : 's'} and try again.`;
    return { ...problem(429, 'Too many tries', wait), headers: { 'retry-after': String(seconds) } };
  };

  return [
    ...dashboardRoutes(),
    { method: 'POST', path: '/login', access: 'open', handle: logIn },
    {
      method: 'POST',
      path: '/logout',
      access: 'writer',
      handle: async (ask) => redirect('/', { 'set-cookie': await sessions.end(ask) }),
    },
  ];
}
