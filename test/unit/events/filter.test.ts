// Which events a search asks for, by what their sender called them.
import { expect, test } from 'vitest';
import { matches, needlesOf } from '../../../src/events/filter.ts';
import type { Event } from '../../../src/model/event.ts';

const event: Event = {
  v: 1,
  id: 'S-1.accepted',
  type: 'accepted',
  at: 1,
  account: 'default',
  user: 'shop',
  submission: 'S',
  delivery: 'S-1',
  recipient: 'a@example.net',
  sender: 's@shop.example',
  campaign: 'spring',
  tags: ['news', 'Grüße "neu"'],
};

test.each([
  [{ campaign: 'spring' }, true],
  [{ campaign: 'spr' }, false],
  [{ tag: 'news' }, true],
  [{ tag: 'Grüße "neu"' }, true],
  [{ tag: 'new' }, false],
  [{ campaign: 'spring', tag: 'other' }, false],
  [{ user: 'shop', campaign: 'spring', tag: 'news' }, true],
])('%j', (filter, wanted) => {
  expect(matches(event, filter)).toBe(wanted);
});

test('an event without campaign and tags is not found by them', () => {
  const { campaign: _, tags: __, ...plain } = event;
  expect([matches(plain, { campaign: 'spring' }), matches(plain, { tag: 'news' })]).toEqual([false, false]);
});

test('every needle stands in the line of an event that matches', () => {
  const line = JSON.stringify(event);
  for (const filter of [{ campaign: 'spring', tag: 'news' }, { tag: 'Grüße "neu"' }])
    for (const needle of needlesOf(filter)) expect(line).toContain(needle);
  expect(needlesOf({ campaign: 'spring', tag: 'news' })).toEqual(['spring', 'news']);
});
