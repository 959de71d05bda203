// A process that supervises an embedded Redis, for tests that kill it: node embedded-process.ts <data folder>.
import { startEmbeddedRedis, StartProblem } from '../../src/embedded.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';

const keepAlive = setInterval(() => undefined, 1000);
try {
  const redis = await startEmbeddedRedis({
    data: process.argv[2] ?? '',
    log: silentLog,
    clock: systemClock,
    server: process.env['POSTINO_REDIS_SERVER'],
  });
  process.once('SIGTERM', () => void redis.stop().then(() => clearInterval(keepAlive)));
  console.log(JSON.stringify({ pid: redis.pid(), socket: redis.socket }));
} catch (error) {
  console.log(JSON.stringify({ problem: error instanceof StartProblem ? error.message : String(error) }));
  clearInterval(keepAlive);
}
