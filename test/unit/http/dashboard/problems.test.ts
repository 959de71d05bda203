// The server's sentences in Italian: each problem that it may tell has one, none is for a sentence that is gone, and what stands in them stays.
import { expect, test } from 'vitest';
import { makeTranslate } from '../../../../src/http/dashboard/lib/sentences.ts';
import others from '../../../../src/http/dashboard/words/problems/it-others.json' with { type: 'json' };
import own from '../../../../src/http/dashboard/words/problems/it.json' with { type: 'json' };
import { places, sentencesIn } from '../../../support/sentences.ts';

/** Sentences in those files that no problem tells: documentation in constants, reasons in events, what commands print. */
const NOT_TOLD = [
  /^Host (?:under which|of the return)/,
  /^(?:The body is a JSON Merge Patch|Each link begins with its clicks|X-Postino-Shown says)/,
  /^(?:Begins no new deliveries|Lets mail leave|Ends the draining)/,
  /^An operator (?:quarantined|released|cancelled) it\.$/,
  /"postino /,
  /^is no regular expression: /,
];

const sentences = sentencesIn(places).filter(({ text }) => !NOT_TOLD.some((one) => one.test(text)));
const known = new Map(Object.entries(own));
const placesOf = (text: string): readonly string[] => text.match(/\{\d\}/g)?.toSorted() ?? [];

test('the source has as many sentences as there should be', () => {
  expect(sentences.length).toBeGreaterThan(120);
  const texts = sentences.map(({ text }) => text);
  for (const one of ['There is already a member called {1}; choose another name.', 'must be an address'])
    expect(texts).toContain(one);
});

test.each(sentences)('$text ($file)', ({ text }) => {
  expect(known.has(text), 'src/http/dashboard/words/problems/it.json lacks the Italian for it').toBe(true);
});

test('no Italian is left of a sentence that is gone', () => {
  const texts = new Set(sentences.map(({ text }) => text));
  expect([...known.keys()].filter((text) => !texts.has(text))).toEqual([]);
});

test.each([...known, ...Object.entries(others)])('%s: %s', (from, to) => {
  expect(to).not.toBe('');
  // A plural's ending, or a list of names that helps only commands, may be left out; nothing may be made up.
  expect(placesOf(from)).toEqual(expect.arrayContaining([...placesOf(to)]));
  expect(to.endsWith('.')).toBe(from.endsWith('.'));
});

const say = makeTranslate({ ...own, ...others });

test.each([
  ['There is no such user.', 'Non esiste, o non è tuo: utente.'],
  ['There is no pool bulk.', 'Non c’è un pool bulk.'],
  ['Pool bulk still has transports (out3, out4).', 'Il pool bulk ha ancora dei transport (out3, out4).'],
  ['There is already a user called a.b.', '«a.b» c’è già (utente).'],
  [
    'Not this address: the URL must begin with https://.',
    'Non questo indirizzo: l’indirizzo deve cominciare con https://.',
  ],
  ['Too small: expected string to have >=8 characters', 'deve avere almeno 8 caratteri'],
  [
    'Your role does not include it: it needs the scope "users:write".',
    'Il tuo ruolo non lo permette: serve il permesso «users:write».',
  ],
  ['Too many requests. Please wait 1 second and try again.', 'Troppe richieste. Attendi 1 s e riprova.'],
  ['A sentence that nobody has seen.', 'A sentence that nobody has seen.'],
  ['', ''],
])('%s', (english, italian) => {
  expect(say(english)).toBe(italian);
});

test('what is put in is never read as a pattern, and long sentences take no time', () => {
  expect(say('There is no user called $1 {1} .*.')).toBe('Non c’è un utente di nome $1 {1} .*.');
  const began = performance.now();
  for (const text of [': '.repeat(20_000), 'is , and '.repeat(5000), 'Pool '.repeat(20_000)]) say(text);
  expect(performance.now() - began).toBeLessThan(2000);
});
