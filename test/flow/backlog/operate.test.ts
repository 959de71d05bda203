// What operators do with what waits: by campaign and batch, sooner and later, cancelled, from wherever it waits.
import { describe, expect, test } from 'vitest';
import { queueCommands } from '../../../src/cli/queue.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import type { Delivery } from '../../../src/model/delivery.ts';
import type { Instructions } from '../../../src/model/instructions.ts';
import { delivered, request } from '../../support/backlog.ts';
import { oneBacklogATest, type Backlog } from '../../support/one-backlog.ts';
import { until } from '../../support/until.ts';

const { begin } = oneBacklogATest();

const HOUR = 3_600_000;
const idle = () => begin(async () => delivered, { carrying: false });
const submit = async (backlog: Backlog, to: string, instructions: Instructions = {}) => {
  const asked = request([to], { instructions });
  await backlog.submit(asked);
  return `${asked.submission.id}-1`;
};
const find = async (backlog: Backlog, recipient: string): Promise<Delivery> => {
  const [delivery] = await backlog.operate.list({ recipient }, 1);
  if (!delivery) throw new Error(`nothing waits for ${recipient}`);
  return delivery;
};
const cli = async (backlog: Backlog, words: string, options: Record<string, string | boolean>) => {
  const command = queueCommands.find((one) => one.words === words);
  const transports = new Map();
  const settings = { revision: 1, users: transports, domains: transports, pools: transports, transports };
  const settingsNow = () => ({ ...settings, templates: transports, suppressing: new Set<string>() });
  if (!command) throw new Error(words);
  return command.run({ operate: backlog.operate, clock: systemClock, settingsNow }, {}, options);
};

describe('a campaign or a batch', () => {
  test('is listed, cancelled and put off without the others', async () => {
    const backlog = await idle();
    await submit(backlog, 'a@x.test', { campaign: 'spring', batch: 'b1' });
    await submit(backlog, 'b@x.test', { campaign: 'spring', batch: 'b2' });
    await submit(backlog, 'c@x.test', { campaign: 'spring-2', batch: 'b1' });
    await submit(backlog, 'd@x.test');
    const listed = await cli(backlog, 'queue list', { campaign: 'spring' });
    expect(listed.data).toHaveLength(2);
    expect((await cli(backlog, 'queue list', { campaign: 'spring', batch: 'b2' })).data).toHaveLength(1);

    const before = Date.now();
    const put = await cli(backlog, 'queue reschedule', { campaign: 'spring', at: '+2h' });
    expect(put).toMatchObject({ code: 0, data: { changed: 2, busy: 0 } });
    expect(put.text).toMatch(/^2 deliveries were put to \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.$/);
    expect((await find(backlog, 'a@x.test')).due).toBeGreaterThanOrEqual(before + 2 * HOUR);
    expect((await find(backlog, 'c@x.test')).due).toBeLessThanOrEqual(before);

    expect((await cli(backlog, 'queue cancel', { batch: 'b1' })).data).toEqual({ changed: 2, busy: 0 });
    const left = (await backlog.operate.list({}, 10)).map(({ recipient }) => recipient.address);
    expect(left.toSorted()).toEqual(['b@x.test', 'd@x.test']);
    const cancelled = (await backlog.events()).filter(({ type }) => type === 'cancelled');
    expect(cancelled.map(({ campaign = '' }) => campaign).toSorted()).toEqual(['spring', 'spring-2']);
    expect((await cli(backlog, 'queue show <id>', {})).code).toBe(1);
  });

  test('that is paused as a campaign waits, and goes on when it is resumed', async () => {
    const backlog = await begin(async () => delivered);
    await backlog.operate.pause('campaign:spring');
    await submit(backlog, 'a@x.test', { campaign: 'spring' });
    await until(async () => (await find(backlog, 'a@x.test')).state === 'paused');
    await backlog.operate.resume('campaign:spring');
    await until(async () => (await backlog.operate.list({}, 1)).length === 0);
  });

  test('of thousands is cancelled in seconds and leaves nothing behind, not even jobs for later', async () => {
    const backlog = await idle();
    const instructions = { sendAt: Date.now() + 24 * HOUR, batch: 'big' };
    for (let n = 0; n < 10; n++) {
      const to = Array.from({ length: 200 }, (_, i) => `u${i}@d${i % 7}.test`);
      await backlog.submit(request(to, { instructions }));
    }
    const since = performance.now();
    expect(await backlog.operate.cancel({ batch: 'big' }, 'no')).toEqual({ changed: 2000, busy: 0 });
    expect(performance.now() - since).toBeLessThan(15_000);
    expect(await backlog.jobs.depth('ip1')).toEqual({ waiting: 0, delayed: 0 });
    const keys = await backlog.redis.call('KEYS', `${backlog.prefix}*`);
    expect((keys as string[]).filter((key) => /:(del|sub|body|open):/.test(key))).toEqual([]);
  });
});

