// Archives that somebody made to do harm, and files that lie in the way of one: nothing is written outside, nothing is shown.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, expect, test } from 'vitest';
import { pack, unpack } from '../../../src/backup/archive.ts';
import { openWorkspace } from '../../../src/backup/workspace.ts';

const ABOUT = { version: '1', at: 1, hostname: 'relay.example', what: 'all', masterKey: 'x' } as const;

let root: string;
let target: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'postino-archive-'));
  target = join(root, 'target');
  return () => rmSync(root, { recursive: true, force: true });
});

type Entry = Readonly<{ name: string; type?: string; link?: string; size?: number; body?: string }>;

/** A tar file by hand: libraries do not make these. */
function tarOf(entries: readonly Entry[]): string {
  const blocks = entries.map(({ name, type = '0', link = '', body = '', size = body.length }) => {
    const head = Buffer.alloc(512);
    const put = (text: string, at: number): void => void head.write(text, at, 'latin1');
    put(name, 0);
    put('0000777\0', 100);
    put('0000000\0', 108);
    put('0000000\0', 116);
    put(`${size.toString(8).padStart(11, '0')}\0`, 124);
    put('00000000000\0', 136);
    put('        ', 148);
    put(type, 156);
    put(link, 157);
    put('ustar\x0000', 257);
    const sum = head.reduce((total, byte) => total + byte, 0);
    put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return Buffer.concat([head, Buffer.from(body), Buffer.alloc((512 - (body.length % 512)) % 512)]);
  });
  const file = join(root, 'hostile.tar.gz');
  writeFileSync(file, gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)])));
  return file;
}

test.each<readonly [string, readonly Entry[]]>([
  ['a path above', [{ name: '../escaped', body: 'x' }]],
  ['a path above, further in', [{ name: 'data/../../escaped', body: 'x' }]],
  ['an absolute path', [{ name: '/tmp/postino-escaped', body: 'x' }]],
  [
    'a symbolic link and a file behind it',
    [
      { name: 'out', type: '2', link: '..' },
      { name: 'out/escaped', body: 'x' },
    ],
  ],
  [
    'a hard link',
    [
      { name: 'out', type: '1', link: '../outside' },
      { name: 'out', body: 'x' },
    ],
  ],
  ['a device', [{ name: 'null', type: '3' }]],
  ['a pipe', [{ name: 'pipe', type: '6' }]],
])('%s is refused, and nothing is written outside', async (_, entries) => {
  writeFileSync(join(root, 'outside'), 'untouched');
  const unpacked = await unpack(tarOf(entries), target);
  expect(unpacked).toMatchObject({ ok: false });
  expect(readFileSync(join(root, 'outside'), 'utf8')).toBe('untouched');
  expect(readdirSync(root).sort()).toEqual(['hostile.tar.gz', 'outside', 'target']);
  expect(existsSync('/tmp/postino-escaped')).toBe(false);
});

test('what says that it is larger than the disk is refused before it is written', async () => {
  const sizes = Array.from({ length: 200 }, (_, n) => ({ name: `f${n}`, size: 0 }));
  const file = tarOf([...sizes, { name: 'bomb', size: 0o77777777777 }]);
  expect(await unpack(file, target)).toMatchObject({
    ok: false,
    problem: expect.stringContaining('nothing'),
  });
  expect(readdirSync(target)).toEqual([]);
});

test('a file that lies in the way does not make a backup readable, and a link leads nowhere', async () => {
  const from = join(root, 'from');
  mkdirSync(from);
  mkdirSync(join(from, 'data'));
  writeFileSync(join(from, 'key'), 'secret');
  writeFileSync(join(from, 'data', 'history'), 'people', { mode: 0o644 });
  const file = join(root, 'backup.tar.gz');
  writeFileSync(`${file}.new`, '');
  chmodSync(`${file}.new`, 0o666);
  await pack(from, file, ABOUT);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  rmSync(file);
  rmSync(join(from, 'manifest.json'));
  writeFileSync(join(root, 'victim'), 'untouched');
  rmSync(`${file}.new`);
  symlinkSync(join(root, 'victim'), `${file}.new`);
  await pack(from, file, ABOUT);
  expect(readFileSync(join(root, 'victim'), 'utf8')).toBe('untouched');
  expect(await unpack(file, target)).toMatchObject({ ok: true });
  expect(readFileSync(join(target, 'key'), 'utf8')).toBe('secret');
  expect(statSync(join(target, 'data')).mode & 0o777).toBe(0o700);
  expect(statSync(join(target, 'data', 'history')).mode & 0o777).toBe(0o600);
});

test('two backups to one file do not write into each other; what killed ones left is removed a day later', async () => {
  const file = join(root, 'nightly.tar.gz');
  const folders = ['one', 'two', 'three'].map((name) => {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, 'key'), name.repeat(500_000));
    return join(root, name);
  });
  const old = new Date(Date.now() - 86_400_000 - 60_000);
  for (const name of ['a.tar.gz.0123abcd.new', 'theirs.new']) {
    writeFileSync(join(root, name), 'half');
    utimesSync(join(root, name), old, old);
  }
  writeFileSync(join(root, 'b.tar.gz.0123abcd.new'), 'half');
  await Promise.all(folders.map((folder) => pack(folder, file, ABOUT)));
  expect(await unpack(file, target)).toMatchObject({ ok: true });
  const left = readdirSync(root).filter((name) => name.endsWith('.new'));
  expect(left.toSorted()).toEqual(['b.tar.gz.0123abcd.new', 'theirs.new']);
});

test.each([
  ['a moment that is none', { at: 1e300 }],
  ['a host name that moves the cursor', { hostname: '\u001b[2Jrelay.example' }],
])('%s is not shown to anybody', async (_, odd) => {
  const from = join(root, 'from');
  mkdirSync(from);
  const file = join(root, 'odd.tar.gz');
  await pack(from, file, { ...ABOUT, ...odd });
  expect(await unpack(file, target)).toMatchObject({ ok: false });
});

test('what a killed one left behind is removed by the next, and what goes on is not', async () => {
  const DAY_MS = 86_400_000;
  const now = Date.now();
  for (const name of [
    'backup-oldOLD',
    'backup-newNEW',
    'restore-oldOLD',
    'before-restore-x',
    'backup-mine-too',
  ])
    mkdirSync(join(root, name, 'data'), { recursive: true });
  for (const name of ['backup-oldOLD', 'backup-mine-too', 'before-restore-x'])
    utimesSync(join(root, name), new Date(now), new Date(now - DAY_MS - 1000));
  const made = await openWorkspace(root, 'backup', now);
  expect(statSync(made).mode & 0o777).toBe(0o700);
  const left = (): readonly string[] => readdirSync(root).filter((name) => join(root, name) !== made);
  expect(left().toSorted()).toEqual([
    'backup-mine-too',
    'backup-newNEW',
    'before-restore-x',
    'restore-oldOLD',
  ]);
  const next = await openWorkspace(root, 'restore', now);
  rmSync(next, { recursive: true });
  expect(left().toSorted()).toEqual(['backup-mine-too', 'backup-newNEW', 'before-restore-x']);
});
