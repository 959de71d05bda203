// Who tries to send as somebody else is made known: a wrong setting, or a program that is not what its user thinks.
import type { User } from '../model/settings.ts';
import type { HeaderFacts } from './parse.ts';
import { mayUse } from './policy.ts';
import type { Reply } from './replies.ts';

/** A user was refused as the sender `address`. Returns at once. */
export type Unauthorised = (user: User, address: string) => void;

/** Tells of the From that is not the user's, where that is why it is refused: what cannot be read is nobody. */
export function refused(
  reply: Reply,
  { user, facts }: Readonly<{ user: User; facts: HeaderFacts }>,
  tell: Unauthorised | undefined,
): Reply {
  const foreign = facts.from.find(({ address }) => !mayUse(user, address));
  if (foreign) tell?.(user, foreign.address);
  return reply;
}
