// Which addresses are ours, and what is said when one message went to several of them.
import { describe, expect, test } from 'vitest';
import { makeFeedback } from '../../../src/feedback/feedback.ts';
import type { Kind, Mail, Receipt } from '../../../src/feedback/kind.ts';

const kind = (local: string, receipt: Receipt, seen: Mail[] = []): Kind => ({
  name: local,
  takes: (to) => to.local === local && to.domain === 'b.example',
  receive: async (mail) => {
    seen.push(mail);
    return receipt;
  },
});

describe('an address', () => {
  const { takes } = makeFeedback([kind('one', 'taken'), kind('two', 'taken')]);
  test.each([
    ['one@b.example', true],
    ['TWO@b.example', true],
    ['three@b.example', false],
    ['one@a.b.example', false],
    ['one@b.example.org', false],
    ['"one"@b.example', false],
    ['one@evil.example@b.example', false],
    ['one%evil.example@b.example', false],
    ['one', false],
    ['@b.example', false],
    ['', false],
  ])('%j is ours: %s', (address, ours) => expect(takes(address)).toBe(ours));
});

test('each kind gets what is its own, with the sender and the bytes', async () => {
  const seen: Mail[] = [];
  const { receive } = makeFeedback([kind('one', 'taken', seen), kind('two', 'taken', seen)]);
  const message = Buffer.from('x');
  await receive({ from: '', to: ['Two@b.example', 'one@b.example'], message });
  expect(seen).toEqual([
    { from: '', to: { local: 'two', domain: 'b.example' }, message },
    { from: '', to: { local: 'one', domain: 'b.example' }, message },
  ]);
});

test.each<[Receipt[], Receipt]>([
  [['taken'], 'taken'],
  [['expired'], 'expired'],
  [['noRequest', 'taken'], 'taken'],
  [['noRequest', 'expired'], 'noRequest'],
  [['taken', 'later', 'noRequest'], 'later'],
])('of %j the answer is %s', async (receipts, answer) => {
  const kinds = receipts.map((receipt, i) => kind(`k${i}`, receipt));
  const to = receipts.map((_, i) => `k${i}@b.example`);
  expect(await makeFeedback(kinds).receive({ from: 'a@c.example', to, message: Buffer.alloc(0) })).toBe(
    answer,
  );
});
