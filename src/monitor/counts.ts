// Counters of what happened lately, in Redis by minute, hour and day: bounded in number, and gone when they are old.
import { hashIn } from '../lib/answers.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import type { Event } from '../model/event.ts';
import { makeSpans, type Span, type SpansDeps } from './spans.ts';
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
const WINDOW = { minutes: 60, hours: 24, days: 28, most: 60 } as const;
/** Counters that one span may have: who sends by ever new domains is counted as a user alone from then on. */
const ROOM = 20_000;

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
  const spans = <T>(kind: string, sizeMs: number, more: Rest<T>): ReturnType<typeof makeSpans<T>> =>
    makeSpans({
      clock,
      sizeMs,
      most: WINDOW.most,
      read: async (n) => hashIn(await redis.call('HGETALL', `${prefix}${kind}:${n}`)),
      ...more,
    });
  // Events come late when the disk or Redis was away, but not for long.
  const minutes = spans('t:m', MINUTE, { settledMs: 10 * MINUTE, parse: transportTallies });
  const hours = spans('t:h', HOUR, { settledMs: 2 * HOUR, parse: transportTallies });
  const users = spans('s:h', HOUR, { settledMs: 2 * HOUR, parse: senderTallies });
  const domains = spans('d:h', HOUR, { settledMs: 2 * HOUR, parse: senderTallies });
  const volumes = spans('v', HOUR, { settledMs: 2 * HOUR, parse: numbersIn });
  const peaks = spans('v:d', DAY, { settledMs: 2 * HOUR, parse: numbersIn });
  return {
    record: (events) => record(events, { redis, prefix, now: clock.now() }),
    transports: async () => joined(await minutes(WINDOW.minutes), await hours(WINDOW.hours)),
    senders: async (since) =>
      senderSums([...(await users(WINDOW.hours)), ...(await domains(WINDOW.hours))], since),
    sendersNow: async () => {
      const [these, those] = await users(2);
      return slidingSenders(these?.found, those?.found, restOf(clock.now()));
    },
    volumes: async () => {
      const [these, those] = await volumes(2);
      const [, ...days] = await peaks(WINDOW.days + 1);
      const usual = days.map(({ found }) => found);
      return slidingVolumes(these?.found, those?.found, { days: usual, rest: restOf(clock.now()) });
    },
  };
}

type Rest<T> = Pick<SpansDeps<T>, 'settledMs' | 'parse'>;

const numbersIn = (counters: ReadonlyMap<string, string>): ReadonlyMap<string, number> =>
  new Map([...counters].map(([name, text]) => [name, Number(text)]));

function senderSums(
  hours: readonly Span<ReadonlyMap<string, SenderTally>>[],
  since: (key: string) => EpochMs,
): ReadonlyMap<string, SenderTally> {
  const sums = new Map<string, SenderTally>();
  for (const { start, found } of hours) {
    for (const [key, tally] of found) {
      if (start <= since(key)) continue;
      sums.set(key, addSenderTallies([sums.get(key) ?? NO_SENDER_TALLY, tally]));
    }
  }
  return sums;
}

/** This hour, and the part of the one before that makes sixty minutes with it. */
function slidingSenders(
  these: ReadonlyMap<string, SenderTally> = new Map(),
  those: ReadonlyMap<string, SenderTally> = new Map(),
  rest: number = 0,
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
  these: ReadonlyMap<string, number> = new Map(),
  those: ReadonlyMap<string, number> = new Map(),
  { days, rest }: Readonly<{ days: readonly ReadonlyMap<string, number>[]; rest: number }>,
): ReadonlyMap<string, Volume> {
  const users = [...new Set([...these.keys(), ...those.keys()])];
  return new Map(
    users.map((user) => {
      const hour = (these.get(user) ?? 0) + Math.floor((those.get(user) ?? 0) * rest);
      const peaks = days.map((day) => day.get(user) ?? 0).filter((peak) => peak > 0);
      return [user, { hour, peaks }];
    }),
  );
}

/** How much of the hour before still counts. */
const restOf = (now: EpochMs): number => 1 - (now % HOUR) / HOUR;

type Transports = ReturnType<typeof transportTallies>;

function joined(
  minutes: readonly Span<Transports>[],
  hours: readonly Span<Transports>[],
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

function summed(spans: readonly Span<Transports>[]): Map<string, Map<string, Tally>> {
  const sums = new Map<string, Map<string, Tally>>();
  for (const { found } of spans) {
    for (const [transport, providers] of found) {
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
