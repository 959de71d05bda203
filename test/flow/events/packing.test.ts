// Closed segments are compressed while others read, follow, search and change them, whoever dies and whenever.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lastCursor } from '../../../src/events/end.ts';
import { listSegments, removeOld } from '../../../src/events/folder.ts';
import { openEventLog, type Recorded } from '../../../src/events/log.ts';
import { keepPacked, packOnce } from '../../../src/events/packing.ts';
import { rewriteEvents } from '../../../src/events/rewrite.ts';
import { systemClock as clock } from '../../../src/lib/clock.ts';
import { newId } from '../../../src/lib/ids.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { Event } from '../../../src/model/event.ts';

const START = Date.UTC(2026, 10, 20);
const EVERY_MS = 50;
const PEOPLE = 7;

let folder: string;
let stop: AbortController;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postino-packing-'));
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  rmSync(folder, { recursive: true, force: true });
});

const eventOf = (n: number): Event => {
  const submission = newId(START + n * EVERY_MS);
  return {
    v: 1,
    id: `${submission}-1.delivered`,
    type: 'delivered',
    at: START + n * EVERY_MS,
    account: 'default',
    user: 'shop',
    submission,
    delivery: `${submission}-1`,
    recipient: `person${n % PEOPLE}@example.net`,
    sender: 'shop@shop.example',
    subject: `Order ${n} is on its way – grüße ${'x'.repeat(n % 200)}`,
  };
};
const lineOf = (event: Event, n: number): string =>
  `${JSON.stringify(event).slice(0, -1)},"cursor":"${START + n * EVERY_MS}-0.0"}\n`;

/** Segments of `each` events; returns all of them. */
const fill = (segments: number, each: number): readonly Event[] => {
  const all: Event[] = [];
  for (let segment = 0; segment < segments; segment++) {
    const first = segment * each;
    const events = Array.from({ length: each }, (_, i) => eventOf(first + i));
    const text = events.map((event, i) => lineOf(event, first + i)).join('');
    writeFileSync(join(folder, `20261120-${START + first * EVERY_MS}-0.jsonl`), text);
    all.push(...events);
  }
  return all;
};
const deps = (compress = true) => ({
  folder,
  clock,
  log: silentLog,
  config: { compress, compressAfter: 0 },
  isOurs: () => true,
});
const pack = (compress = true): Promise<number> => packOnce(deps(compress), stop.signal);
const log = () => openEventLog({ folder, clock });
const read = async (after?: Recorded['cursor']): Promise<readonly Recorded[]> => {
  const all: Recorded[] = [];
  for await (const batch of log().read(after)) all.push(...batch);
  return all;
};
const ids = async (): Promise<readonly string[]> => (await read()).map(({ event: { id } }) => id);
const files = (): readonly string[] => readdirSync(folder).toSorted();
const texts = async (): Promise<string> => {
  await pack(false);
  return files()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
};

test('all but the newest segment are compressed, and nobody sees a difference but the disk', async () => {
  const events = fill(4, 3000);
  const before = await read();
  const names = (await listSegments(folder)).map(({ name }) => name);
  const end = await lastCursor(folder);
  const bytes = statSync(join(folder, names[0] ?? '')).size;
  expect(await pack()).toBe(3);
  expect(await pack()).toBe(0);
  expect(files()).toEqual(names.map((name, n) => (n < 3 ? `${name}.zst` : name)));
  expect(statSync(join(folder, `${names[0]}.zst`)).size * 4).toBeLessThan(bytes);
  expect(await read()).toEqual(before);
  expect((await listSegments(folder)).map(({ name }) => name)).toEqual(names);
  expect(await lastCursor(folder)).toEqual(end);
  for (const n of [0, 1, 999, 2999, 3000, 5123, 8999, 9000, 11_999])
    expect(await read(before[n]?.cursor)).toEqual(before.slice(n + 1));
  for (const n of [0, 1234, 2999, 3000, 8000, 11_000]) {
    const { id = '', delivery = '' } = events[n] ?? {};
    expect(await log().trace(delivery)).toMatchObject({ kind: 'found', events: [{ id }] });
    const found = await log().search({ id: delivery }, 10);
    expect(found.events.map(({ event }) => event.id)).toEqual([id]);
  }
  const some = await log().search({ recipient: 'person3@example.net' }, 5000);
  expect(some.complete).toBe(true);
  expect(some.events).toEqual(before.filter((_, n) => n % PEOPLE === 3).toReversed());
});

test('it is what the zstd tools read', async () => {
  fill(2, 3000);
  const [name = ''] = files();
  const text = readFileSync(join(folder, name));
  await pack();
  const out = spawnSync('zstdcat', [join(folder, `${name}.zst`)], { maxBuffer: 64 * 1024 * 1024 });
  if (out.error === undefined) expect(out.stdout.equals(text)).toBe(true);
});

