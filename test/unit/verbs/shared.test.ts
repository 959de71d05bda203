// One question for all: never asked twice at a time, old answers for the impatient, failures told to those who wait.
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { makeShared } from '../../../src/verbs/shared.ts';

const rules = { clock: systemClock, freshMs: 40, patienceMs: 5 };
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('many ask at once, and it is asked once', async () => {
  let asked = 0;
  const ask = makeShared(rules, async () => {
    await pause(10);
    return ++asked;
  });
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
  expect(await ask()).toBe(1);
  await pause(50);
  // The old one, since the new one takes longer than anybody waits.
  expect(await ask()).toBe(1);
  await pause(20);
  expect(await ask()).toBe(2);
  expect(asked).toBe(2);
});

test('the first ones wait as long as it takes, unless there is something to tell them otherwise', async () => {
  const slow = async (): Promise<string> => {
    await pause(30);
    return 'answer';
  };
  expect(await makeShared(rules, slow)()).toBe('answer');
  const quick = makeShared({ ...rules, otherwise: 'nothing yet' }, slow);
  expect(await quick()).toBe('nothing yet');
  await pause(40);
  expect(await quick()).toBe('answer');
});

test('the first ones may wait longer than those for whom there is an old answer', async () => {
  let asked = 0;
  const ask = makeShared({ ...rules, otherwise: 0, firstMs: 2000 }, async () => {
    await pause(30);
    return ++asked;
  });
  expect(await ask()).toBe(1);
  await pause(50);
  expect(await ask()).toBe(1);
  const never = makeShared(
    { ...rules, otherwise: 0, firstMs: 20 },
    () => new Promise<number>(() => undefined),
  );
  expect(await never()).toBe(0);
});

test('a failure is told, and forgotten by the next question', async () => {
  let fails = true;
  const ask = makeShared(rules, () => (fails ? Promise.reject(new Error('away')) : Promise.resolve(7)));
  await expect(Promise.all([ask(), ask()])).rejects.toThrow('away');
  fails = false;
  expect(await ask()).toBe(7);
});
