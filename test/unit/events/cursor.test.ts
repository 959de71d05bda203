// Cursors as text and back, and their order.
import { expect, test } from 'vitest';
import { compareCursors, cursorBefore, cursorText, dayOf, parseCursor } from '../../../src/events/cursor.ts';

const cursor = { ms: 1_767_225_600_000, seq: 7, n: 2 };

test.each([cursor, { ms: 0, seq: 0, n: 0 }, cursorBefore(cursor.ms), cursorBefore(0)])(
  '%o is the same again when it was text',
  (one) => {
    expect(parseCursor(cursorText(one))).toEqual(one);
  },
);

test.each([
  ['1767225600000-7.2', cursor],
  ['1767225600000-7', { ...cursor, n: 0 }],
  ['1767225600000', undefined],
  ['1767225600000-7.', undefined],
  [' 1767225600000-7.2', undefined],
  ['1767225600000-7.2\n', undefined],
  ['-1-7.2', undefined],
  ['9999999999999999-0.0', undefined],
])('%j is read', (text, want) => {
  expect(parseCursor(text)).toEqual(want);
});

test('they stand in the order in which events were published', () => {
  const first = cursorBefore(cursor.ms);
  const inOrder = [
    first,
    { ...cursor, seq: 6, n: 9 },
    { ...cursor, n: 1 },
    cursor,
    { ...cursor, seq: 10, n: 0 },
  ];
  expect(inOrder.toReversed().sort(compareCursors)).toEqual(inOrder);
  expect(compareCursors(cursor, { ...cursor })).toBe(0);
  expect(compareCursors(first, { ms: cursor.ms - 1, seq: 4_000_000, n: 0 })).toBeGreaterThan(0);
});

test('a day is that of UTC', () => {
  expect([dayOf(cursor.ms - 1), dayOf(cursor.ms)]).toEqual(['20251231', '20260101']);
});
