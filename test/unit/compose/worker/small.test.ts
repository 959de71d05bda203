// The small parts of the workshop: turns, the cache of templates, tags hidden from a parser, attributes in a start tag.
import { describe, expect, test } from 'vitest';
import { hideTags } from '../../../../src/compose/worker/hide-tags.ts';
import { flatRules, putInVariables } from '../../../../src/compose/worker/sheet.ts';
import { applySplices, setAttributes } from '../../../../src/compose/worker/start-tag.ts';
import { makeTemplateCache } from '../../../../src/compose/worker/template-cache.ts';
import { makeTurns } from '../../../../src/compose/worker/turns.ts';
import { cpuClock } from '../../../support/cpu.ts';

describe('turns', () => {
  test('go round the owners, whoever asked first and most', () => {
    const turns = makeTurns<string>();
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) turns.add(item.charAt(0), item);
    expect([turns.size(), turns.size('a'), turns.size('x')]).toEqual([6, 3, 0]);
    const order = Array.from({ length: 7 }, () => turns.next());
    expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3', undefined]);
    expect(turns.size()).toBe(0);
  });

  test('one who comes again waits for the others', () => {
    const turns = makeTurns<string>();
    turns.add('a', 'a1');
    turns.add('b', 'b1');
    expect(turns.next()).toBe('a1');
    turns.add('a', 'a2');
    expect([turns.next(), turns.next()]).toEqual(['b1', 'a2']);
  });
});

describe('the cache of templates', () => {
  const counting = () => {
    const parsed: string[] = [];
    const cache = makeTemplateCache<string>();
    return {
      parsed,
      get: (key: string, source: string) => cache(key, source, (s) => (parsed.push(s), `<${s}>`)),
    };
  };
  test('parses once, and again when the source is another', () => {
    const { get, parsed } = counting();
    expect([get('k', 'a'), get('k', 'a'), get('k', 'b'), get('k', 'a')]).toEqual([
      '<a>',
      '<a>',
      '<b>',
      '<a>',
    ]);
    expect(parsed).toEqual(['a', 'b', 'a']);
  });
  test('forgets what was not used longest', () => {
    const { get, parsed } = counting();
    for (let i = 0; i < 300; i++) get(`k${i}`, `s${i}`);
    get('k0', 's0');
    get('new', 'new');
    parsed.length = 0;
    get('k0', 's0');
    expect(parsed).toEqual([]);
    get('k1', 's1');
    expect(parsed).toEqual(['s1']);
  });
  test('is bounded in weight: many tags weigh more than many letters', () => {
    const { get, parsed } = counting();
    const heavy = '{{a}}'.repeat(5000); // 8 MB of tree
    for (const key of ['a', 'b', 'c']) get(key, heavy);
    parsed.length = 0;
    get('c', heavy);
    expect(parsed).toEqual([]);
    get('a', heavy);
    expect(parsed).toEqual([heavy]);
  });
  test('does not keep what cannot be parsed', () => {
    const cache = makeTemplateCache<string>();
    const bad = () =>
      cache('k', 'a', () => {
        throw new Error('no');
      });
    expect(bad).toThrow('no');
    expect(cache('k', 'a', () => 'yes')).toBe('yes');
  });
});

describe('tags hidden from a parser', () => {
  const texts = [
    '<a href="{{ url | append: "x" }}">{% if a < 3 %}x{% endif %}</a>',
    '{{{ raw }}} *|MERGE|* [[var:name:"x"]] [[data:a]] [a][b] {{}} {%%}',
    '{{ unclosed <b> {% also }} %} }} {{{{',
    'plain \uE000 \uFDD0\uFDD1 text',
    '{{a}}{{b}}{{a}}',
  ];
  test.each(texts)('%s comes back', (source) => {
    const { text, show } = hideTags(source);
    expect(text).toHaveLength(source.length);
    expect(show(text)).toBe(source);
  });
  test('have no quotes, brackets and spaces left', () => {
    expect(hideTags(texts[0] ?? '').text).toMatch(/^<a href="\P{ASCII}+">\P{ASCII}+x\P{ASCII}+<\/a>$/u);
  });
  test('the same tag has the same letters, so that a selector finds its class', () => {
    const { text } = hideTags('{{brand}} {{other}} {{brand}}');
    const [one, two, three] = text.split(' ');
    expect(one).toBe(three);
    expect(one).not.toBe(two);
  });
  test('a hundred thousand of them, and hostile text, take no time', () => {
    const spent = cpuClock();
    const many = Array.from({ length: 60_000 }, (_, i) => `{{a${i}}}`).join('');
    const { text, show } = hideTags(many);
    expect(show(text)).toBe(many);
    for (const hostile of ['{{', '{%', '[[', '*|', '{{{', '{% {', '\uFDD0'])
      hideTags(hostile.repeat(200_000));
    expect(spent()).toBeLessThan(5000);
  });
});

