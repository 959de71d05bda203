// Tags in header fields: what people see, and values that try to add a field or a mailbox.
import { describe, expect, test } from 'vitest';
import { unicode } from '../../../../src/compose/merge/charset.ts';
import { fillHeader, unfilledInHeader, type HeaderKind } from '../../../../src/compose/merge/header.ts';
import { tagSearch } from '../../../../src/compose/merge/tags.ts';
import { readMailboxes } from '../../../../src/mail/address.ts';
import { decodeWords } from '../../../../src/mail/words.ts';
import { randomFrom, rounds } from '../../../support/random.ts';

const search = tagSearch({
  syntaxes: ['brackets', 'mailgun', 'handlebars', 'mailjet', 'mailchimp', 'literal'],
  literals: ['-name-', '<%x%>'],
  charset: unicode,
  form: 'plain',
});

function filled(
  value: string,
  values: Readonly<Record<string, string>>,
  kind: HeaderKind,
): string | undefined {
  return fillHeader(
    { name: kind === 'unstructured' ? 'Subject' : 'To', value: Buffer.from(value), kind },
    {
      search,
      value: (tag) => {
        const text = Object.hasOwn(values, tag.name) ? values[tag.name] : undefined;
        return text === undefined ? undefined : { text, html: tag.raw };
      },
    },
  );
}

const readBack = (field: string | undefined): string =>
  decodeWords(
    Buffer.from(
      (field ?? '')
        .replace(/^[^:]*: /, '')
        .replace(/\r\n(?=[ \t])/g, '')
        .trimEnd(),
      'latin1',
    ),
  );

describe('subjects', () => {
  test.each([
    ['Hello [name]', { name: 'Bob' }, 'Hello Bob'],
    ['Hello [name|you]', {}, 'Hello you'],
    ['Hello %recipient.name% -name-', { name: 'Bob', '-name-': 'B' }, 'Hello Bob B'],
    ['=?utf-8?q?Gr=C3=BC=C3=9Fe=2C_[name]?=', { name: 'Jörg' }, 'Grüße, Jörg'],
    ['=?utf-8?b?SGFsbG8gW25hbWVd?=', { name: 'Bob' }, 'Hallo Bob'],
    ['Grüße [name]', { name: 'a' }, 'Grüße a'],
    ['[name]', { name: 'x\r\nBcc: eve@evil.example\r\n\r\nbody' }, 'x Bcc: eve@evil.example body'],
    ['[name]', { name: '=?utf-8?q?=0D=0ABcc:_x?=' }, '=?utf-8?q?=0D=0ABcc:_x?='],
    ['[name] [name]', { name: '\0\x1b\u2028a\t' }, 'a a'],
    ['[other] [name]', { name: 'x' }, '[other] x'],
  ])('%s with %j', (value, values, want) => {
    const field = filled(value, values, 'unstructured');
    expect(field).toMatch(/^Subject: [\x20-\x7e]*(\r\n [\x20-\x7e]+)*\r\n$/);
    expect(readBack(field)).toBe(want);
  });

  test('stay as they stand where no tag has a value', () => {
    expect(filled('Hello [name] [1]', {}, 'unstructured')).toBeUndefined();
    expect(filled('Hello', { name: 'x' }, 'unstructured')).toBeUndefined();
  });

  test('are bounded, and every line fits', () => {
    const field = filled('[name] '.repeat(50), { name: 'x'.repeat(100_000) }, 'unstructured') ?? '';
    expect(field.length).toBeLessThan(12_000);
    for (const line of field.split('\r\n')) expect(line.length).toBeLessThan(998);
  });

  test('say which tags have no value', () => {
    const value = (): undefined => undefined;
    expect(unfilledInHeader(Buffer.from('[a] [b|c] [d]'), { search, value })).toEqual(['a', 'd']);
  });
});

