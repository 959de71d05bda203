// Counters of what happened lately, in Redis by minute, hour and day: bounded in number, and gone when they are old.
import { hashIn } from '../lib/answers.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import type { Event } from '../model/event.ts';
import { addTallies, type Counts, type Tally } from './rates.ts';
import {
  addSenderTallies,
  countedOf,
  NO_SENDER_TALLY,
  senderTallies,
  transportTallies,
  type SenderTally,
} from './tallies.ts';

const countScript = loadScript(new URL('./scripts/count-1.lua', import.meta.url));
const volumeScript = loadScript(new URL('./scripts/volume-2.lua', import.meta.url));

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const KEPT = { minute: 75 * MINUTE, hour: 26 * HOUR, volume: 3 * HOUR, peak: 31 * DAY } as const;
const WINDOW = { minutes: 60, hours: 24, days: 28 } as const;
/** Counters that one span may have: who sends by ever new domains is counted as a user alone from then on. */
const ROOM = 20_000;
/** Spans that ended so long ago change no more, and are not read again. */
const SETTLED_MS = 2 * HOUR;

/** What a user handed in: within the last sixty minutes, and in the busiest hour of each earlier day that had mail. */
export type Volume = Readonly<{ hour: number; peaks: readonly number[] }>;

export type CountStore = Readonly<{
  /** Counts what events say; the same twice after a crash counts twice. Rejects with RedisTrouble. */
  record(events: readonly Event[]): Promise<void>;
  /** By transport: the last hour and the last day. */
  transports(): Promise<ReadonlyMap<string, Counts>>;
  /** By sender (see senderKey): the last day, without what was before `since(sender)`. */
  senders(since: (key: string) => EpochMs): Promise<ReadonlyMap<string, SenderTally>>;
  /** By user: answers of about the last sixty minutes. */
  sendersNow(): Promise<ReadonlyMap<string, SenderTally>>;
  /** By user, of all that handed in mail within the last two hours. */
  volumes(): Promise<ReadonlyMap<string, Volume>>;
}>;

/** Keys: rates:t:m:<minute>, rates:t:h:<hour>, rates:s:h:<hour>, rates:d:h:<hour>, rates:v:<hour>, rates:v:d:<day> below `prefix`. */
export function makeCounts(deps: Readonly<{ redis: Redis; prefix: string; clock: Clock }>): CountStore {
  const { redis, clock } = deps;
  const prefix = `${deps.prefix}rates:`;
  const read = async (key: string): Promise<ReadonlyMap<string, string>> =>
    hashIn(await redis.call('HGETALL', prefix + key));
  const settled = makeSettled(read, clock);
  const lately = (size: number, count: number): readonly number[] => {
    const now = Math.floor(clock.now() / size);
    return Array.from({ length: count }, (_, n) => now - n);
  };
  return {
    record: (events) => record(events, { redis, prefix, now: clock.now() }),
    transports: async () => {
      const minutes = await Promise.all(lately(MINUTE, WINDOW.minutes).map((n) => read(`t:m:${n}`)));
      const hours = await Promise.all(lately(HOUR, WINDOW.hours).map((n) => settled('t:h', n)));
      return joined(minutes, hours);
    },
    senders: async (since) => {
      const spans = lately(HOUR, WINDOW.hours);
      const kinds = ['s:h', 'd:h'] as const;
      const hours = await Promise.all(
        spans.flatMap((n) => kinds.map(async (kind) => ({ n, all: senderTallies(await settled(kind, n)) }))),
      );
      return senderSums(hours, since);
    },
    sendersNow: async () => {
      const [now = 0, before = 0] = lately(HOUR, 2);
      const [current, last] = await Promise.all([read(`s:h:${now}`), read(`s:h:${before}`)]);
      return slidingSenders(senderTallies(current), senderTallies(last), restOf(clock.now()));
    },
    volumes: async () => {
      const [now = 0, before = 0] = lately(HOUR, 2);
      const [these, those] = await Promise.all([read(`v:${now}`), read(`v:${before}`)]);
      const [, ...earlier] = lately(DAY, WINDOW.days + 1);
      const days = await Promise.all(earlier.map((n) => settled('v:d', n)));
      return slidingVolumes(these, those, { days, rest: restOf(clock.now()) });
    },
  };
}

function senderSums(
  hours: readonly Readonly<{ n: number; all: ReadonlyMap<string, SenderTally> }>[],
  since: (key: string) => EpochMs,
): ReadonlyMap<string, SenderTally> {
  const sums = new Map<string, SenderTally>();
  for (const { n, all } of hours) {
    for (const [key, tally] of all) {
      if (n * HOUR <= since(key)) continue;
      sums.set(key, addSenderTallies([sums.get(key) ?? NO_SENDER_TALLY, tally]));
    }
  }
  return sums;
}

