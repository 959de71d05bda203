// A value is safe in every place it can stand: HTML, attributes, styles, JSON, URLs.
import { parseFragment } from 'parse5';
import { describe, expect, test } from 'vitest';
import {
  escapeAttribute,
  escapeHtml,
  escapeJson,
  escapeStyle,
  escapeTarget,
  escapeText,
  escapeUrl,
  isSafeUrl,
} from '../../../../src/compose/merge/escape.ts';

const hostile = [
  `"><script>alert(1)</script>`,
  `' onmouseover='x`,
  '</title><b>',
  'a b=c`d',
  '&quot;&lt;',
  '\u2028</script>',
  'javascript:alert(1)',
  '=x',
  '$& $1 $`',
  'ünï😀\ud800',
  'line\r\nline\rline\nline',
  '\0\x08\x7f',
];

type Element = Readonly<{ nodeName: string; attrs?: readonly Readonly<{ name: string; value: string }>[] }>;
const elements = (html: string): readonly Element[] => parseFragment(html).childNodes as readonly Element[];

describe('HTML', () => {
  test.each(hostile)('%j is text', (value) => {
    const nodes = elements(`<i>${escapeHtml(value)}</i>`);
    expect(nodes).toHaveLength(1);
    expect(JSON.stringify(nodes[0], ['nodeName', 'childNodes', 'value'])).not.toContain('"script"');
  });

  test.each(hostile.flatMap((value) => [[value, '"'] as const, [value, "'"] as const, [value, ''] as const]))(
    '%j in an attribute with %j around it stays in there',
    (value, quote) => {
      for (const text of [
        escapeAttribute(value, quote),
        escapeTarget(`x${value.replace(/[\r\n]/g, '')}`, quote),
      ]) {
        const nodes = elements(`<i title=${quote}${text}${quote} class=k></i>`);
        expect(nodes).toHaveLength(1);
        expect(nodes[0]?.attrs?.map(({ name }) => name)).toEqual(['title', 'class']);
      }
    },
  );

  test('text has CRLF at its line ends and no other control characters', () => {
    expect(escapeText('a\rb\nc\r\nd\0e\tf')).toBe('a\r\nb\r\nc\r\nde\tf');
  });
});

describe('styles and scripts', () => {
  test.each([
    ['#ff0000', '#ff0000'],
    ['12px', '12px'],
    ['red;background:url(http://evil.example)', ''],
    ['</style>', ''],
    ['expression(1)', ''],
    ['a\\62', ''],
  ])('%s', (value, want) => expect(escapeStyle(value)).toBe(want));

  test.each(hostile)('%j is one JSON string', (value) => {
    const json = `"${escapeJson(value)}"`;
    expect(JSON.parse(json)).toBe(value.toWellFormed());
    expect(json).not.toMatch(/[<>&\u2028]/);
  });
});

describe('URLs', () => {
  test.each([
    ['https://shop.example/a?b=c&d=e#f', '', 'https://shop.example/a?b=c&d=e#f'],
    [' https://shop.example/a b"c ', '', 'https://shop.example/a%20b%22c'],
    ['https://bücher.example/größe', '', 'https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe'],
    ['größe', '', 'gr%C3%B6%C3%9Fe'],
    ['a&b=c/d?e#f g', 'https://shop.example/?q=', 'a%26b%3Dc%2Fd%3Fe%23f%20g'],
    ['shoes/red & blue', 'https://shop.example/', 'shoes/red%20%26%20blue'],
    ['a%3Db', 'https://shop.example/?q=', 'a%3Db'],
    ['100%', 'https://shop.example/?q=', '100%25'],
    ['50% off', 'https://shop.example/?q=', '50%25%20off'],
    ['it’s', '/x?', 'it%E2%80%99s'],
    ["it's", '/x?', 'it%27s'],
    ['evil.example/', 'https://', 'evil.example%2F'],
    ['evil.example/', '//', 'evil.example%2F'],
    ['a@b.example', 'mailto:', 'a@b.example'],
    ['a@b.example?bcc=c@d.example', 'mailto:', 'a@b.example%3Fbcc%3Dc@d.example'],
    ['x\r\nBcc: y', 'mailto:', 'xBcc%3A%20y'],
    ['\ud800', '/', '%EF%BF%BD'],
  ])('%j after %j', (value, before, want) => expect(escapeUrl(value, before, 'component')).toBe(want));

  test.each([
    ['a=1&b=c d', 'https://shop.example/?', 'a=1&b=c%20d'],
    ['a"b', 'https://shop.example/', 'a%22b'],
    ['evil.example/', 'https://', 'evil.example%2F'],
  ])('%j after %j as its vendor puts it in', (value, before, want) => {
    expect(escapeUrl(value, before, 'raw')).toBe(want);
  });

  test.each([
    ['https://x.example', true],
    ['mailto:a@b.example', true],
    ['x/y', true],
    ['x/y:z', true],
    ['', true],
    ['javascript:alert(1)', false],
    [' java\nscript:alert(1)', false],
    ['\0JavaScript:x', false],
    ['data:text/html,x', false],
    ['vbscript:x', false],
    ['file:///etc/passwd', false],
  ])('%j is safe: %s', (url, want) => expect(isSafeUrl(url)).toBe(want));
});
