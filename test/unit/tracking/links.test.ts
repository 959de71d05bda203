// What compose writes into letters: addresses that only lead where links may lead, and what must be stored before they work.
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { newId } from '../../../src/lib/ids.ts';
import { costOf, DAILY_BYTES } from '../../../src/tracking/allowance.ts';
import { makeLinker, type Keep } from '../../../src/tracking/links.ts';
import { safeTarget } from '../../../src/tracking/target.ts';
import { makeTokens } from '../../../src/tracking/token.ts';

const tokens = makeTokens(Buffer.alloc(32, 1));
const facts = {
  delivery: `${newId(Date.UTC(2026, 0, 1))}-1`,
  account: 'default',
  user: 'shop',
  recipient: 'ann@example.net',
  sender: 'news@shop.example',
};
const DAY = 86_400_000;
const YEAR = 365 * DAY;
const keepNothing: Keep = () => Promise.resolve(0);
const deps = { tokens, keep: keepNothing, expireMs: YEAR, clock: systemClock };

test('the three addresses of a letter', () => {
  const link = makeLinker(deps);
  const links = link(facts, 'https://click.shop.example/');
  const click = /^https:\/\/click\.shop\.example\/t\/c\/([\w-]+)$/.exec(links.click(2, 'https://a.example/'));
  expect(tokens.openClick(click?.[1] ?? '')).toMatchObject({ link: 2, target: 'https://a.example/' });
  const open = /^https:\/\/click\.shop\.example\/t\/o\/([\w-]+)\.gif$/.exec(links.open());
  expect(tokens.openPixel(open?.[1] ?? '')).toMatchObject({ delivery: facts.delivery });
  const leave = /^https:\/\/click\.shop\.example\/t\/u\/([\w-]+)$/.exec(links.unsubscribe());
  expect(leave?.[1]).toBe(links.unsubscribeToken());
  expect(tokens.openUnsubscribe(links.unsubscribeToken())).toMatchObject({ topics: [] });
});

test('what is too long is stored for as long as links work, and a store that is away is told', async () => {
  const kept: Parameters<Keep>[0][] = [];
  const link = makeLinker({
    ...deps,
    keep: (one) => Promise.resolve(kept.push(one)),
  });
  const links = link({ ...facts, tags: ['x'.repeat(800)] }, 'https://c.example');
  await links.settle();
  expect(kept).toEqual([]);
  links.open();
  await links.settle();
  expect(kept).toMatchObject([
    { key: expect.stringMatching(/^[\w-]{22}$/), text: expect.stringContaining('xxx'), ttlMs: YEAR },
  ]);
  links.click(0, `https://a.example/${'y'.repeat(2000)}`);
  await links.settle();
  expect(kept).toHaveLength(3);
  const broken = makeLinker({ ...deps, keep: () => Promise.reject(new Error('away')) });
  const failing = broken(facts, 'https://c.example');
  await failing.settle();
  failing.click(0, `https://a.example/${'y'.repeat(2000)}`);
  await expect(failing.settle()).rejects.toThrow('away');
});

/** A store that counts as Redis does, for several processes. */
function makeStore() {
  const texts = new Map<string, string>();
  const bytes = new Map<string, number>();
  const keep: Keep = async ({ account, day, key, text, cost }) => {
    await Promise.resolve();
    const count = `${account} ${day}`;
    if (!texts.has(key)) bytes.set(count, (bytes.get(count) ?? 0) + cost);
    texts.set(key, text);
    return bytes.get(count) ?? 0;
  };
  return { texts, bytes, keep };
}

const long = (n: number | string): string => `https://a.example/${'y'.repeat(1600)}?n=${n}`;

test('10,000 letters with long targets of their own stay within the bound of the day', async () => {
  let now = Date.UTC(2026, 0, 1);
  const store = makeStore();
  const link = makeLinker({ ...deps, keep: store.keep, clock: { now: () => now } });
  let untracked = 0;
  for (let n = 0; n < 10_000; n += 50) {
    const letters = Array.from({ length: 50 }, (_, i) => {
      const links = link(facts, 'https://c.example');
      const isTracked = links.click(0, long(n + i)) !== long(n + i);
      if (!isTracked) untracked++;
      expect(links.notes().length).toBe(isTracked ? 0 : 1);
      return links.settle();
    });
    await Promise.all(letters);
  }
  expect(store.bytes.get('default 20454')).toBeLessThanOrEqual(DAILY_BYTES);
  expect(store.texts.size).toBe(Math.floor(DAILY_BYTES / costOf({ text: long(1000) })));
  expect(untracked).toBe(10_000 - store.texts.size);
  // What is in the store already needs no room, other accounts have theirs, and so has the next day.
  expect(link(facts, 'https://c.example').click(0, long(0))).toContain('/t/c/');
  expect(link(facts, 'https://c.example').click(0, long('new'))).toBe(long('new'));
  expect(link({ ...facts, account: 'other' }, 'https://c.example').click(0, long('new'))).toContain('/t/c/');
  now += DAY;
  expect(link(facts, 'https://c.example').click(0, long('new'))).toContain('/t/c/');
});

