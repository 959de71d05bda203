// Filled bodies: their bound, missing values, links that come in with values, other charsets.
import { describe, expect, test } from 'vitest';
import { fillSlot, join, outputLimit, unfilledTags } from '../../../../src/compose/html/fill.ts';
import { htmlSlots, textSlots } from '../../../../src/compose/html/slots.ts';
import { unescapeHtml } from '../../../../src/compose/html/tokens.ts';
import { charsetOf, utf8 } from '../../../../src/compose/merge/charset.ts';
import { tagSearch } from '../../../../src/compose/merge/tags.ts';
import { filledHtml, fillWith, htmlTags, tracked, values } from './body.ts';
import { cpuClock } from '../../../support/cpu.ts';

describe('a body that grows', () => {
  test('ends at its limit, quickly', () => {
    const source = '[x]'.repeat(20_000);
    const { slots } = htmlSlots(source, { charset: utf8, tags: htmlTags });
    const spent = cpuClock();
    expect(join(source, slots, fillWith({ x: '<'.repeat(65_536) }))).toEqual({ problem: 'output' });
    expect(spent()).toBeLessThan(1500);
  });

  test('is whole within it', () => {
    const source = '[x]'.repeat(10);
    const { slots } = htmlSlots(source, { charset: utf8, tags: htmlTags });
    expect(join(source, slots, fillWith({ x: 'y' }), 30)).toEqual({ text: 'y'.repeat(10) });
    expect(join(source, slots, fillWith({ x: 'yyyy' }), 39)).toEqual({ problem: 'output' });
    expect(outputLimit(1000)).toBe(2000 + 10 * 1024 * 1024);
  });
});

describe('tags without a value', () => {
  test('are named once, wherever they stand', () => {
    const html = '[a] [a|x] [b] <a href="https://x.example/?[c]&amp;[d|]">t</a><img src="[e]" alt="[f]">';
    const { slots } = htmlSlots(html, {
      charset: utf8,
      tags: htmlTags,
      clicks: true,
      pixel: true,
      footer: '[g] [b]',
    });
    expect(unfilledTags(slots, values({ f: '' }))).toEqual(['a', 'b', 'c', 'e', 'g']);
  });
});

describe('a value with links', () => {
  test('has them tracked, with numbers of their own, and its tags left as text', () => {
    const html = '<a href="https://x.example/">t</a>{{{v}}}{{{v}}}';
    const v =
      '<p><a href="https://v.example/">[v] {{{v}}}</a> <a href="https://v.example/">v.example</a></p>';
    const filled = (n: number): string => v.replace('https://v.example/', tracked(n, 'https://v.example/'));
    expect(filledHtml(html, { v })).toBe(
      `<a href="${tracked(1, 'https://x.example/')}">t</a>${filled(101)}${filled(102)}`,
    );
  });

  test('is text where its tag is', () => {
    expect(filledHtml('{{v}}', { v: '<a href="https://v.example/">x</a>' })).not.toContain('<a');
  });
});

describe('another charset', () => {
  test('keeps its bytes, and takes what it lacks as entities', () => {
    const charset = charsetOf('iso-8859-1');
    expect(charset).toBeDefined();
    if (!charset) return;
    const tags = tagSearch({
      syntaxes: ['brackets'],
      literals: [],
      charset,
      form: 'html',
      unescape: unescapeHtml,
    });
    const source = '\xe9\xff <a href="https://x.example/\xe9?q=[größe]">\xe9</a> [größe] <p title="[größe]">';
    const { slots } = htmlSlots(source, { charset, tags, clicks: true, footer: 'é€' });
    expect(join(source, slots, { ...fillWith({ größe: 'ü€' }), charset })).toEqual({
      text: `\xe9\xff <a href="${tracked(1, 'https://x.example/é?q=%C3%BC%E2%82%AC')}">\xe9</a> \xfc&#8364; <p title="\xfc&#8364;">\xe9&#8364;`,
    });
  });

  test('a link with bytes that are no text is left alone', () => {
    const source = '<a href="https://x.example/\xff">t</a>';
    expect(htmlSlots(source, { charset: utf8, clicks: true }).slots).toEqual([]);
  });

  test('plain text takes "?"', () => {
    const charset = charsetOf('iso-8859-1');
    if (!charset) return;
    const tags = tagSearch({ syntaxes: ['brackets'], literals: [], charset, form: 'plain' });
    const { slots } = textSlots('[x]', { charset, tags });
    expect(join('[x]', slots, { ...fillWith({ x: 'é€' }), charset })).toEqual({ text: '\xe9?' });
  });
});

describe('a slot by itself', () => {
  test('gives what join puts there', () => {
    const source = '<body><a href="https://x.example/">[x]</a></body>';
    const { slots } = htmlSlots(source, { charset: utf8, tags: htmlTags, clicks: true, pixel: true });
    expect(slots.map((slot) => fillSlot(slot, fillWith({ x: '<' })))).toEqual([
      tracked(1, 'https://x.example/'),
      '&lt;',
      '<img src="https://c.example/o">',
    ]);
  });

  test('a click that is not wanted leaves the link as it stands', () => {
    const source = "<a href=' https://x.example/?a&amp;b '>t</a>";
    const { slots } = htmlSlots(source, { charset: utf8, clicks: true });
    const { click: _, ...without } = fillWith();
    for (const fill of [
      without,
      { ...without, click: () => undefined },
      { ...without, click: (_n: number, target: string) => target },
    ])
      expect(join(source, slots, fill)).toEqual({ text: source });
  });
});
