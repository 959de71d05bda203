// The desk of the alerts: what waits for each rule, kept in Redis within bounds, so that nothing is told twice or forgotten.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { hashIn, textsIn } from '../lib/answers.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { parseJson } from '../lib/json.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import { alertKinds } from './kinds.ts';
import { hourOf, type Pending } from './match.ts';
import { FACTS, type Alert } from './alert.ts';

const collectScript = loadScript(new URL('./scripts/collect-3.lua', import.meta.url));
const freezeScript = loadScript(new URL('./scripts/freeze-3.lua', import.meta.url));

const MAX_WAITING = 500;
const MAX_REMEMBERED = 5000;
const MAX_RECENT = 200;

const alertSchema: z.ZodType<Alert> = z.object({
  id: z.string(),
  kind: z.enum(alertKinds),
  at: z.number(),
  key: z.string(),
  reason: z.string(),
  advice: z.string(),
  over: z.boolean(),
  facts: z.partialRecord(z.enum(FACTS), z.string()),
});

/** What is sent together. Its id is made of its alerts, so that it stays the same through a crash. */
export type Batch = Readonly<{
  id: string;
  alerts: readonly Alert[];
  more: number;
  /** How often it was tried in vain, and when it is to be tried again. */
  tries: number;
  tryAt: EpochMs;
}>;

export type Desk = ReturnType<typeof makeDesk>;

/** Opens the desk over one connection; all of it rejects with RedisTrouble. */
export function makeDesk({ redis, prefix, clock }: Readonly<{ redis: Redis; prefix: string; clock: Clock }>) {
  const keys = keysOf(prefix);
  const about = async (rule: string): Promise<ReadonlyMap<string, string>> =>
    hashIn(await redis.call('HGETALL', keys.about(rule)));
  return {
    /** Puts an alert to those that wait for the rule. False: the rule had it before. */
    collect: async (rule: string, alert: Alert): Promise<boolean> => {
      const where = [keys.waiting(rule), keys.told(rule), keys.about(rule)];
      const what = [alert.id, JSON.stringify(alert), Math.round(clock.now()), MAX_WAITING, MAX_REMEMBERED];
      return Number(await redis.run(collectScript, where, what)) === 1;
    },
    /** Remembers it for "alert list", whoever hears of it. The same one twice is one. */
    remember: async (alert: Alert): Promise<void> => {
      await redis.call('ZADD', keys.recent, alert.at, JSON.stringify(alert));
      await redis.call('ZREMRANGEBYRANK', keys.recent, 0, -MAX_RECENT - 1);
    },
    /** The latest alerts, newest first. */
    recent: async (count: number): Promise<readonly Alert[]> =>
      textsIn(await redis.call('ZREVRANGE', keys.recent, 0, count - 1)).flatMap(readAlert),
    /** What waits for the rule. */
    pending: async (rule: string): Promise<Pending> => {
      const known = await about(rule);
      const since = known.get('since');
      return {
        since: since === undefined ? undefined : Number(since),
        hour: Number(known.get('hour') ?? -1),
        mails: Number(known.get('mails') ?? 0),
      };
    },
    /** Makes a batch of what waits. */
    freeze: async (rule: string): Promise<void> => {
      await redis.run(
        freezeScript,
        [keys.waiting(rule), keys.batch(rule), keys.about(rule)],
        [hourOf(clock.now())],
      );
    },
    /** The batch that is to be sent; undefined: there is none. */
    batch: async (rule: string): Promise<Batch | undefined> => {
      const entries = hashIn(await redis.call('HGETALL', keys.batch(rule)));
      if (entries.size === 0) return undefined;
      const known = await about(rule);
      const number = (name: string): number => Number(known.get(name) ?? 0);
      const alerts = [...entries.values()]
        .flatMap(readAlert)
        .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
      const id = createHash('sha256')
        .update(`${rule}\n${[...entries.keys()].sort().join('\n')}`)
        .digest('hex');
      return {
        id: id.slice(0, 32),
        alerts,
        more: number('left'),
        tries: number('tries'),
        tryAt: number('tryAt'),
      };
    },
    /** It was not to be sent just now. */
    later: async (rule: string, tries: number, tryAt: EpochMs): Promise<void> => {
      await redis.call('HSET', keys.about(rule), 'tries', tries, 'tryAt', Math.round(tryAt));
    },
    /** It was sent, or given up. */
    done: async (rule: string): Promise<void> => {
      await redis.call('DEL', keys.batch(rule));
    },
  };
}

function keysOf(prefix: string) {
  return {
    waiting: (rule: string) => `${prefix}alerts:waiting:${rule}`,
    told: (rule: string) => `${prefix}alerts:told:${rule}`,
    about: (rule: string) => `${prefix}alerts:rule:${rule}`,
    batch: (rule: string) => `${prefix}alerts:batch:${rule}`,
    recent: `${prefix}alerts:recent`,
  } as const;
}

function readAlert(json: string): readonly Alert[] {
  const alert = parseJson(json, alertSchema);
  return alert ? [alert] : [];
}
