// Mailboxes and domains: what is read, what is refused, and that no input takes long.
import { describe, expect, test } from 'vitest';
import { readMailboxes, writeMailbox } from '../../../src/mail/address.ts';
import { toAsciiDomain } from '../../../src/mail/domain.ts';
import { decodeWords } from '../../../src/mail/words.ts';
import { cpuClock } from '../../support/cpu.ts';

const addresses = (value: string): readonly string[] | undefined =>
  readMailboxes(value)?.map((one) => one.address);

describe('readMailboxes reads', () => {
  test.each<[string, string[]]>([
    ['me@shop.example', ['me@shop.example']],
    ['Shop <me@SHOP.example>', ['me@shop.example']],
    ['"Shop, Inc." <me@shop.example>', ['me@shop.example']],
    ['Smith, Inc. <me@shop.example>', ['me@shop.example']],
    ['"a@evil.example" <me@shop.example>', ['me@shop.example']],
    ['me@shop.example (a@evil.example)', ['me@shop.example']],
    ['(a (nested) comment) me@shop.example', ['me@shop.example']],
    ['a@b.example, c@d.example', ['a@b.example', 'c@d.example']],
    ['team: a@b.example, C <c@d.example>;', ['a@b.example', 'c@d.example']],
    ['undisclosed-recipients:;', []],
    ['<@route.example:me@shop.example>', ['me@shop.example']],
    ['"me\\"x"@shop.example', ['"me\\"x"@shop.example']],
    ['user.@docomo.ne.jp', ['user.@docomo.ne.jp']],
    ['me@münchen.example', ['me@xn--mnchen-3ya.example']],
    ['me@[192.0.2.1]', ['me@[192.0.2.1]']],
    ['nobody', []],
    ['', []],
  ])('%s', (value, want) => expect(addresses(value)).toEqual(want));
});

describe('readMailboxes refuses what readers would understand in different ways', () => {
  test.each([
    'a@evil.example <me@shop.example>',
    '<me@shop.example> <a@evil.example>',
    'me@shop.example a@evil.example',
    'me @ shop.example',
    '"open me@shop.example',
    '(open me@shop.example',
    '<me@shop.example',
    'me@shop.example>',
    'me@shop.example\\',
    'a@b@shop.example',
    '@shop.example',
    'me@',
    'me@shop..example',
    'me@0x7f.1',
    'me@shop.example:a@evil.example',
  ])('%s', (value) => expect(readMailboxes(value)).toBeUndefined());
});

test('a hostile list is read in time that grows with its length only', () => {
  const spent = cpuClock();
  for (const piece of ['(', '"', '<', 'a@b.example,', 'a@', ';:', '\\"', '=?utf-8?q?x?='])
    readMailboxes(piece.repeat(50_000));
  decodeWords(Buffer.from('=?utf-8?q?x?= '.repeat(20_000)));
  decodeWords(Buffer.from('=?'.repeat(50_000)));
  expect(spent()).toBeLessThan(2000);
});

test.each([
  ['', 'a@b.example', 'a@b.example'],
  ['Shop', 'a@b.example', 'Shop <a@b.example>'],
  ['Shop "x" (y)', 'a@b.example', '"Shop \\"x\\" (y)" <a@b.example>'],
  ['Jörg', 'a@b.example', '=?utf-8?B?SsO2cmc=?= <a@b.example>'],
])('writeMailbox of %j is a value that can be read back', (name, address, want) => {
  expect(writeMailbox(name, address)).toBe(want);
  expect(addresses(want)).toEqual([address]);
});

test.each<[string, string | undefined]>([
  ['Example.ORG', 'example.org'],
  ['müller.example', 'xn--mller-kva.example'],
  ['xn--mller-kva.example', 'xn--mller-kva.example'],
  ['localhost', 'localhost'],
  ['127.0.0.1', undefined],
  ['127.1', undefined],
  ['0x7f000001', undefined],
  ['example.0x1', undefined],
  ['ex%61mple.org', undefined],
  ['müller%2eexample', undefined],
  ['a_b.example', undefined],
  ['a..b', undefined],
  ['-a.example', undefined],
  ['example.org.', undefined],
  [`${'a'.repeat(64)}.example`, undefined],
  [`${'a.'.repeat(127)}example`, undefined],
  ['a b', undefined],
  ['', undefined],
])('toAsciiDomain(%j) is %j', (text, want) => expect(toAsciiDomain(text)).toBe(want));

test.each([
  ['=?utf-8?B?R3LDvMOfZQ==?=', 'Grüße'],
  ['=?iso-8859-1?Q?Gr=FC=DFe_aus?=', 'Grüße aus'],
  ['=?utf-8?q?a?= =?utf-8?q?b?= c', 'ab c'],
  ['=?utf-8?q?=C3?= =?utf-8?q?=BC?=', 'ü'],
  ['=?nonsense?q?a?=', '=?nonsense?q?a?='],
  ['plain =?', 'plain =?'],
])('decodeWords(%j) is %j', (raw, want) => expect(decodeWords(Buffer.from(raw))).toBe(want));