describe('mailboxes', () => {
  test.each([
    ['[name] <bob@example.com>', { name: 'Bob B.' }, '"Bob B." <bob@example.com>'],
    ['"[name]" <[email]>', { name: 'Bob', email: 'bob@example.com' }, 'Bob <bob@example.com>'],
    ['[email]', { email: 'bob@example.com' }, 'bob@example.com'],
    ['%recipient.email%', { email: 'Bob <bob@example.com>' }, 'Bob <bob@example.com>'],
    [
      '[name] [last] <bob@example.com>, Eve <eve@example.com>',
      { name: 'Bob', last: 'B' },
      'Bob B <bob@example.com>, Eve <eve@example.com>',
    ],
    ['[user]@example.com', { user: 'bob' }, 'bob@example.com'],
    ['bob@[domain]', { domain: 'example.com' }, 'bob@example.com'],
    [
      '=?utf-8?q?Gr=C3=BC=C3=9Fe_[name]?= <bob@example.com>',
      { name: 'Jörg' },
      'Grüße Jörg <bob@example.com>',
    ],
    ['=?utf-8?b?SGFsbG8gW25hbWVd?= <bob@example.com>', { name: 'Bob' }, 'Hallo Bob <bob@example.com>'],
    ['{{var:name:"you, there"}} <bob@example.com>', {}, '"you, there" <bob@example.com>'],
    [
      '*|NAME|* <bob@example.com>',
      { NAME: 'a, eve@evil.example, "b' },
      '"a, eve@evil.example, \\"b" <bob@example.com>',
    ],
  ])('%s with %j', (value, values, want) => expect(readBack(filled(value, values, 'mailboxes'))).toBe(want));

  test.each([
    ['[email]', { email: 'bob@example.com, eve@evil.example' }],
    ['[email]', { email: 'Bob <bob@example.com>, eve@evil.example' }],
    ['[email]', { email: 'no address' }],
    ['[email]', { email: 'bob@example.com\r\nBcc: eve@evil.example' }],
    ['[email]', { email: '"a b"@example.com' }],
    ['[email]', { email: 'jörg@example.com' }],
    ['<[email]>', { email: 'bob@example.com>, <eve@evil.example' }],
    ['[user]@example.com', { user: 'x <eve@evil.example> y' }],
    ['[user]@example.com', { user: 'eve@evil.example,bob' }],
    ['[user]@example.com', { user: '"a' }],
    ['[nothing]', {}],
    ['bob@example.com', {}],
    ['undisclosed-recipients:;', {}],
    ['[name] <', { name: 'x' }],
  ])('%s with %j stays as it stands', (value, values) => {
    expect(filled(value, values, 'mailboxes')).toBeUndefined();
  });

  test('an authorised address does not change, the name in front of it does', () => {
    expect(filled('[name] <shop@shop.example>', { name: 'Bob' }, 'names')).toBe(
      'To: Bob <shop@shop.example>\r\n',
    );
    expect(filled('[name] <[email]>', { name: 'B', email: 'eve@evil.example' }, 'names')).toBeUndefined();
    expect(filled('[email]', { email: 'eve@evil.example' }, 'names')).toBeUndefined();
  });
});

describe('no value', () => {
  const templates = [
    '[v] <a@b.example>',
    '"[v]" <a@b.example>, c@d.example',
    '[v]',
    'x <[v]>, y@z.example',
    '[v]@b.example',
    'a@[v]',
    '=?utf-8?q?[v]?= <a@b.example>',
    '[v] [v] <a@b.example>',
    '<%x%> [v] <a@b.example>',
  ];
  const pieces = [
    'a',
    '@',
    'b.example',
    '<',
    '>',
    ',',
    ';',
    ':',
    '"',
    '\\',
    '(',
    ')',
    '\r\n',
    '\n',
    ' ',
    '=?utf-8?q?',
    '=0D=0A',
    '?=',
    'Bcc: x@y.example',
    'é',
    '\0',
    '.',
    '[v]',
    '\u2028',
    '[',
    ']',
    '$&',
  ];

  test('adds a field, a line or a mailbox', () => {
    const random = randomFrom(5);
    const bad: string[] = [];
    for (let round = 0; round < rounds(6000); round++) {
      const v = Array.from({ length: 7 }, () => pieces[random(pieces.length)]).join('');
      const template = templates[round % templates.length] ?? '';
      for (const kind of ['mailboxes', 'names', 'unstructured'] as const) {
        const field = filled(template, { v, '<%x%>': v }, kind);
        if (field === undefined) continue;
        if (!/^(To|Subject): ?[\x20-\x7e]*(\r\n[ \t][\x20-\x7e]*)*\r\n$/.test(field)) bad.push(field);
        if (kind === 'unstructured') continue;
        const value = field.replace(/^[^:]*:/, '').replace(/\r\n/g, '');
        if (readMailboxes(value)?.length !== (template.includes(', ') ? 2 : 1)) bad.push(field);
        if (kind === 'names' && !value.includes('@b.example')) bad.push(field);
      }
    }
    expect(bad).toEqual([]);
  });
});
