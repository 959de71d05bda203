// Feeding webhooks: with an event log on disk, Redis, and receivers at real sockets that misbehave.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sign } from '../../../src/lib/signature.ts';
import { startFeeds, type Feeds } from '../../../src/webhooks/feeds.ts';
import { sealSecret, rotated } from '../../../src/webhooks/secrets.ts';
import { AFRESH, cursorAt } from '../../../src/webhooks/state.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';
import { mailgun } from '../../support/vendor-receivers.ts';
import {
  eventOf,
  openReceiver,
  openWorld,
  seals,
  SECRET,
  type Receiver,
  type World,
} from '../../support/webhooks.ts';

let server: TestRedis;
let world: World;
const receivers: Receiver[] = [];
const feeds: Feeds[] = [];

beforeAll(async () => {
  server = await startRedis();
});
afterEach(async () => {
  await Promise.all(feeds.splice(0).map((one) => one.stop()));
  for (const one of receivers.splice(0)) one.close();
  await world.close();
});
afterAll(() => server.stop());

async function open(): Promise<World> {
  world = await openWorld(server.url);
  return world;
}
async function receive(port = 0): Promise<Receiver> {
  const one = await openReceiver(port);
  receivers.push(one);
  return one;
}
function run(elected: () => boolean = () => true, more: object = {}): Feeds {
  const one = startFeeds({ ...world.deps, ...more, elected });
  feeds.push(one);
  return one;
}
const many = (n: number, more: Parameters<typeof eventOf>[0] = {}) =>
  Array.from({ length: n }, () => eventOf(more));
const idsOf = (events: readonly { id: string }[]) => events.map(({ id }) => id);

