// Watches over senders: bounces and complaints, and signs of a stolen password; warns, slows, stops and holds their mail.
import type { Redis } from '../lib/script.ts';
import type { User } from '../model/settings.ts';
import type { MonitorConfig } from './config.ts';
import type { CountStore, Volume } from './counts.ts';
import { NEW, readSenders, type SenderRecord } from './records.ts';
import type { SenderConfig } from './sender-config.ts';
import { atMost, isGraver, judgeSender, nextSender, senderRates, type SenderState } from './senders.ts';
import { NO_SENDER_TALLY, readSenderKey, senderKey, type SenderTally } from './tallies.ts';
import { lookForTheft, type TheftDeps } from './theft-watch.ts';
import { senderConfigFor } from './thresholds.ts';

export type PeopleDeps = TheftDeps &
  Readonly<{
    redis: Redis;
    prefix: string;
    config: MonitorConfig;
    users(): ReadonlyMap<string, User>;
    counts: CountStore;
  }>;

export type PeopleWatch = Readonly<{
  /** One round over all senders of late. Rejects with RedisTrouble. */
  round(): Promise<void>;
}>;

const DAY = 86_400_000;
/** Makes the watch; nothing happens before `round`. All that it knows is in Redis: whoever holds the lease goes on. */
export function makePeopleWatch(deps: PeopleDeps): PeopleWatch {
  return {
    round: async () => {
      const { counts, users, redis, prefix } = deps;
      const records = await readSenders(redis, prefix);
      const day = await counts.senders((key) => records.get(key)?.countFrom ?? 0);
      const [hour, volumes] = await Promise.all([counts.sendersNow(), counts.volumes()]);
      const known = users();
      const keys = new Set([...records.keys(), ...day.keys(), ...volumes.keys()]);
      const grouped = Map.groupBy(keys, (key) => readSenderKey(key).user);
      for (const [name, own] of grouped) {
        const user = known.get(name);
        if (!user) {
          await forget(
            own.filter((key) => records.has(key)),
            deps,
          );
          continue;
        }
        await lookAtUser(user, { own, records, day, hour, volumes }, deps);
      }
    },
  };
}

async function forget(keys: readonly string[], { redis, prefix }: PeopleDeps): Promise<void> {
  if (keys.length > 0) await redis.call('HDEL', `${prefix}senders`, ...keys);
}

type Seen = Readonly<{
  own: readonly string[];
  records: ReadonlyMap<string, SenderRecord>;
  day: ReadonlyMap<string, SenderTally>;
  hour: ReadonlyMap<string, SenderTally>;
  volumes: ReadonlyMap<string, Volume>;
}>;

async function lookAtUser(user: User, seen: Seen, deps: PeopleDeps): Promise<void> {
  const config = senderConfigFor(user, deps.config.senders);
  const key = senderKey({ user: user.name });
  const domains = await lookAtDomains(user, { seen, config }, deps);
  const before = seen.records.get(key) ?? NEW;
  const tally = seen.day.get(key) ?? NO_SENDER_TALLY;
  const judged = [judgeSender(tally, config, before.state), ...(config.domains === 'act' ? domains : [])];
  const { state, reason } = judged.reduce((worst, one) => (isGraver(one.state, worst.state) ? one : worst));
  const allowed = atMost(state, config.act);
  const paused = before.state === 'stopped' || before.held !== undefined;
  const isPaused = paused && (await deps.measures.isPaused(user.name));
  const next = nextSender(before, {
    judged: { state: allowed, reason: sentence(reason) },
    isPaused,
    at: deps.clock.now(),
    stopForMs: config.stopFor,
  });
  const after: SenderRecord = { ...before, ...next, until: next.until, ...senderRates(tally, config) };
  await act(user, { before, after }, deps);
  const activity = { volume: seen.volumes.get(user.name), answers: seen.hour.get(user.name) };
  const held = await lookForTheft(user, { record: after, activity, isPaused }, deps);
  await keep(key, { before: seen.records.get(key), after: held }, deps);
}

/** A sender with ever new domains is looked at as a whole, and by the worst of them. */
const MAX_DOMAINS = 200;

