// What a sender asks of the backlog, over real Redis: when, for how long, how often, whether at all, and to whom not.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { reconcile } from '../../../src/backlog/reconcile.ts';
import { putToRest } from '../../../src/backlog/rest.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import type { Event } from '../../../src/model/event.ts';
import type { Instructions } from '../../../src/model/instructions.ts';
import { openBodies } from '../../../src/store/bodies.ts';
import { deferred, delivered, request } from '../../support/backlog.ts';
import { oneBacklogATest, type Backlog } from '../../support/one-backlog.ts';
import { until } from '../../support/until.ts';

const { begin } = oneBacklogATest();

const HOUR = 3_600_000;
const asked = (instructions: Instructions, recipients: readonly string[] = ['a@example.net']) =>
  request(recipients, { instructions });
const ended = async (backlog: Backlog, type: Event['type']): Promise<Event> => {
  const find = async () => (await backlog.events()).find((event) => event.type === type);
  await until(async () => (await find()) !== undefined);
  const event = await find();
  if (!event) throw new Error(type);
  return event;
};
const reconcileNow = (backlog: Backlog, ahead = 0) =>
  reconcile({
    ...backlog.deps,
    redis: backlog.redis,
    keys: backlog.keys,
    clock: { ...backlog.deps.clock, now: () => Date.now() + ahead },
  });

describe.each([
  ['by the queue', false],
  ['handed over in memory', true],
])('%s', (_, handover) => {
  test('a message for later waits until then, and one for a time that has passed goes at once', async () => {
    const sent: [string, number][] = [];
    const backlog = await begin(
      async ({ delivery }) => {
        sent.push([delivery.recipient.address, Date.now()]);
        return delivered;
      },
      { handover },
    );
    const sendAt = Date.now() + 1200;
    await backlog.submit(asked({ sendAt }, ['later@example.net']));
    await backlog.submit(asked({ sendAt: Date.now() - HOUR }, ['now@example.net']));
    await until(() => sent.length === 2);
    expect(sent.map(([to]) => to)).toEqual(['now@example.net', 'later@example.net']);
    expect(sent[1]?.[1]).toBeGreaterThanOrEqual(sendAt - 5);
    expect(sent[1]?.[1]).toBeLessThan(sendAt + 1500);
    const events = await backlog.events();
    expect(events.filter(({ type }) => type === 'accepted').map(({ due }) => due)).toEqual([
      sendAt,
      undefined,
    ]);
  });

  test('recipients of one message each have their own time', async () => {
    const order: string[] = [];
    const backlog = await begin(
      async ({ delivery }) => {
        order.push(delivery.recipient.address);
        return delivered;
      },
      { handover },
    );
    const one = asked({});
    const now = Date.now();
    const recipients = [
      { address: 'third@a.test', sendAt: now + 1500 },
      { address: 'first@b.test' },
      { address: 'second@c.test', sendAt: now + 700 },
    ];
    await backlog.submit({ ...one, recipients });
    await until(() => order.length === 3);
    expect(order).toEqual(['first@b.test', 'second@c.test', 'third@a.test']);
  });

  test('the attempts that the sender wanted are made and no more', async () => {
    let sent = 0;
    const backlog = await begin(
      async () => {
        sent++;
        return deferred;
      },
      { handover },
    );
    await backlog.submit(asked({ attempts: 2 }));
    const event = await ended(backlog, 'expired');
    expect(event).toMatchObject({ attempt: 2, class: 'busy' });
    expect(event.reason).toBe('Given up after 2 attempts, as the sender wanted. The last one: busy');
    expect(sent).toBe(2);
    expect(backlog.failures[0]?.cause.detail).toBe(event.reason);
  });

  test('test mode ends as delivered without anything being sent, rendered or reported', async () => {
    let sent = 0;
    const backlog = await begin(
      async () => {
        sent++;
        return deferred;
      },
      { handover },
    );
    await backlog.submit(asked({ drop: true }));
    const event = await ended(backlog, 'delivered');
    expect(event.reply).toEqual({ code: 250, status: '2.0.0', text: 'Ok, not sent: test mode' });
    expect(event.notes).toHaveLength(1);
    expect([sent, backlog.reports.length]).toEqual([0, 0]);
    expect(await backlog.operate.list({}, 10)).toEqual([]);
  });

  test('what the letter says was not done is told with the attempt', async () => {
    const letter = { from: '', to: '', smtputf8: false, eightBit: false, dsn: {}, parts: [], size: 0 };
    const backlog = await begin(
      async ({ render }) => {
        await render({ eightBitMime: true, smtputf8: true, dsn: true });
        return delivered;
      },
      { handover, render: () => async () => ({ letter: { ...letter, notes: ['Not tracked.'] } }) },
    );
    await backlog.submit(asked({ campaign: 'c', campaignName: 'n', tags: ['t'], metadata: { a: 'b' } }));
    const event = await ended(backlog, 'delivered');
    expect(event).toMatchObject({ notes: ['Not tracked.'], campaign: 'c', campaignName: 'n', tags: ['t'] });
  });
});

