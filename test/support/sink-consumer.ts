// A process that feeds a sink from segments, to be killed by a test: folder of the segments, of cursors, file it writes ids to.
import { appendFileSync } from 'node:fs';
import { openEventLog } from '../../src/events/log.ts';
import { runSinks } from '../../src/events/sinks/index.ts';
import { systemClock as clock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';

const [folder = '', cursors = '', file = ''] = process.argv.slice(2);
const events = openEventLog({ folder, clock });
await runSinks(
  {
    events,
    folder: cursors,
    clock,
    log: silentLog,
    sinks: [
      {
        name: 'file',
        start: 'oldest',
        cursor: 'kept',
        take: async (batch) => {
          appendFileSync(file, batch.map(({ event }) => `${event.id}\n`).join(''));
          await clock.sleep(1);
        },
      },
    ],
  },
  new AbortController().signal,
);