test('segments become plain again, byte for byte', async () => {
  fill(4, 3000);
  appendFileSync(join(folder, files()[1] ?? ''), '{"torn');
  const before = files().map((name) => readFileSync(join(folder, name)));
  const names = files();
  await pack();
  expect(files()).not.toEqual(names);
  expect(await pack(false)).toBe(3);
  expect(files()).toEqual(names);
  expect(names.map((name) => readFileSync(join(folder, name)))).toEqual(before);
});

test('not before their time', async () => {
  fill(3, 100);
  const now = START + 3 * 100 * EVERY_MS;
  const early = {
    ...deps(),
    clock: { ...clock, now: () => now },
    config: { compress: true, compressAfter: 7_500 },
  };
  expect(await packOnce(early, stop.signal)).toBe(1);
  expect(files().filter((name) => name.endsWith('.zst'))).toHaveLength(1);
});

test('empty, torn and very long ones', async () => {
  const events = fill(5, 200);
  const names = files();
  writeFileSync(join(folder, names[1] ?? ''), '');
  writeFileSync(join(folder, names[2] ?? ''), '{"no":"line end"');
  const long = { ...eventOf(600), metadata: { text: 'ü'.repeat(700_000) } };
  writeFileSync(join(folder, names[3] ?? ''), lineOf(long, 600));
  const before = await read();
  await pack();
  expect(await read()).toEqual(before);
  expect((await read()).map(({ event: { id } }) => id)).toEqual(
    [...events.slice(0, 200), long, ...events.slice(800)].map(({ id }) => id),
  );
  expect(files()).toContain(names[1]);
});

test('who follows gets everything once while segments change their form again and again', async () => {
  const events = fill(6, 2000);
  void keepChanging();
  for (let round = 0; round < 3; round++) {
    const got: string[] = [];
    for await (const batch of log().follow(undefined, stop.signal)) {
      got.push(...batch.map(({ event: { id } }) => id));
      await clock.sleep(1);
      if (got.length >= events.length) break;
    }
    expect(got).toEqual(events.map(({ id }) => id));
  }
}, 60_000);

async function keepChanging(): Promise<void> {
  const { signal } = stop;
  for (let compress = true; !signal.aborted; compress = !compress)
    await packOnce(deps(compress), signal).catch(() => undefined);
}

test('both forms of a segment count once, and the next turn takes the plain one away', async () => {
  const events = fill(3, 500);
  const [name = ''] = files();
  copyFileSync(join(folder, name), join(folder, 'copy'));
  await pack();
  copyFileSync(join(folder, 'copy'), join(folder, name));
  rmSync(join(folder, 'copy'));
  expect(await ids()).toEqual(events.map(({ id }) => id));
  await pack();
  expect(files()).not.toContain(name);
  expect(await ids()).toEqual(events.map(({ id }) => id));
});

test('killed at any moment, nothing is lost and nothing comes twice', async () => {
  const events = fill(8, 4000);
  for (let round = 0; round < 8; round++) {
    // Two at once, as when a process was paused while it held the lease, and one of them against the other.
    const children = [0, 1].map(() => spawn(process.execPath, ['test/support/packing.ts', folder]));
    await Promise.all(children.map((child) => once(child.stdout, 'data')));
    await clock.sleep(20 + round * 37);
    for (const child of children) child.kill('SIGKILL');
    for (const child of children)
      if ((child.exitCode ?? child.signalCode) === null) await once(child, 'exit');
    expect(await ids()).toEqual(events.map(({ id }) => id));
  }
  await pack();
  expect(await ids()).toEqual(events.map(({ id }) => id));
  // What was half written goes when it is surely nobody's.
  const later = { ...deps(), clock: { ...clock, now: () => clock.now() + 2 * 3_600_000 } };
  await packOnce(later, stop.signal);
  expect(files().filter((one) => /\.(?:new|old)$/.test(one))).toEqual([]);
  expect(files().filter((one) => one.endsWith('.zst'))).toHaveLength(7);
}, 120_000);

const forget = (n: number): ReturnType<typeof rewriteEvents> =>
  rewriteEvents(folder, {
    having: `Person${n}@example.net`,
    change: (event) =>
      event.recipient === `person${n}@example.net` ? { ...event, recipient: '' } : undefined,
  });

test('a person is forgotten in compressed segments, too, and the others stay as they are', async () => {
  fill(4, 3000);
  const before = await read();
  await pack();
  const { changed, kept } = await forget(3);
  expect([changed, kept]).toEqual([before.filter((_, n) => n % PEOPLE === 3).length, 0]);
  const after = await read();
  expect(after.map(({ cursor }) => cursor)).toEqual(before.map(({ cursor }) => cursor));
  expect(after.filter((_, n) => n % PEOPLE !== 3)).toEqual(before.filter((_, n) => n % PEOPLE !== 3));
  expect(files().filter((one) => one.endsWith('.zst'))).toHaveLength(3);
  expect(await forget(3)).toEqual({ changed: 0, kept: 0 });
  expect(await texts()).not.toContain('person3@');
});

