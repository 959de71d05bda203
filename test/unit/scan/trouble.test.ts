import { expect, test } from 'vitest';
import type { Notice } from '../../../src/model/notice.ts';
import { makeTrouble } from '../../../src/scan/trouble.ts';
import { handClock } from '../../support/hand-clock.ts';

test('one failure says nothing; three in a row rest the scanner and are told once, and so is their end', () => {
  const clock = handClock();
  const told: Notice[] = [];
  const trouble = makeTrouble({ clock, tell: async (notice) => void told.push(notice) });
  trouble.began('slow');
  trouble.over();
  trouble.began('slow');
  trouble.began('slow');
  expect([told.length, trouble.resting()]).toEqual([0, undefined]);
  trouble.began('slow');
  expect([told.length, trouble.resting()]).toEqual([1, 'slow']);
  clock.pass(5_000);
  expect(trouble.resting()).toBeUndefined();
  trouble.began('slow');
  expect([told.length, trouble.resting()]).toEqual([1, 'slow']);
  clock.pass(60_000);
  trouble.over();
  trouble.over();
  expect(told.map(({ rule, over }) => [rule, over])).toEqual([
    ['scanner', undefined],
    ['scanner', true],
  ]);
  expect(trouble.resting()).toBeUndefined();
});
