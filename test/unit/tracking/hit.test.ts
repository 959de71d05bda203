// Events of hits, and bursts of clicks that no person makes.
import { describe, expect, test } from 'vitest';
import { eventSchema } from '../../../src/model/event.ts';
import { makeBursts } from '../../../src/tracking/bursts.ts';
import { makeRecent } from '../../../src/tracking/recent.ts';
import { describeHit, shownAddress, type Findings, type Hit } from '../../../src/tracking/hit.ts';
import { cpuClock } from '../../support/cpu.ts';

const subject = {
  delivery: '01KRTCWR40000000000000000A-12',
  account: 'acme',
  user: 'shop',
  recipient: 'ann@example.net',
  details: { sender: 'b@shop.example' },
};
const visitor = { ip: '192.0.2.77', userAgent: 'Agent/1', automatic: false };
const hit: Hit = { type: 'clicked', at: 1000, subject, visitor, link: 2, url: 'https://a.example/' };
const found: Findings = {
  details: {
    sender: 'b@shop.example',
    headerFrom: 'news@shop.example',
    campaign: 'spring',
    campaignName: 'Spring',
    tags: ['a'],
    metadata: { k: 'v' },
  },
  agent: { device: 'mobile', client: 'Chrome', os: 'Android' },
  country: 'IT',
  burst: false,
  addresses: 'full',
  count: 7,
};

test('a click tells everything', () => {
  const event = describeHit(hit, found);
  expect(eventSchema.parse(event)).toEqual({
    v: 1,
    id: '01KRTCWR40000000000000000A-12.clicked.2.1000-7',
    type: 'clicked',
    at: 1000,
    account: 'acme',
    user: 'shop',
    submission: '01KRTCWR40000000000000000A',
    delivery: '01KRTCWR40000000000000000A-12',
    recipient: 'ann@example.net',
    sender: 'b@shop.example',
    headerFrom: 'news@shop.example',
    campaign: 'spring',
    campaignName: 'Spring',
    tags: ['a'],
    metadata: { k: 'v' },
    url: 'https://a.example/',
    link: 2,
    userAgent: 'Agent/1',
    ip: '192.0.2.77',
    device: 'mobile',
    client: 'Chrome',
    os: 'Android',
    country: 'IT',
  });
});

test('an open tells what is known', () => {
  const event = describeHit(
    { type: 'opened', at: 5, subject, visitor: { ip: '', userAgent: '', automatic: false } },
    { ...found, details: { sender: '' }, agent: { device: 'unknown' }, country: undefined },
  );
  expect(event).toMatchObject({ id: '01KRTCWR40000000000000000A-12.opened.5-7', sender: '' });
  for (const key of ['url', 'link', 'ip', 'userAgent', 'client', 'country', 'machine', 'campaign'])
    expect(event).not.toHaveProperty(key);
});

test.each([
  ['a person', {}, {}, undefined],
  ['a proxy', { agent: { device: 'unknown', machine: 'proxy' } }, {}, 'proxy'],
  [
    'a proxy that fetches ahead',
    { agent: { device: 'unknown', machine: 'proxy' } },
    { automatic: true },
    'proxy',
  ],
  ['a burst', { burst: true }, {}, 'scanner'],
  ['HEAD, or fetched ahead', {}, { automatic: true }, 'scanner'],
] as const)('%s is marked as what it is', (_, more, who, machine) => {
  const event = describeHit({ ...hit, visitor: { ...visitor, ...who } }, { ...found, ...more });
  expect(event.machine).toBe(machine);
});

test('a user agent is cut', () => {
  const event = describeHit({ ...hit, visitor: { ...visitor, userAgent: 'x'.repeat(9000) } }, found);
  expect(event.userAgent).toHaveLength(512);
});

test.each([
  ['192.0.2.77', '192.0.2.77', '192.0.2.0'],
  ['::ffff:192.0.2.77', '192.0.2.77', '192.0.2.0'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6', '2001:db8:1::'],
  ['2001:db8::6', '2001:db8::6', '2001:db8:0::'],
  ['::1', '::1', '0:0:0::'],
  ['fe80::1%eth0', 'fe80::1', 'fe80:0:0::'],
  ['', undefined, undefined],
])('%s is shown as %s, or as %s', (ip, full, network) => {
  expect(shownAddress(ip, 'full')).toBe(full);
  expect(shownAddress(ip, 'network')).toBe(network);
  expect(shownAddress(ip, 'none')).toBeUndefined();
});

describe('bursts', () => {
  test('three links of one letter within two seconds are a scan, the first click too', () => {
    const bursts = makeBursts();
    const clicks = [0, 700, 1900].map((ticks, link) => bursts.click('d-1', link, ticks));
    expect(clicks.map((one) => one.isScan())).toEqual([true, true, true]);
  });

  test('a person clicks twice, on two links, or later again', () => {
    const bursts = makeBursts();
    const clicks = [
      bursts.click('d-1', 0, 0),
      bursts.click('d-1', 0, 10),
      bursts.click('d-1', 1, 500),
      bursts.click('d-1', 2, 2600),
      bursts.click('d-2', 3, 600),
    ];
    expect(clicks.every((one) => !one.isScan())).toBe(true);
  });

  test('a click after a scan is a person again', () => {
    const bursts = makeBursts();
    for (const link of [0, 1, 2]) bursts.click('d-1', link, 0);
    expect(bursts.click('d-1', 0, 60_000).isScan()).toBe(false);
  });

  test('one letter is hit a thousand times in an hour at most', () => {
    const bursts = makeBursts();
    const taken = Array.from({ length: 1200 }, (_, i) => bursts.take('d-1', i)).filter(Boolean);
    expect(taken).toHaveLength(1000);
    expect(bursts.take('d-2', 5)).toBe(true);
    expect(bursts.take('d-1', 3_700_000)).toBe(true);
  });

  test('memory is bounded, whatever comes, and costs little', () => {
    const recent = makeRecent<number>(1000);
    const spent = cpuClock();
    for (let i = 0; i < 300_000; i++) recent.set(`d-${i}`, i);
    expect(spent()).toBeLessThan(2000);
    expect(recent.size()).toBeLessThanOrEqual(2000);
    for (let i = 299_000; i < 300_000; i++) expect(recent.get(`d-${i}`)).toBe(i);
    expect(recent.get('d-1')).toBeUndefined();
  });
});
