import { beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { makeLearner, type Learner, type Seen } from '../../../src/store/learner.ts';

let now = 0;
let written: Readonly<{ account: string; people: readonly Seen[] }>[];
let fail = false;
let learner: Learner;

beforeEach(() => {
  now = 0;
  written = [];
  fail = false;
  learner = makeLearner({
    clock: { ...systemClock, now: () => now, ticks: () => now, after: () => () => {} },
    log: silentLog,
    write: async (account, people) => {
      if (fail) throw new Error('away');
      written.push({ account, people });
    },
  });
});

test('what one moment brings is written together, by account', async () => {
  learner.learn('a', [{ address: 'x@x.example', name: 'X' }]);
  learner.learn('a', [
    { address: 'X@x.example', fields: { city: 'Roma' } },
    { address: 'y@x.example', name: 'Y' },
  ]);
  learner.learn('b', [{ address: 'x@x.example', name: 'Other' }]);
  await learner.flush();
  expect(written).toMatchObject([
    {
      account: 'a',
      people: [
        { address: 'x@x.example', name: 'X', fields: { city: 'Roma' } },
        { address: 'y@x.example', name: 'Y' },
      ],
    },
    { account: 'b', people: [{ name: 'Other' }] },
  ]);
});

test('the same again is written again after an hour, or when it could not be written', async () => {
  const learn = async (): Promise<number> => {
    learner.learn('a', [{ address: 'x@x.example', name: 'X' }]);
    await learner.flush();
    return written.length;
  };
  expect([await learn(), await learn()]).toEqual([1, 1]);
  now += 3_600_001;
  expect(await learn()).toBe(2);
  now += 3_600_001;
  fail = true;
  expect(await learn()).toBe(2);
  fail = false;
  expect(await learn()).toBe(3);
});

test('a flood is not gathered without bound', async () => {
  for (let n = 0; n < 20_000; n++) learner.learn('a', [{ address: `u${n}@x.example`, name: 'X' }]);
  await learner.flush();
  expect(written[0]?.people).toHaveLength(5000);
});

test('nothing worth knowing is nothing to write', async () => {
  learner.learn('a', [
    { address: 'nonsense', name: 'X' },
    { address: 'x@x.example', name: 'x@x.example' },
  ]);
  learner.learn('a', [{ address: 'x@x.example', fields: { token: 'abc' } }, { address: 'x@x.example' }]);
  await learner.flush();
  expect(written).toEqual([]);
});
