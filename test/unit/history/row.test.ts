// What events make of a row, and what they add to the counts: in any order, each once.
import { expect, test } from 'vitest';
import { bucketOf, mergeTimes, packTimes, quantile, readTimes } from '../../../src/history/buckets.ts';
import { nextRow, type StoredRow } from '../../../src/history/row.ts';
import { spansOf } from '../../../src/history/sets.ts';
import { leanEvent, nameOf, wholeEvent } from '../../../src/history/stored-event.ts';
import { tallies } from '../../../src/history/tally.ts';
import { forgotten, makeVeil } from '../../../src/history/veil.ts';
import type { Event } from '../../../src/model/event.ts';
import { randomOf, traffic } from '../../support/history-events.ts';

const ID = '01HF7YAT00TESTTESTTESTTEST-1';
const base: Event = {
  v: 1,
  id: `${ID}.accepted`,
  type: 'accepted',
  at: 1000,
  account: 'default',
  user: 'shop',
  submission: ID.slice(0, 26),
  delivery: ID,
  recipient: 'ann@example.net',
  sender: 'b@shop.example',
};
const event = (type: Event['type'], at: number, more: Partial<Event> = {}): Event => ({
  ...base,
  id: `${ID}.${type}.${at}`,
  type,
  at,
  ...more,
});
const rowOf = (events: readonly Event[]): StoredRow | undefined => {
  let row: StoredRow | undefined;
  for (const one of events) row = nextRow(row, one);
  return row;
};

const greylisted = event('deferred', 1100, { attempt: 1, transport: 'ip1', class: 'greylisted' });
const delivered = event('delivered', 1500, {
  attempt: 2,
  transport: 'ip2',
  provider: 'gmail',
  age: 500,
  reply: { code: 250, text: 'ok' },
});
const late = event('bounced', 1900, { class: 'mailbox-full', category: 'quota', report: 'dsn' });

const cases: readonly (readonly [string, readonly Event[], Partial<StoredRow>])[] = [
  ['accepted is queued', [base], { status: 'queued', attempts: 0 }],
  [
    'a deferral is told',
    [base, greylisted],
    { status: 'deferred', class: 'greylisted', category: 'greylist' },
  ],
  [
    'delivered forgets the failure before',
    [base, greylisted, delivered],
    { status: 'delivered', ms: 500, transport: 'ip2', attempts: 2, reply: '250 ok' },
  ],
  [
    'a deferral told late changes nothing',
    [base, delivered, greylisted],
    { status: 'delivered', transport: 'ip2', attempts: 2 },
  ],
  ['a bounce by mail turns it', [base, delivered, late], { status: 'bounced', category: 'quota', ms: 500 }],
  ['whatever comes first', [late, delivered, base], { status: 'bounced', category: 'quota' }],
  [
    'proxies are not people',
    [base, event('opened', 2000, { machine: 'proxy' }), event('opened', 1800)],
    { opens: 2, humanOpens: 1, firstOpenAt: 1800 },
  ],
  [
    'who takes it back is there again',
    [base, event('unsubscribed', 2, { how: 'page' }), event('unsubscribed', 3, { how: 'resubscribe' })],
    { unsubscribed: false, leftBefore: true },
  ],
];
for (const [name, events, want] of cases) test(name, () => expect(rowOf(events)).toMatchObject(want));

test("the row is the same in any order of a delivery's events", () => {
  const random = randomOf(7);
  const all = [
    ...traffic({ seed: 3, from: 1_700_000_000_000, to: 1_700_000_100_000, deliveries: 300 }),
  ].flat();
  for (const own of Map.groupBy(all, (one) => one.event.delivery).values()) {
    const events = own.map((one) => one.event);
    const shuffled = [...events].sort(() => random() - 0.5);
    const { subject: _a, ...want } = rowOf(events) ?? {};
    const { subject: _b, ...is } = rowOf(shuffled) ?? {};
    expect(is).toEqual(want);
  }
});

test('what was accepted moves along with the route', () => {
  const first = nextRow(undefined, base);
  const sum = new Map<string, number>();
  const add = (one: Event, before: StoredRow | undefined): StoredRow => {
    const after = nextRow(before, one);
    for (const { added, transport } of tallies(one, { row: before, followed: 'never' }, after))
      sum.set(transport, (sum.get(transport) ?? 0) + (added.accepted ?? 0));
    return after;
  };
  add(base, undefined);
  add(delivered, add(greylisted, first));
  expect(Object.fromEntries(sum)).toEqual({ '': 0, ip1: 0, ip2: 1 });
});

test('an event comes back from its line as it was', () => {
  const row = rowOf([base, delivered, late]);
  if (!row) throw new Error('no row');
  for (const one of [delivered, late])
    expect(wholeEvent(leanEvent(one, row), nameOf(one), row)).toMatchObject(JSON.parse(JSON.stringify(one)));
  expect(wholeEvent('{"type":', 'x', row)).toBeUndefined();
});

test('quantiles are right to 10 %', () => {
  const times = new Map<number, number>();
  for (let ms = 1; ms <= 10_000; ms++) times.set(bucketOf(ms), (times.get(bucketOf(ms)) ?? 0) + 1);
  expect(readTimes(packTimes(times))).toEqual(times);
  const twice = readTimes(mergeTimes(packTimes(times), packTimes(times)));
  expect(quantile(twice, 0.5)).toBeGreaterThan(4500);
  expect(quantile(twice, 0.5)).toBeLessThan(5500);
  expect(quantile(twice, 0.95)).toBeGreaterThan(8550);
  expect(quantile(new Map(), 0.5)).toBeUndefined();
});

const DAY = 86_400_000;
test('a time is told in as few counts as possible, without a gap', () => {
  const kept = { minute: 0, hour: 0, day: 0 };
  const since = 10 * DAY + 3_660_000;
  const spans = spansOf({ since, until: 20 * DAY + 120_000 }, kept, ['minute', 'hour', 'day']);
  const sorted = spans.toSorted((a, b) => a.from - b.from);
  expect(sorted[0]?.from).toBe(since);
  expect(sorted.at(-1)?.to).toBe(20 * DAY + 120_000);
  for (const [i, span] of sorted.entries()) if (i > 0) expect(span.from).toBe(sorted[i - 1]?.to);
  expect(sorted.filter(({ interval }) => interval === 'day')).toEqual([
    { interval: 'day', from: 11 * DAY, to: 20 * DAY },
  ]);
  const old = spansOf({ since, until: 20 * DAY }, { ...kept, hour: 15 * DAY, minute: 15 * DAY }, [
    'minute',
    'hour',
    'day',
  ]);
  expect(old).toEqual([{ interval: 'day', from: 10 * DAY, to: 20 * DAY }]);
});

test('hashed events tell nobody, and are found by the whole address', () => {
  const veil = makeVeil({ subjects: 'hash', addresses: 'hash', key: 'k' });
  const one = veil.event({
    ...delivered,
    subject: 'Invoice of Ann',
    conversation: '> RCPT TO:<ANN@example.net>',
    reply: { code: 550, text: 'no ann@example.net here' },
  });
  expect(JSON.stringify(one)).not.toMatch(/ann|invoice/i);
  expect(veil.recipients('Ann@Example.net')).toContain(one.recipient);
  expect(one.sender).toMatch(/@shop\.example$/);
});

test('who is forgotten is in no field', () => {
  const one = forgotten({
    ...delivered,
    subject: 'Ann',
    metadata: { a: 'ann' },
    ip: '203.0.113.1',
    url: 'https://x.example/a?ann',
  });
  expect(JSON.stringify(one)).not.toMatch(/ann|203/i);
});
