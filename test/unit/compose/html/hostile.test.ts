// HTML and text made to cost time or to confuse: bounded work, and what is written stays where it belongs.
import { parse, type DefaultTreeAdapterTypes } from 'parse5';
import { describe, expect, test } from 'vitest';
import { join } from '../../../../src/compose/html/fill.ts';
import { MAX_SOURCE } from '../../../../src/compose/html/slot.ts';
import { htmlSlots, textSlots } from '../../../../src/compose/html/slots.ts';
import { utf8 } from '../../../../src/compose/merge/charset.ts';
import { fillWith, htmlTags, textTags } from './body.ts';
import { cpuClock } from '../../../support/cpu.ts';
import { randomFrom } from '../../../support/random.ts';

const MB = 1024 * 1024;
const much = (piece: string): string => piece.repeat(Math.ceil(MB / piece.length));
const LINK = '<a href="http://x.y/">';

const bombs: Readonly<Record<string, string>> = {
  'nested elements': '<div>'.repeat(100_000),
  'many attributes': `<a ${much('b=c ')}>`,
  'many hrefs': `<a ${much('href=http://x.y/ ')}>`,
  'less-than signs': much('<'),
  ampersands: much('&'),
  brackets: much('['),
  links: much(`${LINK}t</a>`),
  'links without quotes': much('<a href=http://x.y>'),
  areas: much('<area href=http://x.y>'),
  tags: much('[name]'),
  'tags in links': much(`${LINK}[a]`),
  'tags in a link': `<a href="http://x.y/${much('[a]')}">`,
  'tags in a URL': `http://x.y/${much('[a]')}`,
  'tags in styles': much('<p style="{{a}}">'),
  'tags with fallbacks': much('[a|'),
  'open conditions': much('<!--[if mso]>'),
  conditions: much(`<!--[if mso]>${LINK}z</a><![endif]-->`),
  'an open condition': `<!--[if ${much('a')}`,
  'open quotes': much('<a href="'),
  entities: `<a href="http://x.y/${much('&amp;')}">`,
  URLs: much('http://x.y/ '),
  'half URLs': much('http://'),
  'closing brackets': `http://x.y/${much(')')}`,
  'opening brackets': much('http://x.y/(((((((((('),
  'a label in pieces': LINK + much('<b>a</b>'),
  'a label of dots': `${LINK}${much('a.')}</a>`,
  'half end tags': much('</a'),
  'a title that does not end': `<title>${much('</titl')}`,
  'a script that does not end': `<script>${much('</scrip')}`,
  templates: much('<template>'),
  'CDATA sections': much('<![CDATA['),
  'entities in a name': `[${much('&nbsp;')}`,
  'titles in pictures': much('<svg><title/><a href="http://x.y">'),
  'control characters': much('\0'),
};

describe.each(Object.entries(bombs))('a megabyte of %s', (_, source) => {
  test.each([
    ['HTML', htmlSlots, htmlTags],
    ['text', textSlots, textTags],
  ])('as %s', (_name, compile, tags) => {
    const spent = cpuClock();
    const compiled = compile(source, {
      charset: utf8,
      tags,
      clicks: true,
      utm: true,
      pixel: true,
      header: 'H',
      footer: 'F',
    });
    const joined = join(source, compiled.slots, { ...fillWith({ name: '<' }), utm: (url) => `${url}?u` });
    expect(spent(), 'milliseconds').toBeLessThan(1500); // 40–300 here alone; a quadratic one takes minutes
    expect(compiled.slots.length).toBeLessThanOrEqual(20_003);
    expect(compiled.links).toBeLessThanOrEqual(5000);
    expect('text' in joined).toBe(true);
  });
});

test('a body over the bound is left alone', () => {
  for (const compile of [htmlSlots, textSlots])
    expect(compile('x'.repeat(MAX_SOURCE + 1), { charset: utf8, pixel: true, footer: 'F' })).toEqual({
      slots: [],
      links: 0,
      problem: 'size',
    });
});

test.each([
  ['links', `${LINK}t</a>`.repeat(5001), { problem: 'links', links: 5000 }],
  ['tags', '[a]'.repeat(20_001), { problem: 'slots', links: 0 }],
])('too many %s are told', (_, source, want) => {
  expect(htmlSlots(source, { charset: utf8, tags: htmlTags, clicks: true })).toMatchObject(want);
  expect(
    htmlSlots(source.slice(0, -10), { charset: utf8, tags: htmlTags, clicks: true }).problem,
  ).toBeUndefined();
});