describe('a style sheet', () => {
  test.each([
    ['', ''],
    ['a{b:c}', 'a{b:c}'],
    [' a { b : c } \n d{e:f}', 'a { b : c }\nd{e:f}'],
    ['@import "x"; a{b:c}', 'a{b:c}'],
    ['@charset "x";@media x { a{b:c} d{e:f} } g{h:i}', 'g{h:i}'],
    ['@font-face{x:y} a{b:c}', 'a{b:c}'],
    ['@media x{ @media y { a{b:c} } } d{e:f}', 'd{e:f}'],
    ['a{ b:c; &:hover{d:e} } f{g:h}', 'f{g:h}'],
    ['a{b:c}}} d{e:f}', 'a{b:c}\nd{e:f}'],
    ['a{b:"}"; c:\'{\'} d{e:url(data:x;y)}', 'a{b:"}"; c:\'{\'}\nd{e:url(data:x;y)}'],
    ['/* } a{ */ a{b:c} /* { */', 'a{b:c}'],
    ['/* x */ @media { a{b:c} }', ''],
    ['a{/* } */b:c}', 'a{/* } */b:c}'],
    ['<!-- a{b:c} -->', 'a{b:c}'],
    ['a[x="{"]{b:c}', 'a[x="{"]{b:c}'],
    ['a{b:c', ''],
    ['a{b:"c} d{e:f}', ''],
    ['a{b:"c\n} d{e:f}', 'a{b:"c\n}\nd{e:f}'],
    ['}}}{{{', ''],
  ])('%j gives %j', (css, want) => expect(flatRules(css).join('\n')).toBe(want));
  test('takes no time, however it is made', () => {
    const spent = cpuClock();
    for (const hostile of ['{', '}', 'a{', '/*', '"', "'", '\\', '<!--', ' ', '/* */', 'a{b:c}', '@x;'])
      putInVariables(flatRules(`${hostile.repeat(500_000 / hostile.length)} p{a:b}`));
    expect(spent()).toBeLessThan(3000);
  });
  test.each([
    ['p{color:var(--a)} :root{--a: red }', 'p{color:red}\n:root{}'],
    [
      'html{--a:1px;color:x;--b:2px} p{m:var(--a) var( --b ) var(--c) var(--c, 3px)}',
      'html{color:x;}\np{m:1px 2px var(--c) 3px}',
    ],
    ['.x{--a:1} p{m:var(--a)}', '.x{--a:1}\np{m:var(--a)}'],
    [':root{--a:$&$`$1} p{m:var(--a)}', ':root{}\np{m:$&$`$1}'],
    [':root{--a:var(--b) var(--b);--b:x} p{m:var(--a)}', ':root{--a:x x;}\np{m:var(--a)}'],
    [`:root{--a:${'x'.repeat(300)}} p{m:var(--a)}`, `:root{--a:${'x'.repeat(300)}}\np{m:var(--a)}`],
  ])('%.80s: variables of the document are put in', (css, want) =>
    expect(putInVariables(flatRules(css))).toBe(want),
  );
  test('variables make it no longer than it may be', () => {
    const css = `:root{--a:${'x'.repeat(190)}} p{m:${'var(--a)'.repeat(10_000)}}`;
    expect(putInVariables(flatRules(css))).toContain('var(--a)var(--a)');
  });
});

describe('attributes of a start tag', () => {
  const set = (html: string, values: Readonly<Record<string, string>>, at = 0): string =>
    applySplices(html, setAttributes(html, at, new Map(Object.entries(values))));
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    ['<p>', { style: 'a: b' }, '<p style="a: b">'],
    ['<br/>', { style: 'a: b' }, '<br style="a: b"/>'],
    ['<br />', { style: 'a: b' }, '<br style="a: b" />'],
    ['<P CLASS=x >', { style: 'a' }, '<P CLASS=x style="a" >'],
    [
      "<p\r\n  class='x'\r\n  STYLE='a:b'\r\n  id=y>",
      { style: 'c' },
      '<p\r\n  class=\'x\'\r\n  STYLE="c"\r\n  id=y>',
    ],
    ['<td style = "a" width=5>', { style: 'b' }, '<td style = "b" width=5>'],
    [
      '<td style=a:b width=5>',
      { style: 'b', width: '6', align: 'left' },
      '<td style="b" width="6" align="left">',
    ],
    ['<td style nowrap>', { style: 'b' }, '<td style="b" nowrap>'],
    ['<td nowrap/style>', { style: 'b' }, '<td nowrap/style="b">'],
    ['<td style="" x>', { style: 'b' }, '<td style="b" x>'],
    [
      '<a href="a>b" title=\'<p style="x">\'>',
      { style: 'b' },
      '<a href="a>b" title=\'<p style="x">\' style="b">',
    ],
    ['<p>', { style: 'font: "x"' }, '<p style="font: &quot;x&quot;">'],
    ['<p style="a" style="b">', { style: 'c' }, '<p style="c" style="b">'],
    ['<w:x v:ext=edit>', { style: 'c' }, '<w:x v:ext=edit style="c">'],
    // What is no tag, or has no end, stays.
    ['<p class="x', { style: 'c' }, '<p class="x'],
    ['<p class="x>', { style: 'c' }, '<p class="x>'],
    ['<p class=>', { style: 'c' }, '<p class=>'],
    ['<p style="a" b="', { style: 'c' }, '<p style="a" b="'],
    ['no tag', { style: 'c' }, 'no tag'],
    ['<', { style: 'c' }, '<'],
    ['< p>', { style: 'c' }, '< p>'],
  ];
  test.each(cases)('%s with %j', (html, values, want) => expect(set(html, values)).toBe(want));
  test('at a place in the middle', () => expect(set('<a><p>', { style: 'x' }, 3)).toBe('<a><p style="x">'));
  test('hostile white space takes no time', () => {
    const spent = cpuClock();
    set(`<p${' '.repeat(200_000)}`, { style: 'x' });
    set(`<p${' a '.repeat(200_000)}>`, { style: 'x' });
    set(`<p a${' '.repeat(200_000)}=`, { style: 'x' });
    expect(spent()).toBeLessThan(2000);
  });
});
