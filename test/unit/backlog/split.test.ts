// One submission becomes one delivery for each recipient, each with its own time and limits.
import { expect, test } from 'vitest';
import { restingRef } from '../../../src/backlog/rest.ts';
import { split, type Ruling } from '../../../src/backlog/split.ts';
import type { Instructions } from '../../../src/model/instructions.ts';
import type { Recipient } from '../../../src/model/submission.ts';
import { request } from '../../support/backlog.ts';

const HOUR = 3_600_000;
const NOW = 1_800_000_000_000;
const ruling: Ruling = {
  pool: 'default',
  priority: 3,
  pins: { dkim: [] },
  expireAfterMs: 72 * HOUR,
  wayFor: (domain) => ({ transport: `ip-${domain}` }),
};
const one: readonly Recipient[] = [{ address: 'a@Example.NET' }];
const splitOf = (instructions: Instructions, recipients = one, holdUntil?: number) => {
  const { submission } = request([], { id: 'S', at: NOW, instructions });
  return split({ submission, recipients, ...(holdUntil === undefined ? {} : { holdUntil }) }, ruling);
};

test.each([
  ['at once where nobody says otherwise', {}, undefined, 0],
  ['when the message says', { sendAt: NOW + HOUR }, undefined, HOUR],
  ['at once when that has passed', { sendAt: NOW - HOUR }, undefined, 0],
  ['when the limits of the user let it', {}, NOW + 2 * HOUR, 2 * HOUR],
  ['at the later of both', { sendAt: NOW + HOUR }, NOW + 2 * HOUR, 2 * HOUR],
  ['at the later of both, the other way round', { sendAt: NOW + 3 * HOUR }, NOW + 2 * HOUR, 3 * HOUR],
  ['at whole milliseconds', { sendAt: NOW + 0.6 }, undefined, 1],
])('it is due %s', (_, instructions, holdUntil, wait) => {
  expect(splitOf(instructions, one, holdUntil)[0]?.due).toBe(NOW + wait);
});

test('a recipient with a time of its own has that, earlier or later than the others', () => {
  const recipients = [
    { address: 'a@x.test' },
    { address: 'b@x.test', sendAt: NOW + HOUR },
    { address: 'c@x.test', sendAt: NOW + 9 * HOUR },
    { address: 'd@x.test', sendAt: 0 },
  ];
  const dues = splitOf({ sendAt: NOW + 5 * HOUR }, recipients).map(({ due }) => (due - NOW) / HOUR);
  expect(dues).toEqual([5, 1, 9, 0]);
});

test.each([
  ['72 hours after it is due', {}, 72 * HOUR],
  ['after the time that the sender gives', { ttl: HOUR }, HOUR],
  ['counted from when it may first be sent', { ttl: HOUR, sendAt: NOW + 5 * HOUR }, 6 * HOUR],
])('it expires %s', (_, instructions, wait) => {
  expect(splitOf(instructions)[0]?.expiresAt).toBe(NOW + wait);
});

test('it knows what it belongs to and how often it may be tried', () => {
  const wishes = { campaign: 'spring', batch: 'b1', attempts: 2 };
  expect(splitOf(wishes)[0]).toMatchObject({
    id: 'S-1',
    domain: 'example.net',
    transport: 'ip-example.net',
    campaign: 'spring',
    batch: 'b1',
    maxAttempts: 2,
  });
  expect(Object.keys(splitOf({})[0] ?? {})).not.toContain('maxAttempts');
});

test('the body of a message of which one recipient has long to wait is to leave memory', () => {
  const recipients = [{ address: 'a@x.test' }, { address: 'b@x.test', sendAt: NOW + 2 * HOUR }];
  expect(restingRef(splitOf({}, recipients), NOW)).toBe('default:S-2');
  expect(restingRef(splitOf({ sendAt: NOW + HOUR / 2 }), NOW)).toBe('');
});
