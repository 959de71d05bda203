// A folder that others write to as well: nothing of theirs is written through.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
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
