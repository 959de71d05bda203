// What "alert …" says, from what is known.
import { expect, test } from 'vitest';
import { alertsConfig, rulesOf } from '../../../src/alerts/config.ts';
import type { Alert } from '../../../src/alerts/alert.ts';
import { adviceFor, alertKinds } from '../../../src/alerts/kinds.ts';
import { alertCommands, type AlertContext } from '../../../src/cli/alert.ts';
import { commands } from '../../../src/roles/command.ts';
import { handClock } from '../../support/hand-clock.ts';

const NOW = Date.UTC(2026, 10, 25, 12);
const HOUR = 3_600_000;
const alert: Alert = {
  id: 'a',
  kind: 'disk',
  at: NOW - HOUR,
  key: 'host',
  reason: 'There are 3 MB \u001b[31mfree.',
  advice: '',
  over: true,
  facts: {},
};

function context(more: Partial<AlertContext['alerts']> = {}): AlertContext {
  const transport = { name: 'ip1' };
  return {
    clock: handClock(NOW),
    settingsNow: () => ({ transports: new Map([['ip1', transport]]) }) as never,
    states: {
      refresh: async () => undefined,
      stateOf: () => ({ state: 'degraded', since: NOW - 2 * HOUR, reason: 'Replies are bad.' }) as never,
    },
    limits: { refresh: async () => undefined, list: () => [] },
    alerts: {
      rules: rulesOf(alertsConfig.parse({ to: ['ops@a.example'] })),
      recent: async () => [alert],
      conditions: async () => [
        {
          kind: 'disk',
          key: 'host',
          since: NOW - 3 * HOUR,
          reason: 'It is full.',
          toldAt: 1,
          good: 0,
          seenAt: NOW,
        },
      ],
      test: async ({ name }) =>
        name === 'hourly' ? 'mail: our own queue did not take it (full)' : undefined,
      ...more,
    },
  };
}

const run = (words: string, given: AlertContext, args = {}, options = {}) => {
  const command = alertCommands.find((one) => one.words.startsWith(words));
  if (!command) throw new Error(words);
  return command.run(given, args, options);
};

test('"alert list" says what goes on and what was told, and drives no terminal', async () => {
  const { text, code } = await run('alert list', context());
  expect(code).toBe(0);
  expect(text).toMatch(/disk +for 3h +It is full\./);
  expect(text).toMatch(/ip1 degraded +for 2h +Replies are bad\./);
  expect(text).toMatch(/2026-11-25 11:00:00 +Over: disk: host +There are 3 MB/);
  expect(text).not.toContain('\u001b');
});

test('"alert list" says when nobody hears of it', async () => {
  expect((await run('alert list', context({ rules: [] }))).text).toContain('Nobody hears of alerts');
  expect((await run('alert list', context(), {}, { limit: 'x' })).code).toBe(2);
});

test('"alert rules" shows no secret', async () => {
  const rules = rulesOf(
    alertsConfig.parse({
      rules: [
        {
          name: 'page',
          when: ['disk'],
          webhook: 'https://chat.example/token-1',
          secret: 'secret-secret-secret',
        },
      ],
    }),
  );
  const { text, data } = await run('alert rules', context({ rules }));
  expect(text).toMatch(/page +at once +https:\/\/chat\.example +disk/);
  expect(JSON.stringify(data)).not.toContain('secret-secret');
  expect(text).not.toContain('token-1');
});

test('"alert test" fails where a way does not work, and names it', async () => {
  const { text, code } = await run('alert test', context());
  expect([text, code]).toEqual([
    'urgent: sent\nhourly: not sent: mail: our own queue did not take it (full)',
    1,
  ]);
  expect((await run('alert test', context(), { rule: 'urgent' })).code).toBe(0);
  expect((await run('alert test', context(), { rule: 'none' })).code).toBe(1);
});

test('each command that an alert advises is there', () => {
  const known = commands.map(({ words }) => words.replace(/ [<[].*/, ''));
  const advised = alertKinds.flatMap((kind) =>
    [...adviceFor(kind, 'x').matchAll(/postino ((?:[a-z]+ ?)+)/g)].map(([, words = '']) => words.trim()),
  );
  expect(advised.length).toBeGreaterThan(10);
  for (const words of advised)
    expect(
      known.some((one) => words === one || words === `${one} x`),
      words,
    ).toBe(true);
});
