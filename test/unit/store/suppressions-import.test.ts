// Lists that people bring: each entry once, what is wrong is counted, and no list makes mail wait.
import { expect, test } from 'vitest';
import { readSuppressions } from '../../../src/store/suppressions-import.ts';

test('the first entry of a place counts, and a hundred of a million wrong lines are told', async () => {
  const text = `a@x.example,first\na@x.example,second\n${'wrong\n'.repeat(1000)}`;
  const { entries, wrong, problems } = await readSuppressions(text, 7);
  expect(entries).toEqual([{ address: 'a@x.example', reason: 'first', at: 7 }]);
  expect(wrong).toBe(1000);
  expect(problems).toHaveLength(100);
  expect(problems[0]).toEqual({ line: 3, text: 'wrong' });
});

test.each([
  ['wrong lines', 'x\n'.repeat(300_000)],
  ['line ends', '\n'.repeat(300_000)],
  ['addresses', Array.from({ length: 50_000 }, (_, n) => `user${n}@x.example`).join('\n')],
])('others have their turn while %s are read', async (_, text) => {
  let over = false;
  let longest = 0;
  let last = performance.now();
  const watch = (): void => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    if (!over) setImmediate(watch);
  };
  watch();
  await readSuppressions(text, 7);
  over = true;
  // In one go it took seconds; a busy machine may be away for some of this time.
  expect(longest).toBeLessThan(1000);
});
