// A user's limits by hour and day: what is over them is booked into the next hour that has room, or refused.
import type { Clock, EpochMs } from '../lib/clock.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import type { User } from '../model/settings.ts';
import type { Keys } from './keys.ts';

const reserveScript = loadScript(new URL('./scripts/reserve-2.lua', import.meta.url));
const unbookScript = loadScript(new URL('./scripts/unbook-1.lua', import.meta.url));
const HOUR_MS = 3_600_000;
const HOURS_AHEAD = 7 * 24;

/** `giveBack` is there when something was booked, for a message that is not stored after all. It never rejects. */
type Booked = Readonly<{ giveBack?: () => Promise<void> }>;
export type Reservation = Readonly<
  | ({ kind: 'now' } & Booked)
  | ({ kind: 'later'; at: EpochMs } & Booked)
  | { kind: 'refused'; period: 'hour' | 'day' }
>;

const WAS_ACCEPTED = -3;

/**
 * Books `messages` (one for each recipient) for a user; nothing for a message of this fingerprint that was accepted already.
 * Rejects with RedisTrouble.
 */
export function makeReserve(redis: Redis, keys: Keys, clock: Clock) {
  return async function reserve(user: User, messages: number, fingerprint: string): Promise<Reservation> {
    const { messagesPerHour = 0, messagesPerDay = 0, over } = user.limits;
    if (messagesPerHour === 0 && messagesPerDay === 0) return { kind: 'now' };
    const hour = Math.floor(clock.now() / HOUR_MS);
    const ahead = over === 'hold' ? HOURS_AHEAD : 0;
    const key = keys.quota(user.account, user.name);
    const guard = fingerprint === '' ? '' : keys.same(user.account, fingerprint);
    const args = [hour, messages, messagesPerHour, messagesPerDay, ahead];
    const booked = Number(await redis.run(reserveScript, [key, guard], args));
    if (booked === WAS_ACCEPTED) return { kind: 'now' };
    if (booked < 0) return { kind: 'refused', period: booked === -1 ? 'hour' : 'day' };
    const giveBack = async (): Promise<void> => {
      const fields = [`h${booked}`, `d${Math.floor(booked / 24)}`];
      await redis.run(unbookScript, [key], [messages, ...fields]).catch(() => undefined);
    };
    return booked === hour ? { kind: 'now', giveBack } : { kind: 'later', at: booked * HOUR_MS, giveBack };
  };
}

/** How many messages more a user may have booked now, and which limit is nearer. */
export type Room = Readonly<{ left: number; period: 'hour' | 'day' }>;

/** Looks without booking anything. Undefined: the user has no limit. Rejects with RedisTrouble. */
export function makeRoom(redis: Redis, keys: Keys, clock: Clock) {
  return async function room({ account, name, limits }: User): Promise<Room | undefined> {
    const { messagesPerHour, messagesPerDay } = limits;
    if ((messagesPerHour ?? messagesPerDay) === undefined) return undefined;
    const hour = Math.floor(clock.now() / HOUR_MS);
    const fields = [`h${hour}`, `d${Math.floor(hour / 24)}`];
    const booked = await redis.call('HMGET', keys.quota(account, name), ...fields);
    const [inHour = 0, inDay = 0] = Array.isArray(booked) ? booked.map(Number) : [];
    const left = (limit: number | undefined, used: number): number => Math.max(0, (limit ?? Infinity) - used);
    const hourly = left(messagesPerHour, inHour);
    const daily = left(messagesPerDay, inDay);
    return daily < hourly ? { left: daily, period: 'day' } : { left: hourly, period: 'hour' };
  };
}
