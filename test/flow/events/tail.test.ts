// Those who follow the event log share one reader; whoever lags, fails or leaves costs the others nothing.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeTail, type Tail } from '../../../src/events/tail.ts';
import type { Cursor, Recorded } from '../../../src/events/log.ts';
import { systemClock as clock } from '../../../src/lib/clock.ts';
import { randomFrom, rounds } from '../../support/random.ts';
import { countedDisk, cursorAt, openLogWriter, type LogWriter } from '../../support/segments.ts';
import { until } from '../../support/until.ts';

let home: string;
let folder: string;
let disk: ReturnType<typeof countedDisk>;
let log: LogWriter;
let stop: AbortController;
let following: Promise<unknown>[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'postino-tail-'));
  folder = join(home, 'events');
  disk = countedDisk(folder);
  log = openLogWriter(folder);
  stop = new AbortController();
  following = [];
});
afterEach(async () => {
  stop.abort();
  await Promise.allSettled(following);
  await log.close();
  rmSync(home, { recursive: true, force: true });
});

const BEFORE_ALL: Cursor = { ms: 0, seq: 0, n: 0 };
type Follower = { batches: (readonly Recorded[])[]; ids: string[]; done: Promise<void> };
type Taking = Readonly<{
  after?: Cursor;
  signal?: AbortSignal;
  take?: (batch: readonly Recorded[]) => unknown;
}>;
const follow = (tail: Tail, { after, signal = stop.signal, take }: Taking = {}): Follower => {
  const follower: Follower = { batches: [], ids: [], done: Promise.resolve() };
  follower.done = (async () => {
    for await (const batch of tail.follow(after, signal)) {
      follower.batches.push(batch);
      follower.ids.push(...batch.map(({ event }) => event.id));
      await take?.(batch);
    }
  })();
  following.push(follower.done);
  return follower;
};
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test('followers at the tail share one reader and its batches', async () => {
  await log.write(10);
  const tail = makeTail(disk);
  const followers = numbers(5).map(() => follow(tail));
  await until(() => tail.size().followers === 5);
  disk.events = 0;
  for (const count of [1, 40, 3]) {
    await log.write(count);
    await until(() => followers.every(({ ids }) => ids.length === log.written()));
  }
  for (const { ids } of followers) expect(ids).toEqual(log.ids(0));
  expect(disk).toMatchObject({ events: 44, open: 1 });
  const [first] = followers;
  for (const { batches } of followers) expect(batches.at(-1)).toBe(first?.batches.at(-1));
});

test.each([
  ['before a folder is there', 0, undefined, 0],
  ['from the oldest', 7, undefined, 0],
  ['from a cursor in the middle', 7, cursorAt(3), 4],
  ['from the last event', 7, cursorAt(6), 7],
  ['from a cursor that is not on disk yet', 7, cursorAt(9), 10],
  ['from before all', 7, BEFORE_ALL, 0],
])('a follower begins %s, alone and beside others', async (_, present, after, from) => {
  if (present > 0) await log.write(present);
  const tail = makeTail(disk);
  const alone = follow(tail, after ? { after } : {});
  await until(() => tail.size().followers === 1);
  const beside = follow(tail, after ? { after } : {});
  await until(() => tail.size().followers === 2);
  await log.write(6);
  await until(() => [alone, beside].every(({ ids }) => ids.at(-1) === log.ids(0).at(-1)));
  expect(alone.ids).toEqual(log.ids(from));
  expect(beside.ids).toEqual(log.ids(from));
});

test('a cursor of the future takes nothing from the others', async () => {
  await log.write(5);
  const tail = makeTail(disk);
  const future = follow(tail, { after: cursorAt(30) });
  await until(() => tail.size().followers === 1);
  const usual = follow(tail);
  await until(() => tail.size().followers === 2);
  await log.write(40);
  await until(() => usual.ids.length === 45);
  await until(() => future.ids.length === 14);
  expect(usual.ids).toEqual(log.ids(0));
  expect(future.ids).toEqual(log.ids(31));
});

test('what all have had is forgotten', async () => {
  const tail = makeTail(disk);
  const followers = numbers(3).map(() => follow(tail));
  await until(() => tail.size().followers === 3);
  for (const _ of numbers(20)) {
    await log.write(10);
    await until(() => followers.every(({ ids }) => ids.length === log.written()));
  }
  expect(tail.size().events).toBeLessThanOrEqual(20);
});

test.each([
  ['events', { events: 50, bytes: 1e9 }],
  ['bytes', { events: 1e9, bytes: 20_000 }],
])('a follower that lags falls out of memory bounded in %s, and loses nothing', async (_, limits) => {
  const tail = makeTail(disk, limits);
  let isSlow = true;
  const slow = follow(tail, { take: () => (isSlow ? clock.sleep(200) : undefined) });
  const fast = follow(tail);
  await until(() => tail.size().followers === 2);
  const began = clock.ticks();
  for (const _ of numbers(20)) {
    await log.write(25);
    await until(() => fast.ids.length === log.written());
    expect(tail.size().events).toBeLessThanOrEqual(200);
  }
  expect(clock.ticks() - began).toBeLessThan(3000);
  expect(slow.ids.length).toBeLessThan(log.written());
  expect(tail.size().followers).toBe(1);
  isSlow = false;
  await until(() => slow.ids.length === log.written());
  expect(slow.ids).toEqual(log.ids(0));
  await until(() => tail.size().followers === 2); // and it is served from memory again
});

