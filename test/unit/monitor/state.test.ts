import { describe, expect, test } from 'vitest';
import { NO_STREAKS, nextState, type Signals, type Streaks } from '../../../src/monitor/state.ts';
import { UNSEEN, type TransportState } from '../../../src/model/transport-state.ts';

const rules = { checks: 3, calm: 4, restMs: 60 * 60_000 };
const MINUTE = 60_000;

const good: Signals = {
  warming: false,
  listed: undefined,
  troubles: [],
  rates: { level: 'good', reason: '' },
};
const signals: Readonly<Record<string, Signals>> = {
  g: good,
  w: { ...good, warming: true },
  l: { ...good, listed: 'listed by X' },
  L: { ...good, warming: true, listed: 'listed by X' },
  b: { ...good, rates: { level: 'bad', reason: '12 % deferred by google' } },
  x: { ...good, rates: { level: 'worst', reason: '80 % refused' } },
  i: { ...good, troubles: [{ cause: 'identity', sentence: 'no reverse DNS' }] },
  I: { ...good, warming: true, troubles: [{ cause: 'identity', sentence: 'no reverse DNS' }] },
  B: { ...good, rates: { level: 'bad', reason: 'x' }, troubles: [{ cause: 'bind', sentence: 'no address' }] },
};

/** One letter per minute; "<n>" waits so many minutes in good rounds that are not looked at. */
function play(
  script: string,
  from: TransportState = UNSEEN,
): Readonly<{ state: TransportState; path: string }> {
  let state = from;
  let streaks: Streaks = NO_STREAKS;
  let at = 0;
  const path: string[] = [];
  for (const [step, minutes] of script.matchAll(/[a-zA-Z]|<(\d+)>/g)) {
    if (minutes !== undefined) {
      at += Number(minutes) * MINUTE;
      continue;
    }
    at += MINUTE;
    const next = nextState(state, { signals: signals[step] ?? good, streaks, rules, at });
    streaks = next.streaks;
    if (!next.to) continue;
    state = { ...next.to, since: at };
    path.push(`${state.state}/${state.cause}`);
  }
  return { state, path: path.join(' ') };
}

const cases = [
  ['all is well', 'ggg', ''],
  ['warm-up begins and ends', 'wwgg', 'warming/warm-up healthy/none'],
  ['a confirmed listing acts at once', 'gl', 'quarantined/listing'],
  ['and says so once', 'lllll', 'quarantined/listing'],
  [
    'clean again: it comes back at once, since the list was clean often enough',
    'llg',
    'quarantined/listing healthy/none',
  ],
  ['it comes back to its warm-up', 'wLw', 'warming/warm-up quarantined/listing warming/warm-up'],
  ['bad rates twice are nothing', 'bbgbb', ''],
  ['bad rates three times degrade', 'bbb', 'degraded/rates'],
  ['one good round does not heal', 'bbbg', 'degraded/rates'],
  ['nor do three, when a bad one is between', 'bbbgggbggg', 'degraded/rates'],
  ['four in a row do', 'bbbgggg', 'degraded/rates healthy/none'],
  ['the worst rates quarantine after three rounds', 'xxx', 'quarantined/rates'],
  ['worst counts as bad, too', 'bbx', 'degraded/rates'],
  ['a quarantine for rates rests', 'xxxggggg', 'quarantined/rates'],
  ['then it is tried again, and heals', 'xxx<60>ggggg', 'quarantined/rates degraded/rates healthy/none'],
  ['tried again and bad again', 'xxx<60>gxxx', 'quarantined/rates degraded/rates quarantined/rates'],
  ['still the worst after its rest: it stays', 'xxx<60>xxx', 'quarantined/rates'],
  ['trouble with its names degrades at once', 'i', 'degraded/identity'],
  ['and heals after calm', 'iiigggg', 'degraded/identity healthy/none'],
  [
    'trouble outweighs the warm-up, which then goes on',
    'wIwwww',
    'warming/warm-up degraded/identity warming/warm-up',
  ],
  ['one trouble after the other is told', 'iB', 'degraded/identity degraded/bind'],
  ['a listing outweighs all', 'bbbl', 'degraded/rates quarantined/listing'],
  ['from a listing to what else is wrong', 'li', 'quarantined/listing degraded/identity'],
] as const;
for (const [name, script, want] of cases)
  test(`${name} (${script})`, () => expect(play(script).path).toBe(want));

describe('what an operator sets', () => {
  const by = (state: TransportState['state']): TransportState => ({
    state,
    since: 0,
    reason: 'x',
    cause: 'operator',
  });
  test('a quarantine stays whatever the checks say', () =>
    expect(play('gggglllxxxxiiigggggg', by('quarantined')).path).toBe(''));
  test('a release is a healthy transport like others', () =>
    expect(play('bbb', by('healthy')).path).toBe('degraded/rates'));
  test('a release is not told again', () => expect(play('gggggg', by('healthy')).path).toBe(''));
});

test('reasons are sentences', () => {
  expect(play('bbb').state.reason).toBe('12 % deferred by google.');
  expect(play('l').state.reason).toBe('listed by X');
  expect(play('llg').state.reason).toMatch(/clean/);
});
