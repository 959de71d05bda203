// What is still to come into the archive with a person in it: messages that ended, or that ended for some of their recipients.
import { hashIn } from '../../lib/answers.ts';
import type { Clock } from '../../lib/clock.ts';
import { parseJson } from '../../lib/json.ts';
import type { Redis } from '../../lib/script.ts';
import { storeKeys } from '../keys.ts';
import { scanKeys } from '../scan-keys.ts';
import { deliverySchema } from './entry.ts';

export type ComingDeps = Readonly<{ redis: Redis; prefix: string; clock: Clock }>;

/** Longer only where no process takes anything in. */
const SETTLE_MS = 10_000;
const LOOK_MS = 250;
/** Clocks of our hosts differ by so much at most, most of the time. */
const SKEW_MS = 2_000;

/**
 * Waits until what ended up to now is in the archive. False: that takes too long, or a message that the address got is still on its
 * way to others. Rejects with RedisTrouble.
 */
export async function isAllIn(deps: ComingDeps, account: string, address: string): Promise<boolean> {
  return (await settle(deps)) && !(await isComing(deps, account, address));
}

async function settle({ redis, prefix, clock }: ComingDeps): Promise<boolean> {
  const { archiving } = storeKeys(prefix);
  const ended = clock.now() + SKEW_MS;
  const until = clock.ticks() + SETTLE_MS;
  while (Number(await redis.call('ZCOUNT', archiving, '-inf', ended)) > 0) {
    if (clock.ticks() >= until) return false;
    await clock.sleep(LOOK_MS);
  }
  return true;
}

async function isComing({ redis, prefix }: ComingDeps, account: string, address: string): Promise<boolean> {
  const keys = storeKeys(prefix);
  for await (const page of scanKeys(redis, keys.ended(`${account}:`)))
    for (const key of page) {
      const ended = hashIn(await redis.call('HGETALL', key));
      if ([...ended.values()].some((json) => isTo(json, address))) return true;
    }
  return false;
}

function isTo(json: string, address: string): boolean {
  return parseJson(json, deliverySchema)?.recipient.address.toLowerCase() === address;
}
