// Connections to Redis: order, scripts, and what callers see when Redis is away, frozen or full.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import { RedisTrouble, type Script } from '../../../src/lib/script.ts';
import { connectRedis, type Purpose, type RedisConnection } from '../../../src/store/redis.ts';
import { checkDurability } from '../../../src/store/durability.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
const open: RedisConnection[] = [];

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const connection of open.splice(0)) await connection.close();
});

async function connect(purpose: Purpose, to = server, connections = 1): Promise<RedisConnection> {
  const connection = connectRedis({
    url: to.url,
    purpose,
    connections,
    prefix: randomPrefix(),
    log: silentLog,
  });
  open.push(connection);
  await connection.whenReady();
  return connection;
}

const append: Script = {
  name: 'append',
  source: 'return redis.call("RPUSH", KEYS[1], ARGV[1])',
  keyCount: 1,
};
const echo: Script = { name: 'echo', source: 'return {ARGV[1], #ARGV[1]}', keyCount: 0 };

const kindOf = async (doing: Promise<unknown>): Promise<string> =>
  doing.then(
    () => 'done',
    (error: unknown) => (error instanceof RedisTrouble ? error.kind : 'not a RedisTrouble'),
  );

describe('commands', () => {
  test('of one turn arrive in the order they were issued, scripts and plain ones, and ioredis’ own', async () => {
    const redis = await connect('accept');
    const key = `${redis.prefix}order`;
    const names = Array.from({ length: 30 }, (_, index) => String(index));
    await Promise.all(
      names.map((name, index) =>
        index % 3 === 0
          ? redis.run(append, [key], [name])
          : index % 3 === 1
            ? redis.call('rpush', key, name)
            : redis.raw.rpush(key, name),
      ),
    );
    expect(await redis.call('LRANGE', key, 0, -1)).toEqual(names);
  });

  test('of one turn share one write', async () => {
    const redis = await connect('accept');
    let writes = 0;
    const stream = redis.raw.stream;
    const writev = stream._writev?.bind(stream);
    stream._writev = (chunks, done) => {
      writes++;
      writev?.(chunks, done);
    };
    await Promise.all(Array.from({ length: 20 }, () => redis.call('PING')));
    expect(writes).toBe(1);
  });

  test('answer with flat lists, whatever the case they are written in', async () => {
    const redis = await connect('accept');
    await redis.call('HSET', `${redis.prefix}h`, 'a', 1, 'b', 2);
    expect(await redis.call('hgetall', `${redis.prefix}h`)).toEqual(['a', '1', 'b', '2']);
  });

  test('take Buffers and give them back unharmed', async () => {
    const redis = await connect('accept');
    const bytes = Buffer.from([0, 13, 10, 255, 128, 0]);
    await redis.call('SET', `${redis.prefix}b`, bytes);
    expect(await redis.callBuffer('GET', `${redis.prefix}b`)).toEqual(bytes);
    expect(await redis.runBuffer(echo, [], [bytes])).toEqual([bytes, 6]);
  });

  test('spread over sockets, the same index always the same one', async () => {
    const redis = await connect('accept', server, 4);
    const ids = await Promise.all([0, 1, 2, 3, 4].map((index) => redis.at(index).call('CLIENT', 'ID')));
    expect(new Set(ids).size).toBe(4);
    expect(ids[4]).toBe(ids[0]);
  });
});

describe('scripts', () => {
  test('run again after the server forgot them', async () => {
    const redis = await connect('accept');
    expect(await redis.run(append, [`${redis.prefix}l`], ['a'])).toBe(1);
    await redis.call('SCRIPT', 'FLUSH');
    expect(await redis.run(append, [`${redis.prefix}l`], ['b'])).toBe(2);
  });

  test('with another number of keys than their file name says are refused', async () => {
    const redis = await connect('accept');
    expect(await kindOf(redis.run(append, [], ['a']))).toBe('broken');
  });

  test('that fail are broken, not away', async () => {
    const redis = await connect('accept');
    expect(await kindOf(redis.run({ name: 'x', source: 'return nope()', keyCount: 0 }, [], []))).toBe(
      'broken',
    );
  });
});

