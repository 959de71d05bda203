// Keys of the API: making, listing and removing them.
import type { Clock } from '../lib/clock.ts';
import { apiKeySchema, scopes, type ApiKey, type Scope } from '../model/access.ts';
import { within } from '../model/scopes.ts';
import type { ApiKeys, KeyWish, ListedKey } from '../store/api-keys.ts';
import type { SettingsStore } from '../store/settings.ts';
import { did, noSuch, refused, type Did } from './did.ts';

export type KeyVerbs = Readonly<{
  apiKeys: ApiKeys;
  settings: Pick<SettingsStore, 'refresh'>;
  clock: Clock;
}>;

/** What may be told of a key. */
export type PublicKey = Readonly<Omit<ApiKey, 'hash' | 'v'> & { usedAt?: number }>;

export function publicKey(key: ApiKey, usedAt?: number): PublicKey {
  const { id, name, account, scopes: has, user, by, madeAt, expiresAt } = key;
  return {
    id,
    name,
    account,
    scopes: has,
    by,
    madeAt,
    ...(user === undefined ? {} : { user }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(usedAt === undefined ? {} : { usedAt }),
  };
}

const MAX_KEYS = 500;
/** Who is bound to a user does not take the places of the others. */
const MAX_OF_USER = 50;

/** Makes a key; `secret` is shown once. Scopes that nobody of its account and user could use are refused. */
export async function addKey(
  { apiKeys, settings, clock }: KeyVerbs,
  wish: KeyWish,
): Promise<Did<Readonly<{ key: ApiKey; secret: string }>>> {
  const { account, user, expiresAt } = wish;
  const idle = wish.scopes.filter((scope) => !within([scope], { account, user }).has(scope));
  if (wish.scopes.length === 0) return refused('wrong', `Say what it is for: ${scopes.join(', ')}.`);
  if (idle.length > 0)
    return refused(
      'wrong',
      `A key of ${user === undefined ? 'this account' : 'one user'} cannot have ${idle.join(', ')}.`,
    );
  if (user !== undefined && (await settings.refresh()).users.get(user)?.account !== account)
    return refused('wrong', `There is no user called ${user}.`);
  if (expiresAt !== undefined && expiresAt <= clock.now())
    return refused('wrong', 'It would have expired already; give a time to come.');
  const name = apiKeySchema.shape.name.safeParse(wish.name);
  if (!name.success) return refused('wrong', "A key's name must be 1 to 100 characters long.");
  const excess = excessOf(await apiKeys.list(account), user);
  if (excess !== undefined) return refused('wrong', excess);
  return did(await apiKeys.make({ ...wish, scopes: [...new Set(wish.scopes)] }));
}

/** Expired ones count: they are there until somebody removes them. */
function excessOf(keys: readonly ListedKey[], user: string | undefined): string | undefined {
  if (keys.length >= MAX_KEYS)
    return `An account has at most ${MAX_KEYS} keys; remove those that nobody uses.`;
  const own = keys.filter(({ key }) => user !== undefined && key.user === user);
  return own.length >= MAX_OF_USER
    ? `There are at most ${MAX_OF_USER} keys of one user; remove those that nobody uses.`
    : undefined;
}

export async function listKeys(
  { apiKeys }: Pick<KeyVerbs, 'apiKeys'>,
  account: string,
): Promise<readonly ListedKey[]> {
  return apiKeys.list(account);
}

/** Removes a key: the next request with it is refused. */
export async function removeKey({ apiKeys }: Pick<KeyVerbs, 'apiKeys'>, id: string): Promise<Did<undefined>> {
  if (await apiKeys.remove(id)) return did(undefined);
  return noSuch('key', id);
}

/** Scopes by their names, commas and blanks between them; "all", and "read" for all that only read. */
export function readScopes(texts: readonly string[]): Did<readonly Scope[]> {
  const found = new Set<Scope>();
  for (const text of texts) {
    const meant = scopes.filter(
      (scope) => scope === text || text === 'all' || (text === 'read' && scope.endsWith(':read')),
    );
    if (meant.length === 0)
      return refused(
        'wrong',
        `${text} is no scope; there are ${scopes.join(', ')}; "read" is all that only read, "all" all.`,
      );
    for (const scope of meant) found.add(scope);
  }
  return did([...found]);
}
