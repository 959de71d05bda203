// Stopping a carrier when Redis is away: it has its grace, and no more.
import { expect, test } from 'vitest';
import { delivered, request, startBacklog, until } from '../../support/backlog.ts';
import { startRedis } from '../../support/redis.ts';

test('a stop ends in time although Redis is away and deliveries wait in their room', async () => {
  const redis = await startRedis();
  const answer = Promise.withResolvers<void>();
  let sending = 0;
  const send = async () => {
    sending++;
    await answer.promise;
    return delivered;
  };
  const backlog = await startBacklog(redis.url, send, { limit: 1 });
  const [carrier] = backlog.carriers;
  await backlog.submit(request(['one@a.example', 'two@a.example', 'three@a.example']));
  await until(() => sending === 1 && (carrier?.state().waiting ?? 0) > 0);
  await redis.kill9();

  const since = performance.now();
  await carrier?.stop(500);

  expect(performance.now() - since).toBeLessThan(5_000);
  answer.resolve();
  await backlog.stop();
  await redis.stop();
});
