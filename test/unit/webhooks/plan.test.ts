// When webhooks are tried again, which events each wants, and what its address and state say. All of it pure.
import { describe, expect, test } from 'vitest';
import { nextTry } from '../../../src/webhooks/plan.ts';
import { portsOf, webhooksConfig } from '../../../src/webhooks/config.ts';
import { conditionOf, cursorAt, lagOf, readState, timeOfCursor } from '../../../src/webhooks/state.ts';
import { changeSchema, joinUrl, splitUrl, wants, wishSchema } from '../../../src/webhooks/webhook.ts';
import { parseCursor } from '../../../src/events/log.ts';
import { messageId } from '../../../src/webhooks/send.ts';
import { eventOf, hookOf } from '../../support/webhooks.ts';

const HOUR = 3_600_000;

describe('tries', () => {
  test('grow to an hour, end with the last moment, and come up to a tenth later', () => {
    let now = 0;
    const waits: number[] = [];
    for (let tries = 1; ; tries++) {
      const at = nextTry({ id: 'wh_1', now, since: 0, tries }, 72 * HOUR);
      if (at === undefined) break;
      waits.push(at - now);
      now = at;
    }
    expect(now).toBe(72 * HOUR);
    const planned = [5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600].map((s) => s * 1000);
    for (const [i, ms] of waits.slice(0, -1).entries()) {
      const plan = planned[Math.min(i, 9)] ?? 0;
      expect(ms).toBeGreaterThanOrEqual(plan);
      expect(ms).toBeLessThanOrEqual(plan * 1.1);
    }
    expect(waits.length).toBeGreaterThan(70);
  });
  test('of many webhooks are not at the same time', () => {
    const all = Array.from({ length: 50 }, (_, i) =>
      nextTry({ id: `wh_${i}`, now: 0, since: 0, tries: 10 }, 72 * HOUR),
    );
    expect(new Set(all).size).toBeGreaterThan(45);
  });
  test.each([
    ['30', 30_000, 33_000],
    ['7200', HOUR, HOUR],
    ['999999999', HOUR, HOUR],
    ['-5', 5000, 5500],
    ['Wed, 25 Nov 2026 12:00:00 GMT', 5000, 5500],
    ['1e9', 5000, 5500],
  ])('a Retry-After of %s', (retryAfter, least, most) => {
    const at = nextTry({ id: 'x', now: 0, since: 0, tries: 1, retryAfter }, 72 * HOUR) ?? 0;
    expect(at).toBeGreaterThanOrEqual(least);
    expect(at).toBeLessThanOrEqual(most);
  });
});

describe('what a webhook wants', () => {
  const cases: readonly (readonly [
    string,
    Parameters<typeof hookOf>[0],
    Parameters<typeof eventOf>[0],
    boolean,
  ])[] = [
    ['all about messages', { url: '' }, {}, true],
    ['not of another account', { url: '' }, { account: 'other' }, false],
    ['not of our own mail', { url: '' }, { account: 'system' }, false],
    ['of its user', { url: '', user: 'shop' }, {}, true],
    ['not of another user', { url: '', user: 'crm' }, {}, false],
    [
      'not of nobody, where it is of a user',
      { url: '', user: 'crm', types: ['limit'] },
      { type: 'limit', user: '' },
      false,
    ],
    ['no notices unasked', { url: '' }, { type: 'trouble' }, false],
    ['notices by name', { url: '', types: ['trouble'] }, { type: 'trouble' }, true],
    ['other types not', { url: '', types: ['opened'] }, {}, false],
    ['a campaign', { url: '', campaigns: ['a'] }, { campaign: 'a' }, true],
    ['another campaign', { url: '', campaigns: ['a'] }, { campaign: 'b' }, false],
    ['no campaign', { url: '', campaigns: ['a'] }, {}, false],
    ['one of the tags', { url: '', tags: ['a', 'b'] }, { tags: ['x', 'b'] }, true],
    ['no tag', { url: '', tags: ['a'] }, {}, false],
    ['a domain', { url: '', domains: ['shop.example'] }, {}, true],
    ['another domain', { url: '', domains: ['evil.example'] }, {}, false],
    ['people', { url: '', people: true }, { type: 'opened', machine: 'proxy' }, false],
    [
      'what its shape has no word for',
      { url: '', shape: 'mailgun' },
      { type: 'unsubscribed', how: 'resubscribe' },
      false,
    ],
  ];
  test.each(cases)('%s', (_, hook, event, want) => expect(wants(hookOf(hook), eventOf(event))).toBe(want));
});

