// What providers' rules, limits and complaints do to connections: real sockets, fake mail hosts, a fake DNS.
import { afterEach, describe, expect, test } from 'vitest';
import { makeProviders } from '../../../src/deliver/providers.ts';
import { providersFile } from '../../../src/deliver/providers-file.ts';
import type { Limit } from '../../../src/deliver/shaping/limit.ts';
import type { Outcome } from '../../../src/model/outcome.ts';
import { makeBench, orderFor, type Bench } from '../../support/deliver.ts';

let bench: Bench;

const records = {
  'a.test': { mx: [[10, 'mx.a.test']] },
  'b.test': { mx: [[10, 'mx.b.test']] },
  'mx.a.test': { a: ['127.0.0.21'] },
  'mx.b.test': { a: ['127.0.0.22'] },
} as const;

/** Limits that a test sets by hand. */
class Limits {
  all: Limit[] = [];
  tasks: (() => void)[] = [];
  readonly made: Omit<Limit, 'id' | 'at'>[] = [];
  list = (): readonly Limit[] => this.all;
  set = async (limit: Omit<Limit, 'id' | 'at'>): Promise<void> => void this.made.push(limit);
  onChange = (task: () => void): (() => void) => {
    this.tasks.push(task);
    return () => undefined;
  };
  put(...limits: Partial<Limit>[]): void {
    const common = {
      scope: 'lane',
      action: 'slow',
      until: Date.now() + 60_000,
      rule: 'r',
      why: '',
      at: 0,
    } as const;
    this.all = limits.map((limit, i) => ({ ...common, id: `${i}`, key: 'ip1/mx:mx.a.test', ...limit }));
    for (const task of this.tasks) task();
  }
}

const limits = new Limits();
const start = async (rule: object = {}, delivery: object = {}): Promise<void> => {
  limits.all = [];
  limits.made.splice(0);
  const providers = makeProviders(
    providersFile.parse({ providers: { big: { mx: ['.a.test', '.b.test'], ...rule } } }),
  );
  bench = await makeBench(records, { ...delivery }, { providers, shaping: { limits } });
};
afterEach(() => bench.close());

const send = (to: string): Promise<Outcome> => bench.deliver.send(orderFor({ to }));
const turnOf = async (domain: string) => {
  const { turn } = await bench.deliver.locate('ip1', domain);
  if (!turn) throw new Error('no turn');
  return turn;
};

describe("a provider's rule", () => {
  test('says how many messages a connection takes, and how long it is kept', async () => {
    await start({ lane: { messagesPerConnection: 2, idle: '150ms' } });
    const mx = await bench.mx({ host: '127.0.0.21' });
    for (const to of ['a@a.test', 'b@a.test', 'c@a.test']) await send(to);
    expect(mx.messages.map(({ connection }) => connection)).toEqual([1, 1, 2]);
    await expect.poll(() => mx.connections().open).toBe(0);
  });

  test('says how many connections there are, the least of all', async () => {
    await start({ lane: { connections: 7 }, together: { connections: 4 } }, { connectionsPerLane: 3 });
    expect(await bench.deliver.locate('ip1', 'a.test')).toMatchObject({ limit: 4, provider: 'big' });
  });

  test('makes several sites one, whose connections serve only their own hosts', async () => {
    await start({ oneSite: true, lane: { connections: 1 } });
    const a = await bench.mx({ host: '127.0.0.21' });
    const b = await bench.mx({ host: '127.0.0.22' });
    const lanes = await Promise.all(
      ['a.test', 'b.test'].map((domain) => bench.deliver.locate('ip1', domain)),
    );
    expect(lanes.map(({ lane }) => lane)).toEqual(['provider:big', 'provider:big']);
    for (const to of ['x@a.test', 'x@b.test', 'y@b.test', 'y@a.test']) await send(to);
    expect([a.messages.map(({ to }) => to), b.messages.map(({ to }) => to)]).toEqual([
      ['x@a.test', 'y@a.test'],
      ['x@b.test', 'y@b.test'],
    ]);
    expect([a.connections().total, b.connections().total]).toEqual([2, 1]);
  });

  test('that requires TLS sends nothing in clear', async () => {
    await start({ tls: 'required' });
    const plain = await bench.mx({ host: '127.0.0.21' });
    const secure = await bench.mx({ host: '127.0.0.22', starttls: true });
    expect(await send('x@a.test')).toMatchObject({ kind: 'deferred', cause: { class: 'tls' } });
    expect(plain.lines.some((line) => line.includes('MAIL'))).toBe(false);
    expect((await send('x@b.test')).kind).toBe('delivered');
    expect(secure.messages[0]?.tls).toBeDefined();
  });

  test('names new connections per time', async () => {
    await start({ lane: { connects: '60/min', messagesPerConnection: 1 } });
    await bench.mx({ host: '127.0.0.21' });
    const turn = await turnOf('a.test');
    expect(turn.waitMs()).toBe(0);
    turn.begin();
    await send('x@a.test');
    turn.end();
    expect(turn.waitMs()).toBeGreaterThan(500);
  });
});

