// Whose things are meant: somebody else's are never somebody's own.
import { expect, test } from 'vitest';
import { isOwn, type Owner } from '../../../src/model/owner.ts';

test.each<[owner: Partial<Owner>, of: Owner, own: boolean]>([
  [{}, { account: 'a', user: 'u' }, true],
  [{ account: 'a' }, { account: 'a' }, true],
  [{ account: 'a' }, { account: 'a', user: 'u' }, true],
  [{ account: 'a' }, { account: 'b', user: 'u' }, false],
  [{ account: 'a', user: undefined }, { account: 'a', user: 'u' }, true],
  [{ account: 'a', user: 'u' }, { account: 'a', user: 'u' }, true],
  [{ account: 'a', user: 'u' }, { account: 'a', user: 'v' }, false],
  [{ account: 'a', user: 'u' }, { account: 'b', user: 'u' }, false],
  // Of the whole account, so of no single user.
  [{ account: 'a', user: 'u' }, { account: 'a' }, false],
  [{ account: 'a', user: 'u' }, { account: 'a', user: undefined }, false],
  [{ user: 'u' }, { account: 'b', user: 'u' }, true],
  // An empty name is a name, and nobody's.
  [{ account: '', user: '' }, { account: 'a', user: 'u' }, false],
  [{ account: 'a', user: '' }, { account: 'a' }, false],
  [{ account: 'A' }, { account: 'a' }, false],
])('%j owns what is of %j: %j', (owner, of, own) => expect(isOwn(owner, of)).toBe(own));
