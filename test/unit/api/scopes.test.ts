// Roles and bounds as sets of scopes.
import { expect, test } from 'vitest';
import { scopes } from '../../../src/model/access.ts';
import { HOME, scopesOf, userScopes, within } from '../../../src/model/scopes.ts';

const home = { account: HOME };

test('an admin may everything, an operator all but members, a viewer reads', () => {
  expect([...scopesOf('admin', home)]).toEqual([...scopes]);
  expect(scopesOf('operator', home).has('members:write')).toBe(false);
  expect(scopesOf('operator', home).size).toBe(scopes.length - 1);
  expect([...scopesOf('viewer', home)].every((scope) => scope.endsWith(':read'))).toBe(true);
  expect(scopesOf('viewer', home).has('messages:send')).toBe(false);
});

test('who is bound to a user has no more than a user, whatever the role', () => {
  for (const role of ['admin', 'operator', 'viewer', 'user'] as const)
    for (const scope of scopesOf(role, { ...home, user: 'shop' })) expect(userScopes.has(scope)).toBe(true);
});

test('another account has nothing of the installation', () => {
  const admin = scopesOf('admin', { account: 'other' });
  for (const scope of [
    'transports:read',
    'transports:write',
    'settings:read',
    'alerts:read',
    'quarantine:write',
  ] as const)
    expect(admin.has(scope)).toBe(false);
  expect(admin.has('members:write')).toBe(true);
  expect(within(['transports:read', 'users:read'], { account: 'other' })).toEqual(new Set(['users:read']));
});
