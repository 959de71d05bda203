// How far Redis' clock is ahead of ours, so that a deadline can be told in Redis' own time.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Redis } from '../lib/script.ts';

export type ClockOffset = Readonly<{
  /** Milliseconds to add to our time to get Redis'. */
  ms(): number;
  measure(): Promise<void>;
  stop(): void;
}>;

const MEASURE_EVERY_MS = 10_000;
/** Such a difference makes retry times and DKIM dates doubtful: somebody should look at the clocks. */
const WORRYING_MS = 30_000;

/** Measures now and then. The answer is off by half a round trip at most. */
export function watchClockOffset(redis: Redis, clock: Clock, log: Log): ClockOffset {
  let offset = 0;
  const measure = async (): Promise<void> => {
    const asked = clock.now();
    const answer = await redis.call('TIME');
    const [seconds, micros] = Array.isArray(answer) ? answer.map(Number) : [];
    if (seconds === undefined || micros === undefined) return;
    const middle = (asked + clock.now()) / 2;
    offset = seconds * 1000 + micros / 1000 - middle;
    if (Math.abs(offset) > WORRYING_MS)
      log.warn(
        { offsetMs: Math.round(offset) },
        'the clocks of this host and of Redis differ; set them by NTP',
      );
  };
  const stop = clock.every(MEASURE_EVERY_MS, () => {
    measure().catch((error: unknown) =>
      log.debug({ error: String(error) }, 'could not read the time of Redis'),
    );
  });
  return { ms: () => offset, measure, stop };
}
