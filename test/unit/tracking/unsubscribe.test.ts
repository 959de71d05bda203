// Orders to stop mail: done once, kept on disk while Redis is away, and never undoing what had another reason.
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../../src/lib/ids.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { eventSchema, type Event } from '../../../src/model/event.ts';
import type { Facts } from '../../../src/tracking/facts.ts';
import { openSpool, type Pending } from '../../../src/tracking/spool.ts';
import { makeTokens } from '../../../src/tracking/token.ts';
import { makeUnsubscribe } from '../../../src/tracking/unsubscribe.ts';
import { handClock, type HandClock } from '../../support/hand-clock.ts';

const AT = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;
const tokens = makeTokens(Buffer.alloc(32, 3));
const facts: Facts = {
  delivery: `${newId(AT)}-1`,
  account: 'acme',
  user: 'shop',
  recipient: 'Ann@example.net',
  sender: 'b@shop.example',
  headerFrom: 'news@shop.example',
};
const tokenOf = (more: Partial<Facts> = {}): string => tokens.seal({ ...facts, ...more }).unsubscribe();
const message = { how: 'one-click', scope: 'message' } as const;

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'postino-spool-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A list of who gets no mail, and a stream of events, that can be away. */
function setUp(clock: HandClock = handClock(AT + DAY)) {
  const world = { listDown: false, streamDown: false };
  const list = new Map<string, { reason: string; at: number }>();
  const events: Event[] = [];
  const keyOf = (account: string, address: string, topic?: string): string =>
    [account, topic, address.toLowerCase()].filter((part) => part !== undefined).join(' ');
  const up = <T>(down: boolean, value: () => T): Promise<T> =>
    down ? Promise.reject(new Error('away')) : Promise.resolve(value());
  const unsubscribe = makeUnsubscribe({
    tokens,
    clock,
    log: silentLog,
    expireMs: 365 * DAY,
    addresses: 'network',
    find: () => up(world.listDown, () => undefined),
    spool: openSpool(join(folder, 'spool')),
    append: (more) => up(world.streamDown, () => void events.push(...more)),
    list: {
      add: (account, address, reason, topic) =>
        up(world.listDown, () => {
          if (topic !== undefined && topic.length > 100) return 'invalid' as const;
          const key = keyOf(account, address, topic);
          if (list.has(key)) return 'known' as const;
          list.set(key, { reason, at: clock.now() });
          return 'added' as const;
        }),
      remove: (account, address, topic) =>
        up(world.listDown, () => list.delete(keyOf(account, address, topic))),
      show: (account, address, topic) => up(world.listDown, () => list.get(keyOf(account, address, topic))),
    },
  });
  return { unsubscribe, list, events, world, clock };
}

test('one click stops the topic of the message, or all mail when it has none', async () => {
  const { unsubscribe, list, events } = setUp();
  const visitor = { ip: '192.0.2.9', userAgent: 'Gmail', automatic: false };
  expect(await unsubscribe.stop(tokenOf({ topic: 'news' }), { ...message, visitor })).toEqual({
    kind: 'done',
  });
  expect(await unsubscribe.stop(tokenOf(), message)).toEqual({ kind: 'done' });
  expect([...list.keys()]).toEqual(['acme news ann@example.net', 'acme ann@example.net']);
  expect(events.map((event) => eventSchema.parse(event))).toMatchObject([
    {
      type: 'unsubscribed',
      id: `${facts.delivery}.unsubscribed.news.${AT + DAY}`,
      topic: 'news',
      how: 'one-click',
      recipient: 'Ann@example.net',
      account: 'acme',
      headerFrom: 'news@shop.example',
      ip: '192.0.2.0',
      userAgent: 'Gmail',
    },
    { type: 'unsubscribed', id: `${facts.delivery}.unsubscribed.${AT + DAY}` },
  ]);
  expect(events[1]).not.toHaveProperty('topic');
});

test('the same again changes nothing, and tells the same event', async () => {
  const { unsubscribe, list, events, clock } = setUp();
  for (let i = 0; i < 3; i++) {
    await unsubscribe.stop(tokenOf(), message);
    clock.pass(DAY);
  }
  expect(list.size).toBe(1);
  expect(events).toHaveLength(1);
});

