import { expect, test } from 'vitest';
import { oldestDue } from '../../../src/backlog/oldest-due.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { delivered, request } from '../../support/backlog.ts';
import { oneBacklogATest } from '../../support/one-backlog.ts';

const tests = oneBacklogATest();

test('the oldest that is due, whatever the index says; not what is ours, paused, being sent or for later', async () => {
  const { submit, redis, keys, transitions, operate } = await tests.begin(async () => delivered, {
    carrying: false,
  });
  const deps = { redis, keys, clock: systemClock };
  expect(await oldestDue(deps, 'system')).toBeUndefined();
  const now = Date.now();
  const add = async (age: number, more: object = {}): Promise<string> => {
    const sent = request(['a@example.net'], more);
    await submit(sent);
    const ref = `${sent.submission.account}:${sent.submission.id}-1`;
    await redis.call('HSET', keys.delivery(ref), 'due', now - age);
    return ref;
  };
  await add(-3_600_000);
  expect(await oldestDue(deps, 'system')).toBeUndefined();
  await add(60_000);
  const oldest = await add(120_000);
  // The reconciler has put it off in the index: it has a job.
  await redis.call('ZADD', keys.due, now + 300_000, oldest);
  await add(999_000, { account: 'system', user: 'system' });
  const sending = await add(999_000);
  await redis.call('HSET', keys.delivery(sending), 'state', 'sending');
  const paused = await add(999_000);
  await redis.call('HSET', keys.delivery(paused), 'state', 'paused');
  expect(await oldestDue(deps, 'system')).toMatchObject({ id: oldest.split(':')[1], due: now - 120_000 });
  expect(await transitions.read(oldest)).toBeDefined();
  expect((await operate.list({}, 10)).length).toBe(6);
});
