// The recipient store in a real Redis: learned, counted, merged, bounded, forgotten.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { eventSchema, type Event } from '../../../src/model/event.ts';
import { openRecipients, type Recipients, type RecipientsDeps } from '../../../src/store/recipients.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let redis: RedisConnection;
let prefix: string;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  prefix = randomPrefix();
  redis = connectRedis({ url: server.url, purpose: 'accept', prefix, log: silentLog });
  await redis.whenReady();
  return () => redis.close();
});

const open = (more: Partial<RecipientsDeps> = {}): Recipients =>
  openRecipients({ redis, prefix, clock: systemClock, log: silentLog, isOurs: false, ...more });

const event = (type: Event['type'], recipient: string, more: Partial<Event> = {}): Event =>
  eventSchema.parse({
    v: 1,
    id: `${recipient}.${type}`,
    type,
    at: Date.now(),
    account: 'default',
    user: 'shop',
    submission: 'S',
    delivery: 'S-1',
    recipient,
    sender: 's@shop.example',
    ...more,
  });

describe('learning', () => {
  test('names and fields are there for the next message, for one account, however the address is written', async () => {
    const store = open();
    store.learn('default', [
      { address: 'Mario@X.example', name: 'Mario Rossi', fields: { city: 'Milano', link: 'https://x' } },
      { address: 'nameless@x.example' },
    ]);
    await store.flush();
    expect(await store.fieldsOf('default', ['mario@x.EXAMPLE', 'nobody@x.example', 'nonsense'])).toEqual({
      'mario@x.example': { name: 'Mario Rossi', city: 'Milano' },
    });
    expect(await store.fieldsOf('other', ['mario@x.example'])).toEqual({});
    expect(await store.show('default', 'nameless@x.example')).toBeUndefined();
  });

  test('later messages add fields, change values and keep the rest', async () => {
    const store = open();
    store.learn('default', [{ address: 'a@x.example', name: 'A', fields: { city: 'Milano', size: 'L' } }]);
    await store.flush();
    store.learn('default', [{ address: 'a@x.example', fields: { city: 'Roma' } }]);
    store.learn('default', [{ address: 'a@x.example', fields: { pet: 'cat "{}" è' } }]);
    await store.flush();
    expect(await store.fieldsOf('default', ['a@x.example'])).toEqual({
      'a@x.example': { name: 'A', city: 'Roma', size: 'L', pet: 'cat "{}" è' },
    });
  });

  test('it writes by itself a moment later, and the same thing only once', async () => {
    const commands: string[] = [];
    const counting = {
      ...redis,
      run: (...args: Parameters<RedisConnection['run']>) => {
        commands.push(args[0].name);
        return redis.run(...args);
      },
    };
    const store = open({ redis: counting });
    for (let i = 0; i < 50; i++) store.learn('default', [{ address: 'a@x.example', name: 'A' }]);
    await expect.poll(() => store.show('default', 'a@x.example')).toMatchObject({ name: 'A', status: 'new' });
    store.learn('default', [{ address: 'a@x.example', name: 'A' }]);
    await store.flush();
    expect(commands).toEqual(['recipients']);
  });

  test('too many fields over time leave the latest message’s', async () => {
    const store = open();
    const fields = (from: number) =>
      Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`f${from + n}`, 'x']));
    store.learn('default', [{ address: 'a@x.example', fields: fields(0) }]);
    await store.flush();
    store.learn('default', [{ address: 'a@x.example', fields: fields(100) }]);
    await store.flush();
    expect(Object.keys((await store.fieldsOf('default', ['a@x.example']))['a@x.example'] ?? {})).toHaveLength(
      40,
    );
  });

  test('a Redis that is away costs only what was learned', async () => {
    const own = await startRedis();
    const away = connectRedis({ url: own.url, purpose: 'accept', prefix, log: silentLog });
    await away.whenReady();
    const store = open({ redis: away });
    await own.kill9();
    await expect.poll(() => away.state()).toBe('away');
    store.learn('default', [{ address: 'a@x.example', name: 'A' }]);
    await store.flush();
    await expect(store.fieldsOf('default', ['a@x.example'])).rejects.toMatchObject({ kind: 'away' });
    await own.restart();
    await away.whenReady();
    store.learn('default', [{ address: 'a@x.example', name: 'A' }]);
    await store.flush();
    expect(await store.show('default', 'a@x.example')).toMatchObject({ name: 'A' });
    await away.close();
    await own.stop();
  });
});

describe('events', () => {
  test('count, date and rate a recipient', async () => {
    const store = open();
    const at = Date.now() - 10_000;
    await store.record([event('accepted', 'a@x.example', { at }), event('delivered', 'A@x.example')]);
    await store.record([event('clicked', 'a@x.example'), event('opened', 'a@x.example', { at: at - 5 })]);
    const shown = await store.show('default', 'a@x.example');
    expect(shown).toMatchObject({ accepted: 1, delivered: 1, opened: 1, clicked: 1, status: 'reached' });
    expect([shown?.first, (shown?.last ?? 0) > at]).toEqual([at - 5, true]);
  });

  test('an unsubscription outlasts what comes later, until it is taken back', async () => {
    const store = open();
    const status = async () => (await store.show('default', 'a@x.example'))?.status;
    await store.record([event('unsubscribed', 'a@x.example')]);
    await store.record([event('delivered', 'a@x.example'), event('bounced', 'a@x.example')]);
    expect(await status()).toBe('unsubscribed');
    await store.record([event('unsubscribed', 'a@x.example', { how: 'resubscribe' })]);
    expect(await status()).toBe('reached');
    await store.record([event('bounced', 'a@x.example')]);
    expect(await status()).toBe('bounced');
  });

  test('thousands at once are all there', async () => {
    const store = open();
    await store.record(Array.from({ length: 3000 }, (_, n) => event('accepted', `u${n}@x.example`)));
    const { total, recipients } = await store.list('default', 5);
    expect([total, recipients.length]).toEqual([3000, 5]);
  });
});

