// Header blocks: what a Submission learns from them, and which are refused.
import { describe, expect, test } from 'vitest';
import { readHeader } from '../../../src/accept/parse.ts';
import { scanHeaders } from '../../../src/mail/headers.ts';

const read = (lines: readonly string[], body = '\r\nbody\r\n'): ReturnType<typeof readHeader> => {
  const message = Buffer.from(lines.map((line) => `${line}\r\n`).join('') + body);
  const block = scanHeaders(message);
  return readHeader(message.subarray(0, block.size), block, message.length, 0);
};
const FROM = 'From: me@shop.example';

test('reads what a submission needs', () => {
  expect(
    read([
      'FROM: Shop <me@Shop.example>',
      'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=',
      ' more',
      'Message-Id: x <1@a> y',
      'Reply-To: r@x.example',
    ]),
  ).toMatchObject({
    from: [{ name: 'Shop', address: 'me@shop.example' }],
    hasReplyTo: true,
    messageId: '<1@a>',
    subject: 'Grüße more',
    eightBit: false,
    fromName: 'Shop',
    autoReply: false,
    contentType: 'text/plain',
    wish: { ok: true, instructions: {} },
  });
});

describe('takes', () => {
  test('raw 8-bit subjects, old charsets too, on one line of at most 255 characters', () => {
    expect(read([FROM, 'Subject: Grüße'])).toMatchObject({ subject: 'Grüße', eightBit: true });
    expect(read([FROM, `Subject: ${'x'.repeat(500)}`])).toMatchObject({
      subject: expect.stringMatching(/^x{254}…$/),
    });
    expect(read([FROM, 'Subject: =?utf-8?q?a=0D=0Ab=00c?='])).toMatchObject({ subject: 'a b c' });
  });

  test('a header without a body, and a Message-ID that is none as none', () => {
    expect(read([FROM, 'Message-ID: none'], '')).toMatchObject({ messageId: undefined });
    expect(read([FROM, `Message-ID: <${'x'.repeat(600)}@a>`])).toMatchObject({ messageId: undefined });
  });

  test('fifty Received fields', () => {
    expect(read([...Array<string>(50).fill('Received: from a'), FROM])).not.toHaveProperty('code');
  });
});

test('tells who a message is from and to, and what kind it is', () => {
  const facts = read([
    'From: =?utf-8?q?Gr=C3=BC=0D=0A=C3=9Fe?= <me@shop.example>',
    'To: A <A@X.example>, "no end',
    'Cc: group: b@Y.example, C@z.example;',
    'To: d@x.example',
    'Auto-Submitted: auto-replied (vacation)',
    'Content-Type: Text/HTML; charset=utf-8',
  ]);
  if ('code' in facts) throw new Error(facts.text);
  expect(facts).toMatchObject({ fromName: 'Grü ße', autoReply: true, contentType: 'text/html' });
  expect(facts.toAndCc()).toEqual(['d@x.example', 'b@y.example', 'c@z.example']);
  expect([...facts.names].sort()).toEqual(['auto-submitted', 'cc', 'content-type', 'from', 'to']);
});

test.each([
  [['Auto-Submitted: no'], false],
  [['Auto-Submitted: No; comment=x'], false],
  [['Auto-Submitted:'], false],
  [['Auto-Submitted: auto-generated'], false],
  [['Auto-Submitted: auto-notified'], false],
  [['Auto-Submitted: Auto-Replied'], true],
  [['Auto-Submitted: auto-replied; owner-email="a@b.example"'], true],
  [['Auto-Submitted: auto-repliedly'], false],
  [['Content-Type: multipart/report; boundary=x'], true],
])('%j: a program answers or reports: %j', (lines, autoReply) =>
  expect(read([FROM, ...lines])).toMatchObject({ autoReply }),
);

describe('refuses', () => {
  test.each<[string, string[], string, number, string]>([
    ['no From', ['Subject: x'], '\r\nFrom: me@shop.example\r\n', 550, '5.6.0'],
    ['two From fields', [FROM, 'from : you@shop.example'], '\r\n', 550, '5.7.1'],
    ['an unreadable From', ['From: "open'], '\r\n', 550, '5.7.1'],
    ['a line that is no field', [FROM, 'no field', 'To: x'], '\r\n', 554, '5.6.0'],
    ['a first line that is folded', [' From: me@shop.example'], '\r\n', 554, '5.6.0'],
    ['a field without a name', [' : x', FROM], '\r\n', 554, '5.6.0'],
    ['an mbox line', ['From me Mon Mar 02', FROM], '\r\n', 554, '5.6.0'],
    ['51 Received fields', [...Array<string>(51).fill('Received: from a'), FROM], '\r\n', 554, '5.4.6'],
  ])('%s', (_, lines, body, code, status) => expect(read(lines, body)).toMatchObject({ code, status }));
});

describe('control fields', () => {
  const wish = (...lines: string[]): unknown => {
    const facts = read([FROM, ...lines]);
    if ('code' in facts) return facts.text;
    return facts.wish.ok ? facts.wish.instructions : `${facts.wish.field} ${facts.wish.must}`;
  };
  test.each<[string[], unknown]>([
    [['X-Postino-Priority: 5', 'X-POSTINO-POOL: bulk'], { priority: 5, pool: 'bulk' }],
    [['X-Postino-Campaign: =?utf-8?q?Fr=C3=BChling?='], { campaign: 'Frühling' }],
    [['X-Postino-Metadata: {"order":', ' "17"}'], { metadata: { order: '17' } }],
    [['X-PM-Metadata-Color: blue'], { metadata: { Color: 'blue' } }],
    [['X-Other: 1', 'Bcc: a@x.example', 'Return-Path: <>'], {}],
    [['X-Postino-Priority: urgent'], expect.stringMatching(/^X-Postino-Priority must /)],
  ])('%j are read', (lines, want) => expect(wish(...lines)).toEqual(want));
});
