// Users that try to send as somebody else: counted, and told at most once for each user and hour.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Redis } from '../lib/script.ts';
import { oneLine } from '../mail/fold.ts';
import type { Notice } from '../model/notice.ts';
import { hourOf } from './match.ts';

export type UnauthorisedDeps = Readonly<{
  redis: Redis;
  prefix: string;
  clock: Clock;
  log: Log;
  tell(notice: Notice): Promise<void>;
}>;

export type Unauthorised = Readonly<{
  /** A user was refused as this address. Returns at once. */
  note(user: Readonly<{ name: string; account: string }>, address: string): void;
  /** Writes down what was counted; by itself it does so every few seconds. */
  flush(): Promise<void>;
  stop(): void;
}>;

type Tries = { readonly account: string; readonly address: string; count: number };

const FLUSH_MS = 5_000;
const KEEP_SECONDS = 2 * 3600;
const HOUR_MS = 3_600_000;
const MAX_USERS = 10_000;

export function makeUnauthorised(deps: UnauthorisedDeps): Unauthorised {
  const { clock, log } = deps;
  let tries = new Map<string, Tries>();
  const flush = async (): Promise<void> => {
    const counted = tries;
    tries = new Map();
    for (const [name, what] of counted) await writeDown(name, what, deps);
  };
  const stop = clock.every(FLUSH_MS, () => {
    flush().catch((error: unknown) => log.debug({ error: String(error) }, 'tries could not be counted'));
  });
  return {
    note: ({ name, account }, address) => {
      const known = tries.get(name);
      if (known) known.count++;
      else if (tries.size < MAX_USERS) tries.set(name, { account, address, count: 1 });
    },
    flush,
    stop,
  };
}

async function writeDown(
  name: string,
  { account, address, count }: Tries,
  deps: UnauthorisedDeps,
): Promise<void> {
  const { redis, prefix, clock, tell } = deps;
  const hour = hourOf(clock.now());
  const key = `${prefix}unauthorised:${name}`;
  // Whoever counts the first of an hour tells it, for all processes.
  const total = Number(await redis.call('HINCRBY', key, hour, count));
  await redis.call('EXPIRE', key, KEEP_SECONDS);
  if (total !== count) return;
  const before = Number((await redis.call('HGET', key, hour - 1)) ?? 0);
  await redis.call('HDEL', key, hour - 2, hour - 3);
  const more = before > 0 ? ` It was refused ${before} times in the hour before.` : '';
  const tried = count === 1 ? '' : ` ${count} times`;
  await tell({
    type: 'trouble',
    // The hour's own time: two processes that tell it at once tell one and the same notice.
    at: hour * HOUR_MS,
    scope: 'user',
    key: name,
    account,
    user: name,
    rule: 'unauthorised-sender',
    reason: `User ${name} tried${tried} to send as ${oneLine(address, 200)}, which is none of its addresses, and was refused.${more}`,
  });
}
