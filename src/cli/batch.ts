// postino batch …: files that go out by the hour or day, and lists that come in.
import { sayRefusal } from '../verbs/did.ts';
import type { Clock } from '../lib/clock.ts';
import { exportNow, listJobs, type BatchVerbs } from '../verbs/batch.ts';
import { done, failed, misused, table, type Command } from './command.ts';
import { readWhen } from './history-context.ts';
import { sayTime } from './timeline.ts';

export type BatchContext = BatchVerbs & Readonly<{ clock: Clock }>;

const HEAD = ['job', 'does', 'place', 'last', 'file', 'rows', 'trouble'];
const NONE =
  'There are no batch jobs; docs/batch.md says how to declare some under "batch:" in the configuration.';

export const batchCommands: readonly Command<BatchContext>[] = [
  {
    words: 'batch list',
    summary: 'List the exports and imports, what each did last, and its trouble.',
    run: async (context) => {
      const jobs = await listJobs(context);
      const rows = jobs.map(({ name, does, place, at, file = '', rows: count, problem = '' }) => {
        const last = at === undefined ? 'never' : `${sayTime(at)} UTC`;
        return [name, does, place, last, file, count === undefined ? '' : String(count), problem];
      });
      return done(table(HEAD, rows, NONE), jobs);
    },
  },
  {
    words: 'batch export <name>',
    summary: 'Write the file of an hour or day now, also of one that goes on or was written before.',
    options: [{ flags: '--at <time>', summary: 'a moment in that hour or day (default: now)' }],
    run: async (context, { name = '' }, options) => {
      const at = readWhen(options, 'at', context.clock.now());
      if (!at.ok) return misused(at.problem);
      const made = await exportNow(context, name, at.value ?? context.clock.now());
      if (!made.ok) return failed(sayRefusal(made));
      const { file, place, rows } = made.value;
      return done(`${file} is written to ${place}, with ${rows} rows.`, made.value);
    },
  },
];
