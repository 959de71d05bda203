// Lines and cursors: what a stream's entry becomes, what a reader makes of it.
import { describe, expect, test } from 'vitest';
import { compareCursors, cursorText, dayOf, parseCursor } from '../../../src/events/cursor.ts';
import { cursorOf, linesOf, MAX_LINE, readLine } from '../../../src/events/line.ts';

const event = {
  v: 1,
  id: 'S-1.accepted',
  type: 'accepted',
  at: 1_767_225_600_000,
  account: 'default',
  user: 'shop',
  submission: 'S',
  delivery: 'S-1',
  recipient: 'a@example.net',
  sender: 'shop@shop.example',
  subject: 'Grüße "and" \\ more',
};
const entry = { id: '1767225600000-3', event: JSON.stringify(event), pairs: undefined };

test('a line is the event with its cursor at the end', () => {
  const { text, count } = linesOf(entry);
  expect(count).toBe(1);
  expect(text.endsWith(',"cursor":"1767225600000-3.0"}\n')).toBe(true);
  expect(JSON.parse(text)).toEqual({ ...event, cursor: '1767225600000-3.0' });
  expect(readLine(text.trimEnd())).toEqual({ cursor: { ms: 1_767_225_600_000, seq: 3, n: 0 }, event });
});

test('pairs make one line for each delivery, with its own id and recipient', () => {
  const pairs = JSON.stringify([
    ['S-1', 'a@example.net'],
    ['S-2', 'b"@example.net'],
  ]);
  const { text, count } = linesOf({ ...entry, pairs });
  const lines = text.trimEnd().split('\n').map(readLine);
  expect(count).toBe(2);
  expect(lines.map((line) => line?.event.id)).toEqual(['S-1.accepted', 'S-2.accepted']);
  expect(lines.map((line) => line?.event.recipient)).toEqual(['a@example.net', 'b"@example.net']);
  expect(lines.map((line) => line?.cursor.n)).toEqual([0, 1]);
  expect(
    linesOf({ ...entry, pairs }, 1)
      .text.trimEnd()
      .split('\n'),
  ).toHaveLength(1);
  expect(linesOf({ ...entry, pairs }, 2).text).toBe('');
});

test('a delivery that is due at another time than the others says so in its own line', () => {
  const pairs = JSON.stringify([
    ['S-1', 'a@example.net'],
    ['S-2', 'b@example.net', 1_767_300_000_000],
  ]);
  const lines = linesOf({ ...entry, pairs })
    .text.trimEnd()
    .split('\n')
    .map(readLine);
  expect(lines.map((line) => line?.event.due)).toEqual([undefined, 1_767_300_000_000]);
});

describe('a line stays bounded and whole', () => {
  test.each([
    ['a huge conversation', { ...event, conversation: 'x'.repeat(3 * MAX_LINE) }],
    ['huge metadata', { ...event, metadata: { a: 'x'.repeat(3 * MAX_LINE) } }],
    ['a huge subject', { ...event, subject: 'x'.repeat(3 * MAX_LINE) }],
  ])('%s', (_, big) => {
    const { text } = linesOf({ ...entry, event: JSON.stringify(big) });
    expect(text.length).toBeLessThan(MAX_LINE + 100);
    expect(readLine(text.trimEnd())?.event.id).toBe(event.id);
  });

  test('pretty-printed JSON becomes one line', () => {
    const { text } = linesOf({ ...entry, event: JSON.stringify(event, null, 2) });
    expect(text.trimEnd()).not.toContain('\n');
    expect(readLine(text.trimEnd())?.event).toEqual(event);
  });

  test.each(['', 'not json', '{"v":1', '[]'])('%j is kept as unreadable and skipped by readers', (text) => {
    const line = linesOf({ ...entry, event: text }).text.trimEnd();
    expect(cursorOf(line)).toEqual({ ms: 1_767_225_600_000, seq: 3, n: 0 });
    expect(readLine(line)).toBeUndefined();
  });
});

test('a torn line has no cursor', () => {
  const line = linesOf(entry).text.trimEnd();
  for (let cut = 0; cut < line.length; cut++) expect(cursorOf(line.slice(0, cut))).toBeUndefined();
});

test('a subject that imitates a cursor does not fool the reader', () => {
  const sly = { ...event, subject: '","cursor":"1-1.1"}' };
  const line = linesOf({ ...entry, event: JSON.stringify(sly) }).text.trimEnd();
  expect(cursorOf(line)).toEqual({ ms: 1_767_225_600_000, seq: 3, n: 0 });
  for (let cut = 0; cut < line.length; cut++) expect(cursorOf(line.slice(0, cut))).toBeUndefined();
});

test('cursors order by time, sequence and line, as numbers', () => {
  const sorted = ['9-0.0', '10-2.0', '10-10.0', '10-10.2', '10-10.11'].map((text) => parseCursor(text));
  for (let i = 1; i < sorted.length; i++) expect(compareCursors(sorted[i - 1]!, sorted[i]!)).toBeLessThan(0);
  expect(sorted.map((cursor) => cursorText(cursor!))).toEqual([
    '9-0.0',
    '10-2.0',
    '10-10.0',
    '10-10.2',
    '10-10.11',
  ]);
  expect(parseCursor('10-1')).toEqual({ ms: 10, seq: 1, n: 0 });
  for (const wrong of ['', '10', '10-1.x', '-1-1.0', '10-1.0 ']) expect(parseCursor(wrong)).toBeUndefined();
  expect(dayOf(Date.UTC(2028, 1, 29, 23, 59))).toBe('20280229');
});