describe('trouble', () => {
  test('away: the accept path hears at once, also for commands under way, and recovers by itself', async () => {
    const own = await startRedis();
    const redis = await connect('accept', own);
    const states: string[] = [];
    redis.onState((state) => states.push(state));
    own.pause();
    const underWay = kindOf(redis.call('PING'));
    await own.kill9();
    expect(await underWay).toBe('away');
    const before = performance.now();
    expect(await kindOf(redis.call('PING'))).toBe('away');
    expect(performance.now() - before).toBeLessThan(100);
    expect(redis.state()).toBe('away');
    await own.restart();
    await redis.whenReady(AbortSignal.timeout(3000));
    expect(await redis.call('PING')).toBe('PONG');
    expect(states).toEqual(['away', 'ready']);
    await own.stop();
  });

  test('slow: a frozen Redis is given up on within 5 s', async () => {
    const own = await startRedis();
    const redis = await connect('accept', own);
    own.pause();
    const before = performance.now();
    expect(await kindOf(redis.call('PING'))).toBe('slow');
    expect(performance.now() - before).toBeLessThan(5000);
    own.resume();
    await redis.whenReady(AbortSignal.timeout(3000));
    expect(await redis.call('PING')).toBe('PONG');
    await own.stop();
  });

  test('full: out of memory, for a plain command and inside a script', async () => {
    const own = await startRedis();
    const redis = await connect('accept', own);
    await redis.call('CONFIG', 'SET', 'maxmemory', '100kb');
    expect(await kindOf(redis.call('SET', 'more', 'x'))).toBe('full');
    expect(await kindOf(redis.run(append, ['l'], ['x']))).toBe('full');
    await own.stop();
  });

  test('why Redis cannot be reached is known: no server, or a password that it refuses', async () => {
    const connection = connectRedis({
      url: 'unix:/nowhere/redis.sock',
      purpose: 'accept',
      prefix: '',
      log: silentLog,
    });
    open.push(connection);
    await expect.poll(() => connection.lastFailure()).toContain('ENOENT');
    const own = await startRedis({ config: ['--requirepass', 'right'] });
    const wrong = connectRedis({ url: own.url, purpose: 'accept', prefix: '', log: silentLog });
    open.push(wrong);
    await expect.poll(() => wrong.lastFailure(), { timeout: 3000 }).toMatch(/NOAUTH|WRONGPASS/);
    await own.stop();
  });

  test('work waits until Redis is back', async () => {
    const own = await startRedis();
    const redis = await connect('work', own);
    await own.kill9();
    const later = redis.call('PING');
    await own.restart();
    expect(await later).toBe('PONG');
    await own.stop();
  });
});

test('a subscription hears messages, also after Redis was away', async () => {
  const own = await startRedis();
  const redis = await connect('accept', own);
  const heard: string[] = [];
  redis.subscribe('channel', (message) => heard.push(message));
  await expect.poll(() => redis.call('PUBLISH', 'channel', 'one')).toBe(1);
  await own.kill9();
  await own.restart();
  await redis.whenReady();
  await expect.poll(() => redis.call('PUBLISH', 'channel', 'two'), { timeout: 5000 }).toBe(1);
  await expect.poll(() => heard).toEqual(['one', 'two']);
  await own.stop();
});

describe('durability', () => {
  test('a Redis that fsyncs each write is good enough for strict', async () => {
    const redis = await connect('accept');
    expect(await checkDurability(redis, 'strict')).toEqual({ ok: true });
  });

  test('one that does not is refused with what to set', async () => {
    const redis = await connect('accept');
    await redis.call('CONFIG', 'SET', 'appendfsync', 'everysec');
    const strict = await checkDurability(redis, 'strict');
    expect(strict).toMatchObject({ ok: false, problem: expect.stringContaining('appendfsync always') });
    expect(await checkDurability(redis, 'relaxed')).toEqual({ ok: true });
    await redis.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await checkDurability(redis, 'relaxed')).toMatchObject({ ok: false });
    expect(await checkDurability(redis, 'trusted')).toEqual({ ok: true });
    await redis.call('CONFIG', 'SET', 'appendfsync', 'always', 'maxmemory-policy', 'noeviction');
  });
});
