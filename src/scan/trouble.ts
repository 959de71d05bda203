// A scanner in trouble: it gets a rest instead of all mail's patience, and operators hear once of it and once of its end.
import type { Clock } from '../lib/clock.ts';
import { sayDuration } from '../lib/duration.ts';
import type { Notice } from '../model/notice.ts';

export type Trouble = Readonly<{
  began(problem: string): void;
  over(): void;
  /** Why nobody should ask it for now; undefined: go on. */
  resting(): string | undefined;
}>;

const REST_MS = 5_000;
/** One message that takes too long says more about the message. */
const IN_A_ROW = 3;
const MINUTE = 60_000;

export function makeTrouble({
  clock,
  tell,
}: Readonly<{ clock: Clock; tell: (notice: Notice) => Promise<void> }>): Trouble {
  let failures = 0;
  let since = 0;
  let restUntil = 0;
  let problem = '';
  let told = false;
  // Several processes that see the same within a minute tell one notice.
  const say = (reason: string, over: boolean): void => {
    const at = Math.floor(clock.now() / MINUTE) * MINUTE;
    const common = {
      type: 'trouble',
      at,
      scope: 'scanner',
      key: over ? 'over' : 'scanner',
      rule: 'scanner',
    } as const;
    void tell({ ...common, reason, ...(over ? { over } : {}) });
  };
  return {
    began: (why) => {
      if (failures++ === 0) since = clock.ticks();
      problem = why;
      if (failures < IN_A_ROW) return;
      restUntil = clock.ticks() + REST_MS;
      if (told) return;
      told = true;
      say(`The scanner does not answer as it should: ${why}.`, false);
    },
    over: () => {
      if (told) say(`The scanner answers again, after ${sayDuration(clock.ticks() - since)}.`, true);
      failures = 0;
      told = false;
      restUntil = 0;
    },
    resting: () => (clock.ticks() < restUntil ? problem : undefined),
  };
}