describe('what is sent', () => {
  test('comes complete, in order, in batches, signed', async () => {
    await open();
    const receiver = await receive();
    const hook = await world.add({ url: receiver.url, batchSize: 40 });
    const events = many(100);
    await world.publish(events);
    run();
    await until(() => receiver.taken().length >= 100);
    expect(receiver.taken()).toEqual(idsOf(events));
    expect(receiver.hits.length).toBe(3);
    for (const { headers, body, method } of receiver.hits) {
      expect(method).toBe('POST');
      const at = Number(headers['webhook-timestamp']) * 1000;
      expect(Math.abs(at - Date.now())).toBeLessThan(5000);
      expect(headers['webhook-signature']).toBe(
        sign(SECRET, { id: String(headers['webhook-id']), at, body }),
      );
    }
    await until(async () => (await world.store.state(hook.id)).sent === 100);
    expect(await world.store.state(hook.id)).toMatchObject({
      posts: 3,
      tries: 0,
      waiting: undefined,
      until: undefined,
    });
    const log = await world.store.log(hook.id);
    expect(log).toHaveLength(3);
    expect(log[0]).toMatchObject({ status: 200, answer: 'ok', taken: true, attempt: 1, events: 20 });
    expect(JSON.stringify(log)).not.toContain(
      String(receiver.hits[0]?.headers['webhook-signature']).slice(3),
    );
  });

  test('is what the webhook asks for, and never of another user or account', async () => {
    await open();
    const [all, one, few] = [await receive(), await receive(), await receive()];
    await world.add({ url: all.url });
    await world.add({ url: one.url, user: 'shop' });
    await world.add({
      url: few.url,
      types: ['opened', 'limit'],
      campaigns: ['spring'],
      people: true,
    });
    const events = [
      eventOf(),
      eventOf({ user: 'crm' }),
      eventOf({ account: 'other' }),
      eventOf({ account: 'other', user: 'shop' }),
      eventOf({ type: 'opened', campaign: 'spring' }),
      eventOf({ type: 'opened', campaign: 'spring', machine: 'proxy' }),
      eventOf({ type: 'opened', campaign: 'autumn' }),
      eventOf({ type: 'limit', user: '' }),
      eventOf(),
    ];
    await world.publish(events);
    run();
    const ids = idsOf(events);
    await until(() => all.taken().length >= 6 && one.taken().length >= 5 && few.taken().length >= 1);
    expect(all.taken()).toEqual([0, 1, 4, 5, 6, 8].map((i) => ids[i]));
    expect(one.taken()).toEqual([0, 4, 5, 6, 8].map((i) => ids[i]));
    expect(few.taken()).toEqual([ids[4]]);
  });

  test('goes with user and password where the address has them, which nobody sees afterwards', async () => {
    await open();
    const receiver = await receive();
    const hook = await world.add({
      url: receiver.url,
      id: 'wh_1',
      login: seals.seal('me:p%40ss', 'webhook wh_1 login'),
    });
    await world.publish(many(1));
    run();
    await until(() => receiver.hits.length > 0);
    expect(receiver.hits[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from('me:p@ss').toString('base64')}`,
    );
    await until(async () => (await world.store.log(hook.id)).length > 0);
    expect(JSON.stringify(await world.store.log(hook.id))).not.toMatch(/p%40ss|p@ss/);
  });

  test('has two signatures while a secret takes the place of another', async () => {
    await open();
    const receiver = await receive();
    const hook = await world.add({ url: receiver.url });
    const second = 'whsec_c2Vjb25kc2Vjb25kc2Vjb25kc2Vjb25k';
    const now = world.clock.now();
    await world.store.change(hook.id, (one) => ({
      ...one,
      secrets: rotated(one, sealSecret(seals, hook.id, second), { now, until: now + 86_400_000 }),
    }));
    await world.publish(many(1));
    run();
    await until(() => receiver.hits.length === 1);
    const check = (hit = receiver.hits.at(-1)) =>
      [SECRET, second].map((secret) =>
        String(hit?.headers['webhook-signature'])
          .split(' ')
          .includes(
            sign(secret, {
              id: String(hit?.headers['webhook-id']),
              at: Number(hit?.headers['webhook-timestamp']) * 1000,
              body: hit?.body ?? '',
            }),
          ),
      );
    expect(check()).toEqual([true, true]);
    world.clock.move(86_400_001);
    await world.publish(many(1));
    await until(() => receiver.hits.length === 2);
    expect(check()).toEqual([false, true]);
  });

  test('waits where the secret cannot be opened, and is never sent without a signature', async () => {
    await open();
    const receiver = await receive();
    const hook = await world.add({ url: receiver.url, secrets: [{ sealed: 'v1.AAAA', since: 0 }] });
    await world.publish(many(1));
    run();
    await until(async () => (await world.store.state(hook.id)).tries > 0);
    expect((await world.store.state(hook.id)).problem).toMatch(/master key/);
    expect(receiver.hits).toHaveLength(0);
  });
});

describe('trouble', () => {
  test('a receiver that is down for 24 hours gets all of it afterwards, in order', async () => {
    await open();
    const receiver = await receive();
    const { port } = new URL(receiver.url);
    receiver.close();
    const hook = await world.add({ url: receiver.url });
    run();
    const events = [];
    let posts = 0;
    for (let step = 0; step < 20; step++) {
      const some = many(50);
      events.push(...some);
      await world.publish(some);
      await until(async () => {
        const state = await world.store.state(hook.id);
        return state.tries > 0 && state.tryAt > world.clock.now();
      });
      world.clock.move(72 * 60_000);
      await until(async () => (await world.store.state(hook.id)).posts > posts);
      posts = (await world.store.state(hook.id)).posts;
    }
    const { tries, cursor } = await world.store.state(hook.id);
    expect(cursor).toBe(cursorAt(0));
    const again = await receive(Number(port));
    world.clock.move(72 * 60_000);
    const began = performance.now();
    await until(() => again.taken().length >= events.length, 30_000);
    const ms = Math.round(performance.now() - began);
    expect(again.taken()).toEqual(idsOf(events));
    await until(async () => (await world.store.state(hook.id)).sent === events.length);
    const { since, told } = await world.store.state(hook.id);
    expect([since, told]).toEqual([undefined, false]);
    expect(world.notices.map(({ state, over }) => [state, over ?? false])).toEqual([
      ['failing', false],
      ['well', true],
    ]);
    console.log(
      `down for 24 h: ${tries} tries in vain, ${events.length} events complete and in order ${ms} ms after it was up, in ${again.hits.length} requests`,
    );
  });

  test('is over after 72 hours: parked, told, kept, and resumed by a person', async () => {
    await open();
    const receiver = await receive();
    receiver.answer((_, response) => response.writeHead(500).end('no'));
    const hook = await world.add({ url: receiver.url });
    const events = many(3);
    await world.publish(events);
    run();
    await until(async () => (await world.store.state(hook.id)).tries > 0);
    world.clock.move(71 * 3_600_000);
    await until(async () => (await world.store.state(hook.id)).tries > 1);
    expect((await world.store.state(hook.id)).parked).toBeUndefined();
    world.clock.move(2 * 3_600_000);
    await until(async () => (await world.store.state(hook.id)).parked !== undefined);
    const hits = receiver.hits.length;
    receiver.answer((_, response) => response.end());
    world.clock.move(100 * 3_600_000);
    await world.publish(many(2));
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(receiver.hits.length).toBe(hits);
    expect(world.notices.map(({ state }) => state)).toEqual(['failing', 'parked']);
    expect(world.notices[1]?.reason).toMatch(/parked after 3d 1h: it answered 500/);
    expect((await world.store.get(hook.id))?.enabled).toBe(true);
    await world.store.progress(hook.id, '*', AFRESH);
    await world.store.change(hook.id, (one) => ({ ...one, turn: one.turn + 1 }));
    await until(() => receiver.taken().length === 5);
    expect(receiver.taken().slice(0, 3)).toEqual(idsOf(events));
  });

  test('410 parks at once', async () => {
    await open();
    const receiver = await receive();
    receiver.answer((_, response) => response.writeHead(410).end());
    const hook = await world.add({ url: receiver.url });
    await world.publish(many(1));
    run();
    await until(async () => (await world.store.state(hook.id)).parked !== undefined);
    expect(world.notices).toMatchObject([{ rule: 'webhook', state: 'parked', key: hook.name }]);
    expect(receiver.hits).toHaveLength(1);
  });

  test('is tried again under the same id with another time, after what the receiver asks for', async () => {
    await open();
    const receiver = await receive();
    let bad = 2;
    receiver.answer((_, response) => {
      if (bad-- > 0) response.writeHead(503, { 'retry-after': '30' }).end();
      else response.end();
    });
    const hook = await world.add({ url: receiver.url });
    const events = many(2);
    await world.publish(events);
    run();
    for (const tries of [1, 2]) {
      await until(async () => (await world.store.state(hook.id)).tries === tries);
      const { tryAt } = await world.store.state(hook.id);
      expect(tryAt - world.clock.now()).toBeGreaterThan(25_000);
      await world.publish(many(1)); // what comes meanwhile does not change what is sent again
      world.clock.move(34_000);
    }
    await until(() => receiver.taken().length >= 4);
    const [a, b, c] = receiver.hits;
    expect(a?.headers['webhook-id']).toBe(c?.headers['webhook-id']);
    expect([b?.body, c?.body]).toEqual([a?.body, a?.body]);
    expect(c?.headers['webhook-timestamp']).not.toBe(a?.headers['webhook-timestamp']);
    expect(receiver.taken().slice(0, 2)).toEqual(idsOf(events));
  });

  test('a dead webhook delays no other', async () => {
    await open();
    const [live, hanging, refusing] = [await receive(), await receive(), await receive()];
    hanging.answer(() => undefined);
    refusing.close();
    for (const url of [hanging.url, refusing.url, 'http://10.255.255.1/x', live.url])
      await world.add({ url });
    run();
    const delays: number[] = [];
    for (let i = 0; i < 20; i++) {
      const event = eventOf();
      const before = performance.now();
      await world.publish([event]);
      await until(() => live.taken().includes(event.id));
      delays.push(performance.now() - before);
    }
    const worst = Math.max(...delays.slice(1));
    console.log(
      `one live webhook beside three dead ones: ${Math.round(delays.toSorted((a, b) => a - b)[10] ?? 0)} ms median, ${Math.round(worst)} ms at most (50 ms of it to gather, 200 ms to look)`,
    );
    expect(worst).toBeLessThan(2500);
  });

  test.each([
    [
      'a redirect to ourselves',
      (_: unknown, response: ServerResponse) =>
        response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      /answered 302/,
    ],
    ['a hang', () => undefined, /no answer within/],
    ['a crash', (_: unknown, response: ServerResponse) => response.destroy(), /hang up|closed|ECONNRESET/],
  ] as const)('%s is a failure with its reason', async (_, answer, why) => {
    await open();
    const receiver = await receive();
    receiver.answer(answer);
    const hook = await world.add({ url: receiver.url });
    await world.publish(many(1));
    run(() => true, { rules: { ...world.deps.rules, timeoutMs: 500 } });
    await until(async () => (await world.store.state(hook.id)).tries > 0);
    expect((await world.store.state(hook.id)).problem).toMatch(why);
  });

  test('a name that leads to us is never called', async () => {
    await open();
    const receiver = await receive();
    const { port } = new URL(receiver.url);
    const hook = await world.add({ url: `http://hooks.example:${port}/` });
    await world.publish(many(1));
    const lookup = (
      _: string,
      found: (error: null, addresses: { address: string; family: number }[]) => void,
    ) => found(null, [{ address: '127.0.0.1', family: 4 }]);
    run(() => true, { rules: { ...world.deps.rules, isForbidden: () => true, lookup } });
    await until(async () => (await world.store.state(hook.id)).tries > 0);
    expect((await world.store.state(hook.id)).problem).toMatch(/private/);
    expect(receiver.hits).toHaveLength(0);
  });
});

describe('what cannot be sent', () => {
  test('is told: an event that no request can be made of, and what waited longer than it is kept', async () => {
    await open();
    const receiver = await receive();
    const hook = await world.add({ url: receiver.url, shape: 'smtpplus' });
    await world.publish([eventOf({ at: Number.MAX_SAFE_INTEGER })]);
    run();
    await until(async () => (await world.store.state(hook.id)).tries > 0);
    expect((await world.store.state(hook.id)).problem).toMatch(/no request could be made of it/);
    await world.store.progress(hook.id, '*', { waiting: Date.now() - 31 * 86_400_000, ...AFRESH });
    await world.store.change(hook.id, (one) => ({ ...one, turn: one.turn + 1 }));
    await until(() => world.notices.some(({ state }) => state === 'gap'));
  });
});

test('one webhook keeps up with a busy relay', async () => {
  await open();
  const receiver = await receive();
  await world.add({ url: receiver.url, batchSize: 500 });
  await world.add({ url: receiver.url, batchSize: 500, user: 'nobody' });
  const events = many(10_000);
  await world.publish(events);
  run();
  const began = performance.now();
  await until(() => receiver.taken().length >= events.length, 60_000);
  const seconds = (performance.now() - began) / 1000;
  expect(receiver.taken()).toEqual(idsOf(events));
  console.log(
    `${events.length} events in ${receiver.hits.length} requests: ${Math.round(events.length / seconds)} events/s`,
  );
});

describe('one event a request', () => {
  test('keeps the order of each delivery, and sends again only what was not taken', async () => {
    await open();
    const receiver = await receive();
    const hook = await world.add({
      url: receiver.url,
      shape: 'mailgun',
      secrets: [{ sealed: sealSecret(seals, 'wh_mg', 'key-0123456789abcdef'), since: 0 }],
      id: 'wh_mg',
    });
    const taken: string[] = [];
    let n = 0;
    receiver.answer((hit, response) => {
      const { recipient, event } = mailgun('key-0123456789abcdef', hit);
      const isBad = ++n % 9 === 4;
      // It says that it does not want clicks; that is an end, too.
      const status = isBad ? 500 : event === 'clicked' ? 406 : 200;
      if (!isBad) taken.push(`${String(recipient)} ${String(event)}`);
      setTimeout(() => response.writeHead(status).end(), (n * 7) % 30);
    });
    const types = ['accepted', 'delivered', 'opened', 'clicked'] as const;
    const deliveries = Array.from({ length: 12 }, (_, i) => `01JD000000000000000000ONE${i % 10}.${i}`);
    const events = types.flatMap((type) =>
      deliveries.map((delivery, i) => eventOf({ type, delivery, recipient: `d${i}@example.net` })),
    );
    await world.publish(events);
    run();
    await until(async () => {
      world.clock.move(2000);
      return (await world.store.state(hook.id)).sent >= events.length;
    }, 40_000);
    expect(new Set(taken).size).toBe(events.length);
    expect(taken.length).toBe(events.length);
    for (const [i] of deliveries.entries())
      expect(taken.filter((one) => one.startsWith(`d${i}@`)).map((one) => one.split(' ')[1])).toEqual([
        ...types,
      ]);
    expect(n).toBeGreaterThan(events.length);
  });
});

describe('changes', () => {
  test('take effect while it runs: another address, off, on, gone', async () => {
    await open();
    const [first, second] = [await receive(), await receive()];
    const hook = await world.add({ url: first.url });
    run();
    const events = many(4);
    await world.publish([events[0] ?? eventOf()]);
    await until(() => first.taken().length === 1);
    await world.store.change(hook.id, (one) => ({ ...one, url: second.url, name: 'renamed' }));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await world.publish([events[1] ?? eventOf()]);
    await until(() => second.taken().length === 1);
    await world.store.change(hook.id, (one) => ({ ...one, enabled: false }));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await world.publish([events[2] ?? eventOf()]);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(second.taken()).toHaveLength(1);
    await world.store.change(hook.id, (one) => ({ ...one, enabled: true }));
    await until(() => second.taken().length === 2);
    await world.store.remove(hook.id);
    await world.publish([events[3] ?? eventOf()]);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect([...first.taken(), ...second.taken()]).toEqual(idsOf(events.slice(0, 3)));
    expect(await world.redis.call('KEYS', `${world.prefix}webhook*`)).toEqual([]);
  });

  test('of the place: what was sent is sent again, under other ids', async () => {
    await open();
    const receiver = await receive();
    const hook = await world.add({ url: receiver.url });
    const events = many(5);
    await world.publish(events);
    run();
    await until(() => receiver.taken().length === 5);
    await world.store.progress(hook.id, '*', {
      ...AFRESH,
      cursor: cursorAt(0),
      until: undefined,
      acked: undefined,
    });
    await world.store.change(hook.id, (one) => ({ ...one, turn: one.turn + 1 }));
    await until(() => receiver.taken().length === 10);
    expect(receiver.taken()).toEqual([...idsOf(events), ...idsOf(events)]);
    expect(new Set(receiver.hits.map(({ headers }) => headers['webhook-id'])).size).toBe(
      receiver.hits.length,
    );
  });
});

describe('two processes', () => {
  test('the elected one feeds; what moves is neither lost nor sent under another id', async () => {
    await open();
    const receiver = await receive();
    await world.add({ url: receiver.url, batchSize: 10, batchWait: 0 });
    let elected = 'a';
    run(() => elected === 'a');
    run(() => elected === 'b');
    const events = [];
    for (let round = 0; round < 6; round++) {
      const some = many(30);
      events.push(...some);
      await world.publish(some);
      elected = round % 2 === 0 ? 'b' : 'a';
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
    await until(() => new Set(receiver.taken()).size === events.length);
    const first = [...new Set(receiver.taken())];
    expect(first).toEqual(idsOf(events));
    const bodies = Map.groupBy(receiver.hits, ({ headers }) => headers['webhook-id']);
    for (const [, same] of bodies) expect(new Set(same.map(({ body }) => body)).size).toBe(1);
  });
});

describe('kill -9', () => {
  test('loses nothing: what was under way comes again, and the same id always names the same message', async () => {
    await open();
    const receiver = await receive();
    await world.add({ url: receiver.url, batchSize: 5, batchWait: 10 });
    let n = 0;
    // Some answers are lost, and some requests fail.
    receiver.answer((_, response) => {
      n++;
      if (n % 7 === 3) return void response.destroy();
      setTimeout(() => (n % 11 === 2 ? response.writeHead(500).end() : response.end('ok')), 20);
    });
    const feeder = fileURLToPath(new URL('../../support/webhook-feeder.ts', import.meta.url));
    const events = [];
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, [feeder, world.url, world.folder, world.prefix], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      const some = many(60);
      events.push(...some);
      await world.publish(some);
      const before = receiver.hits.length;
      await until(() => receiver.hits.length > before + 2, 30_000);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    receiver.answer((_, response) => void response.end());
    run();
    await until(() => new Set(receiver.taken()).size >= events.length, 30_000);
    const taken = receiver.taken();
    expect([...new Set(taken)]).toEqual(idsOf(events));
    const messages = Map.groupBy(receiver.hits, ({ headers }) => headers['webhook-id']);
    for (const [, same] of messages) expect(new Set(same.map(({ body }) => body)).size).toBe(1);
    console.log(
      `killed 4 times: ${events.length} events, none lost, ${taken.length - events.length} taken twice, ${receiver.hits.length} requests of ${messages.size} messages`,
    );
  });
});
