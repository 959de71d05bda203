// From which countries each user logs in: noted by whoever takes its mail, read by the monitor; kept for three months.
import { hashIn } from '../lib/answers.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { makeLru } from '../lib/lru.ts';
import type { Redis } from '../lib/script.ts';
import type { LogIns } from './theft.ts';

export type LogInStore = Readonly<{
  /** Notes a log-in. Returns at once and never throws; what comes often is written now and then. */
  note(user: string, country: string): void;
  /** Rejects with RedisTrouble. */
  of(user: string): Promise<LogIns>;
}>;

const AGAIN_MS = 10 * 60_000;
const KEPT_MS = 90 * 86_400_000;
/** Users and countries that this process remembers to have written lately. */
const MAX_REMEMBERED = 10_000;

/** Key: logins:<user> below `prefix`, a hash of "<country>" and "<country> last" → epoch milliseconds. */
export function makeLogIns(
  deps: Readonly<{ redis: Redis; prefix: string; clock: Clock; log: Log }>,
): LogInStore {
  const { redis, clock, log } = deps;
  const written = makeLru<number>(MAX_REMEMBERED);
  const keyOf = (user: string): string => `${deps.prefix}logins:${user}`;
  const write = async (user: string, country: string): Promise<void> => {
    const [key, now] = [keyOf(user), clock.now()];
    await Promise.all([
      redis.call('HSETNX', key, country, now),
      redis.call('HSET', key, `${country} last`, now),
      redis.call('PEXPIRE', key, KEPT_MS),
    ]);
  };
  return {
    note: (user, country) => {
      const id = `${user} ${country}`;
      const last = written.get(id);
      if (last !== undefined && clock.ticks() - last < AGAIN_MS) return;
      written.put(id, clock.ticks());
      write(user, country).catch((error: unknown) => {
        written.drop(id);
        log.debug({ user, error: String(error) }, 'could not note where a user logged in from');
      });
    },
    of: async (user) => {
      const fields = hashIn(await redis.call('HGETALL', keyOf(user)));
      const countries = [...fields.keys()].filter((name) => /^[A-Z]{2}$/.test(name));
      return new Map(
        countries.map((country) => {
          const first = Number(fields.get(country));
          return [country, { first, last: Number(fields.get(`${country} last`) ?? first) }];
        }),
      );
    },
  };
}
