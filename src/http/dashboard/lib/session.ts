// Who is logged in, and what they may: asked once at the start and after a log-in.
import { signal } from '@preact/signals';
import { get, post, remove, useToken, whenLoggedOut, type Problem } from './api.ts';

export type Role = 'admin' | 'operator' | 'viewer' | 'user';

export type Session = Readonly<{
  name: string;
  role: Role;
  scopes: readonly string[];
  /** The SMTP user whose mail alone they see; undefined: all mail. */
  user?: string;
  /** What requests that change something carry. */
  token: string;
}>;

/** "asking" until the server has answered for the first time. */
export const session = signal<Session | 'asking' | 'none' | 'unreachable'>('asking');

whenLoggedOut(() => {
  session.value = 'none';
});

/** Asks who is logged in. */
export async function findSession(): Promise<void> {
  const answer = await get<Session>('session');
  if (answer.ok) begin(answer.value);
  else session.value = answer.problem.status === 0 ? 'unreachable' : 'none';
}

/** Undefined when it worked. */
export async function logIn(name: string, password: string): Promise<Problem | undefined> {
  const answer = await post<Session>('session', { name, password });
  if (!answer.ok) return answer.problem;
  begin(answer.value);
  return undefined;
}

/** A new password of one's own: all other sessions end, and this one goes on with a new token. Undefined when it worked. */
export async function changePassword(password: string, newPassword: string): Promise<Problem | undefined> {
  const answer = await post<Session>('session/password', { password, newPassword });
  if (!answer.ok) return answer.problem;
  begin(answer.value);
  return undefined;
}

export async function logOut(): Promise<void> {
  await remove('session');
  session.value = 'none';
}

/** True when the viewer may do what the scope stands for; pages leave out what they may not. */
export function may(scope: string): boolean {
  const now = session.value;
  return typeof now === 'object' && now.scopes.includes(scope);
}

function begin(found: Session): void {
  useToken(found.token);
  session.value = found;
}