describe('addresses', () => {
  test.each([
    ['https://me:p%40@hooks.example/a@b?c', 'https://hooks.example/a@b?c', 'me:p%40'],
    ['https://hooks.example/a@b', 'https://hooks.example/a@b', undefined],
    ['https://hooks.example?x=a@b', 'https://hooks.example?x=a@b', undefined],
    ['HTTPS://Me@Hooks.example', 'HTTPS://Hooks.example', 'Me'],
  ])('%s comes apart and together again, to the letter', (text, url, login) => {
    expect(splitUrl(text)).toEqual({ url, login });
    expect(joinUrl(url, login)).toBe(text);
  });
});

test('messages are called by what is in them', () => {
  const hook = hookOf({ url: '', id: 'wh_a' });
  const [a, b] = [eventOf(), eventOf()];
  expect(messageId(hook, [a, b])).toBe(messageId(hook, [{ ...a }, b]));
  const others = [
    messageId(hook, [a]),
    messageId(hook, [b, a]),
    messageId({ ...hook, turn: 2 }, [a, b]),
    messageId({ ...hook, id: 'wh_b' }, [a, b]),
  ];
  expect(new Set([messageId(hook, [a, b]), ...others]).size).toBe(5);
});

test('cursors before a moment are cursors of the event log', () => {
  expect(parseCursor(cursorAt(1_764_072_000_250))).toEqual({
    ms: 1_764_072_000_249,
    seq: 999_999_999_999_999,
    n: 0,
  });
  expect([cursorAt(0), timeOfCursor(cursorAt(5))]).toEqual(['0-999999999999999.0', 4]);
});

test('the state in a word', () => {
  const state = (fields: Record<string, string>) => readState(new Map(Object.entries(fields)));
  expect(conditionOf(false, state({ parked: '5' }), 9)).toBe('off');
  expect(conditionOf(true, state({ parked: '5', since: '1' }), 9)).toBe('parked');
  expect(conditionOf(true, state({ since: '1' }), 9)).toBe('failing');
  expect(conditionOf(true, state({ waiting: '1' }), 60_002)).toBe('behind');
  expect(conditionOf(true, state({}), 9)).toBe('well');
  expect(lagOf(state({ waiting: '10' }), 5)).toBe(0);
  expect(state({ acked: 'a b' }).acked).toEqual(['a', 'b']);
});

describe('the configuration', () => {
  test.each([
    [{}, [443]],
    [{ http: true }, [443, 80]],
    [{ http: true, ports: [8443] }, [8443]],
  ])('%j may use ports %j', (config, ports) => expect(portsOf(webhooksConfig.parse(config))).toEqual(ports));
  test.each([
    { ports: [] },
    { ports: [0] },
    { networks: ['10.0.0.0/33'] },
    { networks: ['hooks.example'] },
    { tryFor: '5m' },
    { tryFor: '60d' },
    { hooks: [] },
  ])('%j is refused', (config) => expect(webhooksConfig.safeParse(config).success).toBe(false));
});

describe('what people may say', () => {
  test.each([
    { url: 'https://h.example' },
    { name: 'A', url: 'x' },
    { name: 'a', url: 'x'.repeat(3000) },
    { name: 'a', url: 'x', types: ['nonsense'] },
    { name: 'a', url: 'x', batchSize: 1001 },
    { name: 'a', url: 'x', batchWait: -1 },
    { name: 'a', url: 'x', parameters: { a: '[Nothing]' } },
    { name: 'a', url: 'x', secrets: [] },
    { name: 'a', url: 'x', account: 'other' },
    { name: 'a', url: 'x', enabled: false },
  ])('not %j', (wish) => expect(wishSchema.safeParse(wish).success).toBe(false));
  test.each([{ shape: 'mailgun' }, { turn: 5 }, { cursor: 'x' }, { login: 'x' }, { id: 'x' }])(
    'no change of %j',
    (change) => expect(changeSchema.safeParse(change).success).toBe(false),
  );
  test('a change says nothing of what it does not name', () =>
    expect(changeSchema.parse({ people: true })).toEqual({ people: true }));
});
