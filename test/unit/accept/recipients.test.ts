// Recipients that control fields name: instead of the envelope's, beside them, checked and counted like those.
import { describe, expect, test } from 'vitest';
import { maxRecipientsOf, recipientsOf, type Naming } from '../../../src/accept/recipients.ts';
import { userSchema, type User } from '../../../src/model/settings.ts';
import type { Recipient } from '../../../src/model/submission.ts';
import { cpuClock } from '../../support/cpu.ts';

const NOW = Date.UTC(2026, 6, 3, 10);
const DAY = 86_400_000;
const user = (fields: object = {}): User =>
  userSchema.parse({ v: 1, origin: 'file', name: 'shop', ...fields });
const naming: Naming = { user: user(), max: 4, smtputf8: false, now: NOW, hasRelease: false };
const envelope: readonly Recipient[] = [
  { address: 'a@example.org', notify: ['SUCCESS'], orcpt: 'rfc822;A@example.org' },
  { address: 'b@example.org' },
];
const addresses = (answer: ReturnType<typeof recipientsOf>): readonly string[] | string =>
  'code' in answer ? `${answer.code} ${answer.status}` : answer.recipients.map(({ address }) => address);

describe('who gets it', () => {
  test.each<[string, Parameters<typeof recipientsOf>[1], readonly string[] | string]>([
    ['nobody named: the envelope', {}, ['a@example.org', 'b@example.org']],
    ['instead', { to: [{ address: 'c@example.org' }] }, ['c@example.org']],
    ['nobody instead: the envelope', { to: [] }, ['a@example.org', 'b@example.org']],
    ['beside', { also: [{ address: 'c@example.org' }] }, ['a@example.org', 'b@example.org', 'c@example.org']],
    [
      'both',
      { to: [{ address: 'c@x.example' }], also: [{ address: 'd@x.example' }] },
      ['c@x.example', 'd@x.example'],
    ],
    [
      'each once, whatever the case of its domain',
      { also: [{ address: 'A@example.org' }, { address: 'a@EXAMPLE.org' }, { address: 'b@Example.ORG' }] },
      ['a@example.org', 'b@example.org', 'A@example.org'],
    ],
    [
      'as many as may be',
      { to: ['1', '2', '3', '4'].map((n) => ({ address: `${n}@x.example` })) },
      ['1@x.example', '2@x.example', '3@x.example', '4@x.example'],
    ],
    ['too many', { also: ['1', '2', '3'].map((n) => ({ address: `${n}@x.example` })) }, '550 5.5.3'],
    ['no address', { to: [{ address: 'nobody' }] }, '550 5.1.3'],
    ['an address literal', { also: [{ address: 'a@[127.0.0.1]' }] }, '550 5.1.3'],
    ['parameters of RCPT', { to: [{ address: 'a@x.example> NOTIFY=NEVER' }] }, '550 5.1.3'],
    ['two in one', { to: [{ address: 'a@x.example, b@x.example' }] }, '550 5.1.3'],
    ['line ends', { to: [{ address: 'a@x.example\r\nRCPT TO:<b@x.example>' }] }, '550 5.1.3'],
    ['UTF-8 without SMTPUTF8', { to: [{ address: 'é@x.example' }] }, '553 5.6.7'],
  ])('%s', (_, asked, want) => expect(addresses(recipientsOf(envelope, asked, naming))).toEqual(want));
});

test('keeps what RCPT said of the same address, the name, and a time of its own', () => {
  const asked = {
    to: [
      { address: 'a@EXAMPLE.org', name: 'Anna', sendAt: NOW + 5 },
      { address: 'c@example.org', name: '' },
    ],
  };
  expect(recipientsOf(envelope, asked, naming)).toEqual({
    recipients: [
      {
        address: 'a@example.org',
        notify: ['SUCCESS'],
        orcpt: 'rfc822;A@example.org',
        name: 'Anna',
        sendAt: NOW + 5,
      },
      { address: 'c@example.org' },
    ],
    notes: [],
  });
});

test('a time of its own has the same horizon, and gives way to MAIL', () => {
  const who = user({ scheduleAhead: DAY });
  const to = (sendAt: number) => ({ to: [{ address: 'c@example.org', sendAt }] });
  expect(recipientsOf(envelope, to(NOW + DAY + 1), { ...naming, user: who })).toMatchObject({
    code: 550,
    status: '5.7.1',
  });
  expect(recipientsOf(envelope, to(NOW + 9), { ...naming, user: who, hasRelease: true })).toEqual({
    recipients: [{ address: 'c@example.org' }],
    notes: [],
  });
});

describe('a user whose wrong fields are ignored', () => {
  const lenient = { ...naming, user: user({ badControls: 'ignore' }) };
  test('loses only the wrong addresses, and reads so', () =>
    expect(recipientsOf(envelope, { to: [{ address: 'x' }, { address: 'c@example.org' }] }, lenient)).toEqual(
      {
        recipients: [{ address: 'c@example.org' }],
        notes: ['Recipients of control fields were left out, they are no addresses: x'],
      },
    ));
  test('keeps those of the envelope when none is left', () =>
    expect(addresses(recipientsOf(envelope, { to: [{ address: 'x' }] }, lenient))).toEqual([
      'a@example.org',
      'b@example.org',
    ]));
  test('may not have more recipients for it', () =>
    expect(
      recipientsOf(
        envelope,
        { to: Array.from({ length: 9 }, (_, i) => ({ address: `${i}@x.example` })) },
        lenient,
      ),
    ).toMatchObject({ code: 550, status: '5.5.3' }));
});

test('the user’s own number of recipients counts before the relay’s', () => {
  expect(maxRecipientsOf(user(), 500)).toBe(500);
  expect(maxRecipientsOf(user({ limits: { recipientsPerMessage: 2 } }), 500)).toBe(2);
  expect(maxRecipientsOf(user({ limits: { recipientsPerMessage: 1000 } }), 500)).toBe(500);
});

test('ten thousand recipients take no time', () => {
  const to = Array.from({ length: 10_000 }, (_, i) => ({ address: `user${i}@example.org` }));
  const spent = cpuClock();
  const answer = recipientsOf([], { to }, { ...naming, max: 10_000 });
  expect(addresses(answer)).toHaveLength(10_000);
  expect(spent()).toBeLessThan(1000);
});