test('an event that could not be written is written with the next order', async () => {
  const { unsubscribe, events, world } = setUp();
  world.streamDown = true;
  await unsubscribe.stop(tokenOf(), message);
  world.streamDown = false;
  await unsubscribe.stop(tokenOf(), message);
  expect(events).toHaveLength(1);
});

test('going and coming without end is told of a few times only, and leaving always works', async () => {
  const { unsubscribe, list, events, clock } = setUp();
  for (let i = 0; i < 100; i++) {
    expect(await unsubscribe.stop(tokenOf(), message)).toEqual({ kind: 'done' });
    await unsubscribe.resume(tokenOf(), 'message');
    clock.pass(1000);
  }
  expect(list.size).toBe(1);
  expect(events.length).toBeLessThan(50);
  expect(await unsubscribe.resume(tokenOf(), 'message')).toEqual({ kind: 'later' });
  clock.pass(3_600_000);
  expect(await unsubscribe.resume(tokenOf(), 'message')).toEqual({ kind: 'done' });
});

test('after a return, leaving again is another event', async () => {
  const { unsubscribe, list, events, clock } = setUp();
  for (let i = 0; i < 2; i++) {
    await unsubscribe.stop(tokenOf(), message);
    clock.pass(1000);
    expect(await unsubscribe.resume(tokenOf(), 'message')).toEqual({ kind: 'done' });
    expect(list.size).toBe(0);
    clock.pass(1000);
  }
  expect(events.map(({ how }) => how)).toEqual(['one-click', 'resubscribe', 'one-click', 'resubscribe']);
  expect(new Set(events.map(({ id }) => id)).size).toBe(4);
});

test.each(['bounce', 'complaint', 'manual'])('a return does not undo a suppression by %s', async (reason) => {
  const { unsubscribe, list, events } = setUp();
  list.set('acme ann@example.net', { reason, at: 1 });
  await unsubscribe.stop(tokenOf(), message);
  await unsubscribe.resume(tokenOf(), 'message');
  expect(list.get('acme ann@example.net')).toEqual({ reason, at: 1 });
  expect(events.filter(({ how }) => how === 'resubscribe')).toEqual([]);
});

test('a choice of topics, and everything', async () => {
  const { unsubscribe, list, events } = setUp();
  const token = tokenOf({ topic: 'news', topics: ['news', 'offers', 'surveys'] });
  expect(await unsubscribe.look(token)).toEqual({
    kind: 'offer',
    account: 'acme',
    user: 'shop',
    recipient: 'Ann@example.net',
    sender: 'news@shop.example',
    topics: ['news', 'offers', 'surveys'],
    topic: 'news',
    lang: undefined,
  });
  expect(list.size + events.length).toBe(0);
  await unsubscribe.stop(token, { how: 'page', scope: { topics: ['offers', 'surveys'], all: false } });
  expect([...list.keys()]).toEqual(['acme offers ann@example.net', 'acme surveys ann@example.net']);
  await unsubscribe.stop(token, { how: 'page', scope: { topics: ['offers'], all: true } });
  expect([...list.keys()].at(-1)).toBe('acme ann@example.net');
  expect(events.map(({ topic }) => topic)).toEqual(['offers', 'surveys', undefined]);
});

test('a topic that the list does not take stops all mail rather than none', async () => {
  const { unsubscribe, list, events } = setUp();
  await unsubscribe.stop(tokenOf({ topic: 'ü'.repeat(101) }), message);
  expect([...list.keys()]).toEqual(['acme ann@example.net']);
  expect(events[0]).not.toHaveProperty('topic');
});

test.each(['look', 'stop', 'resume'] as const)(
  '%s knows no token of others, and none that is over',
  async (what) => {
    const { unsubscribe, list, clock } = setUp();
    const ask = (token: string) =>
      what === 'look'
        ? unsubscribe.look(token)
        : what === 'stop'
          ? unsubscribe.stop(token, message)
          : unsubscribe.resume(token, 'message');
    expect(await ask('x')).toEqual({ kind: 'unknown' });
    expect(await ask(tokens.seal(facts).open())).toEqual({ kind: 'unknown' });
    clock.pass(364 * DAY);
    expect((await ask(tokenOf())).kind).toMatch(/done|offer/);
    list.clear();
    clock.pass(1);
    expect(await ask(tokenOf())).toEqual({ kind: 'gone' });
    expect(list.size).toBe(0);
  },
);

