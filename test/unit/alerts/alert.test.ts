import { describe, expect, test } from 'vitest';
import { alertOf } from '../../../src/alerts/alert.ts';
import { alertsConfig, rulesOf } from '../../../src/alerts/config.ts';
import { adviceFor, alertKinds, CALM_KINDS, URGENT_KINDS, NAMES } from '../../../src/alerts/kinds.ts';
import { isDue, isFor } from '../../../src/alerts/match.ts';
import type { Event } from '../../../src/model/event.ts';
import { noticeEvent } from '../../../src/model/notice.ts';

const NOW = Date.UTC(2026, 10, 25, 12, 0, 0);
const HOUR = 3_600_000;

const event = (more: Partial<Event>): Event => ({
  ...noticeEvent({ type: 'trouble', at: NOW, scope: 'x', key: 'k', reason: 'Something happened.' }),
  ...more,
});

describe('an event and its alert', () => {
  const cases: readonly (readonly [string, Partial<Event>, string | undefined])[] = [
    ['a state of a transport', { type: 'transport-state', state: 'degraded' }, 'transport'],
    ['a sender that is stopped', { type: 'sender-state', state: 'stopped', user: 'shop' }, 'sender'],
    ['a sender that is warned', { type: 'sender-state', state: 'warned', user: 'shop' }, 'rates'],
    ['the end of a warning', { type: 'sender-state', state: 'fine', was: 'warned', over: true }, 'rates'],
    ['the end of a stop', { type: 'sender-state', state: 'fine', was: 'stopped', over: true }, 'sender'],
    ['a limit of automation', { type: 'limit', rule: 'google-rate' }, 'limit'],
    ['a warm-up that is full', { type: 'limit', rule: 'warmup', action: 'overflow' }, 'warm-up-full'],
    ['a warm-up that went back', { type: 'limit', rule: 'warmup-slip' }, 'warm-up'],
    ['a block list', { scope: 'transport', rule: 'zen.example' }, 'listing'],
    ['a block list with an odd name', { scope: 'transport', rule: 'disk' }, 'listing'],
    ['a stolen password', { scope: 'user', rule: 'theft' }, 'theft'],
    ['an unauthorised sender', { scope: 'user', rule: 'unauthorised-sender' }, 'unauthorised-sender'],
    ['a fallback', { scope: 'pool', rule: 'fallback' }, 'fallback'],
    ['trouble that nobody knows', { scope: 'moon', rule: 'eclipse' }, 'trouble'],
    ['a bounce', { type: 'bounced', delivery: 'd-1', recipient: 'a@b.example' }, 'bounced'],
    ['an opt-out', { type: 'unsubscribed', how: 'page', recipient: 'a@b.example' }, 'opted-out'],
    ['one that is undone', { type: 'unsubscribed', how: 'resubscribe' }, undefined],
    ['an ordinary delay', { type: 'deferred', class: 'busy' }, undefined],
    ['a quarantined message', { type: 'deferred', class: 'quarantined', submission: 's' }, 'quarantine'],
    ['a delivery', { type: 'delivered' }, undefined],
    ['a bounce of our own mail', { type: 'bounced', account: 'system' }, undefined],
    ['a complaint about our own mail', { type: 'complained', account: 'system' }, undefined],
  ];
  test.each(cases)('%s', (_, more, kind) => {
    expect(alertOf(event(more), 'system')?.kind).toBe(kind);
  });

  test('what strangers wrote stays one line of bounded length', () => {
    const alert = alertOf(
      event({ type: 'bounced', recipient: 'a@b.example', reason: `x\r\nBcc: y\n${'z'.repeat(9999)}` }),
      'system',
    );
    expect(alert?.reason).not.toMatch(/[\r\n]/);
    expect(alert?.reason.length).toBeLessThanOrEqual(1000);
  });

  test('what is over asks for nothing', () => {
    expect(alertOf(event({ over: true }), 'system')).toMatchObject({ over: true, advice: '' });
  });
});

test('each kind has a name and a piece of advice, and stands in one default rule at most', () => {
  for (const kind of alertKinds) {
    expect(NAMES[kind]).toBeTruthy();
    expect(adviceFor(kind, 'x')).toBeTruthy();
    expect(URGENT_KINDS.includes(kind) && CALM_KINDS.includes(kind)).toBe(false);
  }
});

