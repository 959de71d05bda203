import { expect, test } from 'vitest';
import {
  csvHead,
  fieldOf,
  readField,
  suppressionsIn,
  suppressibleAddress,
  writeCsvLine,
} from '../../../src/store/suppressions-csv.ts';

/** As an import takes them: each place once. */
function readSuppressionsCsv(text: string, now: number) {
  const found = [...suppressionsIn(text, now)].filter((one) => one !== undefined);
  const entries = found.flatMap((one) => ('line' in one ? [] : [one])).toReversed();
  return {
    entries: [...new Map(entries.map((one) => [fieldOf(one), one])).values()].toReversed(),
    problems: found.filter((one) => 'line' in one),
  };
}

test('addresses with and without reason and date, quoted, with a head line and Windows line ends', () => {
  const text =
    '\uFEFFemail,reason,date\r\nA@Shop.Example\r\n"b@x.example","said ""no"", twice",2026-01-02\r\n\r\nc@y.example,left\r\n';
  expect(readSuppressionsCsv(text, 7)).toEqual({
    entries: [
      { address: 'a@shop.example', reason: 'imported', at: 7 },
      { address: 'b@x.example', reason: 'said "no", twice', at: Date.UTC(2026, 0, 2) },
      { address: 'c@y.example', reason: 'left', at: 7 },
    ],
    problems: [],
  });
});

test('lines without an address are listed with their number', () => {
  expect(readSuppressionsCsv('a@b.example\nnonsense\n@x.example\n', 0).problems).toEqual([
    { line: 2, text: 'nonsense' },
    { line: 3, text: '@x.example' },
  ]);
});

test('what was exported imports as it was', () => {
  const entry = { address: 'a@b.example', reason: 'said "no", twice', at: 1_700_000_000_000 };
  expect(readSuppressionsCsv(writeCsvLine(entry), 0).entries).toEqual([entry]);
});

test.each(['=cmd|calc@example.com', '-joe@example.com', "'=ann@example.com", '@at@example.com'])(
  '%s is no formula for whoever opens an export, and the same address when it is read',
  (address) => {
    const entry = { address, reason: 'bounce', at: 0, reply: '=HYPERLINK("http://evil.example";"OK")' };
    const line = writeCsvLine(entry);
    expect(line).not.toMatch(/(^|,)"?[=+\-@]/);
    expect(readSuppressionsCsv(line, 0).entries).toEqual([entry]);
  },
);

test('a reply of several lines is read back, and lines after it have their numbers', () => {
  const entry = { address: 'a@b.example', reason: 'hard', at: 1, reply: '550 no\nsuch "user"' };
  const { entries, problems } = readSuppressionsCsv(`${writeCsvLine(entry)}\nnonsense\n`, 0);
  expect(entries).toEqual([entry]);
  expect(problems).toEqual([{ line: 3, text: 'nonsense' }]);
});

test('semicolons may stand between the columns, and commas in them', () => {
  expect(readSuppressionsCsv('a@b.example\nb@b.example;no, never;2026-01-02\n', 7).entries).toEqual([
    { address: 'a@b.example', reason: 'imported', at: 7 },
    { address: 'b@b.example', reason: 'no, never', at: Date.UTC(2026, 0, 2) },
  ]);
});

test('a domain in Unicode is brought to A-labels', () => {
  expect(suppressibleAddress('Jo@bücher.example')).toBe('jo@xn--bcher-kva.example');
});

test('a topic is the fourth column; an address may stand there once per topic', () => {
  const text = `${csvHead}\na@b.example,left,2026-01-02,"news, weekly"\na@b.example,again,,"news, weekly"\na@b.example\n`;
  expect(readSuppressionsCsv(text, 7).entries).toEqual([
    { address: 'a@b.example', topic: 'news, weekly', reason: 'left', at: Date.UTC(2026, 0, 2) },
    { address: 'a@b.example', reason: 'imported', at: 7 },
  ]);
  const entry = { address: 'a@b.example', reason: 'x', at: 1, topic: '"quoted", twice' };
  expect(readSuppressionsCsv(writeCsvLine(entry), 0).entries).toEqual([entry]);
  expect(readSuppressionsCsv(`a@b.example,,,${'x'.repeat(256)}`, 0).problems).toHaveLength(1);
});

test.each([
  { address: 'a@b.example' },
  { address: 'a@b.example', topic: 'news' },
  { address: 'a@b.example', topic: 'x\ny@z.example' },
  { address: 'a@b.example', topic: '\n' },
])('%j is read back from its field, whatever its topic', (about) =>
  expect(readField(fieldOf(about))).toEqual(about),
);

test.each([
  ['email,created\na@b.example,1700000000', 'imported', 1_700_000_000_000],
  ['status,reason,email,created\n,550 gone,a@b.example,1700000000', '550 gone', 1_700_000_000_000],
  ['address,code,error,created_at\na@b.example,550,"no, user",2026-01-02', 'no, user', Date.UTC(2026, 0, 2)],
  ['Email Address;Type;Created At\na@b.example;hard;2026-01-02', 'hard', Date.UTC(2026, 0, 2)],
  ['address,tags\na@b.example,*', 'imported', 7],
])('the head line says where the columns are: %s', (text, reason, at) =>
  expect(readSuppressionsCsv(text, 7)).toEqual({
    entries: [{ address: 'a@b.example', reason, at }],
    problems: [],
  }),
);
