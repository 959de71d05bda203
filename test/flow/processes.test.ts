// Versions side by side on one Redis: who runs, what a newer one wrote, and data that only a newer one can read.
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { startRelay, type Relay } from '../support/relay.ts';

let redis: TestRedis;
let client: Redis;
let first: Relay;
let second: Relay;

beforeAll(async () => {
  redis = await startRedis();
  client = new Redis(redis.socket);
  const common = { redis: redis.url, data: mkdtempSync(join(tmpdir(), 'postino-data-')) };
  first = await startRelay({ ...common, roles: ['submission', 'http'] });
  second = await startRelay({ ...common, roles: ['delivery'] });
}, 120_000);

afterAll(async () => {
  client?.disconnect();
  await first?.close();
  await second?.close();
  await redis?.stop();
});

const listed = async (): Promise<readonly { pid: number; version: string; roles: string[] }[]> =>
  JSON.parse((await first.cli(['process', 'list', '--json'])).stdout);

test('each process is listed with its version and roles, and no more once it has ended', async () => {
  const version = expect.stringMatching(/^\d+\.\d+\.\d+$/);
  expect(await listed()).toEqual([
    expect.objectContaining({ pid: first.pid(), version, roles: ['submission', 'http'] }),
    expect.objectContaining({ pid: second.pid(), version, roles: ['delivery'] }),
  ]);
  await second.stop();
  expect((await listed()).map(({ pid }) => pid)).toEqual([first.pid()]);
  await second.start();
});

test('what a newer version wrote beside what we know does no harm', async () => {
  const text = (await client.hget('postino:users', 'shop')) ?? '';
  const newer = { ...JSON.parse(text), colour: 'of a version to come', limits: { perMoon: 3 } };
  await client.hset('postino:users', 'shop', JSON.stringify(newer));
  await client.incr('postino:revision');
  await client.publish('postino:changed', '0');
  expect((await first.cli(['user', 'show', 'shop'])).stderr).toBe('');
  const sent = await first.cli(['send', 'ann@example.net', '--user', 'shop']);
  expect(sent.stderr).toBe('');
  expect(first.log()).not.toContain('cannot be read');
});

test('data of a form that is newer than we are is left alone, with a sentence that says what to do', async () => {
  await client.hset('postino:format', 'format', 99, 'by', '9.0.0');
  await second.stop();
  await expect(second.start()).rejects.toThrow(/written by Postino 9\.0\.0 in a form that .* cannot read/);
});
