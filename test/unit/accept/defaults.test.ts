// Rules and defaults of a user: which rule matches, what wins, what is put together; patterns that are meant to take long.
import { describe, expect, test } from 'vitest';
import { addsNothing, defaultsFor, overlay, type RuleSubject } from '../../../src/accept/defaults.ts';
import { fits, readPattern } from '../../../src/accept/match.ts';
import type { Instructions } from '../../../src/model/instructions.ts';
import { userSchema, type User } from '../../../src/model/settings.ts';
import { cpuClock } from '../../support/cpu.ts';
import { randomFrom, rounds } from '../../support/random.ts';

const user = (fields: object): User => userSchema.parse({ v: 1, origin: 'file', name: 'shop', ...fields });
const TOPICS = { topic: 'news', topics: ['a'] };
const message: RuleSubject = {
  sender: 'Orders@Shop.example',
  subject: 'Your order 17',
  recipients: [{ address: 'Anna@example.org' }, { address: 'bob@example.net' }],
};

test.each([
  ['*', '', true],
  ['*', 'anything', true],
  ['', '', true],
  ['', 'a', false],
  ['abc', 'abc', true],
  ['abc', 'abcd', false],
  ['ABC', 'abc', true],
  ['a*', 'abc', true],
  ['*c', 'abc', true],
  ['a*c', 'ac', true],
  ['a*c', 'abcbc', true],
  ['a*c', 'abcb', false],
  ['*b*', 'abc', true],
  ['*x*', 'abc', false],
  ['ab*bc', 'abc', false],
  ['a*b*c', 'aXbYc', true],
  ['a*bc*c', 'abc', false],
  ['a**c', 'abc', true],
  ['***', 'abc', true],
  ['a.c', 'abc', false],
  ['(a+)+$', 'aaaa', false],
  ['[a-z]*', '[a-z]x', true],
])('the pattern %s and the text %j: %s', (pattern, text, want) =>
  expect(fits(readPattern(pattern), text)).toBe(want),
);

test('agrees with a plain reading on thousands of small cases', () => {
  const slow = (pattern: string, text: string): boolean => {
    if (pattern === '') return text === '';
    if (pattern[0] !== '*') return pattern[0] === text[0] && slow(pattern.slice(1), text.slice(1));
    return slow(pattern.slice(1), text) || (text !== '' && slow(pattern, text.slice(1)));
  };
  const random = randomFrom(7);
  const word = (letters: string, max: number): string =>
    Array.from({ length: random(max) }, () => letters[random(letters.length)] ?? '').join('');
  for (let i = 0; i < rounds(20_000); i++) {
    const pattern = word('ab*', 7);
    const text = word('ab', 9);
    expect(fits(readPattern(pattern), text), `${pattern} ${text}`).toBe(slow(pattern, text));
  }
});

test('a pattern that would hang a regular expression takes no time', () => {
  const pattern = readPattern(`${'*a'.repeat(5000)}*b`);
  const spent = cpuClock();
  expect(fits(pattern, 'a'.repeat(100_000))).toBe(false);
  expect(spent()).toBeLessThan(500);
});

describe('rules', () => {
  const cases: readonly (readonly [string, object[], object])[] = [
    ['none', [], {}],
    [
      'by sender, whatever the case',
      [{ when: { sender: '*@shop.EXAMPLE' }, set: { tags: ['a'] } }],
      { tags: ['a'] },
    ],
    ['by subject', [{ when: { subject: 'your order *' }, set: { campaign: 'o' } }], { campaign: 'o' }],
    ['by any recipient', [{ when: { recipient: '*@example.net' }, set: { opens: true } }], { opens: true }],
    ['not by another', [{ when: { recipient: '*@example.com' }, set: { opens: true } }], {}],
    ['all conditions', [{ when: { sender: '*', subject: 'x' }, set: { opens: true } }], {}],
    ['no condition', [{ when: {}, set: { opens: true } }], { opens: true }],
    [
      'the first that sets something wins',
      [
        { when: {}, set: { opens: true } },
        { when: {}, set: { opens: false, clicks: 'all' } },
      ],
      { opens: true, clicks: 'all' },
    ],
  ];
  test.each(cases)('%s', (_, rules, want) => expect(defaultsFor(user({ rules }), message)).toEqual(want));

  test('come before the defaults', () => {
    const who = user({
      rules: [{ when: {}, set: { opens: true } }],
      defaults: { opens: false, clicks: 'html' },
    });
    expect(defaultsFor(who, message)).toEqual({ opens: true, clicks: 'html' });
  });
});

test.each<[string, object, boolean]>([
  ['nothing', {}, true],
  ['a default', { defaults: { opens: true } }, false],
  ['a rule', { rules: [{ when: {}, set: {} }] }, false],
  ['a policy', { campaigns: 'day' }, false],
])('a user with %s adds nothing: %s', (_, fields, want) => expect(addsNothing(user(fields))).toBe(want));

test('metadata, UTM parameters and merge values are put together, the rest counts as a whole', () => {
  const strong = {
    tags: ['a'],
    metadata: { a: '1' },
    utm: { source: 's' },
    merge: { fields: { x: '1' }, syntaxes: ['brackets' as const] },
  };
  const weak = {
    tags: ['b'],
    opens: true,
    metadata: { a: '2', b: '2' },
    utm: { source: 't', medium: 'm' },
    merge: { off: true, fields: { x: '2', y: '2' }, syntaxes: ['literal' as const, 'brackets' as const] },
  };
  expect(overlay(strong, weak)).toEqual({
    tags: ['a'],
    opens: true,
    metadata: { a: '1', b: '2' },
    utm: { source: 's', medium: 'm' },
    merge: { off: true, fields: { x: '1', y: '2' }, syntaxes: ['brackets', 'literal'] },
  });
});

test('a key that would change a prototype is a key like any other', () => {
  const evil = JSON.parse('{"metadata":{"__proto__":"x","constructor":"y"}}');
  const both = overlay(evil, { metadata: { a: '1' } });
  expect(Object.getPrototypeOf(both.metadata)).toBe(Object.prototype);
  expect(Object.keys(both.metadata ?? {}).sort()).toEqual(['__proto__', 'a', 'constructor']);
});

test.each<[string, Instructions, Instructions]>([
  ['no unsubscribing, no topic of others', { unsubscribe: false }, { unsubscribe: false, opens: true }],
  [
    'no unsubscribing, but a topic of its own',
    { unsubscribe: false, topic: 'bills' },
    { unsubscribe: false, topic: 'bills', topics: ['a'], opens: true },
  ],
  ['a topic to unsubscribe from', { unsubscribe: true }, { unsubscribe: true, ...TOPICS, opens: true }],
  ['neither', {}, { unsubscribe: true, ...TOPICS, opens: true }],
])('what says %s', (_, strong, want) =>
  expect(overlay(strong, { unsubscribe: true, ...TOPICS, opens: true })).toEqual(want),
);

test('an invoice by rule is no part of the newsletter that the defaults speak of', () => {
  const shop = user({
    defaults: { unsubscribe: true, topic: 'news' },
    rules: [{ when: { subject: 'your order *' }, set: { unsubscribe: false } }],
  });
  expect(defaultsFor(shop, message)).toEqual({ unsubscribe: false });
});
