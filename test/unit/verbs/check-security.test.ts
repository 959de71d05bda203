// A name in scan.only or scan.except that is no user's is told by "postino check".
import { expect, test } from 'vitest';
import { scanFindings } from '../../../src/verbs/check-security.ts';

const users = new Map([
  ['shop', {}],
  ['office', {}],
]);

test.each([
  [{ only: ['shop'], except: [] }, []],
  [
    { only: ['shop', 'shopp', 'Office'], except: [] },
    ['scan.only names shopp, Office, and there is no such user'],
  ],
  [{ only: [], except: ['ofice'] }, ['scan.except names ofice, and there is no such user']],
])('%j', (scan, sentences) => {
  const found = scanFindings(users, scan, true);
  expect(found.map(({ state, sentence }) => `${state} ${sentence.split(':')[0]}`)).toEqual(
    sentences.map((sentence) => `warning ${sentence}`),
  );
});

test('nothing is said without a scanner, or where not all users are known', () => {
  expect(scanFindings(users, undefined, true)).toEqual([]);
  expect(scanFindings(users, { only: ['nobody'], except: [] }, false)).toEqual([]);
});
