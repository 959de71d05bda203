// postino process …: which processes of Postino run, and of which version each is.
import { sayDuration } from '../lib/duration.ts';
import type { Clock } from '../lib/clock.ts';
import type { RunningProcess } from '../store/processes.ts';
import { done, table, type Command } from './command.ts';

export type ProcessContext = Readonly<{ processes(): Promise<readonly RunningProcess[]>; clock: Clock }>;

export const processCommands: readonly Command<ProcessContext>[] = [
  {
    words: 'process list',
    summary: 'List the running processes of this installation, with their versions and roles.',
    run: async ({ processes, clock }) => {
      const all = await processes();
      const rows = all.map(({ host, pid, version, roles, since }) => [
        host,
        String(pid),
        version,
        roles.join(', '),
        sayDuration(clock.now() - since),
      ]);
      return done(table(['host', 'pid', 'version', 'roles', 'runs for'], rows, 'No process runs.'), all);
    },
  },
];
