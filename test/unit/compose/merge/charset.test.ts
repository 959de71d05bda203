// Text in and out of a part's charset: what it has is written in it, what it lacks as HTML or as "?".
import { describe, expect, test } from 'vitest';
import { charsetOf } from '../../../../src/compose/merge/charset.ts';

describe('charsets', () => {
  test.each([
    ['utf-8', 'aé€😀', 'a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80', undefined],
    ['UTF8', 'é', '\xc3\xa9', undefined],
    ['us-ascii', 'aé€', 'a&#233;&#8364;', 'a??'],
    ['iso-8859-1', 'é€😀', '\xe9&#8364;&#128512;', '\xe9??'],
    ['windows-1252', 'é€😀', '\xe9\x80&#128512;', '\xe9\x80?'],
    ['iso-8859-15', '€', '\xa4', undefined],
    ['windows-1251', 'имя', '\xe8\xec\xff', undefined],
    ['shift_jis', '名a', '\x96\xbca', undefined],
    ['gb18030', '名', '\xc3\xfb', undefined],
    ['big5', '名', '\xa6\x57', undefined],
    ['euc-kr', '이', '\xc0\xcc', undefined],
  ])('%s: %s', (name, text, html, plain) => {
    const charset = charsetOf(name);
    expect(charset?.encode(text, 'html')).toBe(html);
    expect(charset?.encode(text, 'plain')).toBe(plain ?? html);
    if (!html.includes('&#')) expect(charset?.decode(html)).toBe(text);
  });

  test.each(['utf-16', 'utf-16be', 'iso-2022-jp', 'x-user-defined', 'hz-gb-2312', 'nonsense', ''])(
    '%s is left alone',
    (name) => expect(charsetOf(name)).toBeUndefined(),
  );

  test('half a character is well-formed text', () => {
    expect(charsetOf('iso-8859-1')?.encode('a\ud800é', 'plain')).toBe('a?\xe9');
    expect(charsetOf('utf-8')?.encode('a\ud800', 'plain')).toBe('a\xef\xbf\xbd');
  });
});
