// A body that waited long moves from Redis to disk, and is still found by who knew its old place.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { openBodies } from '../../../src/store/bodies.ts';
import { connectRedis } from '../../../src/store/redis.ts';
import { request } from '../../support/backlog.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
const folder = mkdtempSync(join(tmpdir(), 'postino-bodies-'));
beforeAll(async () => {
  server = await startRedis();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

async function open(prefix: string) {
  const redis = connectRedis({ url: server.url, purpose: 'events', prefix, log: silentLog });
  await redis.whenReady();
  const bodies = openBodies({ redis, prefix, clock: systemClock, folder, where: 'file' });
  const { submission, body } = request(['a@example.net']);
  const store = async (): Promise<void> => {
    await redis.call('SET', `${prefix}sub:default:${submission.id}`, JSON.stringify(submission));
    await redis.call('SET', `${prefix}body:default:${submission.id}`, body);
  };
  return { redis, bodies, submission, body, store };
}

test('the body is on disk, the record says so, and Redis has forgotten it', async () => {
  const { redis, bodies, submission, body, store } = await open('a:');
  await store();
  expect(await bodies.moveOut(submission)).toBe(true);
  expect(await redis.call('EXISTS', `a:body:default:${submission.id}`)).toBe(0);
  const loaded = await bodies.load(submission);
  if (loaded === undefined || Buffer.isBuffer(loaded)) throw new Error('expected a file');
  expect(readFileSync(loaded.file).equals(body)).toBe(true);
  expect(loaded.size).toBe(body.length);
  expect(await bodies.moveOut(submission)).toBe(false);
  const record = JSON.parse(String(await redis.call('GET', `a:sub:default:${submission.id}`)));
  await bodies.drop(record);
  expect(readdirSync(folder)).toEqual([]);
  await redis.close();
});

test('a submission that has ended meanwhile leaves no file behind', async () => {
  const { redis, bodies, submission, store } = await open('b:');
  await store();
  await redis.call('DEL', `b:sub:default:${submission.id}`);
  expect(await bodies.moveOut(submission)).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
  await redis.close();
});
