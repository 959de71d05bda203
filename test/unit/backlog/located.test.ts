// What is known of a domain's mail hosts, for how long, and when it is asked for anew.
import { expect, test } from 'vitest';
import { Located, type Place } from '../../../src/backlog/located.ts';
import { handClock } from '../../support/hand-clock.ts';

const open = () => {
  const clock = handClock();
  const asked: string[] = [];
  const answers: PromiseWithResolvers<Place>[] = [];
  const located = new Located(clock, (domain) => {
    asked.push(domain);
    const answer = Promise.withResolvers<Place>();
    answers.push(answer);
    return answer.promise;
  });
  const answer = async (place: Place): Promise<void> => {
    answers.shift()?.resolve(place);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  return { clock, asked, answers, located, answer };
};
const one: Place = { lane: 'mx.one.test', limit: 10 };
const two: Place = { lane: 'mx.two.test', limit: 10 };

test('a domain that is looked for is soon known, and asked for once by all who want it', async () => {
  const { located, asked, answer } = open();
  expect(located.known('a.test')).toBeUndefined();
  expect(located.known('a.test')).toBeUndefined();
  const wanted = located.of('a.test');
  expect(asked).toEqual(['a.test']);
  await answer(one);
  expect(await wanted).toBe(one);
  expect(located.known('a.test')).toBe(one);
  expect(await located.of('a.test')).toBe(one);
  expect(asked).toHaveLength(1);
});

test('a domain with steady mail stays known, and its change is seen', async () => {
  const { located, asked, answer, clock } = open();
  located.known('a.test');
  await answer(one);
  clock.pass(5000);
  expect(located.known('a.test')).toBe(one);
  expect(asked).toHaveLength(1);
  clock.pass(1000);
  expect(located.known('a.test')).toBe(one);
  expect(located.known('a.test')).toBe(one);
  expect(asked).toHaveLength(2);
  await answer(two);
  expect(located.known('a.test')).toBe(two);
  clock.pass(9000);
  expect(located.known('a.test')).toBe(two);
  await answer(two);
  expect(asked).toHaveLength(3);
});

test('what nobody asked for in ten seconds, or cannot be found out any more, is unknown', async () => {
  const { located, answer, answers, clock, asked } = open();
  located.known('a.test');
  await answer(one);
  clock.pass(10_001);
  expect(located.known('a.test')).toBeUndefined();
  const wanted = located.of('a.test');
  answers.shift()?.reject(new Error('away'));
  await expect(wanted).rejects.toThrow('away');
  expect(located.known('a.test')).toBeUndefined();
  expect(asked).toHaveLength(3);
  await answer(two);
  expect(located.known('a.test')).toBe(two);
});

test('very many domains are not asked for at once, but for those who wait', () => {
  const { located, asked } = open();
  for (let n = 0; n < 1000; n++) located.known(`d${n}.test`);
  expect(asked).toHaveLength(50);
  void located.of('waits.test');
  expect(asked).toHaveLength(51);
});
