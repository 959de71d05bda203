// How a lane adapts: down by halves, at most once a minute; up by one, more slowly; closed while nobody answers.
import { describe, expect, test } from 'vitest';
import { Adaptation, DOWN_MS, FAILURES, signOf, UP_MS } from '../../../../src/deliver/shaping/adapt.ts';
import type { Cause, Outcome } from '../../../../src/model/outcome.ts';

const deferred = (cause: Partial<Cause>): Outcome => ({
  kind: 'deferred',
  conversation: '',
  cause: { phase: 'rcpt', class: 'busy', detail: '', status: '4.0.0', ...cause },
});

describe('the sign of an outcome', () => {
  test.each<[string, Outcome, string]>([
    ['421 at any step', deferred({ reply: { code: 421, text: 'too many' } }), 'complaint'],
    ['4.7.x', deferred({ reply: { code: 450, status: '4.7.28', text: 'rate' } }), 'complaint'],
    [
      'greylisting',
      deferred({ class: 'greylisted', reply: { code: 451, status: '4.7.1', text: '' } }),
      'none',
    ],
    [
      'TLS that was demanded and refused',
      deferred({
        phase: 'tls',
        class: 'tls',
        reply: { code: 454, status: '4.7.0', text: 'TLS not available' },
      }),
      'none',
    ],
    ['a full mailbox', deferred({ reply: { code: 452, status: '4.2.2', text: '' } }), 'none'],
    ['a refused connection', deferred({ phase: 'connect', class: 'connection' }), 'unreachable'],
    ['silence', deferred({ phase: 'greeting', class: 'connection' }), 'unreachable'],
    [
      'a refusal as greeting',
      deferred({ phase: 'greeting', reply: { code: 554, text: 'no' } }),
      'unreachable',
    ],
    ['a connection lost in a message', deferred({ phase: 'data', class: 'connection' }), 'none'],
    ['our own address gone', deferred({ phase: 'connect', class: 'local' }), 'none'],
    ['our own stop', deferred({ phase: 'mail', class: 'local' }), 'none'],
    ['the DNS', deferred({ phase: 'dns', class: 'dns' }), 'none'],
    ['a hold', { kind: 'held', rule: 'x', until: 0 }, 'none'],
  ])('%s', (_, outcome, sign) => {
    expect(signOf(outcome)).toBe(sign);
  });
});

test('complaints halve the connections at most once a minute, then the rate, never to nothing', () => {
  const lane = new Adaptation();
  const seen = [];
  for (let minute = 0; minute < 12; minute++) {
    for (let i = 0; i < 20; i++) lane.note('complaint', 10, minute * DOWN_MS + i);
    seen.push(lane.rate ? `${lane.rate.count}/min` : lane.connections);
  }
  expect(seen.slice(0, 9)).toEqual([5, 2, 1, '30/min', '15/min', '7/min', '3/min', '1/min', '1/min']);
});

test('it goes up by one after five minutes without a complaint, and only while mail is taken', () => {
  const lane = new Adaptation();
  lane.note('complaint', 10, 0);
  expect(lane.connections).toBe(5);
  expect(lane.note('well', 10, UP_MS - 1)).toBeUndefined();
  expect(lane.note('well', 10, UP_MS)).toBe('up');
  expect(lane.connections).toBe(6);
  expect(lane.note('well', 10, UP_MS + 1)).toBeUndefined();
  for (let i = 2; i <= 4; i++) lane.note('well', 10, i * UP_MS);
  expect(lane.connections).toBe(9);
  lane.note('well', 10, 5 * UP_MS);
  expect([lane.connections, lane.isNeutral]).toEqual([undefined, true]);
});

test('it comes back from the least rate to the full number of connections', () => {
  const lane = new Adaptation();
  for (let i = 0; i < 10; i++) lane.note('complaint', 3, i * DOWN_MS);
  expect([lane.connections, lane.rate?.count]).toEqual([1, 1]);
  let steps = 0;
  for (let now = 10 * DOWN_MS; !lane.isNeutral; now += UP_MS) if (lane.note('well', 3, now) === 'up') steps++;
  expect(steps).toBe(8);
});

test('a complaint within the minute after a step puts the way up off', () => {
  const lane = new Adaptation();
  lane.note('complaint', 10, 0);
  lane.note('complaint', 10, 30_000);
  expect(lane.note('well', 10, UP_MS)).toBeUndefined();
  expect(lane.note('well', 10, UP_MS + 30_000)).toBe('up');
});

test('a site that nobody reaches is closed for a growing time, probed by one, and opened by the first success', () => {
  const lane = new Adaptation();
  for (let i = 1; i < FAILURES; i++) lane.note('unreachable', 10, i);
  expect(lane.closedFor(10)).toBe(0);
  expect(lane.note('unreachable', 10, 10)).toBe('closed');
  expect(lane.closedFor(10)).toBe(60_000);
  // Attempts that were under way when it was closed tell nothing new.
  expect(lane.note('unreachable', 10, 5000)).toBe(undefined);
  expect(lane.closedFor(10)).toBe(60_000);
  const closed = [];
  let now = 10;
  for (let i = 0; i < 6; i++) {
    now += lane.closedFor(now);
    expect(lane.closedFor(now)).toBe(0);
    lane.note('unreachable', 10, now);
    closed.push(lane.closedFor(now) / 60_000);
  }
  expect(closed).toEqual([2, 4, 8, 15, 15, 15]);
  now += lane.closedFor(now);
  expect(lane.probing).toBe(true);
  expect(lane.note('well', 10, now)).toBe('opened');
  expect([lane.probing, lane.closedFor(now)]).toEqual([false, 0]);
});
