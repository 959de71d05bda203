// What a verb refuses reaches a program as a problem, without the words for the command line.
import { expect, test } from 'vitest';
import { refusal } from '../../../src/api/refusal.ts';
import { declined } from '../../../src/cli/command.ts';
import { noSuch, refused, sayRefusal, type Why } from '../../../src/verbs/did.ts';

test.each<[Why, status: number, code: number]>([
  ['missing', 404, 1],
  ['exists', 409, 1],
  ['file', 409, 1],
  ['moved', 409, 1],
  ['used', 409, 1],
  ['idle', 409, 1],
  ['wrong', 422, 2],
])('%s is %i for a program, and exit code %i at the command line', (why, status, code) => {
  const one = refused(why, 'It is so.', 'do "postino that".');
  expect(refusal(one)).toMatchObject({ status, detail: 'It is so.' });
  expect(declined(one)).toEqual({
    code,
    text: 'It is so; do "postino that".',
    data: { problem: 'It is so; do "postino that".' },
  });
});

test('a name that looks like a command stays in the detail', () => {
  const one = noSuch('user', 'a; "postino user remove b"');
  expect(refusal(one).detail).toBe('There is no user called a; "postino user remove b".');
  expect(sayRefusal(one)).toMatch(/"postino user list" shows them all\.$/);
});

test('a refusal without a hint is its problem', () =>
  expect(sayRefusal(refused('idle', 'Nothing was sent.'))).toBe('Nothing was sent.'));
