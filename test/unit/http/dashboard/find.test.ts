// What somebody types into the search becomes questions that find what they may mean.
import { expect, test } from 'vitest';
import { addressIn, looserQuestions, questionsFor } from '../../../../src/http/dashboard/lib/find.ts';

const id = '01KATM1V6J3Q5Z8W9X7Y6T5R4E';

const cases = [
  ['nothing: all messages', '', [{}]],
  ['blanks: the same', '   ', [{}]],
  [
    'one word: in subjects and replies, or how an address begins',
    'rossi',
    [{ text: 'rossi' }, { recipient: 'rossi*' }],
  ],
  ['a star is not doubled', 'rossi*', [{ text: 'rossi*' }, { recipient: 'rossi*' }]],
  ['several words: in subjects and replies', 'mailbox full', [{ text: 'mailbox full' }]],
  ['quoted words', '"La tua fattura"', [{ text: 'La tua fattura' }]],
  [
    'an address: recipient, sender, or a Message-ID without brackets',
    'l.rossi@libero.it',
    [{ recipient: 'l.rossi@libero.it' }, { sender: 'l.rossi@libero.it' }, { messageId: 'l.rossi@libero.it' }],
  ],
  ['half an address: how it begins', 'rossi@lib', [{ recipient: 'rossi@lib*' }, { sender: 'rossi@lib*' }]],
  ['a domain', '@libero.it', [{ recipient: '@libero.it' }, { sender: '@libero.it' }]],
  ['a Message-ID', '<a@b.example>', [{ messageId: '<a@b.example>' }]],
  ['an id, in any case', id.toLowerCase(), [{ id }]],
  ['the id of a delivery', `${id}-12`, [{ id: `${id}-12` }]],
  ['how an id begins', '01KATM1V6J3Q', [{ id: '01KATM1V6J3Q*' }]],
  ['named fields', 'to:@libero.it status:bounced', [{ recipient: '@libero.it', status: 'bounced' }]],
  ['a named field in quotes', 'campaign:"Autumn offers"', [{ campaign: 'Autumn offers' }]],
  ['named fields and words', 'user:shop mailbox full', [{ user: 'shop', text: 'mailbox full' }]],
  ['a colon that names no field is a word', 'Re:hello', [{ text: 'Re:hello' }, { recipient: 'Re:hello*' }]],
  [
    'a web address is a word',
    'https://a.example/x',
    [{ text: 'https://a.example/x' }, { recipient: 'https://a.example/x*' }],
  ],
] as const;

test.each(cases)('%s', (_, text, want) => {
  expect(questionsFor(text)).toEqual(want);
});

test('whatever is typed makes at most three questions, quickly', () => {
  const began = performance.now();
  for (const text of [
    '@'.repeat(5000),
    'a:'.repeat(5000),
    '"'.repeat(5000),
    'x@'.repeat(5000),
    '<'.repeat(5000),
    'to:"'.repeat(2000),
  ])
    expect(questionsFor(text).length).toBeLessThanOrEqual(3);
  expect(performance.now() - began).toBeLessThan(2000);
});

test.each([
  ['Mrs Rossi', 'Rossi'],
  ['dott.ssa Anna Rossi', 'Anna Rossi'],
  ['Sig.ra Rossi', 'Rossi'],
  ['Mr. Dr. Rossi', 'Rossi'],
  ['Mr', 'Mr'],
  ['Mrsovsky', 'Mrsovsky'],
])('a title is passed over: %s', (text, name) => {
  expect(questionsFor(text)).toEqual(questionsFor(name));
});

test('where nothing has all of the words, each is sought alone', () => {
  expect(looserQuestions('Mrs Anna di Rossi user:shop')).toEqual([
    { user: 'shop', text: 'Anna' },
    { user: 'shop', text: 'Rossi' },
  ]);
  for (const text of ['', 'rossi', 'a b', '"anna rossi"', 'anna@b.example'])
    expect(looserQuestions(text)).toEqual([]);
  expect(looserQuestions('word '.repeat(1000))).toHaveLength(4);
});

test.each([
  ['Anna@B.example', 'anna@b.example'],
  ['to:anna@b.example status:bounced', 'anna@b.example'],
  ['anna@b', undefined],
  ['anna', undefined],
  ['@b.example', undefined],
  ['<anna@b.example>', undefined],
  ['anna@b.example invoice', undefined],
])('one address is sought, or not: %s', (text, wanted) => {
  expect(addressIn(text)).toBe(wanted);
});

test('titles without end take no time', () => {
  const began = performance.now();
  for (const text of [
    'mr '.repeat(5000),
    'sig.ra '.repeat(5000),
    'dott'.repeat(5000),
    `mr${' '.repeat(20_000)}`,
  ]) {
    questionsFor(text);
    looserQuestions(text);
    addressIn(text);
  }
  expect(performance.now() - began).toBeLessThan(2000);
});
