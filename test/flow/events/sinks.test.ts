// Sinks come and go at run time, fail, die and catch up: each gets every event, in order.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseCursor, type Cursor, type Recorded } from '../../../src/events/log.ts';
import { openEventLog } from '../../../src/events/log.ts';
import { runSink, type Sink, type SinkDeps } from '../../../src/events/sinks/index.ts';
import { systemClock as clock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { cursorAt, openLogWriter, type LogWriter } from '../../support/segments.ts';
import { until } from '../../support/until.ts';

let home: string;
let deps: SinkDeps;
let log: LogWriter;
let stop: AbortController;
let running: Promise<void>[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'postino-sinks-'));
  const folder = join(home, 'events');
  log = openLogWriter(folder);
  deps = { events: openEventLog({ folder, clock }), folder: join(home, 'cursors'), clock, log: silentLog };
  stop = new AbortController();
  running = [];
});
afterEach(async () => {
  stop.abort();
  await Promise.all(running);
  await log.close();
  rmSync(home, { recursive: true, force: true });
});

const start = (sink: Sink, signal = stop.signal, more: Partial<SinkDeps> = {}): Promise<void> => {
  const run = runSink(sink, { ...deps, ...more }, signal);
  running.push(run);
  return run;
};
const keeping = (name: string, taken: string[], begin: Sink['start'] = 'oldest'): Sink => ({
  name,
  start: begin,
  cursor: 'kept',
  take: async (batch) => void taken.push(...idsOf(batch)),
});
const idsOf = (batch: readonly Recorded[]): string[] => batch.map(({ event }) => event.id);
const kept = (name: string): Cursor | undefined =>
  parseCursor(readFileSync(join(deps.folder, name), 'utf8').trim());

test('a sink is added and taken away while others run, and goes on where it was', async () => {
  await log.write(10);
  const [steady, guest]: [string[], string[]] = [[], []];
  void start(keeping('steady', steady));
  const first = new AbortController();
  const visit = start(keeping('guest', guest), first.signal);
  await until(() => steady.length === 10 && guest.length === 10);
  await log.write(5);
  await until(() => steady.length === 15 && guest.length === 15);
  first.abort();
  await visit;
  expect(kept('guest')).toEqual(cursorAt(14));
  await log.write(500);
  await until(() => steady.length === 515);
  expect(guest).toHaveLength(15);
  void start(keeping('guest', guest));
  await until(() => guest.length === 515);
  expect(guest).toEqual(log.ids(0));
  expect(steady).toEqual(log.ids(0));
});

test('a sink that begins with what comes does so, and anew when its cursor is gone', async () => {
  await log.write(10);
  const taken: string[] = [];
  const first = new AbortController();
  const run = start(keeping('new', taken, 'newest'), first.signal);
  await until(() => existsSync(join(deps.folder, 'new')));
  await log.write(3);
  await until(() => taken.length === 3);
  first.abort();
  await run;
  expect(taken).toEqual(log.ids(10));
  rmSync(join(deps.folder, 'new'));
  void start(keeping('new', taken, 'oldest'));
  await until(() => taken.length === 16);
});

test('a cursor is not written for every batch, and is written when the sink rests', async () => {
  const taken: string[] = [];
  void start(keeping('often', taken));
  await until(() => existsSync(join(deps.folder, 'often')));
  await log.write(1);
  await until(() => taken.length === 1);
  await until(() => kept('often')?.ms === cursorAt(0).ms);
});

test('a sink with a cursor of its own begins after what it has, whatever failed in between', async () => {
  await log.write(10);
  const rows: string[] = [];
  let at: Cursor | undefined = cursorAt(3);
  let calls = 0;
  const sink: Sink = {
    name: 'own',
    start: 'newest',
    cursor: 'own',
    readCursor: async () => at,
    take: async (batch) => {
      calls += 1;
      if (calls === 1) throw new Error('before the transaction');
      rows.push(...idsOf(batch));
      at = batch.at(-1)?.cursor;
      if (calls === 2) throw new Error('after the transaction');
    },
  };
  void start(sink);
  await until(() => calls >= 2);
  await log.write(5);
  await until(() => rows.length === 11);
  expect(rows).toEqual(log.ids(4));
  expect(existsSync(deps.folder)).toBe(false);
});

