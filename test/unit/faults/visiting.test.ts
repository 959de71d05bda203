// The judge of visits finds what is planted: hits that are not told, told twice or answered wrongly, orders that are forgotten.
import { describe, expect, test } from 'vitest';
import type { Event } from '../../../src/model/event.ts';
import { judgeHits, judgeOrders, slowOf } from '../../faults/visiting.ts';
import type { Visit } from '../../faults/visitors.ts';

const WHO = 'ok-one-0@a.test';

describe('a click that was answered', () => {
  test('is told once', () => {
    expect(judgeHits([visit({})], [clicked(1)], []).complaints).toEqual([]);
  });

  test('is missed when it is not told', () => {
    expect(judgeHits([visit({})], [clicked(2)], []).complaints).toEqual([
      expect.stringMatching(/^1 hits were answered and never told/),
    ]);
  });

  test('may be lost only while a process held it that was killed', () => {
    const complaints = (since: number, until: number): readonly string[] =>
      judgeHits([visit({ at: 1_000, ended: 1_010 })], [], [{ since, until }]).complaints;
    expect(complaints(900, 1_100)).toEqual([]);
    expect(complaints(2_000, 3_000)).toHaveLength(1);
    expect(complaints(0, 500)).toHaveLength(1);
  });

  test('is a fault when it is told twice under different ids', () => {
    expect(judgeHits([visit({})], [clicked(1), clicked(1)], []).complaints).toEqual([
      expect.stringMatching(/^1 hits were told twice/),
    ]);
  });

  test('must be led to the shop', () => {
    const wrong = [
      visit({ location: 'https://evil.example/' }),
      visit({ status: 503 }),
      visit({ status: 404 }),
    ];
    for (const one of wrong)
      expect(judgeHits([one], [clicked(1)], []).complaints).toEqual([
        expect.stringMatching(/^1 hits were answered otherwise/),
      ]);
  });

  test('is slow when nothing but we kept it', () => {
    const busy = visit({ ms: 300, waited: 290 });
    expect(slowOf([visit({ ms: 49 }), busy, visit({ ms: 60 })])).toEqual([visit({ ms: 60 })]);
  });
});

test('a click without an answer need not be told', () => {
  const { complaints } = judgeHits([visit({}), visit({ n: 2, status: 0 })], [clicked(1)], []);
  expect(complaints).toEqual([]);
});

describe('an order that was answered 200', () => {
  const order = visit({ kind: 'post', status: 200 });
  const event: Event = { ...clicked(1), type: 'unsubscribed', how: 'one-click' };

  test('is a suppression and an event', () => {
    expect(judgeOrders([order], [event], new Set([WHO])).complaints).toEqual([]);
  });

  test('is forgotten without a suppression, and untold without an event', () => {
    expect(judgeOrders([order], [event], new Set()).complaints).toEqual([
      `1 orders were answered 200 and forgotten: ${WHO}`,
    ]);
    expect(judgeOrders([order], [], new Set([WHO])).complaints).toEqual([
      `1 orders were answered 200 and never told: ${WHO}`,
    ]);
  });

  test('may have been put off before, and must not be refused', () => {
    const later = visit({ kind: 'post', status: 503 });
    expect(judgeOrders([later, order], [event], new Set([WHO])).complaints).toEqual([]);
    const refused = visit({ kind: 'post', status: 404 });
    expect(judgeOrders([refused, order], [event], new Set([WHO])).complaints).toEqual([
      'orders were answered with 404',
    ]);
  });
});

function visit(change: Partial<Visit>): Visit {
  const times = { at: 10, ended: 20, ms: 10, waited: 0 };
  const answer = { status: 302, location: 'https://shop.test/help' };
  return { n: 1, kind: 'click', recipient: WHO, ...times, ...answer, ...change };
}

function clicked(n: number): Event {
  const who = { account: 'default', user: 'shop', submission: 'ID', delivery: 'ID-1', recipient: WHO };
  const userAgent = `Mozilla/5.0 visit-${n}`;
  return { v: 1, id: `ID-1.clicked.${n}`, type: 'clicked', at: 0, sender: 'x@shop.test', userAgent, ...who };
}
