// Splices into encoded parts: what is not touched keeps its bytes, and the decoded text is what was asked for.
import { describe, expect, test } from 'vitest';
import { decode, joined, write, type Splice } from '../../../../src/compose/treat/transfer.ts';
import { quotedPrintable } from '../../../../src/mail/encode.ts';
import { randomFrom, rounds } from '../../../support/random.ts';

const PIECES = [
  'a',
  'é',
  ' ',
  '\t',
  '=',
  '\r\n',
  '. ',
  'wort ',
  '<a href="',
  '"',
  'x'.repeat(30),
  '\r\n\r\n',
];

function randomText(random: (below: number) => number, length: number): string {
  const text = Array.from({ length }, () => PIECES[random(PIECES.length)] ?? '').join('');
  return Buffer.from(text).toString('latin1');
}

function randomSplices(random: (below: number) => number, text: string): readonly Splice[] {
  const cuts = Array.from({ length: 2 * random(6) }, () => random(text.length + 1))
    // nothing of ours begins or ends between CR and LF
    .map((cut) => (text[cut - 1] === '\r' && text[cut] === '\n' ? cut + 1 : cut))
    .sort((a, b) => a - b);
  const splices: Splice[] = [];
  for (let i = 0; i + 1 < cuts.length; i += 2) {
    const [start = 0, end = 0] = [cuts[i], cuts[i + 1]];
    splices.push({ start, end: random(3) === 0 ? start : end, text: randomText(random, random(20)) });
  }
  return splices;
}

describe('quoted-printable', () => {
  test('5,000 random splices decode to the joined text, in lines of at most 76 columns', () => {
    const random = randomFrom(17);
    for (let i = 0; i < rounds(5000); i++) {
      const text = randomText(random, random(60));
      const encoded = quotedPrintable(Buffer.from(text, 'latin1'));
      const decoded = decode(encoded, 'quoted-printable');
      expect(decoded.text).toBe(text);
      const splices = randomSplices(random, text);
      const written = write(decoded, splices, 'spliced-qp');
      expect(decode(written, 'quoted-printable').text, JSON.stringify({ text, splices })).toBe(
        joined(text, splices),
      );
      expect(written.toString('latin1').match(/[^\r\n]{77}/)).toBeNull();
    }
  });

  test('lines that are not touched keep their bytes, however oddly they are encoded', () => {
    const raw = 'odd=65=0d=0aline=\r\n  \r\n<a href=3D"http://x.example/">go</a>\r\n=E9t=e9 rest\t=\r\n\r\n';
    const decoded = decode(Buffer.from(raw), 'quoted-printable');
    const start = decoded.text.indexOf('http');
    const end = decoded.text.indexOf('"', start);
    const written = write(decoded, [{ start, end, text: 'https://t.example/c' }], 'spliced-qp').toString(
      'latin1',
    );
    expect(written).toBe(raw.replace('http://x.example/', 'https://t.example/c'));
  });

  test('a long value stands between soft line breaks and the rest of its line follows', () => {
    const raw = 'before <a href=3D"http://x.example/">after</a>\r\nnext\r\n';
    const decoded = decode(Buffer.from(raw), 'quoted-printable');
    const start = decoded.text.indexOf('http');
    const splice = {
      start,
      end: decoded.text.indexOf('"', start),
      text: `https://t.example/${'k'.repeat(200)}`,
    };
    const written = write(decoded, [splice], 'spliced-qp').toString('latin1');
    expect(written.startsWith('before <a href=3D"=\r\nhttps://t.example/kkk')).toBe(true);
    expect(written.endsWith('=\r\n">after</a>\r\nnext\r\n')).toBe(true);
  });
});

test('base64 is decoded as readers do and written in lines of 76', () => {
  const body = Buffer.from('R3LDvMOfZQ==\r\n');
  const decoded = decode(body, 'base64');
  const splice = { start: decoded.text.length, end: decoded.text.length, text: ' mehr'.repeat(30) };
  const written = write(decoded, [splice], 'base64');
  expect(Buffer.from(written.toString(), 'base64').toString('utf8')).toBe(`Grüße${' mehr'.repeat(30)}`);
  for (const line of written.toString().split('\r\n')) expect(line.length).toBeLessThanOrEqual(76);
});

test('a plain part is spliced byte by byte', () => {
  const decoded = decode(Buffer.from([0xe9, 0x20, 0x41, 0x00, 0xff]), '8bit');
  expect([...write(decoded, [{ start: 2, end: 3, text: 'xy' }], 'plain')]).toEqual([
    0xe9, 0x20, 0x78, 0x79, 0, 0xff,
  ]);
});