test('advice carries nothing that a shell would take for something else', () => {
  expect(adviceFor('transport', 'ip1; rm -rf $HOME `id`')).toBe('postino transport show ip1rm-rfHOMEid');
});

describe('the configuration', () => {
  test('"to" alone makes two rules, nothing makes none', () => {
    expect(rulesOf(alertsConfig.parse({}))).toEqual([]);
    const rules = rulesOf(alertsConfig.parse({ to: ['ops@a.example'] }));
    expect(rules.map(({ name, every, to }) => [name, every, to])).toEqual([
      ['urgent', 0, ['ops@a.example']],
      ['hourly', HOUR, ['ops@a.example']],
    ]);
    expect(rules.flatMap(({ when }) => when)).not.toContain('bounced');
  });

  test('a rule without addresses gets those of all, unless it is a webhook', () => {
    const rules = rulesOf(
      alertsConfig.parse({
        to: ['ops@a.example'],
        rules: [
          { name: 'one', when: ['disk'], every: '15m' },
          { name: 'two', when: ['disk'], webhook: 'https://chat.example/x' },
        ],
      }),
    );
    expect(rules.map(({ to, every }) => [to, every])).toEqual([
      [['ops@a.example'], 900_000],
      [[], 0],
    ]);
  });

  const wrong: readonly (readonly [string, unknown])[] = [
    ['a kind that is none', { to: ['a@b.example'], rules: [{ name: 'x', when: ['weather'] }] }],
    [
      'a name twice',
      {
        to: ['a@b.example'],
        rules: [
          { name: 'x', when: ['disk'] },
          { name: 'x', when: ['disk'] },
        ],
      },
    ],
    ['nobody to tell', { rules: [{ name: 'x', when: ['disk'] }] }],
    [
      'a secret without a webhook',
      { to: ['a@b.example'], rules: [{ name: 'x', when: ['disk'], secret: 'x'.repeat(20) }] },
    ],
    ['a file as webhook', { rules: [{ name: 'x', when: ['disk'], webhook: 'file:///etc/passwd' }] }],
    ['too often', { to: ['a@b.example'], rules: [{ name: 'x', when: ['disk'], every: '10s' }] }],
    ['an address that is none', { to: ['ops'] }],
  ];
  test.each(wrong)('refuses %s', (_, value) => {
    expect(alertsConfig.safeParse(value).success).toBe(false);
  });
});

describe('rules', () => {
  const [rule] = rulesOf(
    alertsConfig.parse({
      rules: [
        { name: 'x', when: ['transport', 'bounced'], to: ['a@b.example'], transports: ['ip1'], users: [] },
      ],
    }),
  );
  if (!rule) throw new Error('there is a rule');

  test('filters let pass what is about their names, and nothing else', () => {
    const of = (more: Partial<Event>) => alertOf(event(more), 'system') ?? expect.fail('it is an alert');
    expect(isFor(rule, of({ type: 'transport-state', transport: 'ip1' }))).toBe(true);
    expect(isFor(rule, of({ type: 'transport-state', transport: 'ip2' }))).toBe(false);
    expect(isFor(rule, of({ type: 'transport-state' }))).toBe(false);
    expect(isFor(rule, of({ rule: 'disk', transport: 'ip1' }))).toBe(false);
  });

  const at = { now: NOW, mailsPerHour: 3 };
  const hour = NOW / HOUR;
  const cases = [
    ['nothing waits', 0, { since: undefined, hour, mails: 0 }, false],
    ['at once', 0, { since: NOW, hour: -1, mails: 0 }, true],
    ['below the limit of the hour', 0, { since: NOW, hour, mails: 2 }, true],
    ['at the limit of the hour', 0, { since: NOW, hour, mails: 3 }, false],
    ['a new hour begins anew', 0, { since: NOW - 1, hour: hour - 1, mails: 3 }, true],
    ['a digest waits for its hour', HOUR, { since: NOW, hour: -1, mails: 0 }, false],
    ['and comes with it', HOUR, { since: NOW - 1, hour: -1, mails: 0 }, true],
    ['one that was missed comes late', 24 * HOUR, { since: NOW - 90 * HOUR, hour: -1, mails: 0 }, true],
  ] as const;
  test.each(cases)('is due: %s', (_, every, waits, due) => {
    expect(isDue({ ...rule, every }, waits, at)).toBe(due);
  });
});
