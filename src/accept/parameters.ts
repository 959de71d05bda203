// Parameters of MAIL that say when and how: RFC 4865 FUTURERELEASE, RFC 6710, RFC 2852, RFC 8689. Pure.
import type { EpochMs } from '../lib/clock.ts';
import type { Instructions, Priority } from '../model/instructions.ts';
import { replies, type Reply } from './replies.ts';

/** What a client asked for in MAIL; each is absent where it said nothing. */
export type MailWish = Readonly<{
  /** HOLDFOR, seconds from when the message has come in. */
  holdFor?: number;
  /** HOLDUNTIL. */
  holdUntil?: EpochMs;
  /** MT-PRIORITY on our scale. */
  priority?: Priority;
  /** BY: seconds, and what to do then; R returns the message, N only tells its sender. */
  by?: Readonly<{ seconds: number; mode: 'R' | 'N' }>;
  requireTls?: true;
}>;

/** RFC 2852 §2: the shortest time that EHLO offers. A queue that empties in a second is no promise. */
export const MIN_BY_SECONDS = 30;

const SECOND_MS = 1000;
// RFC 3339 §5.6; lower case is allowed, and a 60th second is a leap second.
const DATE_TIME =
  /^(\d{4}-(?:0[1-9]|1[0-2])-\d\d)T((?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60))(?:\.\d{1,9})?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/** Reads HOLDFOR (RFC 4865 §4). */
export function readHoldFor(value: string): MailWish | undefined {
  return /^[1-9]\d{0,8}$/.test(value) ? { holdFor: Number(value) } : undefined;
}

/** Reads HOLDUNTIL (RFC 4865 §4 and erratum 2040: a date-time of RFC 3339, in any zone). */
export function readHoldUntil(value: string): MailWish | undefined {
  const [, date = '', time = '', zone = ''] = DATE_TIME.exec(value) ?? [];
  const day = Date.parse(`${date}T00:00:00Z`);
  // 31 February is none; JavaScript would make it one in March.
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== date) return undefined;
  const midnight = Date.parse(`${date}T00:00:00${zone.toUpperCase()}`);
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  return { holdUntil: midnight + ((hours * 60 + minutes) * 60 + seconds) * SECOND_MS };
}

/**
 * Reads MT-PRIORITY (RFC 6710 §3). Its nineteen levels become our five:
 *
 * | MT-PRIORITY | 9 … 4 | 3 … 1 | 0 | -1 … -3 | -4 … -9 |
 * |---|---|---|---|---|---|
 * | ours | 1 | 2 | 3 | 4 | 5 |
 */
export function readMtPriority(value: string): MailWish | undefined {
  if (!/^-?\d$/.test(value)) return undefined;
  const level = Number(value);
  if (level >= 4) return { priority: 1 };
  if (level >= 1) return { priority: 2 };
  if (level > -1) return { priority: 3 };
  return { priority: level >= -3 ? 4 : 5 };
}

/** Reads BY (RFC 2852 §4). The trace flag T is taken and of no use: we are the last hop that could keep a trace. */
export function readBy(value: string): MailWish | undefined {
  const [, seconds, mode] = /^([+-]?\d{1,9});([RN])T?$/i.exec(value) ?? [];
  if (seconds === undefined || mode === undefined) return undefined;
  const by = { seconds: Number(seconds), mode: mode.toUpperCase() === 'R' ? 'R' : 'N' } as const;
  return by.mode === 'R' && by.seconds < MIN_BY_SECONDS ? undefined : { by };
}

/** REQUIRETLS (RFC 8689 §2) has no value. */
export function readRequireTls(value: string): MailWish | undefined {
  return value === '' ? { requireTls: true } : undefined;
}

/** True when MAIL said nothing of all this. */
export function asksNothing({ holdFor, holdUntil, priority, by, requireTls }: MailWish): boolean {
  return (holdFor ?? holdUntil ?? priority ?? by ?? requireTls) === undefined;
}

/** Why the parameters cannot stand together, or for this user; `aheadMs` is how far ahead it may schedule. */
export function refusalOf(wish: MailWish, now: EpochMs, aheadMs: number): Reply | undefined {
  if (wish.holdFor !== undefined && wish.holdUntil !== undefined) return replies.badParameter('HOLDUNTIL'); // RFC 4865 §4
  const release = releaseOf(wish, now);
  if (release === undefined) return undefined;
  if (release > now + aheadMs) return replies.heldTooLong(aheadMs);
  const isLate = wish.by?.mode === 'R' && now + wish.by.seconds * SECOND_MS <= release;
  return isLate ? replies.byBeforeRelease : undefined;
}

/** When MAIL wants the message to be sent; undefined: it does not say. */
function releaseOf(wish: MailWish, now: EpochMs): EpochMs | undefined {
  return wish.holdFor === undefined ? wish.holdUntil : now + wish.holdFor * SECOND_MS;
}

/** The parameters as instructions, with what cannot be done exactly as they say. `now` is when the message has come in. */
export function instructionsOf(
  wish: MailWish,
  now: EpochMs,
): Readonly<{ instructions: Instructions; notes: readonly string[] }> {
  const sendAt = releaseOf(wish, now);
  const ttl = ttlOf(wish, now, sendAt);
  return {
    instructions: {
      ...(sendAt === undefined ? {} : { sendAt }),
      ...(wish.priority === undefined ? {} : { priority: wish.priority }),
      ...(ttl === undefined ? {} : { ttl }),
      // Departs from RFC 8689 §4.2.1: the next host must prove its name, but need not offer REQUIRETLS itself.
      ...(wish.requireTls ? ({ tls: 'verified' } as const) : {}),
    },
    notes: wish.by?.mode === 'N' ? [noteOnNotify(ttl)] : [],
  };
}

/** The time to deliver counts from MAIL (RFC 2852 §4); ours from the release. */
function ttlOf({ by }: MailWish, now: EpochMs, sendAt: EpochMs | undefined): number | undefined {
  if (!by || by.seconds < MIN_BY_SECONDS) return undefined;
  const waits = Math.max(0, (sendAt ?? now) - now);
  return Math.max(by.seconds * SECOND_MS - waits, MIN_BY_SECONDS * SECOND_MS);
}

/** Departs from RFC 2852 §4.1.5: a late message of mode N would go on, with a notice of the delay. */
function noteOnNotify(ttl: number | undefined): string {
  return ttl === undefined
    ? 'BY was not followed: its time is too short.'
    : 'BY with mode N was taken as mode R: the message is given up when its time has passed.';
}
