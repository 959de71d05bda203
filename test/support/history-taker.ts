// Takes made-up traffic into a history until it is killed; says after each batch how many events it took.
import { historyConfig } from '../../src/history/config.ts';
import { openSqliteHistory } from '../../src/history/sqlite/open.ts';
import { traffic } from './history-events.ts';

const [folder = '', options = '{}'] = process.argv.slice(2);
const history = openSqliteHistory({ folder, config: historyConfig.parse({}), key: 'k' });
const done = await history.cursor();
for (const batch of traffic(JSON.parse(options), 40)) {
  const last = batch.at(-1)?.cursor;
  if (done && last && last.ms < done.ms) continue;
  await history.take(batch);
  process.stdout.write(`${batch.length}\n`);
}
await history.close();
