// The costliest letters: nobody else waits long while one is made.
import { describe, expect, test } from 'vitest';
import { finish, inTurns, type Steps } from '../../../../src/lib/steps.ts';
import { htmlSlots, htmlSteps } from '../../../../src/compose/html/slots.ts';
import { utf8 } from '../../../../src/compose/merge/charset.ts';
import { composeOf, deliveryOf, MODERN_PEER, PLAIN_PEER, submissionOf } from '../../../support/letters.ts';
import { htmlTags } from '../html/body.ts';

/** Ten times what it is on an idle machine of 2026; without turns it is 1 to 20 seconds. */
const MAX_STRETCH_MS = 600;
const MB = 1024 * 1024;
const fill = (unit: string, size: number): string => unit.repeat(Math.floor(size / unit.length));
const row = `<p>Dear [name], <a href="https://shop.example/i?x=[n]">a [name]</a> ${'text '.repeat(22)}</p>\r\n`;
const rows = fill(row, MB - 1000);
const dense = fill('<i a=[n] b=[n]>[name]</i> ', MB - 1000);
const qp = (text: string): string => text.replaceAll('=', '=3D').replace(/(.{70})(?=.)/g, '$1=\r\n');
const lines = (base64: string): string => base64.replace(/(.{76})/g, '$1\r\n');

const head =
  'From: Shop <orders@shop.example>\r\nTo: ann@mail.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n';
const htmlAs = (encoding: string, body: string): string =>
  `${head}Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}`;
const part = `--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${rows}\r\n`;

const cases: readonly (readonly [string, string])[] = [
  ['HTML of a megabyte, with links', htmlAs('8bit', rows)],
  ['the same in quoted-printable', htmlAs('quoted-printable', qp(rows))],
  ['the same in base64', htmlAs('base64', lines(Buffer.from(rows).toString('base64')))],
  [
    'the same in an old charset',
    htmlAs('8bit', rows).replace('utf-8', 'iso-8859-1').replaceAll('text ', 't\xe9xt '),
  ],
  ['one line of tags', htmlAs('8bit', dense)],
  [
    'one line of tags in quoted-printable, without line breaks',
    htmlAs('quoted-printable', dense.replaceAll('=', '=3D')),
  ],
  ['a text of tags', htmlAs('8bit', fill('[name] and\r\n', MB - 1000)).replace('html', 'plain')],
  [
    'thirty such parts',
    `${head}Content-Type: multipart/mixed; boundary=b\r\n\r\n${part.repeat(30)}--b--\r\n`,
  ],
];

async function longestStretch(work: Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let isDone = false;
  const done = work.then(() => (isDone = true));
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve));
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }
  await done;
  return longest;
}

describe('others go in between', () => {
  test.each(cases)('%s', { timeout: 60_000 }, async (_, message) => {
    const bytes = Buffer.from(message, 'latin1');
    const submission = submissionOf(bytes, {
      instructions: { clicks: 'all', opens: true, footer: true, unsubscribe: true, merge: {} },
      treatment: {
        linkBase: 'https://click.shop.example',
        mergeHeaders: ['subject'],
        footer: { html: '<p>Bye [name]</p>', text: 'Bye' },
        stored: { 'ann@mail.example': { name: 'Änn & <Co>', n: '1' } },
      },
    });
    const compose = composeOf(bytes);
    for (const peer of [MODERN_PEER, PLAIN_PEER]) {
      const made = compose.render(submission, deliveryOf(submission))(peer);
      expect(await longestStretch(made)).toBeLessThan(MAX_STRETCH_MS);
      expect(await made).toHaveProperty('letter');
    }
  });
});

test('work in turns gives what work at once gives', async () => {
  const count = function* (): Steps<number> {
    let sum = 0;
    for (let i = 0; i < 5; i++, sum += i) yield;
    return sum;
  };
  expect(await inTurns(count())).toBe(finish(count()));
});

test('HTML that is read in pieces has its slots where it has them read at once', { timeout: 30_000 }, () => {
  const units = [
    row,
    '<a title="x < y [name] < z" href=\'https://a.example/?<[n]\'>[name|a<b]</a><b>1 < 2</b>',
    '<style>p > a { b: "<" } /* [name] < */</style><title>[name] < x</title><script>if (a < b) "[n]"</script>',
    '<!--[if mso]><a href="https://b.example/[n]">[name] <</a><![endif]--><!-- < [name] <b -->< <\r\n',
    '[name|<[n]',
  ];
  for (let shift = 0; shift < 20; shift++) {
    const unit = units.slice(shift % units.length).join('') + 'x'.repeat(shift);
    const source = 'y'.repeat(shift * 7) + fill(unit, 200_000);
    const options = { charset: utf8, tags: htmlTags, clicks: true, pixel: true } as const;
    const steps = htmlSteps(source, options);
    let pauses = 0;
    while (steps.next().done !== true) pauses++;
    expect(pauses).toBeGreaterThan(1);
    const { slots } = htmlSlots(source, options);
    // As if there were nothing to cut: the places of a unit are those of the unit alone.
    const placesOf = (list: typeof slots) =>
      list.filter(({ kind }) => kind !== 'pixel').map(({ kind, start, end }) => [kind, start, end] as const);
    const alone = placesOf(htmlSlots('y'.repeat(shift * 7) + unit, options).slots);
    const times = Math.floor(200_000 / unit.length);
    const want = Array.from({ length: times }, (_, n) =>
      alone.map(([kind, start, end]) => [kind, start + n * unit.length, end + n * unit.length]),
    ).flat();
    expect(want.length).toBeGreaterThan(0);
    expect(placesOf(slots)).toEqual(want);
  }
});
