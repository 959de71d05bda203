// The backlog over real Redis: what is accepted ends once, whatever happens on its way.
import { describe, expect, test } from 'vitest';
import { reconcile } from '../../../src/backlog/reconcile.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { Outcome } from '../../../src/model/outcome.ts';
import { bounced, deferred, delivered, request, type Send } from '../../support/backlog.ts';
import { oneBacklogATest, type Backlog } from '../../support/one-backlog.ts';
import { until } from '../../support/until.ts';

const { begin, redis } = oneBacklogATest();

/** Keys that a finished message must not leave behind. */
async function left(backlog: Backlog): Promise<string[]> {
  const answer = await backlog.redis.call('KEYS', `${backlog.prefix}*`);
  const stay = /:(events|lease:|epoch:|q:|pauses|carried)/;
  return (answer as string[]).filter((key) => !stay.test(key));
}

describe.each([
  ['by the queue', false],
  ['handed over in memory', true],
])('%s', (_, handover) => {
  const start = (send: Send, options = {}) => begin(send, { handover, ...options });

  test('a delivery is sent once, told, and leaves nothing behind', async () => {
    let sent = 0;
    const backlog = await start(async () => {
      sent++;
      return delivered;
    });
    const asked = request(['a@example.net', 'b@example.net']);
    expect(await backlog.submit(asked)).toEqual({ kind: 'queued', id: asked.submission.id, repeated: false });
    await until(
      async () => (await backlog.events()).filter((event) => event.type === 'delivered').length === 2,
    );
    expect(sent).toBe(2);
    expect(await left(backlog)).toEqual([]);
  });

  test('a deferral is retried as its plan says and then delivered', async () => {
    const answers: Outcome[] = [deferred, deferred, delivered];
    const backlog = await start(async () => answers.shift() ?? bounced);
    await backlog.submit(request(['a@example.net']));
    await until(async () => (await backlog.events()).some((event) => event.type === 'delivered'));
    const events = await backlog.events();
    expect(events.map((event) => event.type)).toEqual(['accepted', 'deferred', 'deferred', 'delivered']);
    expect(events.at(-1)?.attempt).toBe(3);
  });

  test('a bounce is reported once and ends the delivery', async () => {
    const backlog = await start(async () => bounced);
    await backlog.submit(request(['a@example.net']));
    await until(async () => (await backlog.events()).some((event) => event.type === 'bounced'));
    expect(backlog.reports).toHaveLength(1);
    expect(await left(backlog)).toEqual([]);
  });

  test('a client that repeats a message gets the first id and one delivery', async () => {
    let sent = 0;
    const backlog = await start(async () => {
      sent++;
      return delivered;
    });
    const first = { ...request(['a@example.net']), fingerprint: 'same' };
    const second = { ...request(['a@example.net']), fingerprint: 'same' };
    await backlog.submit(first);
    expect(await backlog.submit(second)).toEqual({ kind: 'queued', id: first.submission.id, repeated: true });
    await until(() => sent === 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sent).toBe(1);
  });

  test('a submission whose deadline has passed on Redis is not stored', async () => {
    const backlog = await start(async () => delivered);
    redis().pause();
    const answer = backlog.submit(request(['a@example.net']));
    await new Promise((resolve) => setTimeout(resolve, 4_500));
    redis().resume();
    expect(await answer).toEqual({ kind: 'refused', why: 'slow' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await backlog.events()).toEqual([]);
    expect(await left(backlog)).toEqual([]);
  });

  test('a lane never has more on their way than its limit, and what waits is parked and goes later', async () => {
    let now = 0;
    let most = 0;
    const backlog = await start(
      async () => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve, 5));
        now--;
        return delivered;
      },
      { limit: 3 },
    );
    await Promise.all(Array.from({ length: 200 }, (_, i) => backlog.submit(request([`u${i}@example.net`]))));
    await until(
      async () => (await backlog.events()).filter((event) => event.type === 'delivered').length === 200,
      20_000,
    );
    expect(most).toBe(3);
    expect(await left(backlog)).toEqual([]);
  });

  test('in a full lane the urgent goes first and users take turns', async () => {
    const order: string[] = [];
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const backlog = await start(
      async ({ delivery }) => {
        await gate;
        order.push(delivery.recipient.address.split('@')[0] ?? '');
        return delivered;
      },
      { limit: 1 },
    );
    await backlog.submit(request(['head@example.net', 'seat1@example.net', 'seat2@example.net']));
    await until(() => (backlog.carriers[0]?.state().waiting ?? 0) === 2);
    for (let i = 1; i <= 8; i++) await backlog.submit(request([`loud${i}@example.net`], { user: 'loud' }));
    await backlog.submit(request(['quiet@example.net'], { user: 'quiet' }));
    await backlog.submit(request(['urgent@example.net'], { instructions: { priority: 1 } }));
    await until(
      async () => (await backlog.redis.call('ZCARD', backlog.keys.lane('ip1', 'mx:mx.example.net'))) === 9,
    );
    await until(() => (backlog.carriers[0]?.state().waiting ?? 0) === 3);
    open();
    await until(() => order.length === 13);
    expect(order[0]).toBe('head');
    expect(order[1]).toBe('urgent');
    expect(order.slice(2, 4).toSorted()).toEqual(['seat1', 'seat2']);
    expect(order.indexOf('quiet')).toBeLessThanOrEqual(5);
  });

  test('a dead lane does not delay another', async () => {
    const backlog = await start(async ({ delivery }) => {
      if (delivery.domain.startsWith('dead')) await new Promise((resolve) => setTimeout(resolve, 3000));
      return delivered;
    });
    const dead = Array.from({ length: 50 }, (_, d) =>
      request(Array.from({ length: 30 }, (__, i) => `u${i}@dead${d}.example`)),
    );
    await Promise.all(dead.map((one) => backlog.submit(one)));
    const began = Date.now();
    await backlog.submit(request(['a@alive.example']));
    await until(async () =>
      (await backlog.events()).some((e) => e.type === 'delivered' && e.recipient === 'a@alive.example'),
    );
    expect(Date.now() - began).toBeLessThan(2500);
  }, 60_000);

  test('pause takes out what waits, resume puts it back', async () => {
    const sent: string[] = [];
    const backlog = await start(async ({ delivery }) => {
      sent.push(delivery.domain);
      return delivered;
    });
    await backlog.operate.pause('domain:paused.example');
    await backlog.submit(request(['a@paused.example']));
    await backlog.submit(request(['a@other.example']));
    await until(() => sent.length === 1);
    await until(
      async () => (await backlog.operate.list({ domain: 'paused.example' }, 10))[0]?.state === 'paused',
    );
    expect(sent).toEqual(['other.example']);
    expect(await backlog.operate.resume('domain:paused.example')).toEqual({ lifted: true, changed: 1 });
    await until(() => sent.length === 2);
  });

  test('what is cancelled is never sent and is told', async () => {
    const backlog = await start(async () => delivered, { carrying: false });
    const asked = request(['a@example.net', 'b@example.net']);
    await backlog.submit(asked);
    const changed = await backlog.operate.cancel({ recipient: 'A@example.net' }, 'the operator cancelled it');
    expect(changed).toEqual({ changed: 1, busy: 0 });
    backlog.carriers.push(backlog.carryHere('p1'));
    await until(async () => (await backlog.events()).some((event) => event.type === 'delivered'));
    const types = (await backlog.events()).map((event) => `${event.type} ${event.recipient}`);
    expect(types).toContain('cancelled a@example.net');
    expect(types).toContain('delivered b@example.net');
    expect(types).toHaveLength(3);
  });

  test('a suppressed recipient is dropped before anything is sent', async () => {
    let sent = 0;
    const backlog = await start(async () => {
      sent++;
      return delivered;
    });
    await backlog.redis.call('HSET', `${backlog.prefix}suppressed:default`, 'gone@example.net', '{}');
    await backlog.submit(request(['Gone@example.net']));
    await until(async () => (await backlog.events()).some((event) => event.type === 'dropped'));
    expect(sent).toBe(0);
  });

  test('a record of an unknown version is left as it is, and neither sent nor lost', async () => {
    let sent = 0;
    const backlog = await start(
      async () => {
        sent++;
        return delivered;
      },
      { carrying: false },
    );
    const asked = request(['a@example.net']);
    await backlog.submit(asked);
    const key = backlog.keys.delivery(`default:${asked.submission.id}-1`);
    await backlog.redis.call('HSET', key, 'v', '2');
    const before = await backlog.redis.call('HGETALL', key);
    backlog.carriers.push(backlog.carryHere('p1'));
    await until(async () => (await backlog.jobs.depth('ip1')).waiting === 0);
    expect(await backlog.redis.call('HGETALL', key)).toEqual(before);
    expect(sent).toBe(0);
  });

  test('a lost job is made anew by the reconciler', async () => {
    let sent = 0;
    const backlog = await start(
      async () => {
        sent++;
        return delivered;
      },
      { carrying: false },
    );
    const asked = request(['a@example.net'], { at: Date.now() - 60_000 });
    await backlog.submit(asked);
    const key = backlog.jobs.jobKey('ip1', { ref: `default:${asked.submission.id}-1`, run: 1 });
    expect(await backlog.redis.call('DEL', key, `${backlog.keys.queues}:deliver.ip1:prioritized`)).toBe(2);
    expect(
      await reconcile({
        ...backlog.deps,
        redis: backlog.redis,
        keys: backlog.keys,
        clock: systemClock,
        log: silentLog,
      }),
    ).toBe(1);
    backlog.carriers.push(backlog.carryHere('p1'));
    await until(() => sent === 1);
  });

  test('what a dead process had in hand is taken over by the next holder and counted as ambiguous', async () => {
    let calls = 0;
    const backlog = await start(() =>
      ++calls === 1 ? new Promise<Outcome>(() => undefined) : Promise.resolve(delivered),
    );
    await backlog.submit(request(['a@example.net']));
    await until(() => calls === 1);
    // The holder dies: its lease runs out and another takes it. Here the lease is taken away instead of waiting 10 s.
    await backlog.redis.call('DEL', backlog.keys.lease('ip1'));
    backlog.carriers.push(backlog.carryHere('p2'));
    await until(async () => (await backlog.events()).some((event) => event.type === 'delivered'));
    expect((await backlog.events()).at(-1)?.ambiguous).toBe(1);
    expect(calls).toBe(2);
  });

  test('a result is stored after Redis was away', async () => {
    let release: (outcome: Outcome) => void = () => undefined;
    const backlog = await start(() => new Promise<Outcome>((resolve) => (release = resolve)));
    await backlog.submit(request(['a@example.net']));
    await until(async () => (await backlog.operate.list({}, 10))[0]?.state === 'sending');
    await redis().kill9();
    release(delivered);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await redis().restart();
    await until(
      async () => (await backlog.events().catch(() => [])).some((event) => event.type === 'delivered'),
      15_000,
    );
  });

  test('stopping puts back what has not been sent, and the next process sends it', async () => {
    let sent = 0;
    const backlog = await start(
      async ({ mayProceed, signal }) => {
        if (sent === 0) {
          await new Promise<void>((resolve) => {
            const timer = setInterval(() => !mayProceed() && (clearInterval(timer), resolve()), 5);
            signal.addEventListener('abort', () => resolve());
          });
          return {
            kind: 'deferred',
            conversation: '',
            cause: { phase: 'policy', class: 'local', status: '4.3.2', detail: 'stopping' },
          };
        }
        return delivered;
      },
      { limit: 2 },
    );
    await Promise.all(Array.from({ length: 20 }, (_, i) => backlog.submit(request([`u${i}@example.net`]))));
    await until(() => (backlog.carriers[0]?.state().active ?? 0) === 2);
    await backlog.carriers[0]?.stop(2000);
    backlog.carriers.length = 0;
    sent = 1;
    backlog.carriers.push(backlog.carryHere('p2'));
    await until(
      async () => (await backlog.events()).filter((event) => event.type === 'delivered').length === 20,
    );
    const attempts = (await backlog.events())
      .filter((event) => event.type === 'delivered')
      .map((event) => event.attempt);
    expect(new Set(attempts)).toEqual(new Set([1]));
  });
});

test('recipients that a full lane has no room for are parked as they are stored', async () => {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const send = async (): Promise<Outcome> => gate.then(() => delivered);
  const backlog = await begin(send, { handover: true, limit: 1 });
  await backlog.submit(request(['head@example.net']));
  await until(() => backlog.carriers[0]?.state().active === 1);
  await backlog.submit(request(Array.from({ length: 20 }, (_, i) => `u${i}@example.net`)));
  const states = (await backlog.operate.list({}, 100)).map(({ state }) => state);
  const count = (wanted: string): number => states.filter((state) => state === wanted).length;
  expect([count('sending'), count('waiting'), count('parked')]).toEqual([1, 2, 18]);
  expect(await backlog.redis.call('ZCARD', backlog.keys.lane('ip1', 'mx:mx.example.net'))).toBe(18);
  open();
  await until(
    async () => (await backlog.events()).filter((event) => event.type === 'delivered').length === 21,
  );
  expect(await left(backlog)).toEqual([]);
});
