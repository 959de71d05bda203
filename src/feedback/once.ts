// What may happen once for a delivery, or a few times, is remembered in Redis as long as its return path works.
import { loadScript, type Redis } from '../lib/script.ts';
import type { Event } from '../model/event.ts';

export type Once = Readonly<{
  /** Writes an event down unless one of its id was told before; resolves to whether it was. Rejects without Redis. */
  tell(event: Event): Promise<boolean>;
  /** True as often as mail to a delivery's return path may be forwarded. Rejects without Redis. */
  mayForward(delivery: string): Promise<boolean>;
}>;

const tellScript = loadScript(new URL('./scripts/tell-2.lua', import.meta.url));
const turnScript = loadScript(new URL('./scripts/turn-1.lua', import.meta.url));
/** An answer by hand, one by a program, and some more. */
const FORWARDS = 5;

/** Remembers for `keepMs`. */
export function makeOnce({
  redis,
  prefix,
  stream,
  keepMs,
}: Readonly<{ redis: Redis; prefix: string; stream: string; keepMs: number }>): Once {
  return {
    tell: async (event) => {
      const keys = [`${prefix}told:${event.id}`, stream];
      return Number(await redis.run(tellScript, keys, [JSON.stringify(event), keepMs])) === 1;
    },
    mayForward: async (delivery) =>
      Number(await redis.run(turnScript, [`${prefix}forwarded:${delivery}`], [FORWARDS, keepMs])) === 1,
  };
}
