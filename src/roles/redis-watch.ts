// Whether Redis answers at all: the one trouble that no mail can tell, since mail is in Redis; so the log must.
import { sayDuration } from '../lib/duration.ts';
import type { Base } from './base.ts';
import type { Tell } from './notices.ts';

const LOOK_MS = 5_000;
/** A master that is replaced by its replica is away for some seconds, which is nothing to wake anybody for. */
const AWAY_MS = 15_000;

/** Looks every few seconds; says in the log that Redis is away, and to everybody that it was, once it is back. */
export function watchRedis(
  { asking, clock, log }: Pick<Base, 'asking' | 'clock' | 'log'>,
  tell: Tell,
): Readonly<{ stop(): void }> {
  let answered = clock.ticks();
  let told = false;
  let isLooking = false;
  const look = async (): Promise<void> => {
    try {
      await asking.call('PING');
      if (told) await back();
      answered = clock.ticks();
      told = false;
    } catch (error) {
      if (told || clock.ticks() - answered < AWAY_MS) return;
      told = true;
      log.error(
        { alert: 'redis', error: String(error) },
        'Redis does not answer: no mail is taken, none leaves, and no alert can be sent before it is back.',
      );
    }
  };
  const back = (): Promise<void> => {
    const ms = clock.ticks() - answered;
    // Each process says it; in the same minute that is one notice.
    const at = Math.floor(clock.now() / 60_000) * 60_000;
    const reason = `Redis did not answer for ${sayDuration(ms)}; it is back, and mail is taken and sent again.`;
    return tell({
      type: 'trouble',
      at,
      scope: 'redis',
      key: 'connection',
      rule: 'redis',
      over: true,
      reason,
    });
  };
  const stop = clock.every(LOOK_MS, () => {
    if (isLooking) return;
    isLooking = true;
    void look().finally(() => {
      isLooking = false;
    });
  });
  return { stop };
}