test('tags and metadata that are too long are bounded in the same way; tokens work without them', async () => {
  const store = makeStore();
  const link = makeLinker({ ...deps, keep: store.keep });
  for (let n = 0; n < 3000; n++) {
    const links = link({ ...facts, metadata: { n: `${n} ${'x'.repeat(1000)}` } }, 'https://c.example');
    const token = links.open().slice('https://c.example/t/o/'.length, -'.gif'.length);
    expect(tokens.openPixel(token)).toMatchObject({ recipient: 'ann@example.net' });
    await links.settle();
    if (n === 2999)
      expect(links.notes()).toEqual([expect.stringContaining('will not tell tags and metadata')]);
  }
  expect(Math.max(...store.bytes.values())).toBeLessThanOrEqual(DAILY_BYTES);
});

test('a process hears of what others stored; one long link of a campaign is room for one', async () => {
  const store = makeStore();
  const [one, two] = [makeLinker({ ...deps, keep: store.keep }), makeLinker({ ...deps, keep: store.keep })];
  for (let n = 0; n < 1000; n++) {
    const links = (n % 2 === 0 ? one : two)(facts, 'https://c.example');
    links.click(0, long(n));
    await links.settle();
  }
  expect(Math.max(...store.bytes.values())).toBeLessThanOrEqual(DAILY_BYTES + costOf({ text: long(1000) }));
  const campaign = makeLinker({ ...deps, keep: makeStore().keep });
  const letters = Array.from({ length: 2000 }, () => {
    const links = campaign(facts, 'https://c.example');
    expect(links.click(0, long('all'))).toContain('/t/c/');
    return links.settle();
  });
  await Promise.all(letters);
});

test('what could not be stored takes no room', async () => {
  const link = makeLinker({ ...deps, keep: () => Promise.reject(new Error('away')) });
  for (let n = 0; n < 1000; n++) {
    const links = link(facts, 'https://c.example');
    expect(links.click(0, long(n))).toContain('/t/c/');
    await expect(links.settle()).rejects.toThrow('away');
  }
});

const refused = [
  'javascript:alert(1)',
  'JavaScript:alert(1)',
  ' javascript:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'file:///etc/passwd',
  'ftp://a.example/',
  'mailto:a@b.example',
  'tel:+39',
  '//evil.example/',
  '/\\evil.example',
  '\\\\evil.example',
  '/t/c/x',
  '#top',
  '',
  'https:evil.example',
  'https:/evil.example',
  'https:///evil.example',
  'https://',
  'http://[',
  'https://a.example:99999/',
  'https://a.example/\r\nSet-Cookie: x=1',
  'https://a.example/\nx',
  'https://a.example/\tx',
  'https://a.example/\0',
  ' https://a.example/',
  '\u0000https://a.example/',
  'httpsx://a.example/',
  'view-source:https://a.example/',
  `https://a.example/${'x'.repeat(8000)}`,
];

test('a link to unsubscribe is never counted as a click, wherever it came from', () => {
  const links = makeLinker(deps)(facts, 'https://c.example');
  expect(links.click(0, links.unsubscribe())).toBe(links.unsubscribe());
  expect(links.click(0, 'https://c.example/t/other')).toMatch('/t/c/');
});

test.each(refused)('a link to %j is left as it is, and leads nowhere from here', (target) => {
  const link = makeLinker(deps);
  expect(link(facts, 'https://c.example').click(0, target)).toBe(target);
  expect(safeTarget(target)).toBeUndefined();
});

test.each([
  ['https://a.example', 'https://a.example'],
  ['HTTP://A.example/x?y=%0d%0a#z', 'HTTP://A.example/x?y=%0d%0a#z'],
  ['https://user@a.example:8443/', 'https://user@a.example:8443/'],
  ['https://a.example/"<>{}|^`', 'https://a.example/"<>{}|^`'],
  ['https://a.example/a b', 'https://a.example/a%20b'],
  ['https://a.example/ü?q=ß', 'https://a.example/%C3%BC?q=%C3%9F'],
  ['https://münchen.example/', 'https://xn--mnchen-3ya.example/'],
  ['https://a.example/\u2028x', 'https://a.example/%E2%80%A8x'],
])('a link to %j is followed as %j', (target, location) => {
  expect(safeTarget(target)).toBe(location);
  expect(location).toMatch(/^[\x21-\x7e]+$/);
});
