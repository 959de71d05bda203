// SMTP replies from strangers: whole, torn, torn apart, endless, dirty.
import { describe, expect, test } from 'vitest';
import { ReplyReader, parseReply } from '../../../src/mail/reply.ts';
import { randomFrom } from '../../support/random.ts';

const readAll = (...chunks: readonly string[]) => {
  const reader = new ReplyReader();
  const readings = chunks.map((chunk) => reader.take(chunk));
  return {
    replies: readings.flatMap((reading) => reading.replies),
    broken: readings.at(-1)?.broken,
    unfinished: reader.unfinished,
  };
};

describe('a reply', () => {
  test.each([
    ['250 2.1.0 Ok\r\n', { code: 250, status: '2.1.0', text: 'Ok' }],
    ['250\r\n', { code: 250, text: '' }],
    ['354 go ahead\n', { code: 354, text: 'go ahead' }],
    [
      '550-5.1.1 No such\r\n550 5.1.1 user here\r\n',
      { code: 550, status: '5.1.1', text: 'No such user here' },
    ],
    ['550 5.1.1: unknown\r\n', { code: 550, status: '5.1.1', text: 'unknown' }],
    ['550 4.1.1 class and code disagree\r\n', { code: 550, text: '4.1.1 class and code disagree' }],
    ['550 5.1.1\r\n', { code: 550, status: '5.1.1', text: '' }],
    ['550 10.0.0.1 is listed\r\n', { code: 550, text: '10.0.0.1 is listed' }],
  ])('%j is read', (bytes, reply) => {
    expect(readAll(bytes)).toEqual({ replies: [reply], broken: undefined, unfinished: false });
  });

  test('is the same however its bytes are torn', () => {
    const bytes = '250-one\r\n250 two\r\n354 go\r\n550-5.7.1 a\r\n550 5.7.1 b\r\n';
    const whole = readAll(bytes).replies;
    for (let size = 1; size < bytes.length; size++) {
      const chunks = bytes.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      expect(readAll(...chunks).replies).toEqual(whole);
    }
  });

  test('in UTF-8 is read as such, and bytes that are not stay readable', () => {
    const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
    expect(parseReply([latin1('550 Casella non trovata: è chiusa')]).text).toBe(
      'Casella non trovata: è chiusa',
    );
    expect(parseReply(['550 caf\u00e9']).text).toBe('café');
  });

  test('has its control and direction characters taken out and is cut to a kilobyte', () => {
    expect(parseReply(['550 a\u0007b\u0000c']).text).toBe('a b c');
    const spoof = Buffer.from('550 a\u202eb', 'utf8').toString('latin1');
    expect(parseReply([spoof]).text).toBe('a b');
    expect(parseReply([`550 ${'x'.repeat(5000)}`]).text.length).toBe(1024);
  });
});

describe('what is no reply', () => {
  test.each([
    ['HTTP/1.1 400 Bad Request\r\n', 'a line that is no reply'],
    ['\r\n', 'an empty line'],
    ['250-a\r\n251 b\r\n', 'a reply whose lines have different codes'],
    ['25 short\r\n', 'a line that is no reply'],
    ['650 what\r\n', 'a line that is no reply'],
    [`250 ${'x'.repeat(70_000)}`, 'a reply without an end'],
    ['250-x\r\n'.repeat(20_000), 'a reply without an end'],
  ])('%.20j breaks the reader', (bytes, broken) => {
    expect(readAll(bytes)).toMatchObject({ replies: [], broken });
  });

  test('many short replies are not one long one', () => {
    expect(readAll(...Array.from({ length: 20_000 }, () => '250 Ok\r\n'))).toMatchObject({
      broken: undefined,
    });
    expect(readAll('250 Ok\r\n'.repeat(20_000)).broken).toBeUndefined();
  });

  test('random bytes neither throw nor grow', () => {
    const random = randomFrom(7);
    const alphabet = ['2', '5', '0', '-', ' ', '\r', '\n', '.', 'x', '\u0000', '\u00ff'];
    for (let round = 0; round < 500; round++) {
      const reader = new ReplyReader();
      for (let i = 0; i < 20; i++) {
        const chunk = Array.from({ length: 30 }, () => alphabet[random(alphabet.length)]).join('');
        for (const reply of reader.take(chunk).replies) expect(reply.code).toBeGreaterThanOrEqual(200);
      }
    }
  });
});
