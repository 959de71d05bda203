// A process that only feeds webhooks, to be killed by a test: Redis URL, folder of the event log, key prefix.
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { connectRedis } from '../../src/store/redis.ts';
import { startFeeds } from '../../src/webhooks/feeds.ts';
import { openWebhooks } from '../../src/webhooks/store.ts';
import { readLogOf, rules, seals } from './webhooks.ts';

const [url = '', folder = '', prefix = ''] = process.argv.slice(2);
const redis = connectRedis({ url, purpose: 'events', prefix, log: silentLog });
await redis.whenReady();
startFeeds({
  store: openWebhooks({ redis, prefix }),
  events: readLogOf(folder),
  seals,
  rules,
  clock: systemClock,
  log: silentLog,
  tryForMs: 72 * 3_600_000,
  keptMs: 30 * 86_400_000,
  tell: () => Promise.resolve(),
  elected: () => true,
});
process.stdout.write('feeding\n');
