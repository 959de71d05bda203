// A folder that others write to as well: nothing of theirs is written through.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { openFolder } from '../../../src/batch/places/folder.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'postino-folder-'));
  return () => rmSync(root, { recursive: true, force: true });
});

test.each(['write', 'put'] as const)('%s makes a file of its own where a link lies in wait', async (how) => {
  const victim = join(root, 'victim');
  writeFileSync(victim, 'untouched');
  symlinkSync(victim, join(root, 'out.csv.part'));
  symlinkSync(victim, join(root, 'out.csv'));
  const place = openFolder(root);
  const source = join(root, 'source');
  writeFileSync(source, 'rows');
  await (how === 'write' ? place.write('out.csv', 'rows') : place.put('out.csv', source));
  expect(readFileSync(victim, 'utf8')).toBe('untouched');
  expect(readFileSync(join(root, 'out.csv'), 'utf8')).toBe('rows');
  expect(statSync(join(root, 'out.csv')).isFile()).toBe(true);
});

test('a link is no file that came', async () => {
  writeFileSync(join(root, 'secret'), 'x');
  symlinkSync(join(root, 'secret'), join(root, 'list.csv'));
  expect((await openFolder(root).list('', () => true)).map(({ path }) => path)).toEqual(['secret']);
});

test('a link in the place of a folder leads nowhere, whatever is done with it', async () => {
  const home = join(root, 'home');
  const elsewhere = join(root, 'elsewhere');
  for (const folder of [home, elsewhere]) mkdirSync(folder);
  writeFileSync(join(elsewhere, 'theirs.csv'), 'email\n');
  writeFileSync(join(home, 'list.csv'), 'email\n');
  symlinkSync(elsewhere, join(home, 'in'));
  const place = openFolder(home);
  const out = /leads out of its place/;
  await expect(place.list('in', () => true)).rejects.toThrow(out);
  await expect(place.read('in/theirs.csv', 1000)).rejects.toThrow(out);
  await expect(place.write('in/report.json', '{}')).rejects.toThrow(out);
  await expect(place.put('in/rows.csv', join(home, 'list.csv'))).rejects.toThrow(out);
  await expect(place.move('list.csv', 'in/list.csv')).rejects.toThrow(out);
  expect(readdirSync(elsewhere)).toEqual(['theirs.csv']);
  expect(await place.list('not-there', () => true)).toEqual([]);
});

test('what became a link after it was listed is not read', async () => {
  writeFileSync(join(root, 'secret'), 'address\n');
  symlinkSync(join(root, 'secret'), join(root, 'list.csv'));
  expect(await openFolder(root).read('list.csv', 1000)).toMatchObject({
    is: 'unreadable',
    problem: expect.stringContaining('ELOOP'),
  });
});

test('two that write the same file at once never make a half one', async () => {
  const place = openFolder(root);
  const source = join(root, 'source');
  writeFileSync(source, 'row\n'.repeat(500_000));
  const whole = statSync(source).size;
  const seen = new Set<number>();
  const watch = setInterval(() => {
    if (existsSync(join(root, 'out.csv'))) seen.add(statSync(join(root, 'out.csv')).size);
  }, 1);
  await Promise.all(Array.from({ length: 10 }, () => place.put('out.csv', source)));
  clearInterval(watch);
  expect([...seen].filter((size) => size !== whole)).toEqual([]);
  expect(readdirSync(root).sort()).toEqual(['out.csv', 'source']);
  expect(statSync(join(root, 'out.csv')).mode & 0o777).toBe(0o640);
});

test('what a killed one left unfinished is removed a day later; uploads of others are theirs', async () => {
  const names = ['a.csv.0123abcd.part', 'b.csv.0123abcd.part', 'theirs.csv.part'];
  for (const name of names) writeFileSync(join(root, name), 'half');
  const old = Date.now() / 1000 - 25 * 3600;
  for (const name of ['a.csv.0123abcd.part', 'theirs.csv.part']) utimesSync(join(root, name), old, old);
  await openFolder(root).write('report.json', '{}');
  expect(readdirSync(root).sort()).toEqual(['b.csv.0123abcd.part', 'report.json', 'theirs.csv.part']);
});

test('a file that was put in the place of one that was read stays', async () => {
  const place = openFolder(root);
  writeFileSync(join(root, 'list.csv'), 'address\nann@example.net\n');
  const first = await place.read('list.csv', 1000);
  const version = first.is === 'read' ? first.version : 'none';
  writeFileSync(join(root, 'new.csv'), 'address\nbob@example.net\n');
  renameSync(join(root, 'new.csv'), join(root, 'list.csv'));
  expect(await place.move('list.csv', 'done/list.csv', version)).toBe(false);
  expect(readFileSync(join(root, 'list.csv'), 'utf8')).toContain('bob');
  const second = await place.read('list.csv', 1000);
  expect(await place.move('list.csv', 'done/list.csv', second.is === 'read' ? second.version : '')).toBe(
    true,
  );
  // Whoever comes second finds nothing, which is no trouble.
  expect(await place.read('list.csv', 1000)).toEqual({ is: 'later' });
  expect(await place.move('list.csv', 'done/list.csv', version)).toBe(false);
});

test('a thousand files of no interest hide none that is', async () => {
  for (let n = 0; n < 1100; n++) writeFileSync(join(root, `a${n}.txt`), '');
  writeFileSync(join(root, 'z.csv'), '');
  const found = await openFolder(root).list('', (path) => path.endsWith('.csv'));
  expect(found.map(({ path }) => path)).toEqual(['z.csv']);
});