test('no attempt begins after the time that the sender gave, and it hears why', async () => {
  let sent = 0;
  const send = async () => {
    sent++;
    return delivered;
  };
  const backlog = await begin(send, { carrying: false });
  await backlog.submit(asked({ ttl: 300 }));
  await new Promise((resolve) => setTimeout(resolve, 350));
  backlog.carriers.push(backlog.carryHere('p1'));
  const event = await ended(backlog, 'expired');
  expect(event).toMatchObject({
    class: 'expired',
    reason: 'The sender wanted it sent within 300ms, which passed while it waited.',
  });
  expect(event).not.toHaveProperty('attempt');
  expect(backlog.failures[0]?.cause).toMatchObject({ class: 'expired', status: '4.4.7' });
  expect(sent).toBe(0);
});

test('what waits in a list beyond its time is ended by the reconciler', async () => {
  const never = new Promise<never>(() => undefined);
  const backlog = await begin(() => never, { limit: 1, handover: true });
  await backlog.submit(request(['head@example.net', 's1@example.net', 's2@example.net']));
  await until(() => backlog.carriers[0]?.state().active === 1);
  await backlog.submit(asked({ ttl: 60_000 }, ['parked@example.net']));
  await until(async () =>
    (await backlog.operate.list({ recipient: 'parked@example.net' }, 1)).some(
      ({ state }) => state === 'parked',
    ),
  );
  await reconcileNow(backlog, 60_000);
  expect(await backlog.operate.list({ recipient: 'parked@example.net' }, 1)).toHaveLength(1);
  await reconcileNow(backlog, 91_000);
  const event = await ended(backlog, 'expired');
  expect(event.reason).toBe('The sender wanted it sent within 1m, which passed while it waited.');
  expect(await backlog.redis.call('ZCARD', backlog.keys.lane('ip1', 'mx:mx.example.net'))).toBe(0);
});

test('a repetition counts as one for as long as the request says', async () => {
  const backlog = await begin(async () => delivered, { carrying: false });
  const once = (repeatWithin: number) => ({ ...asked({}), fingerprint: 'key', repeatWithin });
  const first = once(400);
  await backlog.submit(first);
  expect(await backlog.submit(once(400))).toMatchObject({ repeated: true, id: first.submission.id });
  await new Promise((resolve) => setTimeout(resolve, 450));
  expect(await backlog.submit(once(400))).toMatchObject({ repeated: false });
  const ttl = await backlog.redis.call('PTTL', backlog.keys.same('default', 'key'));
  expect(Number(ttl)).toBeLessThanOrEqual(400);
});

describe('suppressions', () => {
  const list = async (backlog: Backlog, field: string) =>
    backlog.redis.call('HSET', `${backlog.prefix}suppressed:default`, field, '{}');

  test('of a topic drop its messages alone, with an event that says so', async () => {
    const sent: string[] = [];
    const backlog = await begin(async ({ submission }) => {
      sent.push(submission.instructions.topic ?? '');
      return delivered;
    }, {});
    await list(backlog, 'News & more\nann@example.net');
    await backlog.submit(asked({ topic: 'News & more' }, ['Ann@example.net', 'bob@example.net']));
    await backlog.submit(asked({ topic: 'offers' }, ['ann@example.net']));
    await backlog.submit(asked({}, ['ann@example.net']));
    const event = await ended(backlog, 'dropped');
    expect(event).toMatchObject({
      recipient: 'Ann@example.net',
      class: 'suppressed',
      reason: 'The recipient unsubscribed from the topic "News & more".',
    });
    expect(event).not.toHaveProperty('attempt');
    await until(() => sent.length === 3);
    expect(sent.toSorted()).toEqual(['', 'News & more', 'offers']);
  });

  test('are passed by where the sender may, and by nobody else', async () => {
    const sent: string[] = [];
    const backlog = await begin(async ({ delivery }) => {
      sent.push(delivery.recipient.address);
      return delivered;
    }, {});
    await list(backlog, 'ann@example.net');
    await list(backlog, 'news\nann@example.net');
    await backlog.submit(asked({ bypassSuppression: true, topic: 'news' }, ['ann@example.net']));
    await until(() => sent.length === 1);
    await backlog.submit(asked({ bypassSuppression: false }, ['ann@example.net']));
    expect((await ended(backlog, 'dropped')).reason).toContain('suppression list of this account');
    expect(sent).toHaveLength(1);
  });

  test('hold for one user or sender domain, and end', async () => {
    const sent: string[] = [];
    const backlog = await begin(async ({ delivery }) => {
      sent.push(delivery.recipient.address);
      return delivered;
    }, {});
    const put = (field: string, entry: object): Promise<unknown> =>
      backlog.redis.call('HSET', `${backlog.prefix}suppressed:default`, field, JSON.stringify(entry));
    const request = asked({}, ['a@x.example', 'b@x.example', 'c@x.example', 'd@x.example', 'e@x.example']);
    const { user, headerFrom } = request.submission;
    const domain = headerFrom.slice(headerFrom.indexOf('@') + 1);
    await put(`\0user:${user}\na@x.example`, { reason: 'x' });
    await put('\0user:another\nb@x.example', { reason: 'x' });
    await put(`\0domain:${domain}\nc@x.example`, { reason: 'x', until: Date.now() + 60_000 });
    await put(`\0domain:${domain}\nd@x.example`, { reason: 'x', until: Date.now() - 1 });
    await put('e@x.example', { reason: '"until":1', at: 1, until: Date.now() + 60_000 });
    await backlog.submit(request);
    await until(() => sent.length === 2);
    expect(sent.toSorted()).toEqual(['b@x.example', 'd@x.example']);
    await until(async () => (await backlog.events()).filter(({ type }) => type === 'dropped').length === 3);
    const reasons = (await backlog.events())
      .filter(({ type }) => type === 'dropped')
      .map(({ reason = '' }) => reason);
    expect(reasons.toSorted()).toEqual([
      `The recipient is on the suppression list of the sender domain ${domain}.`,
      `The recipient is on the suppression list of the user ${user}.`,
      'The recipient is on the suppression list of this account.',
    ]);
  });

  test('find international addresses in any case', async () => {
    const backlog = await begin(async () => delivered, {});
    await list(backlog, 'äöü@example.net');
    await backlog.submit(asked({}, ['ÄÖÜ@example.net']));
    expect((await ended(backlog, 'dropped')).recipient).toBe('ÄÖÜ@example.net');
  });

  test('reach what was scheduled before they came', async () => {
    const backlog = await begin(async () => delivered, { handover: true });
    await backlog.submit(asked({ sendAt: Date.now() + 500 }));
    await list(backlog, 'a@example.net');
    await ended(backlog, 'dropped');
  });
});

