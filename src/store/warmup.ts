// What leaves by warming transports each day, counted in Redis so that no two processes exceed a limit together.
import { hashIn, textsIn } from '../lib/answers.ts';
import type { Day } from '../lib/day.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import { storeKeys } from './keys.ts';

/** Figures of one day by provider; `told` has those whose day was full. */
export type WarmedDay = Readonly<Record<Figure | 'told', ReadonlyMap<string, number>>>;

/** used: messages that came to MAIL · deferred, bounced: what the other side made of them. */
export type Figure = 'used' | 'deferred' | 'bounced';

/** One transport's day. */
export type Place = Readonly<{ transport: string; day: Day }>;

/** All methods reject with RedisTrouble. */
export type WarmupStore = ReturnType<typeof openWarmupStore>;

const takeScript = loadScript(new URL('./scripts/warm-take-1.lua', import.meta.url));
const countScript = loadScript(new URL('./scripts/warm-count-1.lua', import.meta.url));
const judgeScript = loadScript(new URL('./scripts/warm-judge-1.lua', import.meta.url));

/** A day is judged on the next; where Postino stands still for longer, it is one on which nothing left. */
const LIFE_MS = 40 * 86_400_000;

/** Opens the counts below `prefix`. */
export function openWarmupStore(redis: Redis, prefix: string) {
  const keys = storeKeys(prefix);
  const keyOf = ({ transport, day }: Place): string => keys.warmed(transport, day);
  const add = async (place: Place, field: string, count: number): Promise<void> => {
    await redis.run(countScript, [keyOf(place)], [field, count, LIFE_MS]);
  };
  return {
    /** Counts one message where fewer than `cap` have left; undefined: without limit. `used` is how many it is now. */
    take: async (
      place: Place,
      provider: string,
      cap: number | undefined,
    ): Promise<Readonly<{ taken: boolean; used: number }>> => {
      const answer = await redis.run(takeScript, [keyOf(place)], [provider, cap ?? '', LIFE_MS]);
      const [taken, used] = Array.isArray(answer) ? answer : [];
      return { taken: Number(taken) === 1, used: Number(used) };
    },
    /** Takes back one that did not come to MAIL. */
    giveBack: (place: Place, provider: string): Promise<void> => add(place, `used ${provider}`, -1),
    count: (place: Place, provider: string, figure: Exclude<Figure, 'used'>): Promise<void> =>
      add(place, `${figure} ${provider}`, 1),
    read: async (place: Place): Promise<WarmedDay> => readDay(await redis.call('HGETALL', keyOf(place))),
    /** True for the first who asks about this on that day. */
    isFirst: async (place: Place, what: string): Promise<boolean> =>
      Number(await redis.call('HSETNX', keyOf(place), `told ${what}`, 1)) === 1,
    /** How far a warm-up is, as text; "" where none is known. */
    progress: async (transport: string): Promise<string> => {
      const text = await redis.call('HGET', keys.warmup, transport);
      return typeof text === 'string' ? text : '';
    },
    /** Stores how far it is, unless it is not what it was `before` any more. `text` is what is stored now. */
    judge: async (
      transport: string,
      before: string,
      now: string,
    ): Promise<Readonly<{ stored: boolean; text: string }>> => {
      const answer = await redis.run(judgeScript, [keys.warmup], [transport, before, now]);
      const [stored, text] = textsIn(answer);
      return { stored: stored === '1', text: text ?? '' };
    },
  };
}

function readDay(flat: unknown): WarmedDay {
  const fields = hashIn(flat);
  const column = (figure: keyof WarmedDay): ReadonlyMap<string, number> =>
    new Map(
      [...fields].flatMap(([name, count]) => {
        const [what, provider = ''] = name.split(' ');
        return what === figure ? [[provider, Number(count)] as const] : [];
      }),
    );
  return {
    used: column('used'),
    deferred: column('deferred'),
    bounced: column('bounced'),
    told: column('told'),
  };
}
