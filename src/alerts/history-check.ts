// What the watch looks at: whether the history takes the events, or is behind.
import { sayDuration } from '../lib/duration.ts';
import type { Check } from './watch.ts';

/** How far the history is behind the event log, and why it takes nothing, if so. */
export type HistoryLag = Readonly<{ ms: number; why?: string | undefined }>;

const MINUTE = 60_000;
const CALM_ROUNDS = 2;
/** An event that came a moment ago is not in yet, and a busy minute may pass: what goes on like that is trouble. */
const BEHIND_ROUNDS = 3;

/** The history of the process that writes it; undefined where another one does. */
export function historyCheck(key: string, lag: () => Promise<HistoryLag | undefined>): Check {
  let rounds = 0;
  return {
    kind: 'history',
    everyMs: MINUTE,
    calm: CALM_ROUNDS,
    look: async () => {
      const found = await lag();
      if (!found) return [];
      const { ms, why } = found;
      const isBehind = why !== undefined || ms >= MINUTE;
      rounds = isBehind ? rounds + 1 : 0;
      if (!isBehind) return [{ key, state: 'fine', reason: 'The history has all events again.' }];
      return [{ key, state: rounds >= BEHIND_ROUNDS ? 'bad' : 'unknown', reason: sayBehind(found) }];
    },
  };
}

function sayBehind({ ms, why }: HistoryLag): string {
  const lacking =
    ms >= MINUTE ? `The history is ${sayDuration(ms)} behind` : 'The history takes no events just now';
  const cause = why === undefined ? '' : ` ${why}`;
  return `${lacking}: search and statistics lack what came since. Mail goes on, and the events wait in the event log.${cause}`;
}
