// What every store of the history does, the same to the number: one suite for SQLite and for PostgreSQL.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { historyConfig } from '../../../src/history/config.ts';
import type { History, Recorded } from '../../../src/history/history.ts';
import { parsePostgresUrl } from '../../../src/history/postgres/address.ts';
import { openPostgresHistory } from '../../../src/history/postgres/open.ts';
import { dimensions, intervals, type StatisticsQuery } from '../../../src/history/statistics.ts';
import { openSqliteHistory } from '../../../src/history/sqlite/open.ts';
import type { Message, SearchQuery } from '../../../src/history/search.ts';
import type { Event } from '../../../src/model/event.ts';
import { idAt, randomOf, traffic } from '../../support/history-events.ts';
import { noPostgres, startPostgres, type TestPostgres } from '../../support/postgres.ts';

const KEY = 'a secret';
const DAY = 86_400_000;
const FROM = Date.UTC(2026, 0, 29, 22);
const TO = FROM + 3 * DAY;

type Asked = Parameters<typeof historyConfig.parse>[0];
type Store = Readonly<{ open(config?: Asked): History }>;

const folders: string[] = [];
const opened: History[] = [];
let server: TestPostgres | undefined;

const sqlite: Store = {
  open: (config = {}) => {
    const folder = mkdtempSync(join(tmpdir(), 'postino-history-'));
    folders.push(folder);
    return keep(openSqliteHistory({ folder, config: historyConfig.parse(config), key: KEY }));
  },
};
const postgres: Store = {
  open: (config = {}) => {
    const address = parsePostgresUrl(server?.database() ?? '');
    if (typeof address === 'string') throw new Error(address);
    return keep(openPostgresHistory({ address, config: historyConfig.parse(config), key: KEY, poolSize: 4 }));
  },
};
const stores = [
  ['SQLite', sqlite],
  ...(noPostgres === undefined ? [['PostgreSQL', postgres] as const] : []),
] as const;

function keep(history: History): History {
  opened.push(history);
  return history;
}