describe('reschedule', () => {
  test('moves the expiry along, forth and back, and does not give time back that went by', async () => {
    const backlog = await idle();
    const sendAt = Date.now() + 5 * HOUR;
    await submit(backlog, 'a@x.test', { sendAt, ttl: HOUR });
    await backlog.operate.reschedule({ recipient: 'a@x.test' }, sendAt + 20 * HOUR);
    expect(await find(backlog, 'a@x.test')).toMatchObject({
      due: sendAt + 20 * HOUR,
      expiresAt: sendAt + 21 * HOUR,
      run: 2,
    });
    await backlog.operate.reschedule({ recipient: 'a@x.test' }, sendAt - HOUR);
    expect(await find(backlog, 'a@x.test')).toMatchObject({ due: sendAt - HOUR, expiresAt: sendAt });

    const old = request(['old@x.test'], { at: Date.now() - HOUR, instructions: { ttl: 3 * HOUR } });
    await backlog.submit(old);
    const soon = Date.now() + HOUR;
    await backlog.operate.reschedule({ recipient: 'old@x.test' }, soon);
    const { expiresAt } = await find(backlog, 'old@x.test');
    expect(Math.abs(expiresAt - (soon + 2 * HOUR))).toBeLessThan(1000);
  });

  test('is told, each time anew, with the time that it was given', async () => {
    const backlog = await idle();
    const id = await submit(backlog, 'a@x.test', { campaign: 'spring', tags: ['t'] });
    const later = Date.now() + HOUR;
    await backlog.operate.reschedule({ recipient: 'a@x.test' }, later);
    await backlog.operate.reschedule({ recipient: 'a@x.test' }, 0);
    const events = (await backlog.events()).filter(({ type }) => type === 'deferred');
    expect(events).toMatchObject([
      { delivery: id, class: 'rescheduled', campaign: 'spring', tags: ['t'], due: later },
      { class: 'rescheduled', reason: 'An operator made it due now.' },
    ]);
    expect(events[1]?.due).toBe(events[1]?.at);
    expect(new Set(events.map((event) => event.id)).size).toBe(2);
    expect(events.some((event) => 'attempt' in event || 'transport' in event)).toBe(false);
  });

  test.each(['now', '2001-01-01T00:00Z'])('to %s sends what was for tomorrow at once', async (at) => {
    const sent: string[] = [];
    const backlog = await begin(async ({ delivery }) => {
      sent.push(delivery.recipient.address);
      return delivered;
    });
    await submit(backlog, 'a@x.test', { sendAt: Date.now() + 24 * HOUR });
    expect((await cli(backlog, 'queue reschedule', { recipient: 'a@x.test', at })).data).toEqual({
      changed: 1,
      busy: 0,
    });
    await until(() => sent.length === 1);
    expect(await backlog.jobs.depth('ip1')).toMatchObject({ delayed: 0 });
  });

  test('takes deliveries out of a full lane, its list and its room, and leaves those being sent', async () => {
    const answer = Promise.withResolvers<typeof delivered>();
    const sent: string[] = [];
    const backlog = await begin(
      async ({ delivery }) => {
        sent.push(delivery.recipient.address);
        return answer.promise;
      },
      { limit: 1, handover: true },
    );
    await submit(backlog, 'head@x.test');
    await until(() => sent.length === 1);
    for (const to of ['seat1@x.test', 'seat2@x.test', 'list1@x.test', 'list2@x.test', 'stays@x.test'])
      await submit(backlog, to);
    await until(async () => (await find(backlog, 'list1@x.test')).state === 'parked');
    const later = Date.now() + HOUR;
    const put = async (recipient: string) => backlog.operate.reschedule({ recipient }, later);
    expect(await put('list1@x.test')).toEqual({ changed: 1, busy: 0 });
    expect(await put('seat1@x.test')).toEqual({ changed: 1, busy: 0 });
    expect(await put('head@x.test')).toEqual({ changed: 0, busy: 1 });
    expect(await find(backlog, 'list1@x.test')).toMatchObject({ state: 'waiting', due: later });
    expect(await backlog.redis.call('ZCARD', backlog.keys.lane('ip1', 'mx:mx.x.test'))).toBe(2);
    // In the list it can go no sooner than its turn.
    expect(await backlog.operate.reschedule({ recipient: 'list2@x.test' }, 0)).toEqual({
      changed: 0,
      busy: 0,
    });
    answer.resolve(delivered);
    await until(() => sent.length === 4);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sent.toSorted()).toEqual(['head@x.test', 'list2@x.test', 'seat2@x.test', 'stays@x.test']);
  });

  test('of paused deliveries keeps them paused until both allow it', async () => {
    let sent = 0;
    const backlog = await begin(async () => {
      sent++;
      return delivered;
    });
    await backlog.operate.pause('user:shop');
    await submit(backlog, 'a@x.test');
    await until(async () => (await find(backlog, 'a@x.test')).state === 'paused');
    const at = Date.now() + 700;
    expect(await backlog.operate.reschedule({ user: 'shop' }, at)).toEqual({ changed: 1, busy: 0 });
    await until(async () => (await find(backlog, 'a@x.test')).state === 'paused', 5000);
    expect(Date.now()).toBeGreaterThanOrEqual(at);
    expect(sent).toBe(0);
    await backlog.operate.resume('user:shop');
    await until(() => sent === 1);
  });

  test('to a far day puts the body to rest', async () => {
    const backlog = await idle();
    await submit(backlog, 'a@x.test');
    await backlog.operate.reschedule({ recipient: 'a@x.test' }, Date.now() + 24 * HOUR);
    expect(await backlog.redis.call('SCARD', backlog.keys.resting)).toBe(1);
  });

  test('many times at once ends in one of the times, with one job', async () => {
    const backlog = await idle();
    await submit(backlog, 'a@x.test');
    const times = Array.from({ length: 10 }, (_, i) => Date.now() + (i + 1) * HOUR);
    await Promise.all(times.map((at) => backlog.operate.reschedule({ recipient: 'a@x.test' }, at)));
    const delivery = await find(backlog, 'a@x.test');
    expect(times).toContain(delivery.due);
    expect(delivery.expiresAt - delivery.due).toBeGreaterThan(HOUR - 5000);
    expect(delivery.expiresAt - delivery.due).toBeLessThanOrEqual(HOUR);
    const job = backlog.jobs.jobKey('ip1', { ref: `default:${delivery.id}`, run: delivery.run });
    expect(await backlog.redis.call('EXISTS', job)).toBe(1);
  });
});

