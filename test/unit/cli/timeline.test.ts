// A message's history in words.
import { expect, test } from 'vitest';
import { noticeEvent, type Notice } from '../../../src/model/notice.ts';
import { clean, sayEvent, sayTimeline } from '../../../src/cli/timeline.ts';
import type { Event } from '../../../src/model/event.ts';

const at = Date.UTC(2026, 0, 31, 3, 0, 0);
const base: Event = {
  v: 1,
  id: 'S-1.accepted',
  type: 'accepted',
  at,
  account: 'default',
  user: 'shop',
  submission: 'S',
  delivery: 'S-1',
  recipient: 'ann@example.net',
  sender: 'www@shop.example',
  headerFrom: 'shop@shop.example',
  messageId: '<m@shop.example>',
  subject: 'Order 5',
  size: 1200,
};
const deferred: Event = {
  ...base,
  id: 'S-1.deferred.1',
  type: 'deferred',
  at: at + 1000,
  attempt: 1,
  transport: 'ip1',
  localAddress: '192.0.2.10',
  host: 'mx.example.net',
  address: '198.51.100.5:25',
  tls: 'TLSv1.3',
  ms: 850,
  reply: { code: 451, status: '4.7.1', text: 'come back later' },
  class: 'greylisted',
  reason: 'The peer wants us to come back.',
  due: at + 121_000,
  conversation: '> EHLO mx1\n< 250 hi\n',
};
const delivered: Event = {
  ...base,
  id: 'S-1.delivered',
  type: 'delivered',
  at: at + 122_000,
  attempt: 2,
  transport: 'ip1',
  host: 'mx.example.net',
  age: 122_000,
  reply: { code: 250, status: '2.0.0', text: 'Ok' },
};

test('a delivered message tells its attempts in order', () => {
  const text = sayTimeline([delivered, base, deferred], { now: at + 3_600_000, conversations: 'all' });
  expect(text).toBe(`Message:    S
Subject:    Order 5
From:       shop@shop.example, envelope www@shop.example
User:       shop (account default)
Message-ID: <m@shop.example>
Size:       1200 bytes
When:       accepted 2026-01-31 03:00:00 UTC, 1h ago

S-1  ann@example.net  DELIVERED, attempt 2, 2m 2s after acceptance
  2026-01-31 03:00:00  accepted
  2026-01-31 03:00:01  deferred  attempt 1, by ip1 (192.0.2.10), to mx.example.net (198.51.100.5:25), TLSv1.3, 850ms
      peer said: 451 4.7.1 come back later
      The peer wants us to come back. [greylisted]
      | > EHLO mx1
      | < 250 hi
  2026-01-31 03:02:02  delivered  attempt 2, by ip1, to mx.example.net, no TLS
      peer said: 250 2.0.0 Ok
`);
});

test('a message that waits says when it goes on', () => {
  const options = { now: at + 61_000, conversations: 'none' } as const;
  expect(sayTimeline([base, deferred], options)).toContain(
    'IN THE QUEUE, next attempt in 1m, at 2026-01-31 03:02:01 UTC',
  );
  expect(sayTimeline([base, deferred], options)).not.toContain('EHLO');
  expect(sayTimeline([base], options)).toContain('IN THE QUEUE, no attempt has ended yet');
});

test('what the sender calls it stands at the top, what was not done as asked below the attempt', () => {
  const words = {
    campaign: 'c1',
    campaignName: 'Spring',
    tags: ['a', 'b'],
    metadata: { order: '7', x: 'y' },
  };
  const noted: Event = { ...delivered, ...words, notes: ['Not tracked: the message is signed.'] };
  const text = sayTimeline([{ ...base, ...words }, noted], { now: at, conversations: 'all' });
  expect(text).toContain(
    'Campaign:   c1 (Spring)\nTags:       a, b\nMetadata:   order=7, x=y\nWhen:       accepted',
  );
  expect(text).toContain('\n      note: Not tracked: the message is signed.\n');
  expect(
    sayTimeline([{ ...base, campaign: 'c1', campaignName: 'c1' }], { now: at, conversations: 'all' }),
  ).toContain('Campaign:   c1\n');
});

