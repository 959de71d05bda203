// The public pages: every language whole, everything of strangers escaped, one policy that lets nothing in.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  askPage,
  maskAddress,
  problemPage,
  resumedPage,
  stoppedPage,
  type Page,
} from '../../../../src/http/hits/page.ts';
import { chooseLanguage, languages, texts } from '../../../../src/http/hits/texts.ts';

const evil = `"><script>alert(1)</script><img src=x onerror='alert(1)'>&amp;`;
const reader = { language: 'en', brand: { name: 'Shop' }, recipient: 'ann@example.net' } as const;
const none = { topics: [], all: false };

const all = (
  brand: Readonly<{ name: string; logo?: string }>,
  topics: readonly string[],
  recipient: string,
): Page[] =>
  languages.flatMap((language) => {
    const who = { language, brand, recipient };
    return [
      askPage(who, { topics, chosen: none, missing: false }),
      askPage(who, { topics, chosen: { topics: [0], all: true }, missing: true }),
      stoppedPage(who, topics, { topics: topics.map((_, i) => i), all: false }),
      stoppedPage(who, topics, { topics: [], all: true }),
      resumedPage(who, topics, { topics: topics.map((_, i) => i), all: false }),
      ...(['unknown', 'gone', 'later', 'bad'] as const).map((kind) => problemPage(kind, language, brand)),
    ];
  });

test('nothing that a stranger wrote becomes markup', () => {
  for (const { html, policy } of all(
    { name: evil, logo: `https://x.example/${evil}` },
    [evil, '{sender}'],
    `${evil}@example.net`,
  )) {
    expect(html).not.toMatch(/<script|onerror='|<img src=x/);
    expect(html).not.toContain('undefined');
    expect(policy).not.toContain('<');
  }
});

test('a name with a placeholder or a pattern of replacement in it stays what it is', () => {
  const { html } = askPage(
    { ...reader, brand: { name: '{address} $& $1' } },
    { topics: [], chosen: none, missing: false },
  );
  expect(html).toContain('<bdi>{address} $&amp; $1</bdi>');
});

test('the policy allows our style by its hash, forms to us, and the logo’s host', () => {
  for (const { html, policy } of all(
    { name: 'Shop', logo: 'https://cdn.shop.example/a/logo.png?x=1;y' },
    ['news'],
    'a@b.example',
  )) {
    const style = /<style>(.*?)<\/style>/s.exec(html)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(policy).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; img-src https://cdn.shop.example; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    );
    expect(html).not.toMatch(/ style=|<link|@import|url\(/);
    expect(html.match(/https?:\/\/[^"]+/g)).toEqual(['https://cdn.shop.example/a/logo.png?x=1;y']);
  }
});

test.each([
  ['http://cdn.example/x.png'],
  ['javascript:alert(1)'],
  ['data:image/png;base64,AAAA'],
  ['/logo.png'],
  [''],
])('a logo at %j is left out', (logo) => {
  const { html, policy } = problemPage('gone', 'en', { name: 'Shop', logo });
  expect(html).not.toContain('<img');
  expect(policy).not.toContain('img-src');
});

describe.each(languages)('%s', (language) => {
  test('has every sentence, with its places filled', () => {
    const flat = (value: object): string[] =>
      Object.values(value).flatMap((one: unknown) => (typeof one === 'string' ? [one] : flat(one as object)));
    const ours = texts[language];
    expect(flat(ours).every((sentence) => sentence.trim() === sentence && sentence.length > 3)).toBe(true);
    const places = (sentence: string): string[] => sentence.match(/\{\w+\}/g)?.toSorted() ?? [];
    expect(flat(ours).map(places)).toEqual(flat(texts.en).map(places));
    if (language !== 'en')
      expect(flat(ours).filter((sentence) => flat(texts.en).includes(sentence))).toEqual([]);
  });

  test('says its language, a title and one heading on each page', () => {
    for (const { html } of all({ name: 'Shop' }, ['news', 'offers'], 'ann@example.net').filter(({ html }) =>
      html.includes(`<html lang="${language}">`),
    )) {
      expect(html.match(/<h1>/g)).toHaveLength(1);
      expect(html).toMatch(/<title>[^<]+ – Shop<\/title>/);
      expect(html).not.toMatch(/\{\w+\}/);
      // Every box has a label around it, every group of boxes a legend.
      expect(html.match(/type="checkbox"/g)?.length ?? 0).toBe(
        html.match(/<label class="choice">/g)?.length ?? 0,
      );
      expect(html.includes('<fieldset>')).toBe(html.includes('<legend>'));
      expect(html).not.toContain('ann@');
    }
  });
});

test('without topics there is one button, with topics a box for each and one for everything', () => {
  const plain = askPage(reader, { topics: [], chosen: none, missing: false }).html;
  expect(plain).not.toContain('checkbox');
  expect(plain).toContain('<input type="hidden" name="all" value="1">');
  const { html } = askPage(reader, {
    topics: ['news', 'offers'],
    chosen: { topics: [1], all: false },
    missing: false,
  });
  expect(html).toContain('name="topic" value="0"><span><bdi>news</bdi>');
  expect(html).toContain('name="topic" value="1" checked><span><bdi>offers</bdi>');
  expect(html).toContain('name="all" value="1"><span>Everything: all e-mail from');
});

test('the page after it offers to take back what was done, and only that', () => {
  const { html } = stoppedPage(reader, ['news', 'offers'], { topics: [1], all: false });
  expect(html).toContain('<li><bdi>offers</bdi></li>');
  expect(html).not.toContain('<bdi>news</bdi>');
  expect(html.match(/<input[^>]+>/g)).toEqual([
    '<input type="hidden" name="do" value="resume">',
    '<input type="hidden" name="topic" value="1">',
  ]);
});

test.each([
  ['ann@example.net', 'a***@example.net'],
  ['a@example.net', 'a***@example.net'],
  ['"odd @ name"@example.net', '"***@example.net'],
  ['ünal@example.net', 'ü***@example.net'],
  ['😀x@example.net', '😀***@example.net'],
  ['@example.net', '***'],
  ['nobody', '***'],
  ['', '***'],
])('%j is shown as %j', (address, shown) => {
  expect(maskAddress(address)).toBe(shown);
});

test.each([
  [undefined, undefined, 'en'],
  ['it-IT,it;q=0.9,en;q=0.5', undefined, 'it'],
  ['en;q=0.5,de-AT;q=0.8', undefined, 'de'],
  ['pt-BR,pt;q=0.9,fr;q=0.3', 'de', 'fr'],
  ['pt-BR', 'de-AT', 'de'],
  ['pt', 'pt', 'en'],
  ['it;q=0,es', undefined, 'es'],
  ['*', 'fr', 'fr'],
  ['DE_de', undefined, 'de'],
  ['it;q=x, es', undefined, 'es'],
  [',;q=,;;;,', 'it', 'it'],
  ['../../etc/passwd', undefined, 'en'],
  ['__proto__,constructor', undefined, 'en'],
  [`${'xx,'.repeat(9999)}it`, undefined, 'en'],
])('who says %j about a message in %j reads %j', (accept, ofMessage, language) => {
  expect(chooseLanguage(accept, ofMessage)).toBe(language);
});