test('and while they are compressed and made plain, by several at once', async () => {
  fill(6, 2500);
  const before = await read();
  const changing = keepChanging();
  await Promise.all([...Array(PEOPLE).keys()].slice(1).map((n) => forget(n)));
  stop.abort();
  await changing;
  stop = new AbortController();
  const text = await texts();
  expect(text.match(/person[1-6]@/g)).toBeNull();
  const after = await read();
  expect(after.map(({ cursor }) => cursor)).toEqual(before.map(({ cursor }) => cursor));
  expect(after.filter((_, n) => n % PEOPLE === 0)).toEqual(before.filter((_, n) => n % PEOPLE === 0));
}, 60_000);

test('a damaged one is told by its name, and is not taken for the end', async () => {
  fill(3, 3000);
  await pack();
  const path = join(folder, files()[0] ?? '');
  const bytes = readFileSync(path);
  const middle = Math.floor(bytes.length / 2);
  writeFileSync(path, bytes.fill((bytes[middle] ?? 0) ^ 0xff, middle, middle + 1));
  await expect(read()).rejects.toThrow(`The compressed events in ${path} are damaged`);
  writeFileSync(path, bytes.subarray(0, -5));
  await expect(read()).rejects.toThrow('its end is missing');
});

test('hostile tables are refused and ask for no memory', async () => {
  fill(3, 1000);
  await pack();
  const path = join(folder, files()[0] ?? '');
  const bytes = readFileSync(path);
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 300; round++) {
    const bad = Buffer.from(bytes);
    for (let n = 0; n < 3; n++) bad[bad.length - 1 - random(60)] = random(256);
    writeFileSync(path, bad.subarray(0, random(4) === 0 ? random(bad.length) : bad.length));
    await read().catch((error: unknown) => expect(String(error)).toContain('damaged'));
  }
});

test('old ones go in whatever form', async () => {
  fill(3, 100);
  await pack();
  const names = files();
  expect(await removeOld(folder, START + 3 * 86_400_000)).toHaveLength(2);
  expect(files()).toEqual(names.slice(2));
});

test.runIf(process.getuid?.() === 0)(
  'a full disk leaves them as they are, and nothing half done',
  async () => {
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'postino-test', folder]);
    if (mounted.status !== 0) return;
    try {
      const events = fill(3, 2000);
      const fillUp = (): void => appendFileSync(join(folder, 'ballast'), Buffer.alloc(4096));
      expect(() => {
        for (let n = 0; n < 10_000; n++) fillUp();
      }).toThrow('ENOSPC');
      await expect(pack()).rejects.toThrow('ENOSPC');
      expect(files().filter((name) => name.endsWith('.zst') || name.endsWith('.new'))).toEqual([]);
      rmSync(join(folder, 'ballast'));
      expect(await pack()).toBe(2);
      expect(await ids()).toEqual(events.map(({ id }) => id));
    } finally {
      spawnSync('umount', [folder]);
    }
  },
);

test('the keeper goes on after trouble and ends when it is told to', async () => {
  fill(3, 100);
  const quick = {
    ...clock,
    sleep: (ms: number, signal?: AbortSignal) => clock.sleep(Math.min(ms, 5), signal),
  };
  let ours = false;
  const keeping = keepPacked({ ...deps(), clock: quick, isOurs: () => ours }, stop.signal);
  await clock.sleep(50);
  expect(files().some((name) => name.endsWith('.zst'))).toBe(false);
  ours = true;
  for (let n = 0; n < 200 && files().filter((one) => one.endsWith('.zst')).length < 2; n++)
    await clock.sleep(10);
  expect(files().filter((name) => name.endsWith('.zst'))).toHaveLength(2);
  stop.abort();
  await keeping;
});

test('after a crash between the two steps the plain form goes only when the compressed one can be read', async () => {
  const events = fill(3, 3000);
  const [whole = '', damaged = ''] = (await listSegments(folder)).map(({ path }) => path);
  for (const path of [whole, damaged]) copyFileSync(path, `${path}.kept`);
  await pack();
  for (const path of [whole, damaged]) copyFileSync(`${path}.kept`, path);
  for (const path of [whole, damaged]) rmSync(`${path}.kept`);
  const packed = readFileSync(`${damaged}.zst`);
  packed.fill(7, 100, 4000);
  writeFileSync(`${damaged}.zst`, packed);
  await pack();
  expect(files().filter((name) => name.endsWith('.jsonl'))).toHaveLength(2);
  expect(await ids()).toEqual(events.map(({ id }) => id));
  expect(await pack()).toBe(1);
});