test('a message for later says when it is to be sent', () => {
  const scheduled: Event = { ...base, due: at + 7_200_000 };
  const text = sayTimeline([scheduled], { now: at, conversations: 'all' });
  expect(text).toContain('SCHEDULED, to be sent in 2h, at 2026-01-31 05:00:00 UTC');
  expect(text).toContain('accepted  for 2026-01-31 05:00:00 UTC');
  expect(sayEvent(scheduled)).toContain('ann@example.net: for 2026-01-31 05:00:00 UTC');
  const dues = new Map([['S-1', at + 10_800_000]]);
  for (const one of [scheduled, base])
    expect(sayTimeline([one], { now: at, conversations: 'all', dues })).toContain(
      'SCHEDULED, to be sent in 3h,',
    );
  const past = new Map([['S-1', at]]);
  expect(sayTimeline([base], { now: at, conversations: 'all', dues: past })).toContain(
    'no attempt has ended',
  );
  expect(sayTimeline([scheduled, deferred], { now: at, conversations: 'all' })).toContain('next attempt in');
});

test('what was rescheduled says so, tried or not', () => {
  const rescheduled: Event = {
    ...base,
    id: 'S-1.deferred.operator.1.2',
    type: 'deferred',
    at: at + 500,
    class: 'rescheduled',
    reason: 'An operator gave it another time.',
    due: at + 7_200_000,
  };
  const text = sayTimeline([base, rescheduled], { now: at, conversations: 'all' });
  expect(text).toContain('SCHEDULED, to be sent in 2h, at 2026-01-31 05:00:00 UTC');
  expect(text).toContain(
    'deferred  for 2026-01-31 05:00:00 UTC\n      An operator gave it another time. [rescheduled]\n',
  );
});

