import { describe, expect, test } from 'vitest';
import { monitorConfig } from '../../../src/monitor/config.ts';
import { atMost, FINE, judgeSender, nextSender, type SenderState } from '../../../src/monitor/senders.ts';
import { NO_SENDER_TALLY, type SenderTally } from '../../../src/monitor/tallies.ts';
import { senderConfigFor, theftConfigFor } from '../../../src/monitor/thresholds.ts';

const config = monitorConfig.parse({}).senders;
const tally = (fields: Partial<SenderTally>): SenderTally => ({ ...NO_SENDER_TALLY, ...fields });

describe('what rates call for', () => {
  const cases: readonly (readonly [string, Partial<SenderTally>, string])[] = [
    ['nothing at all', {}, 'fine'],
    ['only deliveries', { delivered: 10_000 }, 'fine'],
    ['three bounces of three', { bounced: 3 }, 'fine'],
    ['a small sender with four bounces is warned as if it had sent two hundred', { bounced: 4 }, 'warned'],
    ['seven slow it', { delivered: 20, bounced: 7 }, 'slowed'],
    ['ten stop it', { delivered: 20, bounced: 10 }, 'stopped'],
    ['a large sender by its share', { delivered: 9_799, bounced: 201 }, 'warned'],
    ['just below', { delivered: 9_801, bounced: 199 }, 'fine'],
    ['slowed', { delivered: 9_600, bounced: 400 }, 'slowed'],
    ['stopped', { delivered: 9_500, bounced: 500 }, 'stopped'],
    ['one complaint of few', { delivered: 50, complained: 1 }, 'warned'],
    ['a complaint in two thousand', { delivered: 2_000, complained: 1 }, 'fine'],
    ['five complaints of a thousand', { delivered: 1_000, complained: 5 }, 'stopped'],
    ['the worse of both', { delivered: 9_799, bounced: 201, complained: 60 }, 'stopped'],
  ];
  for (const [name, fields, want] of cases)
    test(name, () => expect(judgeSender(tally(fields), config, 'fine').state).toBe(want));

  test('a stage is left only when rates are clearly better', () => {
    const now = tally({ delivered: 9_830, bounced: 170 });
    expect(judgeSender(now, config, 'fine').state).toBe('fine');
    expect(judgeSender(now, config, 'warned').state).toBe('warned');
    expect(judgeSender(tally({ delivered: 9_845, bounced: 155 }), config, 'warned').state).toBe('fine');
  });
  test('the reason has share and count', () =>
    expect(judgeSender(tally({ delivered: 95, bounced: 105 }), config, 'fine').reason).toBe(
      '53 % bounces within 24 hours (105)',
    ));
  test('operators say how far it may go', () => {
    expect(atMost('stopped', 'slow')).toBe('slowed');
    expect(atMost('stopped', 'warn')).toBe('warned');
    expect(atMost('stopped', 'off')).toBe('fine');
    expect(atMost('warned', 'stop')).toBe('warned');
  });
});

/** f w s x: what the rates call for in a round; X: the same as x, and the pause was lifted. One minute each. */
function play(script: string, from: SenderState = FINE): readonly string[] {
  const states = { f: 'fine', w: 'warned', s: 'slowed', x: 'stopped' } as const;
  let state = from;
  let at = 0;
  const path: string[] = [];
  for (const step of script) {
    at += 60_000;
    const called = Object.entries(states).find(([letter]) => letter === step.toLowerCase())?.[1] ?? 'fine';
    const isPaused = step === step.toLowerCase();
    const next = nextSender(state, {
      judged: { state: called, reason: 'x' },
      isPaused,
      at,
      stopForMs: 20 * 60_000,
    });
    if (next.state !== state.state) path.push(next.state);
    state = next;
  }
  return path;
}

describe('stages', () => {
  const calm = 'f'.repeat(10);
  const cases = [
    ['all is well', 'ffff', []],
    ['it gets worse at once, by any number of stages', 'fwx', ['warned', 'stopped']],
    ['each stage', 'wsx', ['warned', 'slowed', 'stopped']],
    ['it gets better only after ten rounds', 'wfffffffff', ['warned']],
    ['ten are enough', `w${calm}`, ['warned', 'fine']],
    ['which one bad round breaks', `wfffffwfffffffff`, ['warned']],
    ['from slowed to what is called for', `swwwwwwwwww`, ['slowed', 'warned']],
    ['a stop stays for its time, whatever the rates', 'xffffffffffffffffff', ['stopped']],
    ['and ends with it', `x${calm}${calm}`, ['stopped', 'fine']],
    ['an operator ends it earlier', 'xxX', ['stopped', 'fine']],
  ] as const;
  for (const [name, script, want] of cases)
    test(`${name} (${script})`, () => expect(play(script)).toEqual(want));

  test('what led to a stop does not count again', () => {
    const stopped: SenderState = { ...FINE, state: 'stopped', since: 5, until: 100 };
    const judged = { state: 'stopped', reason: 'x' } as const;
    const rules = { judged, stopForMs: 10 };
    expect(nextSender(stopped, { ...rules, isPaused: true, at: 100 })).toMatchObject({
      state: 'fine',
      countFrom: 100,
    });
    expect(nextSender(stopped, { ...rules, isPaused: false, at: 50 })).toMatchObject({
      state: 'fine',
      countFrom: 50,
    });
    expect(nextSender(stopped, { ...rules, isPaused: true, at: 99 })).toBe(stopped);
  });
});

test('what slows a sender has an end, and is made longer while it is called for', () => {
  const round = (now: SenderState, state: 'slowed' | 'fine', at: number): SenderState =>
    nextSender(now, { judged: { state, reason: 'x' }, isPaused: false, at, stopForMs: 100 });
  const slowed = round(FINE, 'slowed', 10);
  expect(slowed).toMatchObject({ state: 'slowed', since: 10, until: 110 });
  expect(round(slowed, 'slowed', 109)).toBe(slowed);
  expect(round(slowed, 'slowed', 110)).toMatchObject({ state: 'slowed', since: 10, until: 210 });
  expect(round(FINE, 'fine', 10).until).toBeUndefined();
});

test('a user’s own thresholds take the place of those for all, one by one', () => {
  const watch = { bounces: { stop: 20 }, theft: 'tell', recipientsPerHour: 50 } as const;
  expect(senderConfigFor({ watch }, config)).toMatchObject({
    act: 'stop',
    bounces: { warn: 2, slow: 3.5, stop: 20, minimum: 200 },
    complaints: config.complaints,
  });
  const theft = monitorConfig.parse({}).theft;
  expect(theftConfigFor({ watch }, theft)).toEqual({ ...theft, act: 'tell', recipientsPerHour: 50 });
  expect(theftConfigFor({}, theft)).toBe(theft);
});

test('thresholds that do not grow are refused', () => {
  expect(monitorConfig.safeParse({ senders: { bounces: { warn: 6 } } }).success).toBe(false);
  expect(monitorConfig.safeParse({ senders: { bounces: { warn: 6, slow: 7, stop: 8 } } }).success).toBe(true);
});
