// What a provider allows us in all, shared by processes over a real Redis: the sum is never more, and everybody gets some.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { leasesFrom, SHARE_LIFE_MS } from '../../../src/deliver/shaping/leases.ts';
import type { Seat } from '../../../src/deliver/shaping/seat.ts';
import { Share } from '../../../src/deliver/shaping/share.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { parseRate } from '../../../src/lib/rate.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let redis: RedisConnection;
let prefix = '';
const running: Share[] = [];

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis({ url: server.url, purpose: 'events', prefix: '', log: silentLog });
  await redis.whenReady();
});
afterEach(() => {
  return Promise.all(running.splice(0).map((share) => share.close()));
});
afterAll(async () => {
  await redis.close();
  await server.stop();
});

const sleep = (ms: number): Promise<void> => systemClock.sleep(ms);

/** Open connections of all processes together, and the most at a time. */
class World {
  open = 0;
  most = 0;
  sent = new Map<string, number>();
  times: number[] = [];
  change(by: number): void {
    this.open += by;
    this.most = Math.max(this.most, this.open);
  }
}

/** A lane that sends for ever, over connections that it keeps for `perConnection` messages. */
function lane(
  world: World,
  share: Share,
  name: string,
  options: { perConnection?: number; ms?: number } = {},
) {
  const idle: { use: number; quit(): void }[] = [];
  let stopped = false;
  let waiting = true;
  const seat: Seat = {
    slots: 0,
    active: 0,
    spent: 0,
    sockets: 0,
    wake: () => next(),
    evict: () => {
      const one = idle.shift();
      one?.quit();
      return one !== undefined;
    },
  };
  const connect = async () => {
    const counted = await share.opening(seat, 5000);
    if (!counted) throw new Error('no room');
    world.change(1);
    const connection = {
      use: 0,
      quit: (): void => {
        counted.useless();
        // The other side takes its time to close.
        setTimeout(() => {
          world.change(-1);
          counted.closed();
        }, 5);
      },
    };
    return connection;
  };
  const send = async (): Promise<void> => {
    const kept = idle.pop();
    const connection = kept ?? (await connect());
    world.times.push(performance.now());
    await sleep(options.ms ?? 5);
    world.sent.set(name, (world.sent.get(name) ?? 0) + 1);
    if (++connection.use >= (options.perConnection ?? 10)) connection.quit();
    else idle.push(connection);
    share.end(seat);
    next();
  };
  const next = (): void => {
    while (!stopped && waiting) {
      const wait = share.waitMs(seat, idle.length === 0);
      if (wait > 0) {
        if (wait < Infinity) setTimeout(next, wait);
        return;
      }
      share.begin(seat, idle.length === 0);
      void send();
    }
  };
  next();
  return {
    seat,
    idle,
    rest: (): void => {
      waiting = false;
      share.leave(seat);
    },
    again: (): void => {
      waiting = true;
      next();
    },
    stop: (): void => {
      stopped = true;
      share.leave(seat);
    },
  };
}

function processOf(
  owner: string,
  rule: { connections?: number; messages?: string; connects?: string },
): Share {
  const messages = rule.messages === undefined ? undefined : parseRate(rule.messages);
  const connects = rule.connects === undefined ? undefined : parseRate(rule.connects);
  const share = new Share({
    provider: 'big',
    rule: { connections: rule.connections, messages, connects },
    leases: leasesFrom(redis, prefix, owner),
    clock: systemClock,
    log: silentLog,
  });
  running.push(share);
  return share;
}

