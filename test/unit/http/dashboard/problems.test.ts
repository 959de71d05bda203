// The server's sentences in Italian: each problem and notice that it may tell has one, none is for a sentence that is gone, and what stands in them stays.
import { expect, test } from 'vitest';
import { makeTranslate } from '../../../../src/http/dashboard/lib/sentences.ts';
import notices from '../../../../src/http/dashboard/words/problems/it-notices.json' with { type: 'json' };
import others from '../../../../src/http/dashboard/words/problems/it-others.json' with { type: 'json' };
import own from '../../../../src/http/dashboard/words/problems/it.json' with { type: 'json' };
import { noticeSentences, problemSentences, type Sentence } from '../../../support/sentences.ts';

/** Sentences in those files that no problem tells: documentation in constants, reasons in events, what commands print. */
const NOT_TOLD = [
  /^Host (?:under which|of the return)/,
  /^(?:The body is a JSON Merge Patch|Each link begins with its clicks|X-Postino-Shown says)/,
  /^(?:Begins no new deliveries|Lets mail leave|Ends the draining)/,
  /^An operator (?:quarantined|released|cancelled) it\.$/,
  /"postino /,
  /^is no regular expression: /,
];

/** Parts of others, and what only the log or a conversation tells. */
const NOT_NOTICED = [/^\{1\} is \{2\}$/, /^name \{1\}$/, /^the (?:kept connection|peer is closing)/];

const without = (all: readonly Sentence[], skipped: readonly RegExp[]): readonly Sentence[] =>
  all.filter(({ text }) => !skipped.some((one) => one.test(text)));

const sentences = without(problemSentences(), NOT_TOLD).map((one) => ({ ...one, to: 'it' }));
const noticed = without(noticeSentences(), NOT_NOTICED).map((one) => ({ ...one, to: 'it-notices' }));
const known = new Map(Object.entries(own));
const knownNotices = new Map(Object.entries(notices));
const placesOf = (text: string): readonly string[] => text.match(/\{\d\}/g)?.toSorted() ?? [];

test('the source has as many sentences as there should be', () => {
  expect(sentences.length).toBeGreaterThan(120);
  const texts = sentences.map(({ text }) => text);
  for (const one of ['There is already a member called {1}; choose another name.', 'must be an address'])
    expect(texts).toContain(one);
});

test.each([...sentences, ...noticed])('$text ($file)', ({ text, to }) => {
  const found = to === 'it' ? known : knownNotices;
  expect(found.has(text), `src/http/dashboard/words/problems/${to}.json lacks the Italian for it`).toBe(true);
});

test.each([
  { from: sentences, found: known },
  { from: noticed, found: knownNotices },
])('no Italian is left of a sentence that is gone', ({ from, found }) => {
  const texts = new Set(from.map(({ text }) => text));
  expect([...found.keys()].filter((text) => !texts.has(text))).toEqual([]);
});

test.each([...known, ...knownNotices, ...Object.entries(others)])('%s: %s', (from, to) => {
  expect(to).not.toBe('');
  // A plural's ending, or a list of names that helps only commands, may be left out; nothing may be made up.
  expect(placesOf(from)).toEqual(expect.arrayContaining([...placesOf(to)]));
  expect(to.endsWith('.')).toBe(from.endsWith('.'));
});

const say = makeTranslate({ ...own, ...notices, ...others });

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
  [
    'Its password may be stolen: 912 recipients within an hour, and 500 are allowed.',
    'La sua password potrebbe essere stata rubata: 912 destinatari in un’ora, e ne sono ammessi 500.',
  ],
  ['shop.example: 2.50 % bounces within 24 hours (31).', 'shop.example: 2.50 % di bounce in 24 ore (31).'],
  ['Within the last hour 31 % deferred by libero (40).', 'Nell’ultima ora il 31 % rinviato da libero (40).'],
  ['192.0.2.1 is listed by Spamhaus (127.0.0.2).', '192.0.2.1 è nella lista di Spamhaus (127.0.0.2).'],
  [
    'The history is 5m behind: search and statistics lack what came since. Mail goes on, and the events wait in the event log. The disk has no room for the history.',
    'Lo storico è indietro di 5m: a ricerca e statistiche manca ciò che è venuto dopo. La posta prosegue, e gli eventi aspettano nel registro. The disk has no room for the history.',
  ],
  ['A sentence that nobody has seen.', 'A sentence that nobody has seen.'],
  ['', ''],
])('%s', (english, italian) => {
  expect(say(english)).toBe(italian);
});

test('what is put in is never read as a pattern, and long sentences take no time', () => {
  expect(say('There is no user called $1 {1} .*.')).toBe('Non c’è un utente di nome $1 {1} .*.');
  const began = performance.now();
  for (const text of [
    ': '.repeat(20_000),
    'is , and '.repeat(5000),
    'Pool '.repeat(20_000),
    ': '.repeat(999),
  ])
    say(text);
  expect(performance.now() - began).toBeLessThan(2000);
});
