// Backup and restore of a real installation by its commands: what comes back, what is refused, what an interruption leaves.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { embeddedSocket } from '../../src/embedded.ts';
import { startRelay, type Relay } from '../support/relay.ts';

let folder: string;
let relay: Relay;
let target: Relay;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postino-backup-'));
  relay = await startRelay();
  target = await startRelay({ config: { users: [], domains: [], transports: [], pools: [] } });
  for (const words of [
    ['pool', 'add', 'extra'],
    ['user', 'add', 'crm', '--domain', 'crm.example', '--pool', 'extra'],
    ['domain', 'add', 'crm.example'],
    ['suppression', 'add', 'gone@example.net'],
    ['send', 'ann@example.net', '--user', 'shop'],
  ]) {
    const { code, stderr } = await relay.cli(words);
    expect(`${stderr}${code}`).toBe('0');
  }
}, 120_000);

afterAll(async () => {
  await relay?.close();
  await target?.close();
  rmSync(folder, { recursive: true, force: true });
});

const file = (): string => join(folder, 'postino.tar.gz');

async function redisOf(one: Relay): Promise<Redis> {
  return new Redis(embeddedSocket(one.data) ?? 'none');
}

const FIRST_RUN = 'page (admin): Secret-19\n';

/** Binary, large and expiring values come back as they were. */
const ODD = {
  bytes: Buffer.from([0, 255, 128, 10]),
  many: Array.from({ length: 2500 }, (_, n) => `member-${n}`),
};

test('a backup is written while mail is on its way, and says plainly what is in it', async () => {
  const redis = await redisOf(relay);
  await redis.set('postino:link:odd', ODD.bytes, 'PX', 3_600_000);
  await redis.sadd('postino:suppressing-odd', ...ODD.many);
  await redis.zadd('postino:rcpts-odd', 1.5, 'ann', 2, 'bob');
  await redis.rpush('postino:list-odd', 'one', 'two');
  await redis.set('postino:body:default:1', 'in flight');
  await redis.quit();
  // A relay whose configuration gives no password has this file.
  writeFileSync(join(relay.data, 'first-run'), FIRST_RUN);
  const { code, stdout, stderr } = await relay.cli(['backup', file(), '--json']);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ file: file(), masterKey: true });
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  const said = await relay.cli(['backup', join(folder, 'again.tar.gz'), '--settings-only']);
  expect(said.stdout).toContain('keep it where nobody else can read it');
});

test('it is not restored beside a running relay, nor over what is there', async () => {
  const running = await target.cli(['restore', file()]);
  expect(running.code).toBe(78);
  expect(running.stderr).toContain('is already running on this data folder');
  await target.stop();
  const redis = await target.cli(['restore', file()]);
  expect(redis.code).toBe(1);
  expect(redis.stderr).toMatch(/--replace|lease|30 seconds/);
});

test('a damaged file changes nothing', async () => {
  const bytes = readFileSync(file());
  const broken = join(folder, 'broken.tar.gz');
  writeFileSync(broken, bytes.subarray(0, bytes.length / 2));
  const cut = await target.cli(['restore', broken, '--replace']);
  expect(cut.code).toBe(1);
  expect(cut.stderr).toContain('nothing was changed');
  writeFileSync(broken, 'no archive at all');
  expect((await target.cli(['restore', broken, '--replace'])).stderr).toContain('nothing was changed');
});

test('it is restored as a whole, and what was there is kept beside', async () => {
  const { code, stdout, stderr } = await target.cli(['restore', file(), '--replace', '--json']);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const { replaced, config } = JSON.parse(stdout);
  expect(readFileSync(config, 'utf8')).toBe(readFileSync(relay.configFile, 'utf8'));
  expect(statSync(join(replaced, 'keys')).isDirectory()).toBe(true);
  expect(readFileSync(join(target.data, 'first-run'), 'utf8')).toBe(FIRST_RUN);
  await target.start();
  const users = JSON.parse((await target.cli(['user', 'list', '--json'])).stdout);
  // What the file declares comes from the file, and this one declares nobody.
  expect(users.map(({ name }: { name: string }) => name)).toEqual(['crm']);
  expect((await target.cli(['suppression', 'list'])).stdout).toContain('gone@example.net');
  expect(await target.dkimRecords('crm.example')).toEqual(await relay.dkimRecords('crm.example'));
  const redis = await redisOf(target);
  expect(await redis.getBuffer('postino:link:odd')).toEqual(ODD.bytes);
  expect(await redis.pttl('postino:link:odd')).toBeGreaterThan(3_000_000);
  expect((await redis.smembers('postino:suppressing-odd')).sort()).toEqual(ODD.many.toSorted());
  expect(await redis.zrange('postino:rcpts-odd', '0', '-1', 'WITHSCORES')).toEqual([
    'ann',
    '1.5',
    'bob',
    '2',
  ]);
  expect(await redis.lrange('postino:list-odd', 0, -1)).toEqual(['one', 'two']);
  expect(await redis.exists('postino:body:default:1')).toBe(0);
  await redis.quit();
  const found = JSON.parse(
    (await target.cli(['message', 'search', '--to', 'ann@example.net', '--json'])).stdout,
  );
  expect(JSON.stringify(found)).toContain('ann@example.net');
  expect(existsSync(join(target.data, 'history', 'history.sqlite'))).toBe(true);
  await expect.poll(() => target.events()).toEqual(relay.events());
  expect(relay.events()).not.toEqual([]);
});

test('after an interrupted restore nothing starts until it is repeated', async () => {
  const redis = await redisOf(target);
  await redis.set('postino:restoring', file());
  await redis.quit();
  await target.stop();
  await expect(target.start()).rejects.toThrow('was interrupted');
});
