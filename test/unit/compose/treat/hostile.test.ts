// Hostile messages through the treatment: no added field, no other's address, no growth or time without bound.
import { describe, expect, test } from 'vitest';
import { scanHeaders, valueOf } from '../../../../src/mail/headers.ts';
import { readMailboxes } from '../../../../src/mail/address.ts';
import type { Submission } from '../../../../src/model/submission.ts';
import { cpuClock } from '../../../support/cpu.ts';
import {
  bytesOf,
  composeOf,
  crlf,
  deliveryOf,
  MODERN_PEER,
  submissionOf,
  verify,
} from '../../../support/letters.ts';
import { randomFrom } from '../../../support/random.ts';

const BASE = 'https://click.shop.example';

async function letterOf(
  message: Buffer,
  more: Partial<Submission>,
  recipient: { address: string; name?: string },
) {
  const submission = submissionOf(message, more);
  const result = await composeOf(message).render(
    submission,
    deliveryOf(submission, { recipient }),
  )(MODERN_PEER);
  return 'letter' in result ? { ...result.letter, bytes: bytesOf(result.letter) } : result.refusal;
}

const NASTY = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  'Bcc: evil@x.example',
  ', evil@x.example',
  '<evil@x.example>',
  '"',
  '\\',
  '=?utf-8?q?=0D=0ABcc:_x?=',
  '[name]',
  ';',
  'é',
  '\u2028',
  ':',
  ' ',
  'a',
  '"><script>alert(1)</script>',
  "' onload='x",
  'javascript:alert(1)',
  '<!--',
  '-->',
  '</a>',
  '--b\r\nContent-Type: text/html\r\n\r\n',
];

