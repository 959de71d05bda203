// A delivery is found in the history by the time in its id, in a long history too, and reads little of it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { segmentName } from '../../../src/events/folder.ts';
import { traceOf } from '../../../src/events/trace.ts';
import { newId } from '../../../src/lib/ids.ts';

const START = Date.parse('2026-11-20T00:00:00Z');
const EVERY_MS = 50;
const A_SEGMENT = 20_000;

let folder: string;
const ids: { id: string; at: number }[] = [];

const line = (id: string, at: number, type: string, n = 1, more: object = {}): string => {
  const event = { v: 1, id: `${id}-${n}.${type}`, type, at, submission: id, delivery: `${id}-${n}`, ...more };
  return `${JSON.stringify(event).slice(0, -1)},"cursor":"${at + 3}-0.${n}"}\n`;
};

/** Five segments of 20,000 messages each: accepted, and delivered a second later among those that follow. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postino-trace-'));
  mkdirSync(folder, { recursive: true });
  let later: string[] = [];
  for (let segment = 0; segment < 5; segment++) {
    const lines: string[] = [];
    const first = START + segment * A_SEGMENT * EVERY_MS;
    for (let i = 0; i < A_SEGMENT; i++) {
      const at = first + i * EVERY_MS;
      const id = newId(at);
      ids.push({ id, at });
      lines.push(line(id, at, 'accepted', 1, { recipient: `u${i}@x.example`, subject: 'x'.repeat(300) }));
      later.push(line(id, at + 1000, 'delivered', 1, { transport: 'ip1' }));
      if (later.length > 20) lines.push(later.shift() ?? '');
    }
    lines.push(...later);
    later = [];
    writeFileSync(join(folder, segmentName({ ms: first + 3, seq: 0, n: 0 })), lines.join(''));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const kinds = async (id: string): Promise<readonly string[]> => {
  const trace = await traceOf(folder, id);
  return trace.kind === 'found' ? trace.events.map(({ type }) => type) : [trace.kind];
};

test.each([0, 1, 777, 19_999, 20_000, 20_001, 59_990, 77_777, 99_999])(
  'message %i of a hundred thousand is found',
  async (n) => {
    const { id } = ids[n] ?? { id: '' };
    expect(await kinds(`${id}-1`)).toEqual(['accepted', 'delivered']);
    expect(await kinds(id)).toEqual(['accepted', 'delivered']);
  },
);

test('quickly', async () => {
  const began = performance.now();
  for (let n = 0; n < ids.length; n += 1000) await traceOf(folder, `${ids[n]?.id}-1`);
  expect((performance.now() - began) / 100).toBeLessThan(100);
});

test('another number, another id, and what is older than the history are gone', async () => {
  expect(await kinds(`${ids[500]?.id}-2`)).toEqual(['gone']);
  expect(await kinds(`${newId(START + 25_000)}-1`)).toEqual(['gone']);
  expect(await kinds(`${newId(START - 86_400_000)}-1`)).toEqual(['gone']);
  expect(await kinds('nonsense')).toEqual(['gone']);
});

test('what is newer than the history is early', async () => {
  const end = START + 5 * A_SEGMENT * EVERY_MS;
  expect(await kinds(`${newId(end + 500_000)}-1`)).toEqual(['early']);
  expect(await traceOf(join(folder, 'nowhere'), `${newId(START)}-1`)).toEqual({ kind: 'early' });
});

test.each([-60_000, 60_000])('a clock that differs by %i ms is no obstacle', async (off) => {
  const folder = mkdtempSync(join(tmpdir(), 'postino-trace-'));
  const id = newId(START);
  writeFileSync(
    join(folder, segmentName({ ms: START + off, seq: 0, n: 0 })),
    line(id, START + off, 'accepted'),
  );
  expect(await traceOf(folder, `${id}-1`)).toMatchObject({ kind: 'found' });
  rmSync(folder, { recursive: true });
});

test('torn lines and a torn end do no harm', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postino-trace-'));
  const id = newId(START);
  const whole = line(id, START, 'accepted', 7);
  writeFileSync(
    join(folder, segmentName({ ms: START, seq: 0, n: 0 })),
    `${whole.slice(0, 40)}\n{"delivery":"${id}-7"}\n${whole}${whole.slice(0, 60)}`,
  );
  const trace = await traceOf(folder, `${id}-7`);
  expect(trace.kind === 'found' && trace.events.length).toBe(1);
  rmSync(folder, { recursive: true });
});