test('the subject is the letter’s own: at the top where all have one, else with each', () => {
  const options = { now: at, conversations: 'none' } as const;
  const raw: Event = { ...base, subject: 'Hi [name]' };
  const sent = (n: number, subject: string): Event[] => [
    { ...raw, delivery: `S-${n}` },
    { ...delivered, delivery: `S-${n}`, subject, conversation: '' },
  ];
  expect(sayTimeline(sent(1, 'Hi Anna'), options)).toContain('Subject:    Hi Anna\n');
  const both = sayTimeline([...sent(1, 'Hi Anna'), ...sent(2, 'Hi \u001b[31mBob')], options);
  expect(both).toContain('Subject:    Hi [name]\n');
  expect(both).toMatch(/^S-1 .*\n {2}subject: Hi Anna\n/m);
  expect(both).toMatch(/^S-2 .*\n {2}subject: Hi \uFFFD\[31mBob\n/m);
  const half = sayTimeline([...sent(1, 'Hi Anna'), { ...raw, delivery: 'S-2' }], options);
  expect(half).toContain('Subject:    Hi [name]\n');
  expect(half).toMatch(/^S-1 .*\n {2}subject: Hi Anna\n/m);
});

const hit = (type: Event['type'], more: Partial<Event>): Event => ({
  ...base,
  id: `x.${type}`,
  type,
  ...more,
});
test.each([
  [
    hit('opened', { client: 'Apple Mail', os: 'iOS', device: 'mobile', country: 'DE', machine: 'proxy' }),
    'opened  Apple Mail on iOS, mobile, DE, a mail provider fetched it, perhaps unseen',
    'Apple Mail on iOS',
  ],
  [
    hit('clicked', {
      url: 'https://shop.example/?a=1',
      link: 3,
      client: 'Firefox',
      device: 'unknown',
      ip: '192.0.2.1',
    }),
    'clicked  link 3, Firefox, 192.0.2.1\n      https://shop.example/?a=1',
    'https://shop.example/?a=1',
  ],
  [hit('clicked', { machine: 'scanner' }), 'clicked  a program that follows links', 'program that follows'],
  [
    hit('unsubscribed', { how: 'one-click', topic: 'news' }),
    'unsubscribed  topic news, by one click in the mail program',
    'topic news',
  ],
  [hit('unsubscribed', { how: 'resubscribe' }), 'resubscribed  took it back on the page', 'took it back'],
  [hit('opened', {}), 'opened\n', 'opened'],
])('what recipients do is told readably (%#)', (event, long, short) => {
  expect(sayTimeline([base, delivered, event], { now: at, conversations: 'all' })).toContain(long);
  expect(sayEvent(event)).toContain(short);
});

test('a sly campaign, note or link cannot fake lines or drive the terminal', () => {
  const sly = 'x\n2026-01-31  delivered\u001b[2J';
  const event = hit('clicked', {
    url: sly,
    client: sly,
    notes: [sly],
    campaign: sly,
    tags: [sly],
    metadata: { a: sly },
  });
  const text = sayTimeline([{ ...event, at: 0 }], { now: at, conversations: 'all' });
  expect(text).not.toMatch(/^2026-01-31 {2}delivered/m);
  expect(text).not.toContain('\u001b');
});

test('each recipient has its own story', () => {
  const other = { ...base, delivery: 'S-2', recipient: 'bob@example.net' };
  const text = sayTimeline([base, other, delivered], { now: at, conversations: 'all' });
  expect(text).toMatch(/S-1 {2}ann@example.net {2}DELIVERED/);
  expect(text).toMatch(/S-2 {2}bob@example.net {2}IN THE QUEUE/);
});

test('what a stranger said cannot drive the terminal', () => {
  const sly = { ...delivered, reply: { code: 250, text: '\u001b[2J\u009b1m\r hidden' } };
  expect(sayEvent(sly)).not.toMatch(/\p{Cc}/u);
  expect(clean('a\u202eb\nc')).toBe('a\uFFFDb\nc');
});

test('deliveries stand in the order of the recipients, not of what was written first', () => {
  const ids = [10, 2, 1].map((n) => ({ ...base, id: `S-${n}.accepted`, delivery: `S-${n}` }));
  const text = sayTimeline(ids, { now: at, conversations: 'all' });
  expect(text.match(/^S-\d+/gm)).toEqual(['S-1', 'S-2', 'S-10']);
});

const listed = 'It is listed.';
const lane = { type: 'limit', scope: 'lane', key: 'ip1/provider:yahoo', rule: 'tss04' } as const;
const notices: readonly (readonly [Omit<Notice, 'at'>, string])[] = [
  [
    {
      type: 'transport-state',
      scope: 'transport',
      key: 'ip1',
      state: 'quarantined',
      was: 'healthy',
      reason: listed,
    },
    'transport-state  transport ip1 is quarantined, was healthy: It is listed.',
  ],
  [
    { ...lane, action: 'suspended', until: at + 7_200_000, reason: '421 4.7.0' },
    'limit         lane ip1/provider:yahoo (tss04), suspended until 2026-01-31 05:00:00 UTC: 421 4.7.0',
  ],
  [
    { ...lane, until: at + 7_200_000, over: true, reason: 'Lifted by an operator.' },
    'limit         lane ip1/provider:yahoo (tss04), over: Lifted by an operator.',
  ],
  [
    { type: 'trouble', scope: 'redis', key: '', rule: 'redis', reason: 'It is full.' },
    'trouble       redis: It is full.',
  ],
];

test.each(notices)('a notice says what it is about: $type $scope', (notice, line) =>
  expect(sayEvent(noticeEvent({ ...notice, at }))).toBe(`2026-01-31 03:00:00  ${line}`),
);