test('1,000 hostile values add no field and no mailbox, and every signature verifies', async () => {
  const random = randomFrom(5);
  const message = Buffer.from(
    crlf(
      `From: Shop <orders@shop.example>\nTo: "[name]" <ann@mail.example>\nReply-To: [name] <orders@shop.example>\nSubject: Hello [name]\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n<p title="[name]">[name] <a href="https://shop.example/?q=[name]">x</a> <a href="[name]">y</a></p>\n`,
    ),
  );
  const names = (bytes: Buffer): string =>
    scanHeaders(bytes)
      .fields.map((field) => field.name)
      .join(' ');
  const plain = await letterOf(
    message,
    {
      instructions: { merge: { fields: { name: 'Ann' } } },
      treatment: { mergeHeaders: ['subject', 'to', 'reply-to', 'from'] },
    },
    { address: 'ann@mail.example' },
  );
  if (!('bytes' in plain)) throw new Error(plain.detail);
  const expected = names(plain.bytes).replace(' content-transfer-encoding', '');
  for (let i = 0; i < 1000; i++) {
    const value = Array.from({ length: 1 + random(6) }, () => NASTY[random(NASTY.length)]).join('');
    const letter = await letterOf(
      message,
      {
        instructions: { clicks: 'all', opens: true, merge: { fields: { name: value } } },
        treatment: { linkBase: BASE, mergeHeaders: ['subject', 'to', 'reply-to', 'from'] },
      },
      { address: 'ann@mail.example', name: value },
    );
    if (!('bytes' in letter)) throw new Error(letter.detail);
    const block = scanHeaders(letter.bytes);
    expect(names(letter.bytes).replace(' content-transfer-encoding', ''), JSON.stringify(value)).toBe(
      expected,
    );
    for (const field of block.fields.filter((one) => ['to', 'reply-to', 'from'].includes(one.name))) {
      const boxes = readMailboxes(valueOf(letter.bytes, field));
      expect(
        boxes?.map((one) => one.address),
        JSON.stringify(value),
      ).toEqual([field.name === 'to' ? 'ann@mail.example' : 'orders@shop.example']);
    }
    const html = letter.bytes
      .subarray(block.size)
      .toString('utf8')
      .replace(/=\r\n/g, '')
      .replaceAll('=3D', '=');
    expect(html, JSON.stringify(value)).not.toMatch(/<script|href="javascript|' onload='/i);
    if (i % 50 === 0)
      expect((await verify(letter.bytes)).map(({ result }) => result)).toEqual(['pass', 'pass']);
  }
}, 60_000);

describe('bombs', () => {
  const wrap = (body: string, type = 'text/html'): Buffer =>
    Buffer.from(
      crlf(
        `From: a@shop.example\nTo: b@x.example\nSubject: s\nMIME-Version: 1.0\nContent-Type: ${type}; charset=utf-8\n\n`,
      ) + body,
      'latin1',
    );
  const MB = 1_000_000;
  const bombs: readonly [string, Buffer][] = [
    ['nested divs', wrap('<div>'.repeat(MB / 5))],
    ['attributes', wrap(`<a ${'x=1 '.repeat(MB / 4)}>`)],
    ['open angle brackets', wrap('<'.repeat(MB))],
    ['comments that do not end', wrap('<!--[if mso]>'.repeat(MB / 13))],
    ['open tags', wrap('[['.repeat(MB / 2))],
    ['percent signs', wrap('%recipient.'.repeat(MB / 11), 'text/plain')],
    ['links', wrap('<a href=http://x.y/>z</a>'.repeat(MB / 25))],
    ['ampersands', wrap(`<a href="http://x/?${'&amp;'.repeat(MB / 5)}">`)],
    ['URLs in text', wrap('http://a.b/ '.repeat(MB / 12), 'text/plain')],
    [
      'quoted-printable equals',
      Buffer.concat([
        Buffer.from(
          crlf(
            'From: a@shop.example\nMIME-Version: 1.0\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n',
          ),
        ),
        Buffer.from('='.repeat(MB)),
      ]),
    ],
    [
      'quoted-printable blanks',
      Buffer.concat([
        Buffer.from(
          crlf(
            'From: a@shop.example\nMIME-Version: 1.0\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n',
          ),
        ),
        Buffer.from(`${' \t'.repeat(MB / 2)}x`),
      ]),
    ],
    [
      'boundaries',
      Buffer.from(
        crlf(
          `From: a@shop.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n${'--b\n\n<a href="http://x.y/">z</a>\n'.repeat(MB / 30)}`,
        ),
      ),
    ],
    [
      'nested multiparts',
      Buffer.from(
        crlf(
          `From: a@shop.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n${'--b\nContent-Type: multipart/mixed; boundary=b\n\n'.repeat(20_000)}`,
        ),
      ),
    ],
    ['ten megabytes', wrap(`${'<p>text</p>\r\n'.repeat((10 * MB) / 13)}`)],
  ];
  test.each(bombs)('%s', async (_, message) => {
    const more: Partial<Submission> = {
      instructions: {
        clicks: 'all',
        opens: true,
        unsubscribe: true,
        merge: {
          syntaxes: ['brackets', 'mailgun', 'mailchimp', 'handlebars', 'mailjet', 'literal'],
          fields: { name: 'x', '-a-': 'y' },
        },
      },
      treatment: { linkBase: BASE, mergeHeaders: ['subject'] },
    };
    await letterOf(message.subarray(0, 2000), more, { address: 'b@x.example' }); // the first call compiles our own code
    const spent = cpuClock();
    const letter = await letterOf(message, more, { address: 'b@x.example' });
    // far more than it takes: what grows with the square of the input takes minutes
    expect(spent()).toBeLessThan(3000);
    if ('bytes' in letter) expect(letter.size).toBeLessThan(2 * message.length + 12 * 1024 * 1024);
    else expect(letter.status).toMatch(/^5\.6\.0/);
  });
});

describe('a small message with large values', () => {
  const head = 'From: a@shop.example\nTo: b@x.example\nSubject: s\nMIME-Version: 1.0\n';
  const html = (body: string): string => `${head}Content-Type: text/html; charset=utf-8\n\n${body}`;
  const part = `--b\nContent-Type: text/plain\n\n${'-v-'.repeat(150)}\n`;
  const large = 'y'.repeat(65_536);
  const section = (name: string): string => name.repeat(20_000);
  const cases: readonly [string, string, Record<string, string>, Record<string, string>?][] = [
    [
      'in all of its parts',
      `${head}Content-Type: multipart/mixed; boundary=b\n\n${part.repeat(50)}--b--\n`,
      { '-v-': large },
    ],
    [
      'in the text of a link',
      html(`<a href="https://x.example/">${'-v-'.repeat(9000)}</a>`),
      { '-v-': large },
    ],
    ['in styles, which take none of it', html(`<p style="${'-v-'.repeat(19_000)}">a</p>`), { '-v-': large }],
    [
      'in links, which take none of it',
      html('<a href="-v-">a</a>'.repeat(15_000)),
      { '-v-': `javascript:${'é'.repeat(30_000)}` },
    ],
    [
      'in one link over and over',
      html(`<a href="${'-v-'.repeat(100)}">a</a>`.repeat(180)),
      { '-v-': 'é'.repeat(30_000) },
    ],
    [
      'made of sections',
      html('-v-'.repeat(200)),
      { '-v-': section('-a-') },
      { '-a-': section('-b-'), '-b-': section('-c-'), '-c-': section('-d-'), '-d-': 'z' },
    ],
    ['in the header', `${head}${'Subject: -v--v--v--v-\n'.repeat(900)}\nx`, { '-v-': large }],
  ];
  test.each(cases)('%s', async (_, message, fields, sections = {}) => {
    const bytes = Buffer.from(crlf(message));
    const spent = cpuClock();
    const letter = await letterOf(
      bytes,
      {
        instructions: { clicks: 'all', opens: true, merge: { syntaxes: ['literal'], fields, sections } },
        treatment: { linkBase: BASE, mergeHeaders: ['subject'] },
      },
      { address: 'b@x.example' },
    );
    expect(spent()).toBeLessThan(4000);
    if ('bytes' in letter) expect(letter.size).toBeLessThan(2 * bytes.length + 12 * 1024 * 1024);
    else expect(letter.detail).toMatch(/larger/);
  });
});
