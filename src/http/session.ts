// Sessions of administrators: a random cookie, kept in memory until it expires or the process ends.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { makeLru } from '../lib/lru.ts';
import type { Ask } from './exchange.ts';

export type Session = Readonly<{
  /** What requests that change something must carry in the header "x-csrf-token". */
  token: string;
}>;

export type Sessions = Readonly<{
  /** Begins one; the value of the Set-Cookie header. */
  begin(ask: Ask): string;
  find(ask: Ask): Session | undefined;
  /** Ends the session of this request; the value of the Set-Cookie header. */
  end(ask: Ask): string;
}>;

const NAME = 'postino_session';
const LIFE_MS = 12 * 3_600_000;
const IDLE_MS = 2 * 3_600_000;
const MAX_SESSIONS = 1000;
const SECRET_BYTES = 32;

type Kept = { readonly session: Session; readonly endsAt: number; usedAt: number };

export function makeSessions(clock: Clock): Sessions {
  const kept = makeLru<Kept>(MAX_SESSIONS);

  const find = (ask: Ask): Session | undefined => {
    const secret = cookieOf(ask);
    const one = secret === undefined ? undefined : kept.get(secret);
    if (secret === undefined || !one) return undefined;
    const now = clock.ticks();
    if (now >= one.endsAt || now - one.usedAt >= IDLE_MS) {
      kept.drop(secret);
      return undefined;
    }
    one.usedAt = now;
    return one.session;
  };

  return {
    begin: (ask) => {
      const secret = randomBytes(SECRET_BYTES).toString('base64url');
      const session = { token: randomBytes(SECRET_BYTES).toString('base64url') };
      const now = clock.ticks();
      kept.put(secret, { session, endsAt: now + LIFE_MS, usedAt: now });
      return cookie(secret, LIFE_MS / 1000, ask);
    },
    find,
    end: (ask) => {
      kept.drop(cookieOf(ask) ?? '');
      return cookie('', 0, ask);
    },
  };
}

/** True when the request carries the session's token. Takes the same time whatever is wrong. */
export function hasToken(ask: Ask, session: Session): boolean {
  const given = Buffer.from(ask.header('x-csrf-token') ?? ask.form.get('token') ?? '');
  const want = Buffer.from(session.token);
  return given.length === want.length && timingSafeEqual(given, want);
}

function cookieOf(ask: Ask): string | undefined {
  const pairs = (ask.header('cookie') ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${NAME}=`))?.slice(NAME.length + 1);
}

/** Behind a proxy that speaks TLS the browser says so in Origin, and the cookie never leaves over plain HTTP. */
function cookie(value: string, maxAgeS: number, ask: Ask): string {
  const secure = ask.header('origin')?.startsWith('https:') ? '; Secure' : '';
  return `${NAME}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${secure}`;
}
