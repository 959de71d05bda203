// The table of classes in docs/bounces.md is the one in the code.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { categories } from '../../../src/model/taxonomy.ts';

test('docs/bounces.md has every class with its categories', () => {
  const page = readFileSync(new URL('../../../docs/bounces.md', import.meta.url), 'utf8');
  const table = page.slice(page.indexOf('| class |'), page.indexOf('Besides these'));
  const rows = [...table.matchAll(/^\| ([a-z-]+) \| ([a-z-]+) \| ([a-z-]+) \|/gm)].map((row) =>
    row.slice(1, 4),
  );
  expect(rows.filter(([name]) => name !== 'class')).toEqual(
    Object.entries(categories).map(([name, pair]) => [name, ...pair]),
  );
});