describe('connections to a provider', () => {
  test('that a lane keeps idle make room for another lane, however long it had nothing to send', async () => {
    const share = processOf('one', { connections: 1 });
    const kept: { quit(): void }[] = [];
    const seat = (): Seat => ({
      slots: 0,
      active: 0,
      spent: 0,
      sockets: 0,
      wake: () => undefined,
      evict: () => {
        const one = kept.pop();
        one?.quit();
        return one !== undefined;
      },
    });
    const [quiet, busy] = [seat(), { ...seat(), evict: () => false }];
    while (share.waitMs(quiet, true) > 0) await sleep(10);
    share.begin(quiet, true);
    const first = await share.opening(quiet, 1000);
    kept.push({ quit: () => first?.closed() });
    share.end(quiet);
    while (share.waitMs(busy, true) > 0) await sleep(10);
    share.begin(busy, true);
    // By now lanes without a slot have been forgotten.
    await sleep(2500);
    const second = await share.opening(busy, 3000);
    expect(second).toBeDefined();
    second?.closed();
    share.end(busy);
  });

  test('of many lanes in one process are never more than the rule says, and each lane gets some', async () => {
    prefix = randomPrefix();
    const world = new World();
    const share = processOf('p1', { connections: 3 });
    const lanes = Array.from({ length: 8 }, (_, i) => lane(world, share, `lane${i}`));
    await sleep(2500);
    for (const one of lanes) one.stop();
    expect(world.most).toBe(3);
    expect(world.sent.size).toBe(8);
    const counts = [...world.sent.values()];
    expect(Math.max(...counts)).toBeLessThan(6 * Math.min(...counts));
  });

  test('of two processes are never more than the rule says; a second one gets its half soon, and all when it is alone', async () => {
    prefix = randomPrefix();
    const world = new World();
    const first = processOf('p1', { connections: 4 });
    const one = [1, 2, 3].map((i) => lane(world, first, `first${i}`));
    await expect.poll(() => first.state.active).toBe(4);
    const second = processOf('p2', { connections: 4 });
    const other = [1, 2, 3].map((i) => lane(world, second, `second${i}`));
    await expect
      .poll(() => [first.state.open <= 2, second.state.active], { timeout: 10_000 })
      .toEqual([true, 2]);
    await sleep(500);
    for (const each of one) each.stop();
    await expect.poll(() => second.state.active, { timeout: 10_000 }).toBe(4);
    for (const each of other) each.stop();
    expect(world.most).toBe(4);
    expect(world.sent.size).toBe(6);
  });

  test('that are kept and idle count, and make room where others wait', async () => {
    prefix = randomPrefix();
    const world = new World();
    const first = processOf('p1', { connections: 2 });
    const quiet = lane(world, first, 'quiet', { perConnection: 1000 });
    await expect.poll(() => first.state.active).toBe(2);
    quiet.rest();
    await expect.poll(() => quiet.idle.length).toBe(2);
    const second = processOf('p2', { connections: 2 });
    const busy = lane(world, second, 'busy');
    await expect.poll(() => world.sent.get('busy') ?? 0, { timeout: 10_000 }).toBeGreaterThan(2);
    busy.stop();
    quiet.stop();
    expect(world.most).toBe(2);
  });

  test('of a process that died come back when its lease is over, and not before', async () => {
    prefix = randomPrefix();
    const ask = leasesFrom(redis, prefix, 'dead');
    expect(await ask.share('big', { used: 0, want: 3, all: 4 })).toEqual({ held: 3, share: 3 });
    const living = leasesFrom(redis, prefix, 'alive');
    expect(await living.share('big', { used: 0, want: 4, all: 4 })).toEqual({ held: 1, share: 1 });
    // The other one is told to come down to its half, but keeps what it cannot give back.
    expect(await ask.share('big', { used: 3, want: 3, all: 4 })).toEqual({ held: 3, share: 2 });
    const [, later = ''] = (await redis.call('HMGET', `${prefix}share:big`, 'alive', 'dead')) as string[];
    const expired = later.replace(/\d+$/, String(Date.now() - 1));
    await redis.call('HSET', `${prefix}share:big`, 'dead', expired);
    expect(await living.share('big', { used: 1, want: 4, all: 4 })).toEqual({ held: 4, share: 4 });
    expect(Number(await redis.call('PTTL', `${prefix}share:big`))).toBeLessThanOrEqual(SHARE_LIFE_MS);
  });

  test('are never given twice, whoever asks for how many in whatever order', async () => {
    prefix = randomPrefix();
    const held = new Map<string, number>();
    let seed = 7;
    const random = (n: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
    for (let i = 0; i < 400; i++) {
      const owner = `p${random(5)}`;
      const before = held.get(owner) ?? 0;
      const used = random(before + 1);
      const answer = await leasesFrom(redis, prefix, owner).share('big', {
        used,
        want: used + random(6),
        all: 7,
      });
      held.set(owner, answer.held);
      expect(answer.held).toBeGreaterThanOrEqual(used);
      expect([...held.values()].reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(7);
    }
  });
});

describe('a rate of a provider', () => {
  test('is kept by two processes together, and used', async () => {
    prefix = randomPrefix();
    const world = new World();
    const lanes = ['p1', 'p2'].flatMap((owner) => {
      const share = processOf(owner, { messages: '20/s' });
      return [1, 2].map((i) => lane(world, share, `${owner}.${i}`, { perConnection: 1000 }));
    });
    await sleep(3000);
    for (const one of lanes) one.stop();
    const times = world.times.sort((a, b) => a - b);
    for (const [i, at] of times.entries())
      expect(times.slice(i).filter((other) => other < at + 1000).length).toBeLessThanOrEqual(23);
    expect(times.length).toBeGreaterThan(40);
    expect(times.length).toBeLessThanOrEqual(64);
    expect(world.sent.size).toBe(4);
  });

  test('has turns that nobody gets twice', async () => {
    prefix = randomPrefix();
    const rate = { count: 60, perMs: 60_000 };
    const first = leasesFrom(redis, prefix, 'p1');
    const waits = [];
    for (let i = 0; i < 5; i++) waits.push(await first.turns('big:messages', rate, i === 2 ? 3 : 1));
    const even = [0, 1000, 2000, 5000, 6000];
    for (const [i, wait] of waits.entries()) expect(Math.abs(wait - (even[i] ?? 0))).toBeLessThan(300);
  });
});
