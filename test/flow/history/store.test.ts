// The history in SQLite: what goes in is found and counted, exactly, whatever is told twice, cut off or replayed.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { historyConfig } from '../../../src/history/config.ts';
import type { Recorded } from '../../../src/history/history.ts';
import { openReader, type Reader } from '../../../src/history/sqlite/reader.ts';
import { monthFiles } from '../../../src/history/sqlite/months.ts';
import { openWriter, type Writer } from '../../../src/history/sqlite/writer.ts';
import { dimensions, type StatisticsQuery } from '../../../src/history/statistics.ts';
import { makeVeil } from '../../../src/history/veil.ts';
import { traffic } from '../../support/history-events.ts';

const FROM = Date.UTC(2026, 8, 20);
const TO = Date.UTC(2026, 10, 10);
const all = [...traffic({ seed: 5, from: FROM, to: TO, deliveries: 400, conversations: true }, 90)];
const events = all.flat();
const { keep } = historyConfig.parse({});
const veil = makeVeil({ subjects: 'plain', addresses: 'plain', key: 'k' });
const closes: (() => void)[] = [];
/** Some tests close it themselves. */
const quietly = (close: () => void): void => {
  try {
    close();
  } catch {
    // it is closed
  }
};
const folderOf = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'postino-history-'));
  closes.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};
const writerOn = (folder: string, more: Partial<typeof keep> = {}): Writer => {
  const writer = openWriter({ folder, keep: { ...keep, ...more }, veil });
  closes.push(() => quietly(writer.close));
  return writer;
};
const readerOn = (folder: string): Reader => {
  const reader = openReader({ folder, veil });
  closes.push(() => quietly(reader.close));
  return reader;
};
const filesWith = (folder: string, text: string): readonly string[] =>
  readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(text));
/** For what is surely there. */
function sure<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is there');
  return value;
}

afterEach(() => {
  for (const close of closes.toReversed()) close();
  closes.length = 0;
});

const YEAR: StatisticsQuery = { since: FROM - 86_400_000, until: TO + 90 * 86_400_000, limit: 1000 };
const everything = (reader: Reader): unknown => [
  reader.statistics(YEAR),
  ...dimensions.map((by) => reader.statistics({ ...YEAR, by })),
  reader.statistics({ ...YEAR, every: 'day', by: 'user' }),
  reader.search({ limit: 1000 }).items,
];

/** Counted by hand. */
function expected(list: readonly Recorded[]): Record<string, number> {
  const own = list.map(({ event }) => event);
  const count = (type: string): number => own.filter((event) => event.type === type).length;
  const unique = (type: string, human = false): number =>
    new Set(
      own.filter((event) => event.type === type && (!human || !event.machine)).map((event) => event.delivery),
    ).size;
  return {
    accepted: count('accepted'),
    delivered: count('delivered'),
    deferred: count('deferred'),
    bounced: count('bounced'),
    opened: count('opened'),
    openedUnique: unique('opened'),
    openedHuman: unique('opened', true),
    clicked: count('clicked'),
    clickedUnique: unique('clicked'),
    clickedHuman: unique('clicked', true),
    complained: unique('complained'),
  };
}

test('counts are those of the events, in all and by every value', () => {
  const folder = folderOf();
  const writer = writerOn(folder);
  for (const batch of all) writer.take(batch);
  const reader = readerOn(folder);
  expect(reader.statistics(YEAR).total).toMatchObject(expected(events));
  for (const by of ['user', 'provider', 'transport', 'domain', 'campaign'] as const) {
    const { rows } = reader.statistics({ ...YEAR, by });
    for (const row of rows) {
      const own = events.filter(({ event }) => {
        const delivered = events.find(
          (one) => one.event.delivery === event.delivery && one.event.type !== 'accepted',
        )?.event;
        const value = { ...delivered, ...event, domain: event.headerFrom?.split('@')[1] }[by];
        return (value ?? '') === row.key;
      });
      expect(row, `${by} ${row.key}`).toMatchObject(expected(own));
    }
    expect(rows.reduce((sum, row) => sum + row.accepted, 0)).toBe(400);
  }
  const link = reader.statistics({ ...YEAR, by: 'link' }).rows;
  expect(link.reduce((sum, row) => sum + row.clicked, 0)).toBe(expected(events)['clicked']);
  expect(link[0]).toMatchObject({ label: expect.stringMatching(/^https:\/\/shop\.example\/page\d$/) });
}, 60_000);

