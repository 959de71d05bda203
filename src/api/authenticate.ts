// Who makes a request: a key in Authorization, or a member's session with the token against forged requests.
import { clientOf, isForeign, networkOf } from '../http/security.ts';
import { hasToken, type Sessions } from '../http/session.ts';
import type { Ask as HttpAsk } from '../http/exchange.ts';
import type { Clock } from '../lib/clock.ts';
import { makeLru } from '../lib/lru.ts';
import type { ApiKey, Member, Principal } from '../model/access.ts';
import type { Settings } from '../model/settings.ts';
import type { ApiKeys } from '../store/api-keys.ts';
import { problem, type Problem } from './problem.ts';
import { makeBuckets } from './rates.ts';
import { scopesOf, within } from './scopes.ts';

export type Authenticate = (ask: HttpAsk) => Promise<Principal | Problem>;

export type AuthenticateDeps = Readonly<{
  keys: ApiKeys;
  sessions: Sessions;
  settingsNow(): Pick<Settings, 'users'>;
  clock: Clock;
}>;

/** Wrong keys of a network: so many at once, then so many a minute. */
const WRONG = { rate: { count: 60, perMs: 60_000 }, burst: 60 };
/** Keys that were right lately are looked up even where their network sends wrong ones. */
const MAX_KNOWN = 10_000;
const BEARER = /^Bearer +(\S{1,200})$/i;

/** For endpoints that are open to whoever asks. */
export const nobody: Principal = { name: '', account: '', role: 'user', scopes: new Set(), via: 'session' };

export function makeAuthenticate({ keys, sessions, settingsNow, clock }: AuthenticateDeps): Authenticate {
  const wrong = makeBuckets(WRONG, clock);
  const known = makeLru<true>(MAX_KNOWN);
  const userIsThere = (account: string, user: string | undefined): boolean =>
    user === undefined || settingsNow().users.get(user)?.account === account;

  const byKey = async (secret: string, ask: HttpAsk): Promise<Principal | Problem> => {
    const network = networkOf(clientOf(ask));
    const id = secret.slice(0, ID_CHARS);
    const isKnown = known.get(id) === true;
    // Counted before the look-up, so that many requests at once do not get many tries.
    const waitMs = isKnown ? 0 : wrong.take(network);
    if (waitMs > 0) return tooMany(waitMs);
    const key = await keys.find(secret);
    if (!key || !userIsThere(key.account, key.user)) {
      if (isKnown) known.drop(id);
      return badKey;
    }
    if (!isKnown) wrong.give(network);
    known.put(id, true);
    return principalOfKey(key);
  };

  const bySession = async (ask: HttpAsk): Promise<Principal | Problem> => {
    const session = await sessions.find(ask);
    if (!session || !userIsThere(session.member.account, session.member.user)) return notLoggedIn;
    const changes = ask.method !== 'GET' && ask.method !== 'HEAD';
    if (changes && (isForeign(ask) || !hasToken(ask, session))) return forged;
    return principalOfMember(session.member);
  };

  return (ask) => {
    const authorization = ask.header('authorization');
    if (authorization === undefined) return bySession(ask);
    const secret = BEARER.exec(authorization)?.[1];
    return secret === undefined ? Promise.resolve(badKey) : byKey(secret, ask);
  };
}

/** Length of what names a key and is no secret: "pk_" and its id. */
const ID_CHARS = 19;

function principalOfKey({ id, account, scopes, user }: ApiKey): Principal {
  const bounds = { account, ...(user === undefined ? {} : { user }) };
  return {
    name: id,
    role: user === undefined ? 'operator' : 'user',
    scopes: within(scopes, bounds),
    via: 'key',
    ...bounds,
  };
}

export function principalOfMember({ name, account, role, user }: Member): Principal {
  const bounds = { account, ...(user === undefined ? {} : { user }) };
  return { name, role, scopes: scopesOf(role, bounds), via: 'session', ...bounds };
}

export function tooMany(waitMs: number): Problem {
  const seconds = Math.ceil(waitMs / 1000);
  const detail = `Too many requests. Please wait ${seconds} second${seconds === 1 ? '' : 's'} and try again.`;
  return problem(429, 'Too many requests', detail, { retryAfterS: seconds });
}

const badKey = problem(
  401,
  'Unknown key',
  'The key in "Authorization: Bearer …" is none of ours, or it was removed or has expired.',
);

const notLoggedIn = problem(
  401,
  'Not logged in',
  'Log in with POST /api/v1/session, or send a key as "Authorization: Bearer …".',
);

const forged = problem(
  403,
  'Forbidden',
  'This request does not come from our own page; send the session\'s token as "x-csrf-token".',
);
