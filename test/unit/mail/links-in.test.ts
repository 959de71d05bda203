// The links of a message, looked at and not opened; hostile HTML costs no more than its length.
import { expect, test } from 'vitest';
import { linksIn } from '../../../src/mail/links-in.ts';

const oddity = (html: string) => linksIn({ html }).map((link) => link.oddity ?? 'fine');

test.each([
  ['<a href="https://a.example/">go</a>', ['fine']],
  ['<A HREF=https://a.example/x>go</A>', ['fine']],
  ["<a class=x href='http://a.example/'>go</a>", ['insecure']],
  ['<a href="https://www.shop.example/">shop.example</a>', ['fine']],
  ['<a href="https://evil.example/">https://shop.example/login</a>', ['elsewhere']],
  ['<a href="https://evil.example/">shop.example</a>', ['elsewhere']],
  ['<a href="https://a.example/">Read more. Now</a>', ['fine']],
  ['<a href="javascript:alert(1)">x</a>', ['not-a-link']],
  ['<a href="/relative">x</a>', ['not-a-link']],
  ['<a href="">x</a>', ['not-a-link']],
  ['<a href="http://localhost:8080/">x</a>', ['local']],
  ['<a href="mailto:a@b.example">x</a><a href="#top">x</a>', ['fine', 'fine']],
  ['<a name="x">no link</a>', []],
  ['<a href="https://a.example/?a=1&amp;b=2">x</a>', ['fine']],
])('%s: %j', (html, want) => expect(oddity(html)).toEqual(want));

test('addresses and texts are decoded', () => {
  const html = '<a href="https://a.example/?a=1&amp;b=&#x41;">A &lt;b&gt; <b>bold</b>&nbsp;end</a>';
  expect(linksIn({ html })).toEqual([{ url: 'https://a.example/?a=1&b=A', text: 'A <b> bold end' }]);
});

test('without HTML those of the text count', () => {
  expect(linksIn({ text: 'See https://a.example/x. Or (http://b.example/)!' })).toEqual([
    { url: 'https://a.example/x' },
    { url: 'http://b.example/', oddity: 'insecure' },
  ]);
  expect(linksIn({})).toEqual([]);
});

test.each([
  ['open tags without an end', '<a '.repeat(300_000)],
  ['links without an end', '<a href="https://a.example/">'.repeat(100_000)],
  ['quotes without an end', `<a href="${'x'.repeat(2_000_000)}`],
  ['entities', `<a href="${'&#1;'.repeat(2000)}">x</a>`.repeat(100)],
])('%s are looked at within a second', (_, html) => {
  const before = performance.now();
  expect(linksIn({ html }).length).toBeLessThanOrEqual(500);
  expect(performance.now() - before).toBeLessThan(1000);
});
