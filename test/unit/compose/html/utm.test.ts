// Campaign parameters: added where they are missing, nothing else of a URL touched.
import { describe, expect, test } from 'vitest';
import { join } from '../../../../src/compose/html/fill.ts';
import { htmlSlots } from '../../../../src/compose/html/slots.ts';
import { utmAdder } from '../../../../src/compose/html/utm.ts';
import { utf8 } from '../../../../src/compose/merge/charset.ts';
import { fillWith, tracked } from './body.ts';

describe('parameters', () => {
  const add = utmAdder({ source: 'news letter', campaign: 'a&b' }) ?? String;

  test.each([
    ['https://x.example', 'https://x.example?utm_source=news%20letter&utm_campaign=a%26b'],
    ['https://x.example/?', 'https://x.example/?utm_source=news%20letter&utm_campaign=a%26b'],
    ['https://x.example/?a=1', 'https://x.example/?a=1&utm_source=news%20letter&utm_campaign=a%26b'],
    ['https://x.example/?a=1&', 'https://x.example/?a=1&utm_source=news%20letter&utm_campaign=a%26b'],
    ['https://x.example/#f?x', 'https://x.example/?utm_source=news%20letter&utm_campaign=a%26b#f?x'],
    ['https://x.example/?UTM_Source=mine', 'https://x.example/?UTM_Source=mine&utm_campaign=a%26b'],
    ['https://x.example/?utm_source&utm_campaign=', 'https://x.example/?utm_source&utm_campaign='],
    [
      'https://x.example/%7Ea?b=%20+c',
      'https://x.example/%7Ea?b=%20+c&utm_source=news%20letter&utm_campaign=a%26b',
    ],
    ['mailto:a@x.example', 'mailto:a@x.example'],
    ['ftp://x.example/', 'ftp://x.example/'],
  ])('%s', (url, want) => expect(add(url)).toBe(want));

  test.each([
    ['https://shop.example/', true],
    ['https://www.SHOP.example:8443/', true],
    ['https://user@shop.example/', true],
    ['https://notshop.example/', false],
    ['https://shop.example.evil.example/', false],
    ['https://evil.example/?shop.example', false],
    ['https://shop.example@evil.example/', false],
  ])('%s is of the domain: %s', (url, want) => {
    const only = utmAdder({ source: 's', domains: ['Shop.example'] }) ?? String;
    expect(only(url)).toBe(want ? `${url}?utm_source=s` : url);
  });

  test('nothing to add is nothing to do', () => {
    expect(utmAdder(undefined)).toBeUndefined();
    expect(utmAdder({ domains: ['x.example'], source: '' })).toBeUndefined();
  });
});

describe('links', () => {
  const utm = utmAdder({ source: 's' }) ?? String;
  const html =
    '<a href="https://a.example/?x=1&amp;y=2">t</a><a href=\'https://b.example/\'>b.example</a><a href="https://c.example/" clicktracking=off>t</a><a href="mailto:x@y.example">m</a>';

  test('get them before they are tracked, also where they are not', () => {
    const { slots } = htmlSlots(html, { charset: utf8, clicks: true, utm: true });
    expect(join(html, slots, { ...fillWith(), utm })).toEqual({
      text: `<a href="${tracked(1, 'https://a.example/?x=1&y=2&utm_source=s')}">t</a><a href='https://b.example/?utm_source=s'>b.example</a><a href="https://c.example/" clicktracking=off>t</a><a href="mailto:x@y.example">m</a>`,
    });
  });

  test('get them without tracking', () => {
    const { slots } = htmlSlots(html, { charset: utf8, utm: true });
    const joined = join(html, slots, { ...fillWith(), utm });
    expect('text' in joined && joined.text).toContain('"https://a.example/?x=1&amp;y=2&amp;utm_source=s"');
  });
});
