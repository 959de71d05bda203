// When to try again and when to give up.
import { expect, test } from 'vitest';
import { givenUp, outOfTime, whatNext } from '../../../src/backlog/retry.ts';
import type { Delivery } from '../../../src/model/delivery.ts';
import type { Outcome } from '../../../src/model/outcome.ts';
import { request } from '../../support/backlog.ts';

const MIN = 60_000;
const HOUR = 60 * MIN;
const plan = { steps: [2 * MIN, 5 * MIN, HOUR] };
const delivery: Delivery = {
  v: 1,
  id: '01ARZ3NDEKTSV4RRFFQ69G5FAV-1',
  account: 'default',
  submission: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  user: 'shop',
  recipient: { address: 'a@example.net' },
  domain: 'example.net',
  pool: 'default',
  transport: 'ip1',
  priority: 3,
  state: 'sending',
  run: 1,
  attempts: 1,
  ambiguous: 0,
  due: 0,
  expiresAt: 72 * HOUR,
};
const later: Extract<Outcome, { kind: 'deferred' }> = {
  kind: 'deferred',
  conversation: '',
  cause: { phase: 'rcpt', class: 'busy', status: '4.2.1', detail: 'later' },
};
const never: Outcome = { ...later, kind: 'bounced' };

test('a permanent failure ends the delivery as bounced', () => {
  expect(whatNext(never, delivery, 0, plan)).toEqual({ do: 'end', as: 'bounced' });
});

test.each([
  ['the first deferral waits the first step', 1, 2 * MIN],
  ['the second waits the second', 2, 5 * MIN],
  ['the last step repeats', 9, HOUR],
])('%s, give or take a tenth', (_, attempts, step) => {
  const next = whatNext(later, { ...delivery, attempts }, 1000, plan);
  expect(next.do).toBe('retry');
  if (next.do !== 'retry') return;
  expect(Math.abs(next.at - 1000 - step)).toBeLessThanOrEqual(step / 10);
});

test('the same attempt always gets the same jitter, and others get another', () => {
  const at = (id: string) => whatNext(later, { ...delivery, id }, 0, plan);
  expect(at('x-1')).toEqual(at('x-1'));
  expect(at('x-1')).not.toEqual(at('x-2'));
});

test('no retry lands after expiry', () => {
  expect(whatNext(later, { ...delivery, expiresAt: MIN }, 0, plan)).toEqual({
    do: 'end',
    as: 'expired',
    of: 'time',
  });
});

test.each([
  ['the last attempt that the sender wanted', 3, 3, 'attempts'],
  ['more than it wanted, after a change of mind', 4, 3, 'attempts'],
])('%s is followed by no other', (_, attempts, maxAttempts, of) => {
  const next = whatNext(later, { ...delivery, attempts, maxAttempts }, 0, plan);
  expect(next).toEqual({ do: 'end', as: 'expired', of });
});

test('an attempt before the last is retried, and a hold is none', () => {
  const limited = { ...delivery, attempts: 2, maxAttempts: 3 };
  expect(whatNext(later, limited, 0, plan).do).toBe('retry');
  const held: Outcome = { kind: 'held', rule: 'pool', until: 9 };
  expect(whatNext(held, { ...limited, attempts: 3 }, 0, plan)).toEqual({ do: 'retry', at: 9 });
});

test.each([
  ['attempts', {}, 3, 'Given up after 3 attempts, as the sender wanted. The last one: later'],
  ['attempts', {}, 1, 'Given up after 1 attempt, as the sender wanted. The last one: later'],
  ['time', {}, 3, 'Given up: another attempt would come after its time. The last one: later'],
  [
    'time',
    { ttl: 10 * MIN },
    3,
    'Given up: the sender wanted it sent within 10m, and another attempt would come later. The last one: later',
  ],
] as const)('giving up for want of %s says so', (of, instructions, attempts, sentence) => {
  const { submission } = request(['a@example.net'], { instructions });
  const cause = givenUp(later.cause, { submission, delivery: { ...delivery, attempts } }, of);
  expect(cause).toEqual({ ...later.cause, detail: sentence });
});

test('a message whose time passed while it waited says how long it had', () => {
  const inTen = request(['a@example.net'], { instructions: { ttl: 10 * MIN } }).submission;
  expect(outOfTime(inTen).detail).toBe('The sender wanted it sent within 10m, which passed while it waited.');
  const { submission } = request(['a@example.net']);
  expect(outOfTime(submission)).toMatchObject({ class: 'expired', status: '4.4.7' });
});

test('a hold costs no attempt and waits until it says', () => {
  const held: Outcome = { kind: 'held', rule: 'warmup', until: 7 };
  expect(whatNext(held, delivery, 0, plan)).toEqual({ do: 'retry', at: 7 });
});