test('one with a cursor of its own that has nothing yet does not skip what it failed to take', async () => {
  await log.write(10);
  const rows: string[] = [];
  let at: Cursor | undefined;
  let reads = 0;
  const sink: Sink = {
    name: 'own',
    start: 'newest',
    cursor: 'own',
    readCursor: async () => {
      reads += 1;
      return at;
    },
    take: async (batch) => {
      if (reads === 1) throw new Error('away');
      rows.push(...idsOf(batch));
      at = batch.at(-1)?.cursor;
    },
  };
  void start(sink);
  await until(() => reads === 1);
  await clock.sleep(50);
  await log.write(4);
  await until(() => rows.length === 4);
  expect(rows).toEqual(log.ids(10));
});

test('one with a cursor of its own is fed by the elected process alone', async () => {
  await log.write(2);
  const rows: string[] = [];
  let at: Cursor | undefined;
  let elected = 'one';
  const sink = (name: string): Sink => ({
    name: 'own',
    start: 'oldest',
    cursor: 'own',
    readCursor: async () => at,
    take: async (batch) => {
      rows.push(...idsOf(batch).map((id) => `${name} ${id}`));
      at = batch.at(-1)?.cursor;
    },
  });
  for (const name of ['one', 'two']) void start(sink(name), stop.signal, { elected: () => elected === name });
  await until(() => rows.length === 2);
  elected = 'two';
  await clock.sleep(500); // the first one has noticed
  await log.write(2);
  await until(() => rows.length === 4);
  expect(rows).toEqual([
    'one S0-1.delivered',
    'one S1-1.delivered',
    'two S2-1.delivered',
    'two S3-1.delivered',
  ]);
});

test('200 sinks that come, fail and go leave the steady ones alone and get everything', async () => {
  const steady: string[] = [];
  void start(keeping('steady', steady));
  const visitors = Array.from({ length: 200 }, (_, i) => ({
    name: `visitor-${i}`,
    taken: new Set<string>(),
  }));
  let failures = 0;
  let isWriting = true;
  const writing = (async () => {
    while (isWriting) {
      await log.write(10);
      await clock.sleep(30);
    }
  })();
  await Promise.all(
    visitors.map(async ({ name, taken }, i) => {
      for (const time of [1, 2]) {
        const visit = new AbortController();
        const run = start(
          {
            name,
            start: 'oldest',
            cursor: 'kept',
            take: async (batch) => {
              if (i % 3 === 0 && time === 1 && ++failures > 0) throw new Error('down');
              idsOf(batch).forEach((id) => taken.add(id));
            },
          },
          visit.signal,
        );
        await clock.sleep(300 + ((i * 37) % 400));
        visit.abort();
        await run;
      }
    }),
  );
  isWriting = false;
  await writing;
  expect(failures).toBeGreaterThan(0);
  await until(() => steady.length === log.written());
  expect(steady).toEqual(log.ids(0));
  for (const visitor of visitors)
    void start({
      ...keeping(visitor.name, []),
      take: async (batch) => idsOf(batch).forEach((id) => visitor.taken.add(id)),
    });
  await until(() => visitors.every(({ taken }) => taken.size === log.written()));
});

test('a process killed at random moments has handed on everything, in order but for what it repeats', async () => {
  const script = new URL('../../support/sink-consumer.ts', import.meta.url).pathname;
  const file = join(home, 'taken');
  let isWriting = true;
  const writing = (async () => {
    while (isWriting) {
      await log.write(20);
      await clock.sleep(20);
    }
  })();
  for (let kill = 0; kill < 5; kill++) {
    const args = [script, join(home, 'events'), deps.folder, file];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const before = existsSync(file) ? readFileSync(file).length : 0;
    await until(() => existsSync(file) && readFileSync(file).length > before);
    await clock.sleep(100 + kill * 317);
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  isWriting = false;
  await writing;
  const child = spawn(process.execPath, [script, join(home, 'events'), deps.folder, file], {
    stdio: 'inherit',
  });
  const taken = (): readonly number[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((id) => Number(/^S(\d+)-1\.delivered$/.exec(id)?.[1]));
  await until(() => taken().at(-1) === log.written() - 1);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const all = taken();
  expect(new Set(all).size).toBe(log.written());
  // Each step is to the next event, or back to what was not kept: never over one.
  for (const [i, n] of all.entries()) expect(n).toBeLessThanOrEqual((all[i - 1] ?? -1) + 1);
});
