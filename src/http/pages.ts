// The pages: our own files, read once at start, and the log-in.
import { readFileSync } from 'node:fs';
import type { Member } from '../model/access.ts';
import { ADMIN, type Gate } from './gate.ts';
import { problem, redirect, type Answer, type Ask, type Route } from './exchange.ts';
import { isForeign, networkOf } from './security.ts';
import type { Sessions } from './session.ts';

export type PagesDeps = Readonly<{
  sessions: Sessions;
  gate: Gate;
  /** A member that may log in; undefined for others. */
  memberOf(name: string): Promise<Member | undefined>;
}>;

const NOTICE = '<!-- notice -->';
const read = (name: string): string => readFileSync(new URL(`./dashboard/${name}`, import.meta.url), 'utf8');

/** Log-in, log-out, the page at "/" and its files. */
export function pageRoutes({ sessions, gate, memberOf }: PagesDeps): readonly Route[] {
  const loginPage = read('login.html');
  const showLogin = (status: number, notice: string): Answer => ({
    status,
    type: 'text/html; charset=utf-8',
    policy: 'page',
    body: loginPage.replace(NOTICE, notice === '' ? '' : `<p class="notice bad" role="alert">${notice}</p>`),
  });

  const logIn = async (ask: Ask): Promise<Answer> => {
    if (isForeign(ask)) return problem(403, 'Forbidden', 'Log in on the page itself, not from another site.');
    const verdict = await gate(ask.form.get('password') ?? '', networkOf(ask.peer));
    const member = verdict === 'right' ? await memberOf(ADMIN) : undefined;
    if (member) return redirect('/', { 'set-cookie': (await sessions.begin(ask, member)).cookie });
    if (verdict === 'right' || verdict === 'wrong')
      return showLogin(401, 'That is not the password. Please try again.');
    const seconds = Math.ceil(verdict.waitMs / 1000);
    const wait = `Too many tries. Please wait ${seconds} second${seconds === 1 ? '' : 's'} and try again.`;
    return { ...showLogin(429, wait), headers: { 'retry-after': String(seconds) } };
  };

  const file = (path: string, name: string, type: string, access: Route['access']): Route => {
    const body = read(name);
    const answer: Answer = { status: 200, type: `${type}; charset=utf-8`, body, policy: 'page' };
    return { method: 'GET', path, access, handle: () => Promise.resolve(answer) };
  };

  return [
    file('/', 'index.html', 'text/html', 'reader'),
    // The log-in page needs these two before there is a session; they hold nothing but colours and our mark.
    file('/assets/style.css', 'style.css', 'text/css', 'open'),
    file('/assets/icon.svg', 'icon.svg', 'image/svg+xml', 'open'),
    file('/assets/app.js', 'app.js', 'text/javascript', 'reader'),
    file('/assets/inbox.js', 'inbox.js', 'text/javascript', 'reader'),
    file('/assets/connect.js', 'connect.js', 'text/javascript', 'reader'),
    file('/assets/dom.js', 'dom.js', 'text/javascript', 'reader'),
    {
      method: 'GET',
      path: '/login',
      access: 'open',
      handle: async (ask) => ((await sessions.find(ask)) ? redirect('/') : showLogin(200, '')),
    },
    { method: 'POST', path: '/login', access: 'open', handle: logIn },
    {
      method: 'POST',
      path: '/logout',
      access: 'writer',
      handle: async (ask) => redirect('/login', { 'set-cookie': await sessions.end(ask) }),
    },
  ];
}
