// A backup that somebody wrote by hand brings what backups bring, and nothing else.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pack } from '../../../src/backup/archive.ts';
import { restore } from '../../../src/backup/restore.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { connectRedis } from '../../../src/store/redis.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

type Line = Readonly<{ key: string; type: string; values: readonly string[]; until?: number }>;

const SETTINGS: Line = { key: 'users', type: 'hash', values: ['shop', '{}'] };

test.each<readonly [string, readonly Line[] | undefined]>([
  ['names without values', [{ key: 'users', type: 'hash', values: ['shop'] }]],
  ['a score that is none', [{ key: 'rcpts:default', type: 'zset', values: ['ann@example.com', 'late'] }]],
  ['an end that is none', [{ ...SETTINGS, until: 1.5 }]],
  ['data of a form that is newer', [{ key: 'format', type: 'hash', values: ['by', '9.0.0', 'format', '2'] }]],
  ['no keys at all', undefined],
])('with %s in it, what is here stays', async (_, lines) => {
  const root = mkdtempSync(join(tmpdir(), 'postino-restore-'));
  const prefix = randomPrefix();
  const redis = connectRedis({ url: server.url, purpose: 'accept', prefix, log: silentLog });
  await redis.whenReady();
  await redis.call('HSET', `${prefix}users`, 'ours', '{}');
  const from = join(root, 'from');
  mkdirSync(join(from, 'data', 'keys'), { recursive: true });
  writeFileSync(join(from, 'data', 'keys', 'dkim'), 'theirs');
  const text = lines?.map((line) => `${JSON.stringify(line)}\n`).join('');
  if (text !== undefined) writeFileSync(join(from, 'redis.jsonl'), text);
  const file = join(root, 'backup.tar.gz');
  const about = { version: '1', at: 1, hostname: 'relay.example', what: 'all', masterKey: 'x' } as const;
  await pack(from, file, about);
  const deps = {
    redis,
    prefix,
    data: join(root, 'data'),
    clock: systemClock,
    format: 1,
    masterKeyOf: () => 'x',
  };
  const restored = await restore(deps, file, true);
  expect(restored).toMatchObject({ ok: false, problem: expect.stringMatching(/nothing was changed/i) });
  expect(await redis.call('KEYS', `${prefix}*`)).toEqual([`${prefix}users`]);
  await redis.close();
  rmSync(root, { recursive: true, force: true });
});

test('no session, no queue, no other file comes with it', async () => {
  const root = mkdtempSync(join(tmpdir(), 'postino-restore-'));
  const prefix = randomPrefix();
  const redis = connectRedis({ url: server.url, purpose: 'accept', prefix, log: silentLog });
  await redis.whenReady();
  const from = join(root, 'from');
  const data = join(root, 'data');
  for (const folder of ['keys', 'redis', 'bodies'])
    mkdirSync(join(from, 'data', folder), { recursive: true });
  writeFileSync(join(from, 'data', 'keys', 'dkim'), 'theirs');
  writeFileSync(join(from, 'data', 'redis', 'dump.rdb'), 'theirs');
  writeFileSync(join(from, 'data', 'bodies', 'x'), 'theirs');
  mkdirSync(join(data, 'redis'), { recursive: true });
  writeFileSync(join(data, 'redis', 'dump.rdb'), 'ours');
  const lines = ['session:a', 'open:a', 'lease:events', 'restoring', 'name'].map((key) => ({
    key,
    type: 'string',
    values: ['theirs'],
  }));
  writeFileSync(join(from, 'redis.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const file = join(root, 'backup.tar.gz');
  const about = { version: '1', at: 1, hostname: 'relay.example', what: 'all', masterKey: 'x' } as const;
  await pack(from, file, about);
  const deps = { redis, prefix, data, clock: systemClock, format: 1, masterKeyOf: () => 'x' };
  expect(await restore(deps, file, false)).toMatchObject({ ok: true, keys: 1 });
  expect(await redis.call('KEYS', `${prefix}*`)).toEqual([`${prefix}name`]);
  expect(readFileSync(join(data, 'redis', 'dump.rdb'), 'utf8')).toBe('ours');
  expect(readFileSync(join(data, 'keys', 'dkim'), 'utf8')).toBe('theirs');
  expect(existsSync(join(data, 'bodies'))).toBe(false);
  await redis.close();
  rmSync(root, { recursive: true, force: true });
});

test('values come back with whatever line ends they have', async () => {
  const root = mkdtempSync(join(tmpdir(), 'postino-restore-'));
  const prefix = randomPrefix();
  const redis = connectRedis({ url: server.url, purpose: 'accept', prefix, log: silentLog });
  await redis.whenReady();
  const odd = 'from a\u2028word\u2029processor\u0085\r\n\ron\n';
  const long = 'ä\u2028'.repeat(100_000);
  const from = join(root, 'from');
  mkdirSync(from, { recursive: true });
  const lines = [
    { key: `template:${odd}`, type: 'string', values: [odd] },
    { key: 'long', type: 'string', values: [long] },
  ];
  writeFileSync(join(from, 'redis.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const file = join(root, 'backup.tar.gz');
  await pack(from, file, { version: '1', at: 1, hostname: 'relay.example', what: 'all', masterKey: 'x' });
  const deps = {
    redis,
    prefix,
    data: join(root, 'data'),
    clock: systemClock,
    format: 1,
    masterKeyOf: () => 'x',
  };
  expect(await restore(deps, file, false)).toMatchObject({ ok: true, keys: 2 });
  expect(await redis.call('GET', `${prefix}template:${odd}`)).toBe(odd);
  expect(await redis.call('GET', `${prefix}long`)).toBe(long);
  await redis.close();
  rmSync(root, { recursive: true, force: true });
});