describe('limits', () => {
  test('of one connection close those that are too many', async () => {
    await start();
    const mx = await bench.mx({ host: '127.0.0.21', slowMs: 50 });
    await Promise.all([1, 2, 3].map(() => send('slow@a.test')));
    expect(mx.connections().open).toBe(3);
    limits.put({ connections: 1 });
    for (let i = 0; i < 3; i++) await send('x@a.test');
    await expect.poll(() => mx.connections().open).toBe(1);
    expect((await turnOf('a.test')).connections).toBe(1);
  });

  test('let nothing begin while something is suspended, on its lane, its provider or its transport', async () => {
    await start();
    const turn = await turnOf('a.test');
    const other = await turnOf('b.test');
    const waits = (limit: Partial<Limit>): readonly boolean[] => {
      limits.put({ action: 'suspend', ...limit });
      return [turn.waitMs() > 50_000, other.waitMs() > 50_000];
    };
    expect(waits({})).toEqual([true, false]);
    expect(waits({ scope: 'lane', key: 'ip1/provider:big' })).toEqual([true, true]);
    expect(waits({ scope: 'provider', key: 'big' })).toEqual([true, true]);
    expect(waits({ scope: 'transport', key: 'ip1' })).toEqual([true, true]);
    expect(waits({ scope: 'transport', key: 'ip2' })).toEqual([false, false]);
    expect(waits({ until: Date.now() - 1 })).toEqual([false, false]);
  });

  test('of a user hold its mail, and no one else’s', async () => {
    await start();
    await bench.mx({ host: '127.0.0.21' });
    limits.put({ scope: 'user', key: 'shop', messages: { count: 1, perMs: 60_000 } });
    expect((await send('x@a.test')).kind).toBe('delivered');
    const order = orderFor({ to: 'y@a.test' });
    const held = await bench.deliver.send({ ...order, delivery: { ...order.delivery, id: 'S2-1' } });
    expect(held).toMatchObject({ kind: 'held', rule: 'user-limit' });
    const others = { ...order, delivery: { ...order.delivery, id: 'S3-1', user: 'office' } };
    expect((await bench.deliver.send(others)).kind).toBe('delivered');
  });

  test('are set by what hosts say, not by what we say ourselves nor by what they take', async () => {
    const rule = {
      name: 'busy',
      text: 'busy|down|again|refused|limit',
      do: { messages: '1/min' },
      for: '1h',
    };
    await start({ automation: [{ ...rule, examples: ['450 busy'] }] }, { timeouts: { greeting: '200ms' } });
    const mx = await bench.mx({ host: '127.0.0.21' });
    await send('x@a.test');
    await send('x@b.test'); // nobody listens there
    expect(limits.made).toEqual([]);
    await send('busy@a.test');
    expect(limits.made).toMatchObject([
      {
        scope: 'lane',
        key: 'ip1/provider:big',
        action: 'slow',
        messages: { count: 1, perMs: 60_000 },
        rule: 'busy',
      },
    ]);
    expect(mx.messages.length).toBe(1);
  });
});

describe('a lane adapts', () => {
  test('to a host that complains: half of its connections, once a minute', async () => {
    await start();
    await bench.mx({ host: '127.0.0.21', replies: { MAIL: '421 4.7.0 too much' } });
    const turn = await turnOf('a.test');
    expect(turn.connections).toBe(10);
    for (let i = 0; i < 4; i++) await send('x@a.test');
    expect(turn.connections).toBe(5);
    expect((await turnOf('b.test')).connections).toBe(10);
  });

  test('to greylisting and full mailboxes not at all', async () => {
    await start();
    await bench.mx({ host: '127.0.0.21' });
    for (const to of ['greylist1@a.test', 'full@a.test', 'missing@a.test', 'busy@a.test']) await send(to);
    expect((await turnOf('a.test')).connections).toBe(10);
  });

  test('to a host that cannot be reached: after five attempts it is left alone', async () => {
    await start();
    const turn = await turnOf('a.test');
    for (let i = 0; i < 5; i++) {
      expect(turn.waitMs()).toBe(0);
      await send('x@a.test');
    }
    expect(turn.waitMs()).toBeGreaterThan(50_000);
    expect(turn.atOnce()).toBe(0);
  });
});
