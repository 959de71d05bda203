// A user name and a password become a user, or a reply: cached when right, slowed down when wrong, never 535 when we cannot know.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { Settings, User } from '../model/settings.ts';
import type { Guard } from './guard.ts';
import { verifyInTurn } from './password.ts';
import { replies, type Reply } from './replies.ts';

export type Credentials = Readonly<{ name: string; password: string; address: string }>;

/** `refused` with `hangUp` also ends the connection. */
export type LogIn = Readonly<
  | { kind: 'user'; user: User }
  | { kind: 'wrong'; reply: Reply }
  | { kind: 'refused'; reply: Reply; hangUp: boolean }
>;

/** A user logged in from this address. */
export type LoggedIn = (user: User, address: string) => void;

export type Authenticate = (credentials: Credentials) => Promise<LogIn>;

export type AuthenticateDeps = Readonly<{
  settings: () => Settings | undefined;
  guard: Guard;
  clock: Clock;
  /** Told each log-in. Returns at once. */
  loggedIn?: LoggedIn | undefined;
}>;

const REMEMBER_MS = 5 * 60_000;
const MAX_REMEMBERED = 10_000;

/**
 * Makes the log-in. A right password is remembered for minutes as a keyed digest over user, password and password hash,
 * so that a program that logs in for every message costs no argon2, and a changed password counts at once.
 */
export function makeAuthenticate({ settings, guard, clock, loggedIn }: AuthenticateDeps): Authenticate {
  const key = randomBytes(32);
  const remembered = new Map<string, Readonly<{ digest: Buffer; until: number }>>();

  const inFlight = new Map<string, Promise<boolean | 'busy'>>();

  const digestOf = (name: string, password: string, hash: string): Buffer =>
    createHmac('sha256', key).update(`${name}\0${hash}\0${password}`).digest();

  const isRemembered = (name: string, digest: Buffer): boolean => {
    const found = remembered.get(name);
    return found !== undefined && found.until > clock.ticks() && timingSafeEqual(found.digest, digest);
  };

  const remember = (name: string, digest: Buffer): void => {
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(name, { digest, until: clock.ticks() + REMEMBER_MS });
  };

  /** Sessions of one program log in at the same moment: they share one computation. */
  const verify = (digest: Buffer, password: string, hash: string | undefined): Promise<boolean | 'busy'> => {
    const id = digest.toString('latin1');
    const running = inFlight.get(id);
    if (running) return running;
    const verdict = verifyInTurn(password, hash).finally(() => inFlight.delete(id));
    inFlight.set(id, verdict);
    return verdict;
  };

  return async function authenticate({ name: given, password, address }) {
    const current = settings();
    if (!current) return { kind: 'refused', reply: replies.logInLater, hangUp: false };
    const name = given.toLowerCase();
    const user = enabled(current.users.get(name));
    const digest = digestOf(name, password, user?.passwordHash ?? '');
    if (user && isRemembered(name, digest)) {
      loggedIn?.(user, address);
      return { kind: 'user', user };
    }

    const gate = guard.check(address, name, clock.now());
    if (gate.kind === 'closed') return { kind: 'refused', reply: replies.tooManyLogIns, hangUp: true };
    if (gate.delayMs > 0) await clock.sleep(gate.delayMs);
    const right = await verify(digest, password, user?.passwordHash);
    if (right === 'busy') return { kind: 'refused', reply: replies.logInLater, hangUp: false };
    if (!right || !user) {
      guard.failed(address, name, clock.now());
      return { kind: 'wrong', reply: replies.wrongPassword };
    }
    guard.succeeded(address, name);
    remember(name, digest);
    loggedIn?.(user, address);
    return { kind: 'user', user };
  };
}

function enabled(user: User | undefined): User | undefined {
  return user?.disabled === false ? user : undefined;
}
