// Folding, cleaning and dating of header text.
import { expect, test } from 'vitest';
import { mailDate } from '../../../src/mail/date.ts';
import { foldField, oneLine } from '../../../src/mail/fold.ts';

test('short fields stay on one line', () => expect(foldField('Subject', 'a b')).toBe('Subject: a b\r\n'));

test('long fields are folded at spaces within 78 columns, and unfold to the same', () => {
  const value = 'word '.repeat(60).trim();
  const text = foldField('Subject', value);
  expect(text.split('\r\n').every((line) => line.length <= 78)).toBe(true);
  expect(text.replace(/\r\n(?=[ \t])/g, '')).toBe(`Subject: ${value}\r\n`);
});

test.each([`${'x'.repeat(100)} y`, `a${' '.repeat(200)}b`, `${'x'.repeat(70)}  ${'y'.repeat(100)}`])(
  'no line is empty or white space only: %j',
  (value) => {
    const text = foldField('Subject', value);
    expect(text).toMatch(/^Subject: \S/);
    expect(
      text
        .split('\r\n')
        .slice(0, -1)
        .every((line) => line.trim() !== ''),
    ).toBe(true);
    expect(text.replace(/\r\n(?=[ \t])/g, '')).toBe(`Subject: ${value}\r\n`);
  },
);

test('strangers’ text becomes one printable line', () => {
  expect(oneLine(' a\r\nB: c\u0000\u001b[1m\u2028d\u0085 ', 100)).toBe('a B: c [1m d');
  expect(oneLine('x'.repeat(50), 10)).toBe(`${'x'.repeat(9)}…`);
});

test('dates are in UTC', () =>
  expect(mailDate(Date.UTC(2026, 0, 2, 3, 4, 5))).toBe('Fri, 02 Jan 2026 03:04:05 +0000'));
