// A process that only writes events to disk, to be killed by a test: Redis URL, folder, key prefix, owner.
import { eventsConfig } from '../../src/events/config.ts';
import { makeSegments } from '../../src/events/segments.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { connectRedis } from '../../src/store/redis.ts';

const [url = '', folder = '', prefix = '', owner = ''] = process.argv.slice(2);
const redis = connectRedis({ url, purpose: 'events', prefix, log: silentLog });
await redis.whenReady();
const segments = makeSegments({
  redis,
  clock: systemClock,
  log: silentLog,
  config: eventsConfig.parse({}),
  folder,
  keys: { stream: `${prefix}events`, lease: `${prefix}lease:events` },
  owner,
});
const watch = setInterval(() => {
  if (!segments.state().working) return;
  clearInterval(watch);
  process.stdout.write('working\n');
}, 5);
await segments.run(new AbortController().signal);