test('batches of any size, repeats and a writer that dies between two give the same', () => {
  const [one, other] = [folderOf(), folderOf()];
  const whole = writerOn(one);
  for (const batch of all) whole.take(batch);
  const writer = writerOn(other);
  for (let i = 0; i < events.length; i += 37) {
    writer.take(events.slice(i, i + 37));
    if (i % 111 === 0) writer.take(events.slice(Math.max(0, i - 50), i + 37)); // read again
  }
  // Told twice, under other places.
  const last = events.at(-1)?.cursor ?? { ms: 0, seq: 0, n: 0 };
  writer.take(events.slice(0, 200).map(({ event }, n) => ({ event, cursor: { ...last, n: n + 1 } })));
  // The main file is behind those of the months, as after a power cut.
  writer.close();
  rmSync(join(other, 'history.sqlite'));
  const again = writerOn(other);
  expect(again.cursor()).toBeUndefined();
  for (const batch of all) again.take(batch);
  expect(everything(readerOn(other))).toEqual(everything(readerOn(one)));
}, 60_000);

test('a damaged file is put aside and filled again', () => {
  const folder = folderOf();
  const writer = writerOn(folder);
  for (const batch of all) writer.take(batch);
  const reader = readerOn(folder);
  const before = everything(reader);
  reader.close();
  writer.close();
  writeFileSync(
    join(folder, '2026-10.sqlite'),
    'this is no database, and long enough to be looked at'.repeat(100),
  );
  // It is put aside when the writer opens, and all is read again from the oldest event.
  const next = writerOn(folder);
  expect(next.cursor()).toBeUndefined();
  for (const batch of all) next.take(batch);
  expect(everything(readerOn(folder))).toEqual(before);
}, 60_000);

test('a locked file refuses the batch as a whole, and takes it later', () => {
  const folder = folderOf();
  const writer = writerOn(folder);
  const [first = [], second = []] = all;
  writer.take(first);
  const [file] = monthFiles(folder);
  const lock = new DatabaseSync(join(folder, file?.name ?? ''));
  lock.exec('BEGIN IMMEDIATE');
  expect(() => writer.take(second)).toThrow(/locked/);
  lock.exec('ROLLBACK');
  lock.close();
  writer.take(second);
  expect(readerOn(folder).statistics(YEAR).total).toMatchObject(expected([...first, ...second]));
}, 30_000);

test('search finds by each field, page after page, and tells one from another', () => {
  const folder = folderOf();
  const writer = writerOn(folder);
  for (const batch of all) writer.take(batch);
  const reader = readerOn(folder);
  const rows = reader.search({ limit: 1000 }).items;
  expect(rows).toHaveLength(400);
  const one = sure(rows[123]);
  const ids = (query: Parameters<Reader['search']>[0]): string[] =>
    reader.search(query).items.map(({ delivery }) => delivery);
  const bySubject = { subject: sure(one.subject), limit: 50 };
  for (const query of [
    { id: one.delivery, limit: 5 },
    { id: one.submission, limit: 5 },
    { id: `${one.submission.slice(0, 15)}*`, limit: 5 },
    { messageId: sure(one.messageId), limit: 5 },
    { recipient: one.recipient.toUpperCase(), limit: 5 },
    { recipient: `${one.recipient.slice(0, 12)}*`, limit: 500 },
    { recipient: `@${one.recipient.split('@')[1]}`, limit: 500 },
    { sender: one.sender, limit: 500 },
    { sender: sure(one.headerFrom), limit: 500 },
    { user: one.user, status: one.status, limit: 500 },
    { transport: sure(one.transport), provider: sure(one.provider), limit: 500 },
    { text: sure(sure(one.reply).split(' ').at(-1)), limit: 5 },
    bySubject,
    { since: one.at, until: one.at + 1, limit: 5 },
  ])
    expect(ids(query), JSON.stringify(query)).toContain(one.delivery);
  expect(ids({ id: one.delivery, user: 'somebody', limit: 5 })).toEqual([]);
  expect(reader.timeline(one.submission, { user: 'somebody' })).toBeUndefined();
  expect(ids({ text: '"; DROP TABLE x --', limit: 5 })).toEqual([]);
  expect(ids({ text: '*** ---', limit: 5 })).toEqual([]);
  const paged: string[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page = reader.search({ limit: 7, tag: 'news', ...(cursor === '' ? {} : { cursor }) });
    paged.push(...page.items.map(({ delivery }) => delivery));
    cursor = page.next;
  }
  expect(paged).toEqual(rows.filter(({ tags }) => tags?.includes('news')).map(({ delivery }) => delivery));
  const story = reader.timeline(one.delivery, {});
  const own = events.filter(({ event }) => event.delivery === one.delivery).map(({ event }) => event);
  expect(story?.deliveries[0]?.events.map(({ id }) => id)).toEqual(own.map(({ id }) => id));
}, 60_000);