test('where all are slow nobody reads ahead', async () => {
  const tail = makeTail(disk, { events: 50, bytes: 1e9 });
  let goOn = (): void => undefined;
  const slow = numbers(3).map(() =>
    follow(tail, { take: () => new Promise<void>((resolve) => (goOn = mergeCalls(goOn, resolve))) }),
  );
  await until(() => tail.size().followers === 3);
  await log.write(1);
  await until(() => slow.every(({ ids }) => ids.length === 1));
  disk.events = 0;
  await log.write(500);
  await clock.sleep(100);
  expect(disk.events).toBe(0);
  for (const _ of numbers(1000)) {
    goOn();
    await clock.sleep(5);
    if (slow.every(({ ids }) => ids.length === 501)) break;
  }
  for (const { ids } of slow) expect(ids).toEqual(log.ids(0));
  stop.abort();
  goOn();
});
const mergeCalls = (one: () => void, other: () => void) => () => {
  one();
  other();
};

test('a follower that waits leaves at once, and the last one closes the reader', async () => {
  await log.write(3);
  const tail = makeTail(disk);
  const [one, two] = [new AbortController(), new AbortController()];
  const first = follow(tail, { signal: one.signal });
  const second = follow(tail, { signal: two.signal });
  await until(() => tail.size().followers === 2);
  one.abort();
  await first.done;
  expect(tail.size().followers).toBe(1);
  await log.write(2);
  await until(() => second.ids.length === 5);
  two.abort();
  await second.done;
  expect(tail.size()).toEqual({ followers: 0, events: 0, bytes: 0 });
  await until(() => disk.open === 0);
  expect(first.ids).toEqual(log.ids(0, 3));
});

test('one that hangs with a batch in its hands has left when its signal aborts', async () => {
  const tail = makeTail(disk);
  const hung = new AbortController();
  follow(tail, { signal: hung.signal, take: () => new Promise((resolve) => resolvers.push(resolve)) });
  const resolvers: ((value: unknown) => void)[] = [];
  await until(() => tail.size().followers === 1);
  await log.write(1);
  await until(() => resolvers.length === 1);
  hung.abort();
  expect(tail.size().followers).toBe(0);
  await until(() => disk.open === 0);
  resolvers[0]?.(undefined);
});

test('a signal that has aborted before gives nothing and reads nothing', async () => {
  await log.write(3);
  const follower = follow(makeTail(disk), { signal: AbortSignal.abort() });
  await follower.done;
  expect(follower.ids).toEqual([]);
  expect(disk.began).toBe(0);
});

test('a consumer that throws, or goes away in the middle of catching up, leaves no reader', async () => {
  await log.write(200);
  const tail = makeTail(disk);
  const failing = follow(tail, {
    take: () => {
      throw new Error('away');
    },
  });
  await expect(failing.done).rejects.toThrow('away');
  for await (const batch of tail.follow(undefined, stop.signal)) if (batch.length > 0) break;
  expect(disk.open).toBe(0);
  expect(tail.size().followers).toBe(0);
});

test('all who wait hear of a disk that cannot be read, and it goes on when it can', async () => {
  await log.write(3);
  const tail = makeTail(disk);
  const followers = numbers(3).map(() => follow(tail));
  await until(() => followers.every(({ ids }) => ids.length === 3) && tail.size().followers === 3);
  await log.close();
  renameSync(folder, `${folder}.away`);
  writeFileSync(folder, 'in the way');
  const ends = await Promise.allSettled(followers.map(({ done }) => done));
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(tail.size().followers).toBe(0);
  rmSync(folder);
  renameSync(`${folder}.away`, folder);
  const again = follow(tail, { after: cursorAt(1) });
  await log.write(2);
  await until(() => again.ids.length === 3);
  expect(again.ids).toEqual(log.ids(2));
});

test('lines longer than a read, and lines that cannot be read, are no gap', async () => {
  await log.close();
  log = openLogWriter(folder, 4_000_000, 300_000);
  const tail = makeTail(disk);
  const follower = follow(tail);
  await until(() => tail.size().followers === 1);
  await log.write(3);
  await until(() => follower.ids.length === 3);
  expect(follower.ids).toEqual(log.ids(0));
});

test('200 followers come and go at any place, and each sees all from its cursor on, once', async () => {
  const random = randomFrom(42);
  const tail = makeTail(disk, { events: 60, bytes: 30_000 });
  await log.write(100);
  const life = async (): Promise<void> => {
    let had = random(log.written()); // all before this one
    for (let time = 0; time < rounds(6); time++) {
      const round = new AbortController();
      const begun = had;
      const lasts = random(20);
      let batches = 0;
      const follower = follow(tail, {
        after: cursorAt(had - 1),
        signal: round.signal,
        take: async (batch) => {
          had += batch.length;
          if (random(5) === 0) await clock.sleep(random(60));
          if (++batches >= lasts) round.abort();
        },
      });
      const enough = clock.sleep(300 + random(600)).then(() => round.abort());
      await follower.done;
      await enough;
      expect(follower.ids).toEqual(log.ids(begun, had));
      if (random(3) === 0) await clock.sleep(random(300));
    }
  };
  let isWriting = true;
  const writing = (async () => {
    while (isWriting) {
      await log.write(1 + random(30));
      await clock.sleep(random(40));
    }
  })();
  await Promise.all(numbers(200).map(life));
  isWriting = false;
  await writing;
  expect(tail.size()).toEqual({ followers: 0, events: 0, bytes: 0 });
  await until(() => disk.open === 0);
  const last = follow(tail, { after: BEFORE_ALL });
  await until(() => last.ids.length === log.written());
  expect(last.ids).toEqual(log.ids(0));
});
