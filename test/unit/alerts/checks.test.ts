import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { describe, expect, test } from 'vitest';
import {
  certificateCheck,
  daneCheck,
  diskCheck,
  dkimCheck,
  listenerCheck,
  queueAgeCheck,
  redisCheck,
} from '../../../src/alerts/checks.ts';
import { historyCheck, type HistoryLag } from '../../../src/alerts/history-check.ts';
import { alertsConfig } from '../../../src/alerts/config.ts';
import type { Check } from '../../../src/alerts/watch.ts';
import { handClock } from '../../support/hand-clock.ts';

const NOW = Date.UTC(2026, 10, 25);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const at = { config: alertsConfig.parse({}), clock: handClock(NOW) };
const stateOf = async (check: Check): Promise<string | undefined> => (await check.look())[0]?.state;

describe('mail that waits', () => {
  test.each([
    [undefined, 'fine'],
    [NOW - HOUR / 2, 'fine'],
    [NOW - HOUR * 0.95, 'unknown'],
    [NOW - HOUR, 'bad'],
  ])('since %s: %s', async (due, state) => {
    const one = due === undefined ? undefined : { id: 'd', due, transport: 'ip1' };
    expect(await stateOf(queueAgeCheck(at, async () => one))).toBe(state);
  });

  test('without a transport says that', async () => {
    const [finding] = await queueAgeCheck(at, async () => ({ id: 'd', due: 0, transport: '' })).look();
    expect(finding?.reason).toContain('of which its pool has none');
  });
});

test.each([
  [10, 100, 'fine'],
  [75, 100, 'unknown'],
  [80, 100, 'bad'],
  [1e15, Number.POSITIVE_INFINITY, 'fine'],
])('Redis with %d of %d is %s', async (redisUsed, redisLimit, state) => {
  expect(await stateOf(redisCheck(at, async () => ({ redisUsed, redisLimit })))).toBe(state);
});

test.each([
  [5e9, 'fine'],
  [1.05e9, 'unknown'],
  [0.9e9, 'bad'],
])('a disk with %d free is %s', async (free, state) => {
  expect(await stateOf(diskCheck(at, { key: 'host', free: async () => free }))).toBe(state);
});

test('certificates that end soon, have ended, are missing or are none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postino-certificates-'));
  const make = async (name: string, days: number): Promise<string> => {
    const file = join(folder, name);
    const made = await generate([{ name: 'commonName', value: name }], {
      notBeforeDate: new Date(NOW - 100 * DAY),
      notAfterDate: new Date(NOW + days * DAY),
    });
    writeFileSync(file, made.cert);
    return file;
  };
  writeFileSync(join(folder, 'none'), 'no certificate');
  const files = [
    await make('good', 60),
    await make('soon', 10),
    await make('over', -1),
    join(folder, 'missing'),
    join(folder, 'none'),
  ].map((file) => ({ file, use: 'SMTP' }));
  const findings = await certificateCheck(at, files).look();
  expect(findings.map(({ state }) => state)).toEqual(['fine', 'bad', 'bad', 'bad', 'bad']);
  expect(findings[1]?.reason).toMatch(/ends on 2026-12-05, in (10d|9d)/);
  expect(findings[2]?.reason).toContain('has ended on 2026-11-24');
  rmSync(folder, { recursive: true });
});

test.each([
  [['ok', 'ok'], 'fine'],
  [['ok', 'missing'], 'bad'],
  [['different', 'unknown'], 'bad'],
  [['ok', 'unknown'], 'unknown'],
] as const)('DKIM keys that are %j in the DNS: %s', async (states, state) => {
  const check = dkimCheck(
    () => [{ name: 'shop.example', account: 'a' }],
    async () => states.map((one, i) => ({ name: `s${i}._domainkey.shop.example`, state: one })),
  );
  expect((await check.look())[0]).toMatchObject({ state, key: 'shop.example', account: 'a' });
});

test('DANE that is off although it is wanted is told, a resolver that once does not answer is not', async () => {
  const answers = [
    ['validates', true, true, 'fine'],
    ['is silent', false, false, 'unknown'],
    ['is silent', false, false, 'unknown'],
    ['is silent', false, false, 'bad'],
    ['does not', false, true, 'bad'],
    ['is silent', false, false, 'unknown'],
    ['validates', true, true, 'fine'],
  ] as const;
  let n = 0;
  const check = daneCheck('host1', async () => {
    const [sentence, ok, isKnown] = answers[n] ?? ['', true, true];
    return { ok, isKnown, sentence };
  });
  for (; n < answers.length; n++)
    expect(await check.look()).toEqual([{ key: 'host1', state: answers[n]?.[3], reason: answers[n]?.[0] }]);
});

test('listeners say their own trouble', async () => {
  let trouble: string | undefined;
  const check = listenerCheck([{ name: 'tracking', trouble: () => trouble }]);
  expect(await stateOf(check)).toBe('fine');
  trouble = 'It is closed.';
  expect((await check.look())[0]).toMatchObject({ state: 'bad', reason: 'It is closed.' });
});

describe('the history', () => {
  test('is trouble when it is behind for three rounds, and says why', async () => {
    let lag: HistoryLag | undefined = { ms: 900_000 };
    const check = historyCheck('host', async () => lag);
    expect([await stateOf(check), await stateOf(check), await stateOf(check)]).toEqual([
      'unknown',
      'unknown',
      'bad',
    ]);
    lag = { ms: 900_000, why: 'The disk has no room for the history.' };
    expect((await check.look())[0]?.reason).toBe(
      'The history is 15m behind: search and statistics lack what came since. Mail goes on, and the events wait in the event log. The disk has no room for the history.',
    );
    lag = { ms: 0 };
    expect(await stateOf(check)).toBe('fine');
    // Where it fails at once, nothing is known of how far it is.
    lag = { ms: 0, why: 'Connection refused.' };
    expect([await stateOf(check), await stateOf(check), await stateOf(check)]).toEqual([
      'unknown',
      'unknown',
      'bad',
    ]);
  });

  test("is nobody's where another process writes it, and fine with what came a moment ago", async () => {
    expect(await historyCheck('host', async () => undefined).look()).toEqual([]);
    expect(await stateOf(historyCheck('host', async () => ({ ms: 59_000 })))).toBe('fine');
  });
});
