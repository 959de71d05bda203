// Which rows an export has: its own account's and user's, of its types, and nothing that is for us alone.
import { expect, test } from 'vitest';
import { batchConfig } from '../../../src/batch/config.ts';
import { COLUMNS, rowsOf, type Sources } from '../../../src/batch/rows.ts';
import type { Row } from '../../../src/batch/lines.ts';
import { eventTypes, type Event, type EventType } from '../../../src/model/event.ts';
import { sampleEvent } from '../../../src/webhooks/sample.ts';

const FROM = Date.UTC(2026, 0, 1);
const PERIOD = { from: FROM, until: FROM + 3_600_000, name: '2026-01-01T00' };

const event = (type: EventType, account: string, user: string): Event =>
  sampleEvent(type, { account, user, at: FROM });
const all = ['acme', 'other'].flatMap((account) =>
  ['shop', 'crm'].flatMap((user) => eventTypes.map((type) => event(type, account, user))),
);

const job = (fields: object) => {
  const [one] = batchConfig.parse({
    places: [{ name: 'here', folder: '/x' }],
    exports: [{ name: 'x', place: 'here', account: 'acme', ...fields }],
  }).exports;
  if (!one) throw new Error('no export');
  return one;
};

async function read(fields: object, asked: unknown[] = []): Promise<Row[]> {
  const note = async function* (...what: readonly unknown[]): AsyncGenerator<Row> {
    asked.push(what);
    yield { asked: true };
  };
  const sources: Sources = {
    events: async function* (from, until) {
      asked.push([from, until]);
      yield all.slice(0, 7);
      yield [];
      yield all.slice(7);
    },
    statistics: (query) => note('statistics', query),
    recipients: (account) => note('recipients', account),
    suppressions: (account) => note('suppressions', account),
  };
  const rows: Row[] = [];
  for await (const row of rowsOf(job(fields), PERIOD, sources)) rows.push(row);
  return rows;
}

const keys = (rows: readonly Row[]): string[] =>
  rows.map(({ account, user, type }) => [account, user, type].join(' '));
const wanted = (users: readonly string[], types: readonly string[]): string[] =>
  users.flatMap((user) => types.map((type) => `acme ${user} ${type}`));

test.each<[fields: object, want: string[]]>([
  [{ what: 'events' }, wanted(['shop', 'crm'], eventTypes)],
  [{ what: 'events', user: 'shop' }, wanted(['shop'], eventTypes)],
  [{ what: 'events', types: ['opened', 'bounced'] }, wanted(['shop', 'crm'], ['bounced', 'opened'])],
  [{ what: 'events', user: 'nobody' }, []],
  [{ what: 'events', account: 'nobody' }, []],
  [{ what: 'bounces' }, wanted(['shop', 'crm'], ['bounced', 'expired'])],
  [{ what: 'bounces', user: 'crm' }, wanted(['crm'], ['bounced', 'expired'])],
])('%j', async (fields, want) => {
  const asked: unknown[] = [];
  expect(keys(await read(fields, asked)).sort()).toEqual([...want].sort());
  expect(asked).toEqual([[PERIOD.from, PERIOD.until]]);
});

test.each([
  [{ what: 'recipients' }, ['recipients', 'acme']],
  [{ what: 'suppressions' }, ['suppressions', 'acme']],
  [{ what: 'statistics', user: 'shop' }, ['statistics', { account: 'acme', user: 'shop', ...PERIOD }]],
])('%j is asked for by its account', async (fields, want) => {
  const asked: unknown[] = [];
  expect(await read(fields, asked)).toEqual([{ asked: true }]);
  expect(asked).toEqual([want]);
});

test('a row has a time that people read, and the reply in columns; the conversation stays here', async () => {
  const [row] = await read({ what: 'bounces', user: 'shop' });
  expect(row).toMatchObject({
    at: '2026-01-01T00:00:00.000Z',
    code: 550,
    status: '5.1.1',
    reply: 'No such user',
  });
  expect(Object.keys(row ?? {})).not.toEqual(expect.arrayContaining(['v']));
  expect(row).not.toHaveProperty('conversation');
});

test('no column stands twice, and what of an event has none is meant to', async () => {
  for (const columns of Object.values(COLUMNS)) expect(new Set(columns).size).toBe(columns.length);
  const said = new Set((await read({ what: 'events' })).flatMap((row) => Object.keys(row)));
  const ours = [
    'size',
    'localAddress',
    'tls',
    'state',
    'was',
    'scope',
    'key',
    'rule',
    'headerFrom',
    'report',
    'ip',
  ];
  expect([...said].filter((name) => !COLUMNS.events.includes(name) && !ours.includes(name))).toEqual([]);
});