describe('while Redis is away', () => {
  test.each(['listDown', 'streamDown'] as const)(
    '%s: an order is on the disk, private, and done later',
    async (what) => {
      const { unsubscribe, list, events, world, clock } = setUp();
      world[what] = true;
      const visitor = { ip: '192.0.2.9', userAgent: 'Gmail', automatic: false };
      const asked = clock.now();
      for (let i = 0; i < 5; i++)
        expect(await unsubscribe.stop(tokenOf({ topic: 'news' }), { ...message, visitor })).toEqual({
          kind: 'done',
        });
      const [name = '', ...others] = readdirSync(join(folder, 'spool'));
      expect(others).toEqual([]);
      expect(statSync(join(folder, 'spool', name)).mode & 0o077).toBe(0);
      clock.pass(3 * DAY);
      await expect(unsubscribe.drain()).rejects.toThrow('away');
      world[what] = false;
      await unsubscribe.drain();
      await unsubscribe.drain();
      expect([...list.keys()]).toEqual(['acme news ann@example.net']);
      expect(events).toMatchObject([{ at: asked, topic: 'news', ip: '192.0.2.0', userAgent: 'Gmail' }]);
      expect(readdirSync(join(folder, 'spool'))).toEqual([]);
    },
  );

  test('another process does what this one has left', async () => {
    const first = setUp();
    first.world.listDown = true;
    await first.unsubscribe.stop(tokenOf(), message);
    const second = setUp();
    await second.unsubscribe.drain();
    expect(second.list.size).toBe(1);
  });

  test('a return waits until it can be done, and what was ordered before it does not come after it', async () => {
    const { unsubscribe, list, events, world } = setUp();
    world.listDown = true;
    await unsubscribe.stop(tokenOf(), message);
    expect(await unsubscribe.resume(tokenOf(), 'message')).toEqual({ kind: 'later' });
    world.listDown = false;
    expect(await unsubscribe.resume(tokenOf(), 'message')).toEqual({ kind: 'done' });
    await unsubscribe.drain();
    expect(list.size).toBe(0);
    expect(events.map(({ how }) => how)).toEqual(['one-click', 'resubscribe']);
  });

  test('where the disk takes nothing either, the answer is: later', async () => {
    const { unsubscribe, world } = setUp();
    world.listDown = true;
    writeFileSync(join(folder, 'spool'), 'a file where the folder should be');
    expect(await unsubscribe.stop(tokenOf(), message)).toEqual({ kind: 'later' });
  });

  test('what is kept elsewhere cannot be shown', async () => {
    const { unsubscribe, world } = setUp();
    const token = tokenOf({ topics: Array.from({ length: 25 }, (_, i) => `topic number ${i}`) });
    world.listDown = true;
    expect(await unsubscribe.look(token)).toEqual({ kind: 'later' });
    expect((await unsubscribe.look(tokenOf())).kind).toBe('offer');
  });
});

test('a file in the spool that is no order is passed over', async () => {
  const spool = openSpool(folder);
  const pending = { token: 't', topics: [null], how: 'page', at: 1, ip: '', userAgent: '' } as const;
  expect(await spool.put({ ...pending, topics: [null] })).toBe(true);
  const name = readdirSync(folder)[0] ?? '';
  writeFileSync(
    join(
      folder,
      name.replace(/^./, (char) => (char === 'A' ? 'B' : 'A')),
    ),
    '{"token":',
  );
  writeFileSync(join(folder, 'notes.txt'), 'mine');
  const done: unknown[] = [];
  expect(await spool.drain((one) => Promise.resolve(void done.push(one)))).toBe(2);
  expect(done).toEqual([pending]);
  expect(readdirSync(folder)).toEqual(['notes.txt']);
});

test('a spool takes a bounded number, and no more of what is there already', async () => {
  const spool = openSpool(folder, 20);
  const order = (n: number): Pending => ({
    token: `t${n}`,
    topics: [null],
    how: 'page',
    at: 1,
    ip: '',
    userAgent: '',
  });
  writeFileSync(join(folder, 'no order.txt'), '');
  for (let n = 0; n < 20; n++) expect(await spool.put(order(n))).toBe(true);
  expect(await spool.put(order(20))).toBe(false);
  expect(await spool.put(order(3))).toBe(true);
  expect(readdirSync(folder)).toHaveLength(21);
});
