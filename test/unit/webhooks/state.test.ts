// How far a webhook is: what Redis has is read whatever stands there, and said in one word.
import { expect, test } from 'vitest';
import {
  AFRESH,
  conditionOf,
  cursorAt,
  lagOf,
  readState,
  timeOfCursor,
  type State,
} from '../../../src/webhooks/state.ts';

const blank = readState(new Map());

test('of one that has just been made nothing is known', () =>
  expect(blank).toEqual({
    cursor: '',
    until: undefined,
    acked: [],
    waiting: undefined,
    since: undefined,
    tries: 0,
    tryAt: 0,
    problem: undefined,
    parked: undefined,
    told: false,
    sent: 0,
    posts: 0,
    lastAt: undefined,
  }));

test('what was written is read again', () => {
  const hash = { cursor: '7-0.0', until: '9-1.0', acked: 'a b', waiting: 5, since: 6, tries: 3, tryAt: 8 };
  const more = { problem: '', parked: 10, told: '1', sent: 11, posts: 12, lastAt: 13 };
  const read = readState(
    new Map(Object.entries({ ...hash, ...more }).map(([name, value]) => [name, String(value)])),
  );
  expect(read).toEqual({ ...hash, ...more, acked: ['a', 'b'], told: true });
});

test.each([
  ['', []],
  [' ', []],
  ['a', ['a']],
  ['  a   b ', ['a', 'b']],
])('acked %j', (acked, want) => expect(readState(new Map([['acked', acked]])).acked).toEqual(want));

test('what lets it go on takes away all that says it fails, and nothing of where it is', () => {
  expect(Object.values(AFRESH).every((value) => value === undefined)).toBe(true);
  expect(Object.keys(AFRESH).sort()).toEqual(['parked', 'problem', 'since', 'told', 'tries', 'tryAt']);
});

test.each([
  [1_764_072_000_000, '1764072000000-0.0', true],
  [1_764_072_000_000, '1764071999999-999.9', false],
  [1_764_072_000_000.7, '1764072000000-0.0', true],
  [0, '0-0.0', false],
  [-5, '0-0.0', false],
])('the cursor at %d is before %s: %j', (ms, event, isBefore) => {
  const cursor = cursorAt(ms);
  expect(cursor).toMatch(/^\d+-\d+\.\d+$/);
  const numbers = (text: string): number[] => text.split(/[-.]/).map(Number);
  const [[a = 0, b = 0], [c = 0, d = 0]] = [numbers(cursor), numbers(event)];
  expect(a < c || (a === c && b < d)).toBe(isBefore);
});

test('a cursor says when', () => {
  expect(timeOfCursor('1764072000000-12.3')).toBe(1_764_072_000_000);
  expect(timeOfCursor(cursorAt(1000))).toBe(999);
});

const NOW = 1_000_000;
test.each<[want: string, enabled: boolean, state: Partial<State>]>([
  ['well', true, {}],
  ['well', true, { waiting: NOW - 60_000 }],
  ['behind', true, { waiting: NOW - 60_001 }],
  ['failing', true, { since: NOW - 1 }],
  ['failing', true, { since: 0, waiting: 0 }],
  ['parked', true, { since: 0, parked: NOW - 1, waiting: 0 }],
  ['parked', true, { parked: 0 }],
  ['off', false, { since: 0, parked: 0, waiting: 0 }],
  ['off', false, {}],
  // A clock that is behind the one that wrote it.
  ['well', true, { waiting: NOW + 1e9 }],
])('%s: enabled %j, %j', (want, enabled, state) =>
  expect(conditionOf(enabled, { ...blank, ...state }, NOW)).toBe(want),
);

test.each([
  [undefined, 0],
  [NOW - 5, 5],
  [NOW, 0],
  [NOW + 5, 0],
])('the oldest waits since %j: %i ms', (waiting, ms) => expect(lagOf({ waiting }, NOW)).toBe(ms));