test('a delivery is found by its id, and a strange id finds nothing', async () => {
  const backlog = await idle();
  const id = await submit(backlog, 'a@x.test');
  await submit(backlog, 'b@x.test');
  expect(await backlog.operate.list({ id }, 10)).toHaveLength(1);
  expect(await backlog.operate.list({ id: id.slice(0, -2) }, 10)).toHaveLength(1);
  for (const strange of ['*', '?', '[A-Z]*', id.slice(0, -1), '']) {
    expect(await backlog.operate.list({ id: strange }, 10), strange).toEqual([]);
  }
});

test.each([
  ['queue reschedule', {}, '--at'],
  ['queue reschedule', { at: '+2h' }, 'Say which deliveries'],
  ['queue reschedule', { at: 'tomorrow', all: true }, '"+2h"'],
  ['queue cancel', {}, '--batch'],
] as const)('%s %j is a wrong usage', async (words, options, said) => {
  const backlog = await idle();
  const result = await cli(backlog, words, options);
  expect(result.code).toBe(2);
  expect(result.text).toContain(said);
});

describe('a pause with an end', () => {
  test('says who made it and why, holds until then, and is lifted with what it took out', async () => {
    let sent = 0;
    const backlog = await begin(async () => {
      sent++;
      return delivered;
    });
    const end = Date.now() + 1500;
    const name = 'user:shop';
    await backlog.operate.pause(name, { by: 'the monitor', reason: 'too many bounces', until: end });
    expect(await backlog.operate.pauses()).toMatchObject([
      { name, by: 'the monitor', reason: 'too many bounces', until: end },
    ]);
    await submit(backlog, 'a@x.test');
    await until(async () => (await find(backlog, 'a@x.test')).state === 'paused');
    expect(await backlog.operate.resumeExpired()).toEqual([]);
    await until(() => Date.now() > end, 5000);
    await submit(backlog, 'b@x.test');
    await until(() => sent === 1);
    expect(await backlog.operate.resumeExpired()).toMatchObject([{ name }]);
    await until(() => sent === 2);
    expect(await backlog.operate.pauses()).toEqual([]);
  });

  test('of an older version, without more than its time, is one that an operator made', async () => {
    const backlog = await idle();
    await backlog.redis.call('HSET', backlog.keys.pauses, 'domain:x.test', '{"at":5}', 'user:y', 'what?');
    expect(await backlog.operate.pauses()).toEqual([
      { name: 'domain:x.test', at: 5, by: 'operator' },
      { name: 'user:y', at: 0, by: 'operator' },
    ]);
  });
});
