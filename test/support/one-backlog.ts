// A Redis for all tests of a file and a backlog for each of them, which is stopped after it.
import { afterAll, afterEach, beforeAll } from 'vitest';
import { startBacklog, type Send } from './backlog.ts';
import { startRedis, type TestRedis } from './redis.ts';

export type Backlog = Awaited<ReturnType<typeof startBacklog>>;
export type BacklogOptions = Parameters<typeof startBacklog>[2];

/** To be called once, at the top of a test file. */
export function oneBacklogATest(): Readonly<{
  begin(send: Send, options?: BacklogOptions): Promise<Backlog>;
  redis(): TestRedis;
}> {
  let redis: TestRedis;
  let running: Backlog | undefined;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    await running?.stop();
    running = undefined;
  });
  afterAll(() => redis.stop());
  return {
    begin: async (send, options) => (running = await startBacklog(redis.url, send, options)),
    redis: () => redis,
  };
}