type Node = DefaultTreeAdapterTypes.ChildNode;

/** Everything that a page would do with the marks: elements and attributes that hold one. */
function marksIn(html: string, mark: string): string[] {
  const found: string[] = [];
  const visit = (node: Node): void => {
    if ('attrs' in node) {
      if (node.nodeName.includes(mark)) found.push(`element ${node.nodeName}`);
      for (const { name } of node.attrs) if (name.includes(mark)) found.push(`attribute ${name}`);
    }
    if (node.nodeName === 'template' && 'content' in node) node.content.childNodes.forEach(visit);
    if ('childNodes' in node) node.childNodes.forEach(visit);
  };
  parse(html).childNodes.forEach(visit);
  return found;
}

const PIECES = [
  '<a href="',
  "<a href='",
  '<a href=',
  '<p title="',
  '<p class=',
  '<p ',
  '"',
  "'",
  '>',
  '/>',
  '</a>',
  '</p>',
  '<!--',
  '-->',
  '<!--[if mso]>',
  '<![endif]-->',
  '<style>',
  '</style>',
  '<title>',
  '</title>',
  '<textarea>',
  '</textarea>',
  '<script>',
  '</script>',
  '<svg>',
  '</svg>',
  '<b>',
  '[v]',
  '{{v}}',
  '[v|f]',
  'https://x.example/',
  ' ',
  '\r\n',
  '=',
  '&amp;',
  '<',
  'text',
  '</body>',
  '<body>',
  '<noscript>',
  '<template>',
  '</template>',
  ' style="color:{{v}}"',
  ' src=[v]',
];

describe('a value that wants out of its place', () => {
  test.each([
    '"zz="zz',
    "'zz='zz",
    ' zz=zz ',
    '><zz>',
    '"><zz zz=x>',
    "'><zz>",
    '--><zz>',
    '</title><zz></textarea><zz></style><zz></script><zz>',
    '\n\r zz',
    '=zz=',
    '`zz`',
    '<zz',
    '</zz',
    '',
  ])('%j makes no element and no attribute', (v) => {
    const random = randomFrom(v.length + 3);
    for (let round = 0; round < 300; round++) {
      const source = Array.from({ length: 12 }, () => PIECES[random(PIECES.length)] ?? '').join('');
      const { slots } = htmlSlots(source, {
        charset: utf8,
        tags: htmlTags,
        clicks: true,
        pixel: true,
        footer: '<i>F</i>',
      });
      const joined = join(source, slots, fillWith({ v }));
      if (!('text' in joined)) throw new Error('it grew too large');
      const found = marksIn(joined.text, 'zz');
      if (found.length > 0) expect(found, `${source}\n→ ${joined.text}`).toEqual([]);
    }
  });
});

describe('random documents', () => {
  test('keep every byte outside of their slots, which are sorted and do not overlap', () => {
    const random = randomFrom(99);
    for (let round = 0; round < 3000; round++) {
      const source = Array.from({ length: 15 }, () => PIECES[random(PIECES.length)] ?? '').join('');
      for (const [compile, tags] of [
        [htmlSlots, htmlTags],
        [textSlots, textTags],
      ] as const) {
        const { slots } = compile(source, {
          charset: utf8,
          tags,
          clicks: true,
          pixel: true,
          header: 'H',
          footer: 'F',
        });
        const ends = [0, ...slots.map(({ end }) => end)];
        const wrong = slots.find(
          ({ start, end }, i) => start < (ends[i] ?? 0) || end < start || end > source.length,
        );
        if (wrong) expect.fail(`${source}: ${JSON.stringify(wrong)}`);
        const places = slots.filter((slot) => slot.start === slot.end).length;
        expect(places).toBeGreaterThanOrEqual(2);
      }
    }
  });

  test('a value that is not known changes nothing', () => {
    const random = randomFrom(7);
    for (let round = 0; round < 2000; round++) {
      const source = Array.from({ length: 15 }, () => PIECES[random(PIECES.length)] ?? '')
        .join('')
        .replaceAll('[v|f]', '');
      const { slots } = htmlSlots(source, { charset: utf8, tags: htmlTags });
      const { click: _, ...fill } = fillWith({});
      expect(join(source, slots, fill)).toEqual({ text: source });
    }
  });
});