beforeAll(() => {
  if (noPostgres === undefined) server = startPostgres();
});
afterEach(async () => {
  for (const history of opened.splice(0)) await history.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
afterAll(() => server?.stop());

async function filled(
  store: Store,
  batches: Iterable<readonly Recorded[]>,
  config: Asked = {},
): Promise<History> {
  const history = store.open(config);
  for (const batch of batches) await history.take(batch);
  return history;
}

const some = { seed: 7, from: FROM, to: TO, deliveries: 800, conversations: true };
const whole = { since: 0, until: Date.UTC(2027, 0, 1), limit: 1000 };

/** Questions of all kinds. */
const questions: readonly StatisticsQuery[] = [
  whole,
  { ...whole, since: FROM + 3_600_000, until: FROM + DAY + 1_800_000 },
  ...intervals.map((every) => ({ ...whole, since: FROM, until: TO, every })),
  ...dimensions.map((by) => ({ ...whole, by })),
  ...dimensions.map((by) => ({ ...whole, by, limit: 3, every: 'day' as const })),
  { ...whole, user: 'user1', by: 'campaign' },
  { ...whole, campaign: 'c0', by: 'link' },
  { ...whole, provider: 'gmail', transport: 'ip1' },
  { ...whole, domain: 'user2.example', every: 'hour', since: FROM, until: TO },
  { ...whole, account: 'default', user: 'user1', by: 'device' },
  { ...whole, account: 'nobody' },
];

const searches: readonly Omit<SearchQuery, 'limit'>[] = [
  {},
  { recipient: 'MARIO.*' },
  { recipient: '@libero.it' },
  { sender: '@user1.example', status: 'bounced' },
  { sender: 'bounce+3@user1.example' },
  { sender: 'shop@user2.example' },
  { campaign: 'c*', status: 'deferred' },
  { tag: 't3', user: 'user2' },
  { transport: 'ip2', provider: 'gmail' },
  { status: 'queued' },
  { subject: 'FATTURA tua' },
  { subject: 'invoi*' },
  { text: 'greylisted' },
  { text: 'libero' },
  { text: 'rossi invoice' },
  { text: 'your invoice mario rossi' },
  { text: 'fattura libero*' },
  { text: 'mari*', status: 'delivered' },
  { text: 'queued', since: FROM + DAY, until: FROM + DAY + 3_600_000 },
  { text: 'does not exist', status: 'bounced' },
  { text: '; -- \' " * & | ! :' },
  { account: 'default', recipient: 'nobody@example.com' },
  { id: '01*' },
];

async function all(
  history: History,
  query: Omit<SearchQuery, 'limit'>,
  limit = 400,
): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  for (let cursor: string | undefined, pages = 0; pages < 100; pages++) {
    const page = await history.search({ ...query, limit, ...(cursor === undefined ? {} : { cursor }) });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    rows.push(...page.items);
    cursor = page.next;
    if (cursor === undefined) return rows;
  }
  return rows;
}

/** Conversations and visitors go some time after they are due: with their chunk, or with their day. */
function aged(message: Message | undefined): unknown {
  const parts: readonly string[] = ['conversation', 'ip', 'userAgent', 'client', 'os'];
  return JSON.parse(
    JSON.stringify(message ?? null, (name, value: unknown) => (parts.includes(name) ? undefined : value)),
  );
}

describe.skipIf(noPostgres !== undefined)('SQLite and PostgreSQL', () => {
  test('tell the same rows, stories and numbers', async () => {
    const [a, b] = [await filled(sqlite, traffic(some, 450)), await filled(postgres, traffic(some, 450))];
    for (const query of questions)
      expect(await b.statistics(query), JSON.stringify(query)).toEqual(await a.statistics(query));
    for (const query of searches) {
      const [rows, others] = [await all(a, query), await all(b, query, 37)];
      expect(others, JSON.stringify(query)).toEqual(rows);
    }
    const atLibero = await all(a, { recipient: '@libero.it' });
    expect(atLibero.length).toBeGreaterThan(0);
    expect(await all(a, { text: 'libero it' })).toEqual(expect.arrayContaining([...atLibero]));
    const invoices = await all(a, { subject: 'invoice', recipient: '@libero.it' });
    expect(invoices.length).toBeGreaterThan(0);
    for (const text of ['libero invoice', 'your invoice libero'])
      expect(await all(a, { text })).toEqual(invoices);
    const { items } = await a.search({ limit: 60 });
    for (const { submission, delivery } of items) {
      expect(await b.timeline(submission)).toEqual(await a.timeline(submission));
      expect(await b.timeline(delivery)).toEqual(await a.timeline(delivery));
    }
    const [{ files: _a, bytes: _x, kind: _k, ...one }, { files: _b, bytes: _y, kind: _l, ...other }] = [
      await a.state(),
      await b.state(),
    ];
    expect(other).toEqual(one);
  }, 120_000);

  test('forget and prune the same', async () => {
    const keepFor = {
      keep: {
        users: { user2: '20d' },
        deliveries: '60d',
        hours: '62d',
        conversations: '10d',
        visitors: '30d',
      },
    };
    const [a, b] = [
      await filled(sqlite, traffic(some, 500), keepFor),
      await filled(postgres, traffic(some, 500), keepFor),
    ];
    const { items } = await a.search({ limit: 1000 });
    const address = items.find(({ opens, clicks }) => opens > 0 && clicks > 0)?.recipient ?? '';
    expect(await b.forget('default', address.toUpperCase())).toBe(
      await a.forget('default', address.toUpperCase()),
    );
    expect(await b.forget('other', items[5]?.recipient ?? '')).toBe(0);
    // Nor by a part of the address that stands among the words.
    for (const history of [a, b])
      expect((await history.search({ text: address, limit: 5 })).items).toEqual([]);
    const midnight = Date.UTC(2026, 0, 31);
    for (const day of [0, 12, 21, 31, 61, 63, 70]) {
      const now = midnight + day * DAY;
      const [x, y] = [await a.prune(now), await b.prune(now)];
      expect(y.deliveries, `day ${day}`).toBe(x.deliveries);
      for (const query of questions)
        expect(await b.statistics(query), `day ${day} ${JSON.stringify(query)}`).toEqual(
          await a.statistics(query),
        );
      const rows = await all(a, {});
      expect(await all(b, {}), `day ${day}`).toEqual(rows);
      for (const { submission } of (await a.search({ limit: 25 })).items)
        expect(aged(await b.timeline(submission)), `day ${day}`).toEqual(aged(await a.timeline(submission)));
    }
  }, 180_000);
});

describe.each(stores)('the history in %s', (_name, store) => {
  test('counts nothing twice, whatever is told again', async () => {
    const batches = [...traffic({ ...some, deliveries: 300 }, 100)];
    const history = await filled(store, batches);
    const before = await Promise.all(questions.map((query) => history.statistics(query)));
    const rows = await all(history, {});
    for (const batch of batches.slice(3, 6)) await history.take(batch);
    // The same events under later places, as after a restart that wrote them twice.
    const { ms = 0 } = (await history.cursor()) ?? {};
    const again = batches.flat().map(({ event }, seq) => ({ event, cursor: { ms: ms + 1, seq, n: 0 } }));
    await history.take([...again.slice(0, 200), ...again.slice(100, 400)]);
    expect(await Promise.all(questions.map((query) => history.statistics(query)))).toEqual(before);
    expect(await all(history, {})).toEqual(rows);
    expect(await history.cursor()).toEqual({ ms: ms + 1, seq: 399, n: 0 });
    expect(await history.reached()).toEqual({ ms: ms + 1, seq: 399, n: 0 });
  }, 60_000);

  test('answers before anything was written', async () => {
    const history = store.open();
    expect(await history.search({ limit: 5 })).toEqual({ items: [] });
    expect(await history.timeline('01ARZ3NDEKTSV4RRFFQ69G5FAV')).toBeUndefined();
    expect((await history.statistics(whole)).total).toMatchObject({ accepted: 0, delivered: 0 });
    expect(await history.reached()).toBeUndefined();
    expect(await history.state()).toMatchObject({ deliveries: 0, cursor: undefined });
    expect(await history.cursor()).toBeUndefined();
    expect(await history.forget('default', 'a@example.com')).toBe(0);
    expect(await history.prune(FROM)).toEqual({ deliveries: 0, files: [] });
  });

  test('counts tags that are others for each message together, and no account for another', async () => {
    const random = randomOf(5);
    const accepted = (account: string, tags: readonly string[], i: number): Event => {
      const submission = idAt(FROM + i, random);
      const delivery = `${submission}-1`;
      const id = `${delivery}.accepted`;
      const who = {
        account,
        user: 'shop',
        submission,
        delivery,
        recipient: 'a@example.org',
        sender: 'b@shop.example',
      };
      return { v: 1, id, type: 'accepted', at: FROM + i, ...who, tags: [...tags] };
    };
    const history = store.open();
    let seq = 0;
    const take = (events: readonly Event[]): Promise<void> =>
      history.take(events.map((event) => ({ event, cursor: { ms: FROM, seq: seq++, n: 0 } })));
    const each = 250;
    for (let i = 0; i < 125 * each; i += 25 * each)
      await take(
        Array.from({ length: 25 }, (_, k) =>
          accepted(
            'default',
            Array.from({ length: each }, (__, j) => `order ${i + k * each + j}`),
            i + k,
          ),
        ),
      );
    await take([accepted('default', ['order 0'], 1), accepted('other', ['theirs'], 2)]);
    const by = async (account: string) =>
      (await history.statistics({ ...whole, account, by: 'tag', limit: 1000 })).rows;
    const rows = await by('default');
    // A batch may still bring new ones: they are counted before it.
    expect(rows[0]).toMatchObject({ key: '' });
    expect(rows[0]?.accepted).toBeGreaterThanOrEqual(25 * each);
    expect(rows.find(({ key }) => key === 'order 0')).toMatchObject({ accepted: 2 });
    expect(await by('other')).toMatchObject([{ key: 'theirs', accepted: 1 }]);
  }, 120_000);

  test('answers whatever strangers ask', async () => {
    const history = await filled(store, traffic({ ...some, deliveries: 100 }, 100));
    const odd = [
      '\0',
      'a\0b',
      "' OR 1=1 --",
      '$1',
      '?',
      '%',
      "\\'",
      '\ud800',
      '*',
      '\u{10ffff}',
      '"',
      '((',
      ':*',
    ];
    for (const text of odd) {
      for (const base of ['user', 'domain', 'campaign', 'provider', 'transport'])
        for (const by of ['tag', 'campaign', undefined] as const) {
          const query = { ...whole, [base]: text, ...(by === undefined ? {} : { by }) };
          expect((await history.statistics(query)).total.accepted, `${base} ${JSON.stringify(text)}`).toBe(0);
        }
      for (const field of [
        'id',
        'messageId',
        'recipient',
        'sender',
        'campaign',
        'tag',
        'transport',
        'provider',
      ])
        await history.search({ [field]: text, limit: 5 });
      for (const cursor of [text, `5.${text}`, `2026-05.${text}`, `99999999999999999999.${text}`])
        await history.search({ cursor, limit: 5 });
      expect(await history.timeline(text)).toBeUndefined();
    }
    for (const cursor of ['0.x', '2026-05.0', '9999-99.1', '2026-05.9999999999999999', '-1.x', '1e9.x'])
      expect((await history.search({ cursor, limit: 5 })).items.length).toBeLessThanOrEqual(5);
    const end = { ...whole, since: Number.MAX_SAFE_INTEGER, until: Number.MAX_SAFE_INTEGER };
    expect((await history.statistics({ ...end, every: 'minute', by: 'tag' })).rows).toEqual([]);
  }, 60_000);

  test('keeps what strangers write, whatever it is', async () => {
    const random = randomOf(3);
    const nasty = [
      'a\0b',
      '\ud800 alone',
      `"};DROP TABLE deliveries;--'\\`,
      '{"a,b",NULL}',
      'ab'.repeat(3000),
      '\\x00',
      '\u001f\u{10ffff}',
      "it's \\' & | ! <-> :*",
      'Ünïcödé Straße İ',
      '',
    ];
    const events = nasty.map((text, i): Event => {
      const submission = idAt(FROM + i, random);
      const delivery = `${submission}-1`;
      return {
        v: 1,
        id: `${delivery}.bounced`,
        type: 'bounced',
        at: FROM + i,
        account: 'default',
        user: text,
        submission,
        delivery,
        recipient: `${text}@example.org`,
        sender: text,
        headerFrom: `${text}@from.example`,
        subject: text,
        messageId: `<${text}>`,
        campaign: text,
        campaignName: text,
        tags: [text, 'fine'],
        metadata: { [`m${text}`]: text },
        transport: text,
        provider: text,
        site: text,
        attempt: 1,
        class: text,
        reason: text,
        reply: { code: 550, text },
        conversation: text,
        userAgent: text,
      };
    });
    const history = store.open();
    await history.take(events.map((event, seq) => ({ event, cursor: { ms: FROM, seq, n: 0 } })));
    expect((await history.search({ limit: 100 })).items).toHaveLength(nasty.length);
    expect((await history.search({ tag: 'fine', limit: 100 })).items).toHaveLength(nasty.length);
    for (const [i, text] of nasty.entries()) {
      const story = await history.timeline(events[i]?.delivery ?? '');
      expect(story?.deliveries[0]?.events[0]?.conversation).toBe(text);
      for (const query of [
        { user: text },
        { recipient: `${text}@example.org` },
        { sender: text },
        { messageId: text },
        { campaign: text },
        { tag: text },
        { transport: text },
      ]) {
        const found = await history.search({ ...query, limit: 5 });
        if (text !== '' && !text.includes('\ud800') && !text.includes('\0'))
          expect(
            found.items.map(({ delivery }) => delivery),
            `${JSON.stringify(query)}`,
          ).toContain(events[i]?.delivery);
      }
      for (const query of [{ subject: text }, { text }, { subject: `${text}*` }])
        await history.search({ ...query, limit: 5 });
    }
    expect((await history.search({ subject: 'unicode STRASSE*', limit: 5 })).items).toHaveLength(0);
    expect((await history.search({ subject: 'unicode straße', limit: 5 })).items).toHaveLength(1);
    expect((await history.statistics({ ...whole, by: 'class' })).total.bounced).toBe(nasty.length);
  });

  test('hides addresses and subjects where it is told to, and finds them as a whole', async () => {
    const batches = [...traffic({ ...some, deliveries: 200 }, 100)];
    const history = await filled(store, batches, { subjects: 'hash', addresses: 'hash' });
    const { recipient = '', subject = '', delivery = '', submission = '' } = batches[0]?.[0]?.event ?? {};
    expect((await history.search({ recipient, limit: 5 })).items).toMatchObject([{ delivery }]);
    expect((await history.search({ subject, limit: 5 })).items).toMatchObject([{ delivery }]);
    const shown = JSON.stringify([await all(history, {}), await history.timeline(submission)]);
    expect(shown).not.toContain(recipient);
    expect(shown).not.toContain(subject);
    expect(await history.forget('default', recipient)).toBe(1);
  });

  test('shows nobody what is of somebody else', async () => {
    const history = await filled(store, traffic({ ...some, deliveries: 100 }, 100));
    const [row] = (await history.search({ limit: 1 })).items;
    expect(await history.timeline(row?.submission ?? '', { user: row?.user ?? '' })).toBeDefined();
    expect(await history.timeline(row?.submission ?? '', { user: 'somebody' })).toBeUndefined();
    expect(await history.timeline(row?.submission ?? '', { account: 'other' })).toBeUndefined();
    expect((await history.search({ account: 'other', limit: 5 })).items).toEqual([]);
  });
});

test.runIf(noPostgres !== undefined)(`PostgreSQL: ${noPostgres ?? ''}`, () => undefined);