describe('bodies of scheduled mail', () => {
  test('leave memory soon, those of mail that goes soon do not', async () => {
    const backlog = await begin(async () => delivered, { carrying: false });
    const tomorrow = asked({ sendAt: Date.now() + 24 * HOUR });
    const spilled = { ...asked({ sendAt: Date.now() + 24 * HOUR }), body: undefined };
    await backlog.submit(tomorrow);
    await backlog.submit(asked({ sendAt: Date.now() + HOUR / 2 }));
    await backlog.submit(asked({}));
    const { body: _, ...elsewhere } = spilled;
    await backlog.submit(elsewhere);
    const deps = { ...backlog.deps, redis: backlog.redis, keys: backlog.keys };
    expect(await putToRest(deps)).toBe(1);
    expect(backlog.movedOut).toEqual([tomorrow.submission.id]);
    expect(await putToRest(deps)).toBe(0);
  });

  test('lie in a file that is sent from when their time comes, and go with them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postino-rest-'));
    const texts: string[] = [];
    const places: string[] = [];
    const backlog = await begin(
      async ({ submission }) => {
        const body = await bodies.load(submission);
        places.push(submission.body.split(':')[0] ?? '');
        texts.push(body && 'file' in body ? readFileSync(body.file, 'utf8') : 'not in a file');
        return delivered;
      },
      { carrying: false, dropBody: (submission) => bodies.drop(submission) },
    );
    const { redis: asking, prefix } = backlog;
    const bodies = openBodies({ redis: asking, prefix, clock: systemClock, folder, where: 'file' });
    const later = asked({ sendAt: Date.now() + 24 * HOUR }, ['a@example.net', 'b@example.net']);
    await backlog.submit(later);
    const key = backlog.keys.body('default', later.submission.id);
    expect(await asking.call('EXISTS', key)).toBe(1);
    await putToRest({ ...backlog.deps, redis: asking, keys: backlog.keys, moveOut: bodies.moveOut });
    expect(await asking.call('EXISTS', key)).toBe(0);
    expect(readdirSync(folder)).toHaveLength(1);

    backlog.carriers.push(backlog.carryHere('p1'));
    await backlog.operate.reschedule({ id: later.submission.id }, 0);
    await until(async () => (await backlog.operate.list({}, 1)).length === 0);
    expect(texts).toEqual([later.body.toString(), later.body.toString()]);
    expect(places).toEqual(['file', 'file']);
    await until(() => readdirSync(folder).length === 0);
    rmSync(folder, { recursive: true });
  });

  test('that cannot be put on disk are tried again, and cancelled ones are forgotten', async () => {
    const backlog = await begin(async () => delivered, { carrying: false });
    const later = asked({ sendAt: Date.now() + 24 * HOUR });
    await backlog.submit(later);
    const deps = { ...backlog.deps, redis: backlog.redis, keys: backlog.keys };
    const full = () => Promise.reject(new Error('ENOSPC'));
    expect(await putToRest({ ...deps, moveOut: full })).toBe(0);
    expect(await backlog.redis.call('SCARD', backlog.keys.resting)).toBe(1);
    await backlog.operate.cancel({ id: later.submission.id }, 'no more');
    expect(await putToRest({ ...deps, moveOut: full })).toBe(1);
  });
});
