// What waits, in pages: by when somebody must look at it again, and never more of the queue at a time than one may wait for.
import type { Redis } from '../lib/script.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Keys } from './keys.ts';
import { matches, type Selection } from './operate.ts';
import type { Transitions } from './transitions.ts';

/** Where a page ended: what was looked at last. */
export type Place = Readonly<{ score: number; ref: string }>;

/** `next` is absent where the queue ends. A page may hold fewer than asked for, even none, and go on. */
export type QueuePage = Readonly<{ deliveries: readonly Delivery[]; next?: Place }>;

export type PageQueue = (
  selection: Selection,
  page: Readonly<{ after?: Place | undefined; limit: number }>,
) => Promise<QueuePage>;

const STEP = 500;
const MAX_LOOKED = 20_000;

/** Rejects with RedisTrouble. */
export function makePageQueue(
  deps: Readonly<{ redis: Redis; keys: Keys; transitions: Pick<Transitions, 'read'> }>,
): PageQueue {
  return async (selection, { after, limit }) => {
    const found: Delivery[] = [];
    let place = after;
    for (let looked = 0; looked < MAX_LOOKED; looked += STEP) {
      const places = await placesBehind(deps, place);
      const records = await Promise.all(places.map(({ ref }) => deps.transitions.read(ref)));
      for (const [n, delivery] of records.entries()) {
        place = places[n] ?? place;
        if (delivery === undefined || delivery === 'unknown' || !matches(delivery, selection)) continue;
        found.push(delivery);
        if (found.length === limit) return { deliveries: found, ...(place && { next: place }) };
      }
      if (places.length < STEP) return { deliveries: found };
    }
    return { deliveries: found, ...(place && { next: place }) };
  };
}

/** The next ones in order of score and, where that is the same, of ref, as Redis sorts them. */
async function placesBehind(
  { redis, keys }: Readonly<{ redis: Redis; keys: Keys }>,
  after: Place | undefined,
): Promise<readonly Place[]> {
  const from = after === undefined ? '-inf' : after.score;
  const limits = ['WITHSCORES', 'LIMIT', 0, STEP] as const;
  if (after === undefined)
    return readPlaces(await redis.call('ZRANGEBYSCORE', keys.due, from, '+inf', ...limits));
  // Many may have the same score: those of it that were seen are passed over by their number.
  const rank = await redis.call('ZRANK', keys.due, after.ref);
  const score = Number(await redis.call('ZSCORE', keys.due, after.ref));
  if (rank !== null && score === after.score) {
    const start = Number(rank) + 1;
    return readPlaces(await redis.call('ZRANGE', keys.due, start, start + STEP - 1, 'WITHSCORES'));
  }
  const all = readPlaces(await redis.call('ZRANGEBYSCORE', keys.due, from, '+inf', ...limits));
  const rest = all.filter(({ score: at, ref }) => at > after.score || ref > after.ref);
  // Only such as were seen: what has another score comes behind them.
  if (rest.length > 0 || all.length < STEP) return rest;
  return readPlaces(await redis.call('ZRANGEBYSCORE', keys.due, `(${after.score}`, '+inf', ...limits));
}

function readPlaces(answer: unknown): readonly Place[] {
  const flat: unknown[] = Array.isArray(answer) ? answer : [];
  return flat.flatMap((ref, n) =>
    n % 2 === 0 && typeof ref === 'string' ? [{ ref, score: Number(flat[n + 1]) }] : [],
  );
}
