// What compose writes into letters: addresses that only lead where links may lead, and what must be stored before they work.
import { expect, test } from 'vitest';
import { newId } from '../../../src/lib/ids.ts';
import { makeLinker } from '../../../src/tracking/links.ts';
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
const YEAR = 365 * 86_400_000;

test('the three addresses of a letter', () => {
  const link = makeLinker({ tokens, keep: () => Promise.resolve(), expireMs: YEAR });
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
  const kept: unknown[][] = [];
  const link = makeLinker({
    tokens,
    keep: (...args) => Promise.resolve(void kept.push(args)),
    expireMs: YEAR,
  });
  const links = link({ ...facts, tags: ['x'.repeat(300)] }, 'https://c.example');
  await links.settle();
  expect(kept).toEqual([[expect.stringMatching(/^[\w-]{22}$/), expect.stringContaining('xxx'), YEAR]]);
  links.click(0, `https://a.example/${'y'.repeat(2000)}`);
  await links.settle();
  expect(kept).toHaveLength(3);
  const broken = makeLinker({ tokens, keep: () => Promise.reject(new Error('away')), expireMs: YEAR });
  const failing = broken(facts, 'https://c.example');
  await failing.settle();
  failing.click(0, `https://a.example/${'y'.repeat(2000)}`);
  await expect(failing.settle()).rejects.toThrow('away');
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
  const links = makeLinker({ tokens, keep: () => Promise.resolve(), expireMs: YEAR })(
    facts,
    'https://c.example',
  );
  expect(links.click(0, links.unsubscribe())).toBe(links.unsubscribe());
  expect(links.click(0, 'https://c.example/t/other')).toMatch('/t/c/');
});

test.each(refused)('a link to %j is left as it is, and leads nowhere from here', (target) => {
  const link = makeLinker({ tokens, keep: () => Promise.resolve(), expireMs: YEAR });
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
