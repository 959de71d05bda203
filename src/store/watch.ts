// Looking again at what other processes change in Redis: when a channel says so, when Redis is back, and now and then.
import type { Clock } from '../lib/clock.ts';
import type { RedisConnection } from './redis.ts';

/** For what the channel did not carry. */
const POLL_MS = 2000;

/** Calls `look` whenever there may be something new, and does not wait for it; the returned function ends that. */
export function watchChannel(
  channel: string,
  look: () => unknown,
  { redis, clock }: Readonly<{ redis: RedisConnection; clock: Clock }>,
): () => void {
  const again = (): void => void look();
  const ends = [
    clock.every(POLL_MS, again),
    redis.subscribe(channel, again, again),
    redis.onState((state) => void (state === 'ready' && again())),
  ];
  return () => {
    for (const end of ends) end();
  };
}
