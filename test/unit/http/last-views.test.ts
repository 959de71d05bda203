// What was read of a message is kept for a moment, and no longer; what could not be read is tried again.
import { expect, test } from 'vitest';
import { keepLastViews } from '../../../src/http/last-views.ts';
import type { MessageView, Reader } from '../../../src/http/reader.ts';
import { handClock } from '../../support/hand-clock.ts';

function counted(fails = false) {
  let count = 0;
  const view: MessageView = {
    headers: [],
    subject: '',
    from: '',
    to: '',
    cc: '',
    cut: false,
    attachments: [],
  };
  const reader: Reader = {
    view: () => {
      count++;
      return Promise.resolve(fails ? { ok: false, problem: 'slow' } : { ok: true, value: view });
    },
    attachment: () => Promise.resolve({ ok: false, problem: 'none' }),
  };
  const clock = handClock();
  return { ...keepLastViews(reader, clock), clock, count: () => count };
}

test('the second look is free, and one after a while is not', async () => {
  const { view, clock, count } = counted();
  await view(Buffer.from('a'));
  await view(Buffer.from('a'));
  expect(count()).toBe(1);
  clock.pass(21_000);
  await view(Buffer.from('a'));
  expect(count()).toBe(2);
});

test('only a few are kept', async () => {
  const { view, count } = counted();
  for (const text of ['a', 'b', 'c', 'd', 'e', 'f', 'f', 'a']) await view(Buffer.from(text));
  expect(count()).toBe(7);
});

test('what failed is tried again', async () => {
  const { view, count } = counted(true);
  await view(Buffer.from('a'));
  await view(Buffer.from('a'));
  expect(count()).toBe(2);
});
