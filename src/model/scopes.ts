// Roles and bounds as sets of scopes. Pure.
import type { Owner } from './owner.ts';
import { scopes, type MemberRole, type Scope } from './access.ts';

/** What somebody may do who sees one SMTP user's mail only. */
export const userScopes: ReadonlySet<Scope> = new Set<Scope>([
  'messages:send',
  'messages:read',
  'events:read',
  'statistics:read',
  'suppressions:read',
  'suppressions:write',
  // Its own; what it adds it proves by DNS.
  'domains:read',
  'domains:write',
  'webhooks:read',
  'webhooks:write',
  'keys:read',
  'keys:write',
]);

/** What concerns the whole installation: only for the account that runs it. */
const installation: ReadonlySet<Scope> = new Set<Scope>([
  'transports:read',
  'transports:write',
  'settings:read',
  'alerts:read',
  'quarantine:write',
]);

/** The account that runs the installation. */
export const HOME = 'default';

const ofRole: Readonly<Record<MemberRole, (scope: Scope) => boolean>> = {
  admin: () => true,
  operator: (scope) => scope !== 'members:write',
  viewer: (scope) => scope.endsWith(':read'),
  user: (scope) => userScopes.has(scope),
};

/** What somebody of an account may who is bound to a user, or is not. */
export function within(wanted: Iterable<Scope>, { account, user }: Owner): ReadonlySet<Scope> {
  const may = (scope: Scope): boolean =>
    (account === HOME || !installation.has(scope)) && (user === undefined || userScopes.has(scope));
  return new Set([...wanted].filter(may));
}

/** What a member's role lets it do. */
export function scopesOf(role: MemberRole, owner: Owner): ReadonlySet<Scope> {
  return within(scopes.filter(ofRole[role]), owner);
}
