// Messages built from their parts: the structure for every mix of them, borders that are in no part, names in any script.
import { simpleParser } from 'mailparser';
import { expect, test } from 'vitest';
import { buildMessage, type Attachment, type Parts } from '../../../src/mail/build.ts';

const build = (parts: Partial<Parts>): string =>
  buildMessage({ fields: [['From', 'a@example.net']], id: 'X1', ...parts }).toString('latin1');
const file: Attachment = { name: 'a.pdf', type: 'application/pdf', content: Buffer.from('pdf') };
const picture: Attachment = { name: 'a.png', type: 'image/png', content: Buffer.from('png'), cid: 'a@1' };
const types = (raw: string): string[] =>
  [...raw.matchAll(/^Content-Type: ([\w/+-]+)/gm)].map((match) => match[1] ?? '');

test.each<[string, Partial<Parts>, string[]]>([
  ['nothing', {}, ['text/plain']],
  ['text', { text: 'a' }, ['text/plain']],
  ['HTML', { html: 'a' }, ['text/html']],
  ['both', { text: 'a', html: 'a' }, ['multipart/alternative', 'text/plain', 'text/html']],
  ['a picture', { html: 'a', attachments: [picture] }, ['multipart/related', 'text/html', 'image/png']],
  [
    'a picture without HTML',
    { text: 'a', attachments: [picture] },
    ['multipart/mixed', 'text/plain', 'image/png'],
  ],
  ['a file', { text: 'a', attachments: [file] }, ['multipart/mixed', 'text/plain', 'application/pdf']],
  [
    'everything',
    { text: 'a', html: 'a', attachments: [file, picture] },
    [
      'multipart/mixed',
      'multipart/alternative',
      'text/plain',
      'multipart/related',
      'text/html',
      'image/png',
      'application/pdf',
    ],
  ],
])('%s has the structure it needs', (_, parts, want) => {
  expect(types(build(parts))).toEqual(want);
});

test('every line is short, ASCII, and ends in CRLF', () => {
  const text = `${'ä'.repeat(5000)}\n.\n${'x'.repeat(5000)}\r\nFrom here \rto there`;
  const raw = build({
    text,
    html: text,
    attachments: [{ ...file, name: 'ü'.repeat(100), content: Buffer.alloc(9999, 255) }],
  });
  expect(raw).not.toMatch(/[^\r]\n|\r[^\n]|[^\r\n\t -~]/);
  const lines = raw.split('\r\n').filter((line) => !line.includes("utf-8''") && !line.includes('=?utf-8'));
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(78);
});

test('what it says is what is read', async () => {
  const text = 'Grüße =_X1_a\n--=_X1_a--\n\ttab ';
  const mail = await simpleParser(
    build({ text, html: `<p>${text}</p>`, attachments: [{ ...file, name: 'Räume "1"; x=y.pdf' }, picture] }),
  );
  expect(mail.text).toBe(`${text}\n`);
  expect(mail.attachments.map(({ filename, content }) => [filename, content.toString()])).toEqual([
    ['a.png', 'png'],
    ['Räume "1"; x=y.pdf', 'pdf'],
  ]);
});
