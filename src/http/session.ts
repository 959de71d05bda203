// Sessions of members: a random cookie, of which only the hash is stored, until it expires or somebody ends it.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { parseJson } from '../lib/json.ts';
import type { Member } from '../model/access.ts';
import type { Ask } from './exchange.ts';

export type Session = Readonly<{
  member: Member;
  /** What requests that change something must carry in the header "x-csrf-token". */
  token: string;
}>;

/** All methods reject when the store does not answer. */
export type Sessions = Readonly<{
  /** Begins one for a member who has proven to be it; the value of the Set-Cookie header, and the session. */
  begin(ask: Ask, member: Member): Promise<Readonly<{ cookie: string; session: Session }>>;
  /** The session of this request, if its member may still have it. */
  find(ask: Ask): Promise<Session | undefined>;
  /** Ends the session of this request; the value of the Set-Cookie header. */
  end(ask: Ask): Promise<string>;
}>;

/** Where sessions are kept, by an id that gives away nothing. */
export type SessionStore = Readonly<{
  put(id: string, text: string, lifeMs: number): Promise<void>;
  /** The same with one that is there; one that was dropped meanwhile stays away. */
  renew(id: string, text: string, lifeMs: number): Promise<void>;
  /** Reads one, which then lives for so long again. */
  use(id: string, lifeMs: number): Promise<string | undefined>;
  drop(id: string): Promise<void>;
}>;

export type SessionsDeps = Readonly<{
  store: SessionStore;
  /** A member that may log in; undefined for others. */
  memberOf(name: string): Promise<Member | undefined>;
  clock: Clock;
}>;

const NAME = 'postino_session';
const LIFE_MS = 12 * 3_600_000;
const IDLE_MS = 2 * 3_600_000;
const SECRET_BYTES = 32;
const SECRET = /^[\w-]{43}$/;

const keptSchema = z.object({ member: z.string(), beganAt: z.number(), usedAt: z.number() });

export function makeSessions({ store, memberOf, clock }: SessionsDeps): Sessions {
  return {
    begin: async (ask, member) => {
      const secret = randomBytes(SECRET_BYTES).toString('base64url');
      const now = clock.now();
      await store.put(idOf(secret), textOf({ member: member.name, beganAt: now, usedAt: now }), IDLE_MS);
      return {
        cookie: cookie(secret, LIFE_MS / 1000, ask),
        session: { member, token: tokenOf(secret) },
      };
    },
    find: async (ask) => {
      const secret = cookieOf(ask);
      if (secret === undefined) return undefined;
      const id = idOf(secret);
      const text = await store.use(id, IDLE_MS);
      const kept = text === undefined ? undefined : parseJson(text, keptSchema);
      if (!kept) return undefined;
      const now = clock.now();
      const isOver = now - kept.beganAt >= LIFE_MS || now - kept.usedAt >= IDLE_MS;
      const member = isOver ? undefined : await memberOf(kept.member);
      if (!member || kept.beganAt < member.sessionsFrom) {
        await store.drop(id);
        return undefined;
      }
      if (now - kept.usedAt > USE_MS) await store.renew(id, textOf({ ...kept, usedAt: now }), IDLE_MS);
      return { member, token: tokenOf(secret) };
    },
    end: async (ask) => {
      const secret = cookieOf(ask);
      if (secret !== undefined) await store.drop(idOf(secret));
      return cookie('', 0, ask);
    },
  };
}

/** How exactly the time of the last use is kept. */
const USE_MS = 60_000;

function textOf(kept: z.infer<typeof keptSchema>): string {
  return JSON.stringify(kept);
}

/** True when the request carries the session's token. Takes the same time whatever is wrong. */
export function hasToken(ask: Ask, session: Pick<Session, 'token'>): boolean {
  const given = Buffer.from(ask.header('x-csrf-token') ?? ask.form.get('token') ?? '');
  const want = Buffer.from(session.token);
  return given.length === want.length && timingSafeEqual(given, want);
}

function idOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Follows from the cookie, which no page can read, and says nothing about it. */
function tokenOf(secret: string): string {
  return createHash('sha256').update(`csrf ${secret}`).digest('base64url');
}

function cookieOf(ask: Ask): string | undefined {
  const pairs = (ask.header('cookie') ?? '').split(';').map((pair) => pair.trim());
  const secret = pairs.find((pair) => pair.startsWith(`${NAME}=`))?.slice(NAME.length + 1);
  return secret !== undefined && SECRET.test(secret) ? secret : undefined;
}

/** Behind a proxy that speaks TLS the browser says so in Origin, and the cookie never leaves over plain HTTP. */
function cookie(value: string, maxAgeS: number, ask: Ask): string {
  const secure = ask.header('origin')?.startsWith('https:') ? '; Secure' : '';
  return `${NAME}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${secure}`;
}