describe('bounds', () => {
  test('the oldest go when there are too many, with all that was known of them', async () => {
    const store = open({ limits: { count: 3, ttl: 60_000 } });
    for (const n of [1, 2, 3, 4, 5])
      await store.record([event('accepted', `u${n}@x.example`, { at: Date.now() - 100 + n })]);
    const { total, recipients } = await store.list('default', 10);
    expect([total, recipients.map(({ address }) => address)]).toEqual([
      3,
      ['u5@x.example', 'u4@x.example', 'u3@x.example'],
    ]);
    expect(await redis.call('KEYS', `${prefix}rcpt:*`)).toHaveLength(3);
  });

  test('who was not seen for long goes', async () => {
    const store = open({ limits: { count: 10, ttl: 1000 } });
    await store.record([event('accepted', 'old@x.example', { at: Date.now() - 5000 })]);
    await store.record([event('accepted', 'new@x.example')]);
    expect((await store.list('default', 10)).total).toBe(1);
    expect(Number(await redis.call('PTTL', `${prefix}rcpt:default:new@x.example`))).toBeGreaterThan(0);
  });

  test('where mail needs the memory, known recipients are counted on and no new ones stored', async () => {
    const tight = await startRedis({ config: ['--maxmemory', '3mb'] });
    const full = connectRedis({ url: tight.url, purpose: 'accept', prefix, log: silentLog });
    await full.whenReady();
    let ticks = 0;
    const store = open({ redis: full, clock: { ...systemClock, ticks: () => ticks } });
    await store.record([event('accepted', 'a@x.example')]);
    await full.call('SET', 'ballast', 'x'.repeat(900_000));
    ticks += 60_000;
    await store.record([event('delivered', 'a@x.example'), event('accepted', 'b@x.example')]);
    expect(await store.show('default', 'a@x.example')).toMatchObject({ delivered: 1 });
    expect(await store.show('default', 'b@x.example')).toBeUndefined();
    expect(await store.set('default', 'b@x.example', (old) => old)).toMatchObject({ ok: false });
    await full.close();
    await tight.stop();
  });
});

describe('by hand', () => {
  test('name and fields are replaced as a whole, and kept by the next event', async () => {
    const store = open();
    expect(
      await store.set('default', 'A@x.example', () => ({ name: 'A', fields: { city: 'Roma', x: '1' } })),
    ).toMatchObject({ ok: true, recipient: { name: 'A', fields: { city: 'Roma', x: '1' } } });
    await store.set('default', 'a@x.example', ({ fields }) => ({ fields: { city: fields?.['city'] ?? '' } }));
    await store.record([event('accepted', 'a@x.example')]);
    const shown = await store.show('default', 'a@x.example');
    expect(shown).toMatchObject({ fields: { city: 'Roma' }, accepted: 1 });
    expect(shown).not.toHaveProperty('name');
  });

  test.each([
    ['nonsense', {}, 'not an e-mail address'],
    ['a@x.example', { name: 'A\r\nBcc: b' }, 'no line ends'],
    ['a@x.example', { fields: { a: 'é'.repeat(101) } }, 'longer than'],
  ])('%s with %j is refused', async (address, next, problem) =>
    expect(await open().set('default', address, () => next)).toMatchObject({
      ok: false,
      problem: expect.stringContaining(problem),
    }),
  );

  test('forgetting leaves nothing, not even what is about to be written', async () => {
    const store = open();
    await store.record([event('accepted', 'a@x.example')]);
    store.learn('default', [{ address: 'a@x.example', name: 'A' }]);
    expect(await store.forget('default', 'A@X.example')).toBe(true);
    await store.flush();
    expect(await store.forget('default', 'a@x.example')).toBe(false);
    expect(await redis.call('KEYS', `${prefix}*`)).toEqual([]);
  });
});

test('entries that another program wrote are read as far as they go', async () => {
  await redis.call(
    'HSET',
    `${prefix}rcpt:default:a@x.example`,
    'fields',
    '{"a":1',
    'first',
    'x',
    'status',
    '?',
  );
  const store = open();
  expect(await store.fieldsOf('default', ['a@x.example'])).toEqual({});
  expect(await store.show('default', 'a@x.example')).toMatchObject({ fields: {}, first: 0, status: 'new' });
  store.learn('default', [{ address: 'a@x.example', fields: { b: 'c' } }]);
  await store.flush();
  expect(await store.fieldsOf('default', ['a@x.example'])).toEqual({ 'a@x.example': { b: 'c' } });
});
