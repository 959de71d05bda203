// Users who were slowed down: their deliveries go one by one, and each is held at most once.
import { expect, test } from 'vitest';
import type { Limit } from '../../../../src/deliver/shaping/limit.ts';
import { Users } from '../../../../src/deliver/shaping/users.ts';

const slow: Limit = {
  id: 'user:shop:x',
  scope: 'user',
  key: 'shop',
  action: 'slow',
  messages: { count: 60, perMs: 60_000 },
  until: 3_600_000,
  rule: 'x',
  why: '',
  at: 0,
};

test('each delivery gets its own moment, at which it goes', () => {
  const users = new Users();
  const held = Array.from({ length: 5 }, (_, i) =>
    users.heldUntil('shop', `d${i}`, { limits: [slow], now: 0 }),
  );
  expect(held).toEqual([undefined, 1000, 2000, 3000, 4000]);
  // One that comes too early keeps its moment.
  expect(users.heldUntil('shop', 'd4', { limits: [slow], now: 500 })).toBe(4000);
  for (let i = 1; i < 5; i++)
    expect(users.heldUntil('shop', `d${i}`, { limits: [slow], now: i * 1000 })).toBeUndefined();
  expect(users.heldUntil('shop', 'd9', { limits: [slow], now: 4000 })).toBe(5000);
});

test('others are not slowed, and nobody is when the limit is over', () => {
  const users = new Users();
  users.heldUntil('shop', 'a', { limits: [slow], now: 0 });
  expect(users.heldUntil('office', 'b', { limits: [slow], now: 0 })).toBeUndefined();
  expect(users.heldUntil('shop', 'c', { limits: [slow], now: 3_600_000 })).toBeUndefined();
  expect(users.heldUntil('shop', 'c', { limits: [], now: 1 })).toBeUndefined();
});

test('what has no moment before the end of the limit is held until then', () => {
  const users = new Users();
  const day = { ...slow, messages: { count: 1, perMs: 86_400_000 } };
  expect(users.heldUntil('shop', 'a', { limits: [day], now: 0 })).toBeUndefined();
  expect(users.heldUntil('shop', 'b', { limits: [day], now: 1 })).toBe(3_600_000);
  const stopped: Limit = { ...slow, id: 'y', action: 'suspend', until: 7000 };
  expect(users.heldUntil('shop', 'b', { limits: [day, stopped], now: 1 })).toBe(7000);
});