test('who is forgotten is found no more, and still counts', () => {
  const folder = folderOf();
  const writer = writerOn(folder);
  for (const batch of all) writer.take(batch);
  const reader = readerOn(folder);
  const [one] = reader.search({ status: 'bounced', limit: 1 }).items;
  const before = reader.statistics(YEAR);
  expect(writer.forget('other', one?.recipient ?? '')).toBe(0);
  expect(writer.forget('default', one?.recipient.toUpperCase() ?? '')).toBe(1);
  expect(reader.statistics(YEAR)).toEqual(before);
  expect(reader.search({ recipient: one?.recipient ?? '', limit: 5 }).items).toEqual([]);
  const story = reader.timeline(one?.delivery ?? '', {});
  expect(JSON.stringify(story)).not.toContain(one?.recipient);
  expect(story?.deliveries[0]?.events.length).toBeGreaterThan(1);
}, 60_000);

test('of who is forgotten nothing stays in the bytes of the files, in free room either', () => {
  const ada = 'ada.rossi@one.test';
  for (const seed of [1, 2, 3, 4]) {
    const folder = folderOf();
    const writer = writerOn(folder);
    const to = FROM + 5 * 86_400_000;
    for (const batch of traffic({ seed, from: FROM, to, deliveries: 60 }, 10)) {
      const isHers = (id: string): boolean => /[0-9A]-1$/.test(id); // every third
      writer.take(
        batch.map(({ cursor, event }) =>
          isHers(event.delivery)
            ? { cursor, event: { ...event, recipient: ada, subject: `For ${ada}` } }
            : { cursor, event },
        ),
      );
    }
    expect(filesWith(folder, ada)).not.toEqual([]);
    expect(writer.forget('default', ada)).toBeGreaterThan(5);
    writer.close();
    expect(filesWith(folder, ada)).toEqual([]);
  }
}, 60_000);

test('what is old goes: deliveries of a user, conversations, whole months; counts stay', () => {
  const folder = folderOf();
  const day = 86_400_000;
  const writer = writerOn(folder, {
    deliveries: 40 * day,
    conversations: 10 * day,
    users: { user1: 5 * day },
  });
  for (const batch of all) writer.take(batch);
  const reader = readerOn(folder);
  const before = reader.statistics(YEAR).total;
  for (const _ of writer.prune(TO));
  const rows = reader.search({ limit: 1000 }).items;
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.every(({ at, user }) => at >= TO - (user === 'user1' ? 5 : 40) * day)).toBe(true);
  expect(reader.statistics(YEAR).total).toEqual(before);
  const old = rows.findLast(({ at }) => at < TO - 20 * day);
  expect(JSON.stringify(reader.timeline(old?.delivery ?? '', {}))).not.toContain('RCPT TO');
  for (const _ of writer.prune(TO + 3000 * day));
  expect(monthFiles(folder)).toEqual([]);
}, 60_000);
