// What a principal sees: its account's things, and only its user's where it is bound to one. Pure.
import type { Principal } from '../model/access.ts';

/** An account, and a user where only that one's are meant. */
export type Bounds = Readonly<{ account: string; user?: string }>;

/** Whose things a list may show. Undefined: the query asks for a user that it may not see, so that nothing is found. */
export function boundsOf(principal: Principal, askedUser?: string): Bounds | undefined {
  const { account, user } = principal;
  if (user === undefined) return askedUser === undefined ? { account } : { account, user: askedUser };
  return askedUser === undefined || askedUser === user ? { account, user } : undefined;
}

/** May it see what belongs to this account, and to this user (undefined: to no single one)? */
export function sees(
  principal: Principal,
  of: Readonly<{ account: string; user?: string | undefined }>,
): boolean {
  if (principal.account !== of.account) return false;
  return principal.user === undefined || principal.user === of.user;
}
