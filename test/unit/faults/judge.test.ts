// The judge of the fault tests finds what is planted: losses, ghosts, duplicates, ends that are missing or too many.
import { describe, expect, test } from 'vitest';
import type { Event } from '../../../src/model/event.ts';
import { judge, type Evidence } from '../../faults/judge.ts';
import type { Sent } from '../../faults/load.ts';
import type { MxRecord } from '../../faults/mx.ts';

const TO = 'ok@a.test';

describe('a promise', () => {
  test('is kept when the MX has the message and one event tells its end', () => {
    const verdict = judge(evidence({}));
    expect(verdict).toMatchObject({ accepted: 1, delivered: 1, duplicates: 0, ghosts: 0 });
    expect(faults(verdict)).toEqual([]);
  });

  test('is broken when the message is nowhere', () => {
    const verdict = judge(evidence({ seen: [], events: [] }));
    expect(verdict.lost).toEqual([`one/${TO}`]);
    expect(verdict.badEnds).toEqual([`one/${TO}`]);
  });

  test('is open while the delivery is queued', () => {
    const verdict = judge(evidence({ seen: [], events: [], queued: new Set([`ID/${TO}`]) }));
    expect(verdict).toMatchObject({ lost: [], queued: 1, badEnds: [] });
  });

  test('is broken when the events say delivered and the MX has nothing', () => {
    const verdict = judge(evidence({ seen: [] }));
    expect(verdict).toMatchObject({ phantoms: [`one/${TO}`], lost: [`one/${TO}`] });
  });

  test('is kept by a bounce only when its report arrives', () => {
    const bounced = { seen: [], events: [event('bounced')] };
    expect(judge(evidence(bounced)).lost).toEqual([`report one/${TO}`]);
    const reported = judge(evidence({ ...bounced, seen: [record({ key: `report one/${TO}` })] }));
    expect(reported).toMatchObject({ lost: [], bounced: 1 });
  });

  test('is broken by two different ends', () => {
    const events = [event('delivered'), event('bounced')];
    expect(judge(evidence({ events })).badEnds).toEqual([`one/${TO}`]);
  });
});

describe('a second copy', () => {
  const twice = [record({}), record({})];

  test('counts, and is unexplained when the delivery was not in flight at a kill', () => {
    const verdict = judge(evidence({ seen: twice }));
    expect(verdict).toMatchObject({ duplicates: 1, unexplained: [`one/${TO}`], differing: [] });
  });

  test('is explained when it was in flight', () => {
    const verdict = judge(evidence({ seen: twice, inFlight: new Set(['default:ID-1']) }));
    expect(verdict).toMatchObject({ duplicates: 1, unexplained: [] });
  });

  test('must have the same bytes', () => {
    const seen = [record({}), record({ digest: 'other' })];
    expect(judge(evidence({ seen })).differing).toEqual([`one/${TO}`]);
  });

  test('may differ for a peer that takes no 8-bit bytes', () => {
    const seen = [record({}), record({ digest: 'other', eightBit: false })];
    expect(judge(evidence({ seen }))).toMatchObject({ differing: [], compared: 0, duplicates: 1 });
  });

  test('after the first was put off is none, and must have the same bytes', () => {
    const first = record({ deferred: true });
    const verdict = judge(evidence({ seen: [first, record({})] }));
    expect(verdict).toMatchObject({ duplicates: 0, differing: [], compared: 1 });
    const other = judge(evidence({ seen: [first, record({ digest: 'other' })] }));
    expect(other.differing).toEqual([`one/${TO}`]);
  });

  test('after a silent MX must be told in the end', () => {
    const seen = [record({ dropped: true }), record({})];
    expect(judge(evidence({ seen })).untoldAmbiguity).toEqual([`one/${TO}`]);
    const events = [{ ...event('delivered'), ambiguous: 1 }];
    expect(judge(evidence({ seen, events })).untoldAmbiguity).toEqual([]);
  });

  test('is another fault when the relay took the message twice', () => {
    const events = [event('delivered'), { ...event('delivered'), submission: 'OTHER' }];
    expect(judge(evidence({ events })).acceptedTwice).toEqual(['one']);
  });
});

describe('a letter', () => {
  test('that nobody may touch has the body that was sent', () => {
    const seen = [record({ body: 'other' })];
    expect(judge(evidence({ seen })).touched).toEqual([`one/${TO}`]);
    const treated = [record({ body: 'other', kind: 'html' })];
    expect(judge(evidence({ seen: treated })).touched).toEqual([]);
  });

  test('that was scheduled is not seen before its time, not even to be put off', () => {
    const scheduled = [sent({ sendAt: 10 })];
    expect(judge(evidence({ sent: scheduled })).early).toEqual([`one/${TO}`]);
    const seen = [record({ at: 10 })];
    expect(judge(evidence({ sent: scheduled, seen }))).toMatchObject({ early: [], scheduled: 1 });
  });

  test('that was only put off has not arrived', () => {
    expect(judge(evidence({ seen: [record({ deferred: true })] })).lost).toEqual([`one/${TO}`]);
  });
});

describe('a message without a 250 at the MX', () => {
  test('is a ghost when the client saw no reply', () => {
    const verdict = judge(evidence({ sent: [sent({ id: undefined, silent: 1 })] }));
    expect(verdict).toMatchObject({ ghosts: 1, disowned: [], impossible: [] });
  });

  test('is disowned when the client was told 4xx after its dot', () => {
    const verdict = judge(evidence({ sent: [sent({ id: undefined, refused: 1 })] }));
    expect(verdict).toMatchObject({ ghosts: 0, disowned: [`one/${TO}`], impossible: [] });
  });

  test('is impossible when its dot was never sent', () => {
    const verdict = judge(evidence({ sent: [sent({ id: undefined })] }));
    expect(verdict.impossible).toEqual([`one/${TO}`]);
  });
});

function evidence(change: Partial<Evidence>): Evidence {
  const good = { sent: [sent({})], seen: [record({})], events: [event('delivered')] };
  return { ...good, queued: new Set(), inFlight: new Set(), ...change };
}

function sent(change: Partial<Sent>): Sent {
  const message = { testId: 'one', recipients: [TO], kind: 'plain', body: 'b', sendAt: undefined };
  return { ...message, id: 'ID', tries: 1, silent: 0, refused: 0, ...change };
}

function record(change: Partial<MxRecord>): MxRecord {
  const bytes = { digest: 'd', body: 'b', bytes: 1, kind: 'plain' };
  const fate = { dropped: false, deferred: false, eightBit: true };
  const facts = { at: 0, peer: '127.0.1.1', ehlo: 'ip1', ...bytes, ...fate };
  return { key: `one/${TO}`, ...facts, ...change };
}

function event(type: 'delivered' | 'bounced'): Event {
  const who = { account: 'default', user: 'shop', submission: 'ID', delivery: 'ID-1', recipient: TO };
  return {
    v: 1,
    id: `ID-1.${type}`,
    type,
    at: 0,
    sender: 'x@shop.test',
    messageId: '<one@faults.test>',
    ...who,
  };
}

function faults(verdict: ReturnType<typeof judge>): unknown[] {
  return Object.values(verdict).filter((value) => Array.isArray(value) && value.length > 0);
}
