// A fallback pool is never used in silence: that it takes over is told, at most once an hour, and that it has ended.
import type { Picked } from '../deliver/transports/pick.ts';
import type { Base } from './base.ts';
import { makeTell } from './notices.ts';

export type FallbackNotices = Readonly<{
  /** What was picked for mail of this pool. */
  saw(pool: string, pick: Picked): void;
}>;

const TOLD_MS = 3_600_000;
/** One message by the pool's own transports among many does not end it. */
const OVER_MS = 60_000;

const WHY = {
  full: 'its own transports have sent what their warm-up lets them send today',
  down: 'none of its own transports can send',
} as const;

/** Makes the notices of one process; Redis knows what others have told. */
export function makeFallbackNotices(base: Base): FallbackNotices {
  const { asking, clock, log, prefix } = base;
  const tell = makeTell(base);
  /** When each pool that uses its fallback last did so, monotonic milliseconds. */
  const used = new Map<string, Readonly<{ at: number; fallback: string }>>();
  const keyOf = (pool: string): string => `${prefix}told:fallback:${pool}`;
  const quietly = (what: () => Promise<void>): void => {
    what().catch((error: unknown) => log.debug({ error: String(error) }, 'a fallback could not be told'));
  };
  const common = (pool: string) =>
    ({ type: 'trouble', at: clock.now(), scope: 'pool', key: pool, rule: 'fallback' }) as const;
  const begun = async (pool: string, fallback: string, why: 'full' | 'down'): Promise<void> => {
    if ((await asking.call('SET', keyOf(pool), fallback, 'NX', 'PX', TOLD_MS)) !== 'OK') return;
    const reason = `Mail of pool ${pool} leaves by its fallback ${fallback}: ${WHY[why]}.`;
    await tell({ ...common(pool), action: fallback, reason });
  };
  const ended = async (pool: string, fallback: string): Promise<void> => {
    if (Number(await asking.call('DEL', keyOf(pool))) === 0) return;
    const reason = `Mail of pool ${pool} leaves by its own transports again.`;
    await tell({ ...common(pool), action: fallback, over: true, reason });
  };
  return {
    saw: (pool, { fallback, why = 'down' }) => {
      const last = used.get(pool);
      if (fallback !== undefined) {
        used.set(pool, { at: clock.ticks(), fallback });
        if (!last || clock.ticks() - last.at > TOLD_MS) quietly(() => begun(pool, fallback, why));
        return;
      }
      if (!last || clock.ticks() - last.at < OVER_MS) return;
      used.delete(pool);
      quietly(() => ended(pool, last.fallback));
    },
  };
}
