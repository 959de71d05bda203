import { expect, test } from 'vitest';
import { monitorConfig } from '../../../src/monitor/config.ts';
import { NO_SENDER_TALLY } from '../../../src/monitor/tallies.ts';
import { judgeTheft, type LogIns, type TheftSigns } from '../../../src/monitor/theft.ts';

const HOUR = 3_600_000;
const NOW = 100 * 24 * HOUR;
const config = monitorConfig.parse({}).theft;

const none: TheftSigns = { volume: { hour: 0, peaks: [] }, answers: NO_SENDER_TALLY, logIns: new Map() };
const volume = (hour: number, ...peaks: number[]): Partial<TheftSigns> => ({ volume: { hour, peaks } });
const answers = (delivered: number, unknown: number): Partial<TheftSigns> => ({
  answers: { delivered, bounced: unknown, unknown, complained: 0 },
});
/** Country, hours since its first log-in, hours since its last. */
const from = (...entries: readonly (readonly [string, number, number])[]): Partial<TheftSigns> => ({
  logIns: new Map(
    entries.map(([country, first, last]) => [
      country,
      { first: NOW - first * HOUR, last: NOW - last * HOUR },
    ]),
  ) satisfies LogIns,
});
const home = ['IT', 500, 1] as const;

const cases: readonly (readonly [string, Partial<TheftSigns>, string])[] = [
  ['nothing', {}, 'none'],
  ['the usual volume', volume(2000, 2000, 1800, 1900), 'none'],
  ['four times the usual', volume(8000, 2000, 1800, 1900), 'none'],
  ['five times is a sign', volume(10_000, 2000, 1800, 1900), 'signs'],
  ['ten times is theft', volume(20_000, 2000, 1800, 1900), 'theft'],
  ['ten times of little is little', volume(900, 10, 20, 30), 'none'],
  ['a new user is not compared', volume(50_000, 10, 20), 'none'],
  ['nor one that never sent', volume(50_000), 'none'],
  ['few unknown recipients', answers(95, 5), 'none'],
  ['many of few answers', answers(10, 80), 'none'],
  ['an eighth is a sign', answers(875, 125), 'signs'],
  ['a quarter is theft', answers(75, 25), 'theft'],
  ['at home', from(home), 'none'],
  ['the first log-in ever', from(['IT', 1, 1]), 'none'],
  ['first log-ins from two countries', from(['IT', 1, 1], ['US', 2, 1]), 'none'],
  ['a journey is a sign', from(home, ['FR', 3, 2]), 'signs'],
  ['a move to another country alone is none', from(['IT', 900, 400], ['FR', 3, 2]), 'none'],
  ['two that are both known', from(home, ['FR', 300, 2]), 'none'],
  ['three with a new one', from(home, ['FR', 300, 2], ['CN', 1, 1]), 'theft'],
  ['two signs are theft', { ...volume(10_000, 2000, 1800, 1900), ...from(home, ['FR', 3, 2]) }, 'theft'],
];
for (const [name, signs, want] of cases)
  test(name, () => expect(judgeTheft({ ...none, ...signs }, config, NOW).level).toBe(want));

test('a limit of recipients per hour holds for new users, too', () => {
  const strict = { ...config, recipientsPerHour: 100 };
  expect(judgeTheft({ ...none, ...volume(100) }, strict, NOW).level).toBe('none');
  expect(judgeTheft({ ...none, ...volume(101) }, strict, NOW).level).toBe('theft');
});

test('the reason has all signs', () =>
  expect(
    judgeTheft({ ...none, ...volume(10_000, 2000, 1, 1), ...from(home, ['FR', 3, 2]) }, config, NOW).reason,
  ).toBe(
    '10000 recipients within an hour, and the busiest hour before had 2000; log-ins from FR, IT within a day',
  ));
