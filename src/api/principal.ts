// What a principal sees: its account's things, and only its user's where it is bound to one. Pure.
import type { Principal } from '../model/access.ts';
import { isOwn, type Owner } from '../model/owner.ts';

/** Whose things a list may show. Undefined: the query asks for a user that it may not see, so that nothing is found. */
export function boundsOf(principal: Principal, askedUser?: string): Owner | undefined {
  const { account, user } = principal;
  if (user === undefined) return askedUser === undefined ? { account } : { account, user: askedUser };
  return askedUser === undefined || askedUser === user ? { account, user } : undefined;
}

/** May it see what belongs to this account, and to this user (undefined: to no single one)? */
export function sees(principal: Principal, of: Owner): boolean {
  return isOwn(principal, of);
}
