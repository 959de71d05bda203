// Parameters of MAIL that say when and how: what is taken, what it means, what cannot stand together.
import { describe, expect, test } from 'vitest';
import {
  asksNothing,
  instructionsOf,
  readBy,
  readHoldFor,
  readHoldUntil,
  readMtPriority,
  readRequireTls,
  refusalOf,
  type MailWish,
} from '../../../src/accept/parameters.ts';

const NOW = Date.UTC(2026, 6, 3, 10);
const MINUTE = 60_000;
const DAY = 86_400_000;

describe('HOLDFOR', () => {
  test.each([
    ['1', 1],
    ['999999999', 999_999_999],
  ])('%s', (value, holdFor) => expect(readHoldFor(value)).toEqual({ holdFor }));
  test.each(['', '0', '01', '-1', '1000000000', '1.5', '1s', ' 1', '٣'])('%j is wrong', (value) =>
    expect(readHoldFor(value)).toBeUndefined(),
  );
});

describe('HOLDUNTIL', () => {
  test.each([
    ['2026-07-03T10:00:00Z', NOW],
    ['2026-07-03t10:00:00z', NOW],
    ['2026-07-03T12:00:00+02:00', NOW],
    ['2026-07-03T04:30:00-05:30', NOW],
    ['2026-07-03T10:00:00.123456789Z', NOW],
    ['2026-12-31T23:59:60Z', Date.UTC(2027, 0, 1)],
    ['2028-02-29T00:00:00Z', Date.UTC(2028, 1, 29)],
  ])('%s', (value, holdUntil) => expect(readHoldUntil(value)).toEqual({ holdUntil }));
  test.each([
    '',
    '2026-07-03',
    '2026-07-03T10:00:00',
    '2026-07-03 10:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-02-31T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-32T00:00:00Z',
    '2026-07-03T24:00:00Z',
    '2026-07-03T10:60:00Z',
    '2026-07-03T10:00:61Z',
    '2026-07-03T10:00:00+24:00',
    '2026-07-03T10:00:00+2:00',
    '02026-07-03T10:00:00Z',
    '2026-07-03T10:00:00Z;R',
    'Fri, 03 Jul 2026 10:00:00 GMT',
    '1783072800',
  ])('%j is wrong', (value) => expect(readHoldUntil(value)).toBeUndefined());
});

test.each([
  [9, 1],
  [4, 1],
  [3, 2],
  [1, 2],
  [0, 3],
  [-1, 4],
  [-3, 4],
  [-4, 5],
  [-9, 5],
])('MT-PRIORITY %i is our %i', (level, priority) =>
  expect(readMtPriority(String(level))).toEqual({ priority }),
);
test.each(['', '10', '-10', '+3', '3.0', 'x', '--1', ' 1'])('MT-PRIORITY %j is wrong', (value) =>
  expect(readMtPriority(value)).toBeUndefined(),
);
test('MT-PRIORITY -0 is 0', () => expect(readMtPriority('-0')).toEqual({ priority: 3 }));

test.each<[string, MailWish['by']]>([
  ['120;R', { seconds: 120, mode: 'R' }],
  ['+120;r', { seconds: 120, mode: 'R' }],
  ['120;RT', { seconds: 120, mode: 'R' }],
  ['30;R', { seconds: 30, mode: 'R' }],
  ['999999999;n', { seconds: 999_999_999, mode: 'N' }],
  ['-5;N', { seconds: -5, mode: 'N' }],
  ['0;NT', { seconds: 0, mode: 'N' }],
])('BY=%s', (value, by) => expect(readBy(value)).toEqual({ by }));
test.each([
  '',
  '120',
  '120;',
  ';R',
  '120;X',
  '120;RR',
  '120;TR',
  '29;R',
  '0;R',
  '-5;R',
  '1000000000;R',
  '1 20;R',
])('BY=%j is wrong', (value) => expect(readBy(value)).toBeUndefined());

test('REQUIRETLS has no value', () => {
  expect(readRequireTls('')).toEqual({ requireTls: true });
  expect(readRequireTls('yes')).toBeUndefined();
});

describe('as instructions', () => {
  test.each<[string, MailWish, object]>([
    ['nothing', {}, {}],
    ['a hold counts from when the message has come in', { holdFor: 90 }, { sendAt: NOW + 90_000 }],
    ['a date stays one', { holdUntil: NOW + 5 }, { sendAt: NOW + 5 }],
    ['a priority', { priority: 1 }, { priority: 1 }],
    ['a time to deliver', { by: { seconds: 600, mode: 'R' } }, { ttl: 10 * MINUTE }],
    [
      'the time to deliver counts from MAIL, the time to live from the release',
      { by: { seconds: 600, mode: 'R' }, holdFor: 300 },
      { ttl: 5 * MINUTE, sendAt: NOW + 5 * MINUTE },
    ],
    [
      'a release that has passed takes nothing from it',
      { by: { seconds: 600, mode: 'R' }, holdUntil: NOW - DAY },
      { ttl: 10 * MINUTE, sendAt: NOW - DAY },
    ],
    ['required TLS asks for a certificate', { requireTls: true }, { tls: 'verified' }],
    ['a notice only, too late already', { by: { seconds: -5, mode: 'N' } }, {}],
  ])('%s', (_, wish, want) => expect(instructionsOf(wish, NOW).instructions).toEqual(want));

  test('mode N is taken as mode R, and said so', () => {
    const { instructions, notes } = instructionsOf({ by: { seconds: 600, mode: 'N' } }, NOW);
    expect(instructions).toEqual({ ttl: 10 * MINUTE });
    expect(notes).toEqual([expect.stringMatching(/mode N was taken as mode R/)]);
    expect(instructionsOf({ by: { seconds: 1, mode: 'N' } }, NOW).notes).toEqual([
      expect.stringMatching(/too short/),
    ]);
  });
});

test.each<[string, MailWish, string | undefined]>([
  ['nothing', {}, undefined],
  ['a hold within the horizon', { holdFor: 86_400 }, undefined],
  ['a hold beyond it', { holdFor: 7 * 86_400 + 1 }, 'HOLDFOR and HOLDUNTIL may be at most 7 days ahead'],
  ['a date beyond it', { holdUntil: NOW + 8 * DAY }, 'HOLDFOR and HOLDUNTIL may be at most 7 days ahead'],
  ['a date that has passed', { holdUntil: 0 }, undefined],
  ['both', { holdFor: 1, holdUntil: NOW }, 'Parameter HOLDUNTIL has a wrong value or stands there twice'],
  ['an end before the release', { holdFor: 600, by: { seconds: 600, mode: 'R' } }, 'BY ends before'],
  ['a notice before the release', { holdFor: 600, by: { seconds: 60, mode: 'N' } }, undefined],
])('together: %s', (_, wish, want) => {
  const reply = refusalOf(wish, NOW, 7 * DAY);
  if (want === undefined) expect(reply).toBeUndefined();
  else expect(reply).toMatchObject({ code: 501, status: '5.5.4', text: expect.stringContaining(want) });
});

test('nothing asked is seen as nothing', () => {
  expect(asksNothing({})).toBe(true);
  const wishes: MailWish[] = [
    { holdFor: 1 },
    { holdUntil: 0 },
    { priority: 3 },
    { by: { seconds: 0, mode: 'N' } },
    { requireTls: true },
  ];
  for (const wish of wishes) expect(asksNothing(wish)).toBe(false);
});
