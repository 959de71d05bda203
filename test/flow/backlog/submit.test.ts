// A message that Redis could not store in full is not one that was accepted before.
import { expect, test } from 'vitest';
import { delivered, request, startBacklog } from '../../support/backlog.ts';
import { startRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

test('after a script that failed half-way the repeated message is stored anew, not taken for a repetition', async () => {
  const redis = await startRedis();
  const sent: string[] = [];
  const backlog = await startBacklog(redis.url, async ({ delivery }) => {
    sent.push(delivery.recipient.address);
    return delivered;
  });
  const message = { ...request(['one@a.example']), fingerprint: 'the-same' };
  // A key of the wrong kind makes the script fail in its middle.
  await backlog.redis.call('SET', backlog.keys.due, 'in the way');
  expect(await backlog.submit(message)).toMatchObject({ kind: 'refused' });
  await backlog.redis.call('DEL', backlog.keys.due);

  expect(await backlog.submit(message)).toMatchObject({ kind: 'queued', repeated: false });

  await until(() => sent.length === 1);
  await backlog.stop();
  await redis.stop();
});