/** Those that something was said of, then those with the most bounces and complaints. */
function worstDomains({ own, records, day }: Seen): readonly string[] {
  const weightOf = (key: string): number => {
    const { bounced, complained } = day.get(key) ?? NO_SENDER_TALLY;
    return records.has(key) ? Infinity : bounced + complained;
  };
  const domains = own.filter((key) => readSenderKey(key).domain !== undefined);
  return domains.toSorted((one, other) => (weightOf(one) < weightOf(other) ? 1 : -1)).slice(0, MAX_DOMAINS);
}

/** One domain is told of; what its rates call for is handed on. */
async function lookAtDomains(
  user: User,
  { seen, config }: Readonly<{ seen: Seen; config: SenderConfig }>,
  deps: PeopleDeps,
): Promise<readonly Pick<SenderState, 'state' | 'reason'>[]> {
  const judged = [];
  for (const key of worstDomains(seen)) {
    const before = seen.records.get(key) ?? NEW;
    const tally = seen.day.get(key) ?? NO_SENDER_TALLY;
    const verdict = judgeSender(tally, config, before.state);
    const state = atMost(verdict.state, config.act === 'off' ? 'off' : 'warn');
    const next = nextSender(before, {
      judged: { state, reason: sentence(verdict.reason) },
      isPaused: false,
      at: deps.clock.now(),
      stopForMs: config.stopFor,
    });
    const after: SenderRecord = { ...before, ...next, ...senderRates(tally, config) };
    const { domain = '' } = readSenderKey(key);
    if (after.state !== before.state)
      await tellState(user, { key: domain, scope: 'domain', before, after }, deps);
    await keep(key, { before: seen.records.get(key), after }, deps);
    judged.push({ state: verdict.state, reason: `${domain}: ${verdict.reason}` });
  }
  return judged;
}

/** Does what a new stage calls for, undoes what the old one did, and tells. */
async function act(
  user: User,
  { before, after }: Readonly<{ before: SenderRecord; after: SenderRecord }>,
  deps: PeopleDeps,
): Promise<void> {
  const { measures } = deps;
  const { name } = user;
  const { until = 0 } = after;
  if (after.state === 'slowed' && before.until !== after.until)
    await measures.slow(name, after.reason, until);
  if (before.state === after.state) return;
  if (before.state === 'slowed') await measures.unslow(name);
  if (before.state === 'stopped' && after.held === undefined) await measures.resume(name);
  if (after.state === 'stopped' && after.held === undefined)
    await measures.pause(name, after.reason, after.until);
  await tellState(user, { key: name, scope: 'user', before, after }, deps);
}

async function tellState(
  { name, account }: User,
  change: Readonly<{ key: string; scope: 'user' | 'domain'; before: SenderRecord; after: SenderRecord }>,
  { tell, clock }: PeopleDeps,
): Promise<void> {
  const { key, scope, before, after } = change;
  await tell({
    type: 'sender-state',
    at: clock.now(),
    scope,
    key: scope === 'domain' ? `${name}|${key}` : key,
    account,
    user: name,
    state: after.state,
    was: before.state,
    reason: after.reason,
    over: after.state === 'fine',
    ...(after.until === undefined ? {} : { until: after.until }),
  });
}

/** Only what there is something to say of is kept. */
async function keep(
  key: string,
  { before, after }: Readonly<{ before: SenderRecord | undefined; after: SenderRecord }>,
  { redis, prefix, clock }: PeopleDeps,
): Promise<void> {
  const now = clock.now();
  const isPlain =
    after.state === 'fine' &&
    !after.held &&
    after.told === undefined &&
    after.trustedUntil < now &&
    after.countFrom + 2 * DAY < now;
  if (isPlain && before === undefined) return;
  const text = JSON.stringify(after);
  if (isPlain) await redis.call('HDEL', `${prefix}senders`, key);
  else if (before === undefined || text !== JSON.stringify(before))
    await redis.call('HSET', `${prefix}senders`, key, text);
}

const sentence = (reason: string): string => (reason === '' ? '' : `${reason}.`);
