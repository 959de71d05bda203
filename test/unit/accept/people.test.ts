// What a message tells the recipient store, and how much of the store goes with a message.
import { expect, test } from 'vitest';
import { cutStored, peopleOf } from '../../../src/accept/people.ts';
import { scanHeaders } from '../../../src/mail/headers.ts';
import type { Instructions } from '../../../src/model/instructions.ts';
import { cpuClock } from '../../support/cpu.ts';

const tell = (lines: readonly string[], recipients: readonly string[], instructions: Instructions = {}) => {
  const header = Buffer.from([...lines, '', ''].join('\r\n'));
  return peopleOf(
    { header, block: scanHeaders(header) },
    recipients.map((address) => ({ address })),
    instructions,
  );
};
const fields = {};

test('names stand in To and Cc, encoded or not, for recipients only', () => {
  const lines = [
    'To: "Smith, Anna" <A@example.org>,',
    ' b@example.org',
    'Cc: =?utf-8?q?M=C3=BCller?= <c@example.org>',
  ];
  expect(tell(lines, ['a@example.org', 'b@example.org', 'c@example.org', 'bcc@example.org'])).toEqual([
    { address: 'a@example.org', name: 'Smith, Anna', fields },
    { address: 'c@example.org', name: 'Müller', fields },
  ]);
});

test('a name that a control field gives counts before the header', () => {
  const header = Buffer.from('To: Header <a@example.org>\r\n\r\n');
  expect(
    peopleOf({ header, block: scanHeaders(header) }, [{ address: 'a@example.org', name: 'Field' }], {}),
  ).toEqual([{ address: 'a@example.org', name: 'Field', fields }]);
});

test('values for all are those of a single recipient, never of several', () => {
  const merge = { fields: { city: 'Rome' }, recipients: { 'a@example.org': { first: 'Anna' } } };
  expect(tell([], ['A@example.org'], { merge })).toEqual([
    { address: 'A@example.org', fields: { city: 'Rome', first: 'Anna' } },
  ]);
  expect(tell([], ['a@example.org', 'b@example.org'], { merge })).toEqual([
    { address: 'a@example.org', fields: { first: 'Anna' } },
  ]);
});

test.each([
  ['a To that cannot be read', ['To: "open <a@example.org>']],
  ['no To', []],
  ['a group without members', ['To: undisclosed-recipients:;']],
])('%s tells nothing', (_, lines) => expect(tell(lines, ['a@example.org'])).toEqual([]));

test('a list mailing tells nothing', () => {
  const many = Array.from({ length: 101 }, (_, i) => `${i}@example.org`);
  expect(tell([`To: X <0@example.org>`], many)).toEqual([]);
});

test('names have no line ends', () => {
  const [person] = tell(['To: =?utf-8?q?a=0D=0Ab?= <a@example.org>'], ['a@example.org']);
  expect(person?.name).toBe('a b');
});

test('stored values are cut where a record would grow too large', () => {
  const stored = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`${i}@example.org`, { x: 'y'.repeat(4000) }]),
    );
  expect(cutStored(stored(50))).toBeUndefined();
  const cut = cutStored(stored(5000)) ?? {};
  expect(Object.keys(cut).length).toBeGreaterThan(50);
  expect(JSON.stringify(cut).length).toBeLessThan(300_000);
});

test('a value that names a section of the message is not learned, the others are', () => {
  const sections = { '%male%': 'Mr -name-', '%female%': 'Ms -name-' };
  const merge = {
    sections,
    fields: { shop: 'Rome', greeting: 'Dear %male%!' },
    recipients: { 'a@example.org': { hello: '%female%', '-name-': 'Ada' } },
  };
  expect(tell([], ['a@example.org'], { merge })).toEqual([
    { address: 'a@example.org', fields: { shop: 'Rome', '-name-': 'Ada' } },
  ]);
  const only = { sections, recipients: { 'a@example.org': { hello: '%female%' } } };
  expect(tell([], ['a@example.org'], { merge: only })).toEqual([]);
});

test('looking for sections costs little, whatever a message brings', () => {
  const many = (count: number, prefix: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, 'x'.repeat(2000)]));
  const merge = { sections: many(1000, 's'), fields: many(1000, 'f') };
  const spent = cpuClock();
  expect(tell([], ['a@example.org'], { merge })).toEqual([]);
  expect(spent()).toBeLessThan(500);
});
