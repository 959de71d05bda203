// A folder that others write to as well: nothing of theirs is written through.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
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
  expect(existsSync(join(root, 'out.csv.part'))).toBe(false);
});

test('a link is no file that came', async () => {
  writeFileSync(join(root, 'secret'), 'x');
  symlinkSync(join(root, 'secret'), join(root, 'list.csv'));
  expect((await openFolder(root).list('')).map(({ path }) => path)).toEqual(['secret']);
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
  await expect(place.list('in')).rejects.toThrow(out);
  await expect(place.read('in/theirs.csv', 1000)).rejects.toThrow(out);
  await expect(place.write('in/report.json', '{}')).rejects.toThrow(out);
  await expect(place.put('in/rows.csv', join(home, 'list.csv'))).rejects.toThrow(out);
  await expect(place.move('list.csv', 'in/list.csv')).rejects.toThrow(out);
  expect(readdirSync(elsewhere)).toEqual(['theirs.csv']);
  expect(await place.list('not-there')).toEqual([]);
});

test('what became a link after it was listed is not read', async () => {
  writeFileSync(join(root, 'secret'), 'address\n');
  symlinkSync(join(root, 'secret'), join(root, 'list.csv'));
  await expect(openFolder(root).read('list.csv', 1000)).rejects.toThrow('ELOOP');
});
