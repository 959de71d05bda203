// postino history …: how far the history is, taking out what is old, making it anew.
import type { Clock } from '../lib/clock.ts';
import { sayDuration } from '../lib/duration.ts';
import { lagOf, type HistoryVerbs } from '../verbs/history.ts';
import type { Rebuilt } from '../verbs/rebuild.ts';
import type { History } from '../history/history.ts';
import { done, failed, sheet, table, type Command, type Result } from './command.ts';
import { sayTime } from './timeline.ts';

export type HistoryAdminContext = HistoryVerbs &
  Readonly<{
    clock: Clock;
    openHistory(): History | undefined;
    rebuildHistory(say: (text: string) => void): Promise<Rebuilt>;
    write(text: string): void;
  }>;

const NONE = 'There is no history: the configuration says history.enabled: false.';

export const historyCommands: readonly Command<HistoryAdminContext>[] = [
  {
    words: 'history status',
    summary: 'Show how far the history is, how large, and since when.',
    run: status,
  },
  {
    words: 'history prune',
    summary: 'Remove what is kept no longer, now; it is done every hour by itself.',
    run: async ({ openHistory, clock }) => {
      const history = openHistory();
      if (!history) return failed(NONE);
      try {
        const pruned = await history.prune(clock.now());
        const { deliveries, files } = pruned;
        return done(`${deliveries} deliveries were removed, and ${files.length} files as a whole.`, pruned);
      } finally {
        await history.close();
      }
    },
  },
  {
    words: 'history rebuild',
    summary: 'Make the history anew from the event log, as far as that goes back, while Postino runs.',
    run: async ({ rebuildHistory, write }) => {
      const rebuilt = await rebuildHistory(write);
      const { events, months, kept } = rebuilt;
      const rest =
        kept.length === 0
          ? ''
          : ` ${kept.join(', ')} began before what the event log still has, and stayed as it was.`;
      return done(
        `${events} events were read; made anew: ${months.join(', ') || 'nothing'}.${rest}`,
        rebuilt,
      );
    },
  },
];

async function status(context: HistoryAdminContext): Promise<Result> {
  const { history } = context;
  if (!history) return failed(NONE);
  const state = await history.state();
  const behind = await lagOf(context);
  const facts = sheet({
    deliveries: state.deliveries,
    'oldest (UTC)': state.oldest === undefined ? undefined : sayTime(state.oldest),
    'newest (UTC)': state.newest === undefined ? undefined : sayTime(state.newest),
    size: sayMegabytes(state.bytes),
    behind: behind === undefined ? undefined : sayDuration(behind),
    problem: state.problem,
  });
  const rows = state.files.map(({ name, deliveries, bytes }) => [
    name,
    String(deliveries),
    sayMegabytes(bytes),
  ]);
  return done(`${facts}\n\n${table(['file', 'deliveries', 'size'], rows, 'There is no file yet.')}`, state);
}

function sayMegabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
