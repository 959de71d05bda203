// A carrier when Redis is away: a stop has its grace, and no more; what could not be taken up is tried again soon.
import { expect, test } from 'vitest';
import { RedisTrouble } from '../../../src/lib/script.ts';
import { delivered, request, startBacklog } from '../../support/backlog.ts';
import { startRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

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

test('a delivery that could not be taken up is tried again within seconds, although its job is gone', async () => {
  const redis = await startRedis();
  let sent = 0;
  let asked = 0;
  const send = async () => {
    sent++;
    return delivered;
  };
  const located = async (): Promise<void> => {
    if (asked++ < 2) throw new RedisTrouble('away', 'Redis is away');
  };
  const backlog = await startBacklog(redis.url, send, { located });
  await backlog.submit(request(['one@a.example']));
  await until(() => asked === 1);
  // Without that the reconciler finds it, after half a minute at the earliest.
  await until(() => sent === 1, 15_000);
  expect(asked).toBe(3);
  await backlog.stop();
  await redis.stop();
});
