// A process that compresses segments and makes them plain again by turns, to be killed by a test: folder.
import { listSegments } from '../../src/events/folder.ts';
import { packOnce } from '../../src/events/packing.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';

const [folder = ''] = process.argv.slice(2);
const deps = { folder, clock: systemClock, log: silentLog, isOurs: () => true };
process.stdout.write('working\n');
for (;;) {
  const compress = !(await listSegments(folder)).some(({ path }) => path.endsWith('.zst'));
  await packOnce({ ...deps, config: { compress, compressAfter: 0 } }, new AbortController().signal);
}