/** This hour, and the part of the one before that makes sixty minutes with it. */
function slidingSenders(
  these: ReadonlyMap<string, SenderTally>,
  those: ReadonlyMap<string, SenderTally>,
  rest: number,
): ReadonlyMap<string, SenderTally> {
  const users = [...new Set([...these.keys(), ...those.keys()])];
  return new Map(
    users.map((user) => {
      const old = addSenderTallies([those.get(user) ?? NO_SENDER_TALLY], (n) => Math.floor(n * rest));
      return [user, addSenderTallies([these.get(user) ?? NO_SENDER_TALLY, old])];
    }),
  );
}

function slidingVolumes(
  these: ReadonlyMap<string, string>,
  those: ReadonlyMap<string, string>,
  { days, rest }: Readonly<{ days: readonly ReadonlyMap<string, string>[]; rest: number }>,
): ReadonlyMap<string, Volume> {
  const users = [...new Set([...these.keys(), ...those.keys()])];
  return new Map(
    users.map((user) => {
      const hour = Number(these.get(user) ?? 0) + Math.floor(Number(those.get(user) ?? 0) * rest);
      const peaks = days.map((day) => Number(day.get(user) ?? 0)).filter((peak) => peak > 0);
      return [user, { hour, peaks }];
    }),
  );
}

/** How much of the hour before still counts. */
const restOf = (now: EpochMs): number => 1 - (now % HOUR) / HOUR;

type Span = (kind: string, n: number) => Promise<ReadonlyMap<string, string>>;

/** Spans that change no more are kept in memory while they count. */
function makeSettled(read: (key: string) => Promise<ReadonlyMap<string, string>>, clock: Clock): Span {
  const kept = new Map<string, Readonly<{ until: EpochMs; counters: ReadonlyMap<string, string> }>>();
  return async (kind, n) => {
    const key = `${kind}:${n}`;
    const known = kept.get(key);
    if (known) return known.counters;
    const counters = await read(key);
    const size = kind === 'v:d' ? DAY : HOUR;
    const end = (n + 1) * size;
    const now = clock.now();
    if (end + SETTLED_MS > now) return counters;
    for (const [old, { until }] of kept) if (until < now) kept.delete(old);
    kept.set(key, { until: end + (kind === 'v:d' ? KEPT.peak : DAY), counters });
    return counters;
  };
}

function joined(
  minutes: readonly ReadonlyMap<string, string>[],
  hours: readonly ReadonlyMap<string, string>[],
): ReadonlyMap<string, Counts> {
  const hour = summed(minutes);
  const day = summed(hours);
  const none: ReadonlyMap<string, Tally> = new Map();
  return new Map(
    [...new Set([...hour.keys(), ...day.keys()])].map((name) => [
      name,
      { hour: hour.get(name) ?? none, day: day.get(name) ?? none },
    ]),
  );
}

function summed(spans: readonly ReadonlyMap<string, string>[]): Map<string, Map<string, Tally>> {
  const sums = new Map<string, Map<string, Tally>>();
  for (const span of spans) {
    for (const [transport, providers] of transportTallies(span)) {
      const sum = sums.get(transport) ?? new Map<string, Tally>();
      sums.set(transport, sum);
      for (const [provider, tally] of providers) {
        const before = sum.get(provider);
        sum.set(provider, before ? addTallies([before, tally]) : tally);
      }
    }
  }
  return sums;
}

type Writing = Readonly<{ redis: Redis; prefix: string; now: EpochMs }>;

async function record(events: readonly Event[], { redis, prefix, now }: Writing): Promise<void> {
  const spans = new Map<string, Map<string, number>>();
  const add = (span: string, counter: string): void => {
    const counters = spans.get(span) ?? new Map<string, number>();
    spans.set(span, counters);
    counters.set(counter, (counters.get(counter) ?? 0) + 1);
  };
  for (const event of events) {
    const at = Math.min(event.at, now);
    const age = now - at;
    const { transport, users, domains, volume } = countedOf(event);
    const hour = Math.floor(at / HOUR);
    if (transport !== undefined && age < HOUR) add(`t:m:${Math.floor(at / MINUTE)}`, transport);
    if (transport !== undefined && age < DAY) add(`t:h:${hour}`, transport);
    if (age < DAY) for (const user of users) add(`s:h:${hour}`, user);
    if (age < DAY) for (const domain of domains) add(`d:h:${hour}`, domain);
    if (volume !== undefined && age < KEPT.volume) add(`v:${hour}`, volume);
  }
  await Promise.all(
    [...spans].map(([span, counters]) => {
      const pairs = [...counters].flat();
      const key = prefix + span;
      const hour = /^v:(\d+)$/.exec(span)?.[1];
      if (hour === undefined)
        return redis.run(
          countScript,
          [key],
          [span.startsWith('t:m') ? KEPT.minute : KEPT.hour, ROOM, ...pairs],
        );
      const day = `${prefix}v:d:${Math.floor((Number(hour) * HOUR) / DAY)}`;
      return redis.run(volumeScript, [key, day], [KEPT.volume, KEPT.peak, ...pairs]);
    }),
  );
}
