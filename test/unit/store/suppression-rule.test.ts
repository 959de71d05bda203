// Which events speak against a recipient, and what their entry says.
import { expect, test } from 'vitest';
import type { Event } from '../../../src/model/event.ts';
import { suppressionConfig } from '../../../src/store/suppression-config.ts';
import { entryFor, signOf } from '../../../src/store/suppression-rule.ts';

const event = (fields: Partial<Event>): Event => ({
  v: 1,
  id: 'x',
  type: 'bounced',
  at: 0,
  account: 'default',
  user: 'shop',
  submission: 's',
  delivery: 's-1',
  recipient: 'Ann@x.example',
  sender: 'news@shop.example',
  headerFrom: 'news@Shop.example',
  ...fields,
});
const said = (code: number, status: string | undefined, phase = 'rcpt'): Partial<Event> => ({
  phase,
  reply: { code, ...(status === undefined ? {} : { status }), text: 'User unknown' },
});

test.each<[string, Partial<Event>, string | undefined]>([
  ['no such user at RCPT', { class: 'bad-mailbox', ...said(550, '5.1.1') }, 'hard'],
  ['no such user at RCPT without a status', { class: 'bad-mailbox', ...said(550, undefined) }, 'hard'],
  [
    'no such user after the data, with its status',
    { class: 'bad-mailbox', ...said(550, '5.1.1', 'dot') },
    'hard',
  ],
  [
    'user unknown after the data, without one',
    { class: 'bad-mailbox', ...said(550, undefined, 'dot') },
    'soft',
  ],
  ['takes no mail, says the host', { class: 'no-mail-domain', ...said(521, '5.3.2') }, 'hard'],
  ['no such domain, says our resolver', { class: 'bad-domain', phase: 'dns' }, 'soft'],
  ['null MX, says our resolver', { class: 'no-mail-domain', phase: 'dns' }, 'soft'],
  ['disabled', { class: 'inactive-mailbox', ...said(550, '5.2.1') }, 'soft'],
  ['full', { class: 'mailbox-full', ...said(552, '5.2.2') }, 'full'],
  ['full until the time ran out', { type: 'expired', class: 'mailbox-full' }, 'full'],
  ['no connection until the time ran out', { type: 'expired', class: 'connection' }, 'soft'],
  ['the time ran out while we held it', { type: 'expired', class: 'expired' }, undefined],
  ['spam', { class: 'spam', ...said(550, '5.7.1') }, undefined],
  ['blocked', { class: 'blocked', ...said(550, '5.7.1') }, undefined],
  ['too big', { class: 'message-too-big', ...said(552, '5.3.4') }, undefined],
  ['policy', { class: 'policy', ...said(550, '5.7.1') }, undefined],
  ['our own trouble', { class: 'local' }, undefined],
  ['a deferral', { type: 'deferred', class: 'mailbox-full', ...said(452, '4.2.2') }, undefined],
  ['a hard report', { report: 'dsn', class: 'bad-mailbox', category: 'hard' }, 'hard'],
  [
    'a report in doubt',
    { report: 'text', class: 'bad-mailbox', category: 'soft', ...said(550, '5.1.1') },
    'soft',
  ],
  ['a report that the mailbox is full', { report: 'dsn', class: 'mailbox-full', category: 'quota' }, 'full'],
  ['a report of a filter', { report: 'dsn', class: 'spam', category: 'spam' }, undefined],
  ['a complaint', { type: 'complained', report: 'arf', class: 'abuse' }, 'complaint'],
  ['delivered', { type: 'delivered', host: 'mx.x.example' }, 'takes'],
  ['caught', { type: 'delivered', host: 'sandbox' }, undefined],
  ['test mode', { type: 'delivered' }, undefined],
  ['suppressed', { type: 'dropped', class: 'suppressed' }, undefined],
])('%s', (_, fields, sign) => expect(signOf(event(fields))).toBe(sign));

test('the entry holds reason, reply, delivery and report', () => {
  const bounce = event({ class: 'bad-mailbox', ...said(550, '5.1.1') });
  const config = suppressionConfig.parse({ softFor: '1h' });
  expect(entryFor(bounce, 'hard', config, 7)).toEqual({
    address: 'Ann@x.example',
    reason: 'bounce: bad-mailbox',
    at: 7,
    user: 'shop',
    reply: '550 5.1.1 User unknown',
    delivery: 's-1',
    report: 'session',
  });
  expect(entryFor(bounce, 'full', config, 7)).toMatchObject({
    reason: 'mailbox full 30 times in a row',
    until: 3_600_007,
  });
  const scoped = (scope: string, from?: string) =>
    entryFor(
      event(from === undefined ? {} : { headerFrom: from }),
      'hard',
      suppressionConfig.parse({ scope }),
      7,
    );
  expect(scoped('domain')).toMatchObject({ domain: 'shop.example' });
  expect(scoped('domain', '')).toMatchObject({ user: 'shop' });
  expect(scoped('account')).not.toHaveProperty('user');
});
