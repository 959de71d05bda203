// Scopes of the API, as its tables name them. Pure.
export { scopes, type Scope } from '../model/access.ts';
export { HOME, scopesOf, userScopes, within } from '../model/scopes.ts';
