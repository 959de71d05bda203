// What a principal sees: its account's things, and only its user's where it is bound to one. Pure.
import type { Principal } from '../model/access.ts';
import { isOwn, type Owner } from '../model/owner.ts';

/** Whose things it sees. */
export function ownerOf({ account, user }: Principal): Owner {
  return user === undefined ? { account } : { account, user };
}

/** Whose things a list may show. Undefined: the query asks for a user that it may not see, so that nothing is found. */
export function boundsOf(principal: Principal, askedUser?: string): Owner | undefined {
  if (askedUser === undefined) return ownerOf(principal);
  const { account, user = askedUser } = principal;
  return user === askedUser ? { account, user } : undefined;
}

/** May it see what belongs to this account, and to this user (undefined: to no single one)? */
export function sees(principal: Principal, of: Owner): boolean {
  return isOwn(principal, of);
}
