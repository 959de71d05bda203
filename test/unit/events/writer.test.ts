// The writer when the disk is full: what was not safe is gone, nothing else is, and no litter stays.
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { segmentName } from '../../../src/events/folder.ts';
import { makeWriter } from '../../../src/events/writer.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postino-writer-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const cursor = (ms: number) => ({ ms, seq: 0, n: 0 });

test('an existing file is never opened: the segment gets another name', async () => {
  symlinkSync('/dev/full', join(folder, segmentName(cursor(5))));
  const writer = makeWriter({ folder, segmentBytes: 1000 });
  await writer.append('a\n', cursor(5));
  await writer.sync();
  await writer.close();
  expect(readFileSync(join(folder, segmentName(cursor(5), 2)), 'utf8')).toBe('a\n');
});

test('a segment that has its bytes, or a new day, is followed by another', async () => {
  const writer = makeWriter({ folder, segmentBytes: 4 });
  for (const [text, ms] of [
    ['aaaa\n', 1],
    ['b\n', 2],
    ['c\n', 86_400_001],
  ] as const)
    await writer.append(text, cursor(ms));
  await writer.sync();
  await writer.close();
  expect(readdirSync(folder).sort()).toEqual([
    '19700101-1-0.jsonl',
    '19700101-2-0.jsonl',
    '19700102-86400001-0.jsonl',
  ]);
});
