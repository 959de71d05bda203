// The history in its threads and beside other processes: killed in the middle, made anew while it is written, forgotten on disk.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { cursorText, openEventLog } from '../../../src/events/log.ts';
import { rewriteEvents } from '../../../src/events/rewrite.ts';
import { makeHistorySink } from '../../../src/events/sinks/history.ts';
import { runSink } from '../../../src/events/sinks/index.ts';
import { historyConfig } from '../../../src/history/config.ts';
import type { History, Recorded } from '../../../src/history/history.ts';
import { openSqliteHistory } from '../../../src/history/sqlite/open.ts';
import { openSqliteRebuilding } from '../../../src/history/sqlite/rebuild.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { forgetPerson } from '../../../src/verbs/forget.ts';
import { messageOf } from '../../../src/verbs/history.ts';
import { rebuildHistory } from '../../../src/verbs/rebuild.ts';
import { traffic } from '../../support/history-events.ts';

const config = historyConfig.parse({});
const root = mkdtempSync(join(tmpdir(), 'postino-history-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const open = (name: string): History => openSqliteHistory({ folder: join(root, name), config, key: 'k' });
const options = { seed: 11, from: Date.UTC(2026, 9, 25), to: Date.UTC(2026, 10, 5), deliveries: 300 };
const events = [...traffic(options)].flat();
const YEAR = { since: options.from - 86_400_000, until: options.to + 90 * 86_400_000, limit: 1000 };
const told = async (history: History): Promise<unknown> => [
  await history.statistics(YEAR),
  await history.statistics({ ...YEAR, by: 'link' }),
  await history.statistics({ ...YEAR, by: 'user', every: 'day' }),
  (await history.search({ limit: 1000 })).items,
];
const clean = async (): Promise<unknown> => {
  const history = open('clean');
  await history.take(events);
  const all = await told(history);
  await history.close();
  return all;
};

test('killed again and again, it has everything once', async () => {
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [
      'test/support/history-taker.ts',
      join(root, 'killed'),
      JSON.stringify(options),
    ]);
    let taken = 0;
    child.stdout.on('data', () => {
      taken++;
      if (taken > 2 + round) child.kill('SIGKILL');
    });
    await once(child, 'exit');
  }
  const history = open('killed');
  expect(await history.cursor()).toBeDefined();
  await history.take(events);
  expect(await told(history)).toEqual(await clean());
  await history.close();
}, 240_000);

/** For what is surely there. */
function sure<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is there');
  return value;
}

const writeLog = (folder: string, list: readonly Recorded[]): void => {
  const [first] = list;
  if (!first) return;
  mkdirSync(folder, { recursive: true });
  const name = `20260101-${cursorText(first.cursor).replace(/\.0$/, '')}.jsonl`;
  const lines = list.map(
    ({ event, cursor }) => `${JSON.stringify(event).slice(0, -1)},"cursor":"${cursorText(cursor)}"}\n`,
  );
  writeFileSync(join(folder, name), lines.join(''));
};

test('it is made anew from the log while the sink goes on', async () => {
  const folder = join(root, 'log');
  const half = Math.floor(events.length / 2);
  writeLog(folder, events.slice(0, half));
  const eventLog = openEventLog({ folder, clock: systemClock });
  const history = open('live');
  const end = new AbortController();
  const deps = { events: eventLog, folder: join(folder, 'cursors'), clock: systemClock, log: silentLog };
  const running = runSink(makeHistorySink(history), deps, end.signal);
  const reached = async (count: number): Promise<void> => {
    const want = events[count - 1]?.cursor;
    while (want && ((await history.reached())?.ms ?? 0) < want.ms) await systemClock.sleep(50);
  };
  await reached(half);
  const options = { folder: join(root, 'live'), config, key: 'k' };
  const rebuilding = rebuildHistory({ rebuilding: openSqliteRebuilding(options), eventLog }, () => undefined);
  writeLog(folder, events.slice(half));
  // A month that begins meanwhile is the sink's alone.
  expect(await rebuilding).toMatchObject({ months: expect.arrayContaining(['2026-10']), kept: [] });
  await reached(events.length);
  end.abort();
  await running;
  expect(await told(history)).toEqual(await clean());
  await history.close();
}, 120_000);

test('a story is completed from the log; who is forgotten is in neither', async () => {
  const folder = join(root, 'log-2');
  writeLog(folder, events);
  const eventLog = openEventLog({ folder, clock: systemClock });
  const history = open('behind');
  await history.take(events.slice(0, 40));
  const last = sure(events.findLast(({ event }) => event.type === 'delivered')).event;
  const first = sure(events[3]).event;
  for (const one of [first, last]) {
    const story = await messageOf({ history, eventLog }, one.submission);
    const own = events.filter(({ event }) => event.submission === one.submission);
    expect(story?.deliveries[0]?.events.map(({ id }) => id)).toEqual(own.map(({ event }) => event.id));
  }
  expect(await messageOf({ history, eventLog }, last.submission, { user: 'x' })).toBeUndefined();
  const verbs = {
    recipients: { forget: () => Promise.resolve(false) },
    webhooks: { store: { forget: () => Promise.resolve(0) } },
    archive: { forget: () => Promise.resolve({ removed: 0, changed: 0, complete: true }) },
    suppressions: { forget: () => Promise.resolve(0) },
    traces: {
      cancel: () => Promise.resolve({ changed: 0, busy: 0 }),
      written: () => Promise.resolve(true),
      forget: () => Promise.resolve(0),
      compact: () => Promise.resolve(),
    },
    openHistory: () => openSqliteHistory({ folder: join(root, 'behind'), config, key: 'k' }),
    eventsFolder: folder,
  };
  const address = first.recipient;
  expect(await forgetPerson(verbs, 'default', address)).toMatchObject({ deliveries: 1, left: 0 });
  const story = await messageOf({ history, eventLog }, first.submission);
  expect(story?.deliveries[0]?.events.length).toBeGreaterThan(1);
  expect(JSON.stringify(story)).not.toContain(address);
  await history.take(events); // reads on
  expect((await history.statistics(YEAR)).total).toEqual(
    (await clean().then((all) => (Array.isArray(all) ? all[0] : undefined))).total,
  );
  await history.close();
}, 60_000);

test('lines change in their place, and only where they do not grow', async () => {
  const folder = join(root, 'log-3');
  writeLog(folder, events.slice(0, 50));
  const [file] = [...new Set([events[0]?.cursor])].map(
    (cursor) => cursor && `20260101-${cursor.ms}-${cursor.seq}.jsonl`,
  );
  const path = join(folder, file ?? '');
  const before = readFileSync(path, 'utf8');
  const grown = await rewriteEvents(folder, {
    having: 'DEFAULT',
    change: (event) => ({ ...event, subject: 'x'.repeat(5000) }),
  });
  expect(grown).toEqual({ changed: 0, kept: 50 });
  expect(readFileSync(path, 'utf8')).toBe(before);
  const shrunk = await rewriteEvents(folder, {
    having: 'default',
    change: (event) => ({ ...event, sender: '' }),
  });
  expect(shrunk.changed).toBe(50);
  expect(readFileSync(path, 'utf8')).toHaveLength(before.length);
  const read = openEventLog({ folder, clock: systemClock });
  const found = await read.search({}, 100);
  expect(found.events.map(({ cursor }) => cursor)).toEqual(
    events
      .slice(0, 50)
      .map(({ cursor }) => cursor)
      .toReversed(),
  );
}, 60_000);
