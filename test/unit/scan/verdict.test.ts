import { describe, expect, test } from 'vitest';
import { isScanned, scanConfig } from '../../../src/scan/config.ts';
import { makeBudget } from '../../../src/lib/budget.ts';
import { readVerdict } from '../../../src/scan/verdict.ts';
import { randomFrom } from '../../support/random.ts';

const answer = (more: object): string =>
  JSON.stringify({
    is_skipped: false,
    score: 5.2,
    required_score: 15,
    action: 'no action',
    symbols: {
      SMALL: { name: 'SMALL', score: 0.1, description: 'x', options: ['a'] },
      BIG: { name: 'BIG', score: 5.1 },
    },
    urls: [],
    'message-id': 'x@y',
    ...more,
  });

describe('what rspamd says', () => {
  test('nothing to say', () => {
    expect(readVerdict(answer({}))).toEqual({
      kind: 'final',
      scan: { verdict: 'clean', score: 5.2, symbols: ['BIG 5.1', 'SMALL 0.1'] },
    });
  });

  test.each(['reject', 'quarantine', 'discard'])('"%s" refuses', (action) => {
    expect(readVerdict(answer({ action, score: 16.2 }))).toMatchObject({
      kind: 'final',
      scan: { verdict: 'refused', reason: `The scanner said "${action}", 16.2 of 15 points`, score: 16.2 },
    });
  });

  test.each(['soft reject', 'greylist'])('"%s" is for later', (action) => {
    const messages = { smtp_message: 'Try again\r\nlater' };
    expect(readVerdict(answer({ action, messages }))).toEqual({
      kind: 'later',
      reason: `The scanner said "${action}", 5.2 of 15 points: Try again later`,
    });
  });

  test('"add header" marks, with the fields of the milter block', () => {
    const milter = {
      add_headers: {
        'X-Spamd-Bar': { value: '++++', order: 0 },
        'X-Two': ['a', { value: 'b', order: 1 }],
      },
    };
    expect(readVerdict(answer({ action: 'add header', milter }))).toMatchObject({
      scan: {
        verdict: 'marked',
        add: [
          ['X-Spam', 'Yes'],
          ['X-Spamd-Bar', '++++'],
          ['X-Two', 'a'],
          ['X-Two', 'b'],
        ],
      },
    });
  });

  test('"rewrite subject" gives another subject', () => {
    expect(readVerdict(answer({ action: 'rewrite subject', subject: '*** SPAM *** hi' }))).toMatchObject({
      scan: { verdict: 'marked', subject: '*** SPAM *** hi' },
    });
  });

  test('fields that say what a message is, or that are none, are not added', () => {
    const names = [
      'From',
      'SUBJECT',
      'Content-Type',
      'DKIM-Signature',
      'Bcc',
      'List-Unsubscribe',
      'a b',
      'x:y',
      '',
      'X\r\nBcc',
    ];
    const milter = {
      add_headers: {
        ...Object.fromEntries(names.map((name) => [name, { value: 'x' }])),
        'X-Ok': 'a\r\nBcc: b',
      },
    };
    expect(readVerdict(answer({ milter }))).toMatchObject({ scan: { add: [['X-Ok', 'a Bcc: b']] } });
  });

  test.each(['', 'null', '[]', '{}', '{"action":7}', '<html>', '{"action":"no action","symbols":[]}'])(
    '%j is no answer',
    (text) => {
      expect(readVerdict(text)).toBeUndefined();
    },
  );

  test('an action that somebody made up changes nothing by itself', () => {
    expect(readVerdict(answer({ action: 'log it' }))).toMatchObject({ scan: { verdict: 'clean' } });
  });

  test('answers of any size and shape come out bounded', () => {
    const symbols = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`S${i}`, { score: i }]));
    const milter = { add_headers: { 'X-Many': Array.from({ length: 5000 }, () => 'v'.repeat(5000)) } };
    const verdict = readVerdict(answer({ action: 'add header', symbols, milter }));
    expect(JSON.stringify(verdict).length).toBeLessThan(25_000);
  });
});

test('bytes that were changed at random give a verdict, or none, and never an error', () => {
  const whole = answer({
    action: 'add header',
    subject: 'x',
    messages: { smtp_message: 'y' },
    milter: { add_headers: { 'X-A': { value: 'b' }, 'X-C': ['d'] } },
  });
  const below = randomFrom(7);
  for (let i = 0; i < 5000; i++) {
    const bytes = Buffer.from(whole);
    for (let n = 0; n < 1 + (i % 4); n++) bytes[below(bytes.length)] = below(256);
    const verdict = readVerdict(bytes.toString('latin1').slice(0, 1 + below(2 * whole.length)));
    const fields = verdict?.kind === 'final' ? (verdict.scan.add ?? []) : [];
    for (const [name, value] of fields) expect(`${name}${value}`).not.toMatch(/[\r\n\0]/);
  }
});

test('users are scanned as the configuration says', () => {
  const read = (more: object) => scanConfig.parse({ url: 'http://127.0.0.1:11333', ...more });
  expect(isScanned(read({}), 'shop')).toBe(true);
  expect(isScanned(read({ only: ['shop'] }), 'shop')).toBe(true);
  expect(isScanned(read({ only: ['shop'] }), 'office')).toBe(false);
  expect(isScanned(read({ except: ['shop'] }), 'shop')).toBe(false);
  expect(scanConfig.safeParse({ url: 'http://a', only: ['a'], except: ['b'] }).success).toBe(false);
  expect(scanConfig.safeParse({ url: 'file:///x' }).success).toBe(false);
  expect(scanConfig.safeParse({ url: 'http://a', at: 'data' }).success).toBe(false);
});

test('turns: never more at a time, all get theirs, also after one that fails', async () => {
  const places = makeBudget(3);
  let running = 0;
  let most = 0;
  const results = await Promise.allSettled(
    Array.from({ length: 50 }, (_, i) =>
      places.use(1, async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        if (i % 7 === 0) throw new Error('x');
        return i;
      }),
    ),
  );
  expect([most, running, results.length]).toEqual([3, 0, 50]);
});
