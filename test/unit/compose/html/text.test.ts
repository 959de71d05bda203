// Plain text: where a bare URL ends, tags in and around URLs, blocks at both ends.
import { describe, expect, test } from 'vitest';
import { filledText, tracked } from './body.ts';

/** The tracked URLs stand in «» in the text as it was. */
function check(marked: string, given: Readonly<Record<string, string>> = {}): void {
  let n = 0;
  const before = marked.replace(/[«»]/g, '');
  const after = marked.replace(/«([^»]*)»/g, (_, target: string) => tracked(++n, target));
  expect(filledText(before, given)).toBe(after);
}

describe('a URL in a text', () => {
  test.each([
    '«https://x.example/»',
    'See «https://x.example/a?b=c&d=e#f».',
    '«HTTP://X.example»!',
    '<«https://x.example/»>',
    '"«https://x.example/»", \'«https://x.example/»\'',
    '(«https://x.example/») [«https://x.example/»] {«https://x.example/»}',
    '«https://x.example/a_(b)» («https://x.example/a_(b)»)',
    '[text](«https://x.example/»)',
    '*«https://x.example/»*, «https://x.example/a»...',
    '«https://x.example/a,b;c:d!e»,',
    '«https://x.example/~a/b|c»',
    '«https://x.example/a»\r\nb',
    '“«https://x.example/»”',
    '«https://x.example/»。次',
    '«https://x.example/»–',
    '«https://x.example/»\u00a0x',
    '«https://user:pw@x.example:8443/»',
    '«https://x.example/?u=https://y.example/»',
    '«https://x.example/?a[]=1&b[c]=2»',
    '-- \r\n«https://x.example/»',
  ])('%s', (marked) => check(marked));

  test.each([
    'https://x.example/straße',
    'https://x.example/次',
    'xhttps://x.example/',
    'https://',
    'https:// x',
    'https://...',
    'www.x.example mailto:a@b.example ftp://x.example/',
    `https://x.example/${'a'.repeat(8200)}`,
    '[unsubscribe_url] https://x.example/?u=[unsubscribe_url]',
  ])('%s is left alone', (text) => expect(filledText(text)).toBe(text));
});

describe('tags in a text', () => {
  const given = {
    name: 'A & <B>\nC',
    q: 'a b&c',
    link: 'https://l.example/',
    '-name-': 'N',
    bad: 'javascript:x',
  };

  test.each([
    ['Dear [name|you], -name- {{name}}', 'Dear A & <B>\r\nC, N A & <B>\r\nC'],
    ['[link] [bad] [nothing]', 'https://l.example/ javascript:x [nothing]'],
    ['https://x.example/?q=[q]&r={{q}}.', `${tracked(1, 'https://x.example/?q=a%20b%26c&r=a%20b%26c')}.`],
    ['https://x.example/[q].', `${tracked(1, 'https://x.example/a%20b%26c')}.`],
    ['(https://x.example/[first name|x])', `(${tracked(1, 'https://x.example/x')})`],
    ['https://x.example/ [q]', `${tracked(1, 'https://x.example/')} a b&c`],
    ['https://[q]/', 'https://a%20b%26c/'],
    ['[a|https://x.example/] b', 'https://x.example/ b'],
    ['https://x.example/[nothing]', tracked(1, 'https://x.example/[nothing]')],
  ])('%s', (text, want) => expect(filledText(text, given)).toBe(want));
});

describe('blocks', () => {
  const wish = { header: 'H [name]\nh', footer: 'F https://f.example/' };

  test.each([
    ['x', `H Bob\r\nh\r\n\r\nx\r\n\r\nF ${tracked(1, 'https://f.example/')}\r\n`],
    ['x\r\n', `H Bob\r\nh\r\n\r\nx\r\n\r\nF ${tracked(1, 'https://f.example/')}\r\n`],
    [
      'https://x.example/\r\n',
      `H Bob\r\nh\r\n\r\n${tracked(1, 'https://x.example/')}\r\n\r\nF ${tracked(2, 'https://f.example/')}\r\n`,
    ],
    ['', `H Bob\r\nh\r\n\r\n\r\nF ${tracked(1, 'https://f.example/')}\r\n`],
  ])('around %j', (text, want) => expect(filledText(text, { name: 'Bob' }, wish)).toBe(want));
});
