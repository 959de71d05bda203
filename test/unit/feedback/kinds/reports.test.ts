// Mail to return paths, to the address of feedback loops and to postmaster: what is told, forwarded, asked again, left.
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Facts, Unknown } from '../../../../src/feedback/facts.ts';
import type { Kind, Receipt } from '../../../../src/feedback/kind.ts';
import { makeBounceKind } from '../../../../src/feedback/kinds/bounce.ts';
import { makeComplaintKind, type ComplaintKindDeps } from '../../../../src/feedback/kinds/complaint.ts';
import { makeOfficeKind } from '../../../../src/feedback/kinds/office.ts';
import { judgeRecipient } from '../../../../src/feedback/read/judge.ts';
import { silentLog } from '../../../../src/lib/log.ts';
import { bounceRules } from '../../../../src/model/classify.ts';
import type { Event } from '../../../../src/model/event.ts';
import { handClock } from '../../../support/hand-clock.ts';
import { bounceReport, complaintReport, vacation } from '../../../support/reports.ts';
import { message } from '../../../support/sender.ts';

const rules = bounceRules.parse(parse(readFileSync('config/bounces.yaml', 'utf8')));
const FACTS: Facts = {
  account: 'default',
  user: 'shop',
  submission: 's',
  delivery: 's-1',
  recipient: 'Ann@one.test',
  sender: 'news@shop.example',
  campaign: 'spring',
  transport: 'ip1',
  at: 0,
};
let known: Facts | Unknown;
let told: Event[];
let forwarded: string[];

beforeEach(() => {
  known = FACTS;
  told = [];
  forwarded = [];
});

const forward = (to: string) => async (): Promise<Receipt> => {
  forwarded.push(to);
  return 'taken';
};
const deps: ComplaintKindDeps = {
  isOurs: (domain) => domain === 'b.example',
  isComplaints: (local) => local === 'fbl-1',
  deliveryOf: (address) => (address === 'bounce1@b.example' ? 's-1' : undefined),
  inToken: () => undefined,
  factsOf: async () => known,
  allFactsOf: async () => (typeof known === 'string' ? known : [known]),
  judge: (recipient) => judgeRecipient(rules, recipient),
  once: { tell: async (event) => told.push(event) === 1, mayForward: async () => true },
  clock: handClock(),
  log: silentLog,
  toSender: forward('sender'),
  toReader: forward('reader'),
  toOperator: forward('operator'),
};
const receive = (kind: Kind, local: string, text: string): Promise<Receipt> =>
  kind.receive({ from: '', to: { local, domain: 'b.example' }, message: Buffer.from(text) });
const bounce = (text: string): Promise<Receipt> => receive(makeBounceKind(deps), 'bounce1', text);

test('addresses', () => {
  const kinds = [makeBounceKind(deps), makeComplaintKind(deps), makeOfficeKind(deps)];
  const takes = (local: string, domain = 'b.example'): string =>
    kinds.find((kind) => kind.takes({ local, domain }))?.name ?? '';
  expect(['bounce1', 'fbl-1', 'postmaster', 'abuse'].map((local) => takes(local))).toEqual([
    'bounce',
    'complaint',
    'office',
    'office',
  ]);
  expect(['bounce2', 'fbl-2', 'root', 'mailer-daemon', ''].map((local) => takes(local)).join('')).toBe('');
  expect(['bounce1', 'fbl-1', 'postmaster'].map((local) => takes(local, 'c.example')).join('')).toBe('');
});

describe('a return path', () => {
  test('takes a bounce, for its own recipient', async () => {
    expect(await bounce(bounceReport('victim@one.test'))).toBe('taken');
    expect(told).toMatchObject([
      {
        id: 's-1.bounced',
        type: 'bounced',
        recipient: 'Ann@one.test',
        campaign: 'spring',
        transport: 'ip1',
        class: 'bad-mailbox',
        category: 'hard',
        report: 'dsn',
        reply: { code: 550, status: '5.1.1' },
      },
    ]);
    expect(forwarded).toEqual(['reader']);
    await bounce(bounceReport('victim@one.test'));
    expect(forwarded).toEqual(['reader']);
  });

  test('takes a full mailbox for what it is', async () => {
    await bounce(bounceReport('ann@one.test', { status: '5.2.2', said: '552 5.2.2 Mailbox full' }));
    expect(told).toMatchObject([{ class: 'mailbox-full', category: 'quota' }]);
  });

  test.each([
    [
      'a delay',
      bounceReport('ann@one.test', { action: 'delayed', status: '4.4.1', said: '451 4.4.1 later' }),
      [],
    ],
    ['an answer', vacation(), ['sender']],
    ['a person', message(['From: ann@one.test', 'Subject: Re: News'], 'Thank you.\r\n'), ['sender']],
    ['garbage', '\0\r\n\r\n\xff'.repeat(1000), ['sender']],
    ['nothing', '', ['sender']],
  ])('%s is no bounce', async (_, text, to) => {
    expect(await bounce(text)).toBe('taken');
    expect(told).toEqual([]);
    expect(forwarded).toEqual(to);
  });

  test('takes a complaint', async () => {
    await bounce(complaintReport(['Subject: News']));
    expect(told).toMatchObject([{ id: 's-1.complained', type: 'complained', report: 'arf', class: 'abuse' }]);
  });

  test.each([
    ['early', 'later'],
    ['gone', 'taken'],
  ] as const)('of a delivery that the history has %s', async (state, receipt) => {
    known = state;
    for (const text of [bounceReport('a@b.test'), complaintReport([]), vacation()])
      expect(await bounce(text)).toBe(receipt);
    expect([told, forwarded]).toEqual([[], []]);
  });

  test('that ended since RCPT', async () =>
    expect(await receive(makeBounceKind(deps), 'bounce2', bounceReport('a@b.test'))).toBe('expired'));
});

describe('feedback loops', () => {
  const proved = complaintReport(['Return-Path: <bounce1@b.example>']);
  const unproved = complaintReport(['Subject: x'], ['Original-Rcpt-To: ann@one.test']);
  const notSpam = proved.replace('Feedback-Type: abuse', 'Feedback-Type: not-spam');

  test.each([
    ['a proved complaint', 'fbl-1', proved, 1, []],
    ['an unproved one', 'fbl-1', unproved, 0, []],
    ['the opposite', 'fbl-1', notSpam, 0, []],
    [
      'a question of the provider',
      'fbl-1',
      message(['From: x@p.test', 'Subject: Confirm'], 'Click.'),
      0,
      ['operator'],
    ],
    ['a proved complaint to abuse', 'abuse', proved, 1, []],
    ['an unproved one to abuse', 'abuse', unproved, 0, ['operator']],
    ['mail to postmaster', 'postmaster', message(['From: x@p.test'], 'Hello.'), 0, ['operator']],
    ['a bounce to postmaster', 'postmaster', bounceReport('ann@one.test'), 0, ['operator']],
  ])('%s', async (_, local, text, events, to) => {
    const kind = local === 'fbl-1' ? makeComplaintKind(deps) : makeOfficeKind(deps);
    expect(await receive(kind, local, text)).toBe('taken');
    expect(told).toHaveLength(events);
    expect(forwarded).toEqual(to);
  });
});
