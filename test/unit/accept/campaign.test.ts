// Campaigns by policy: the table of SMTP+'s policies, ISO weeks at the turn of years, long and hostile subjects.
import { describe, expect, test } from 'vitest';
import { campaignOf, withoutVariables, type CampaignSubject } from '../../../src/accept/campaign.ts';
import { campaignPolicies } from '../../../src/model/settings.ts';
import { cpuClock } from '../../support/cpu.ts';

const at = (text: string): number => Date.parse(text);
const message: CampaignSubject = {
  at: at('2026-07-03T10:00:00Z'),
  user: 'shop',
  subject: 'Ticket [123] solved',
  sender: 'Help@shop.example',
  senderName: 'Shop help',
};

test.each<[(typeof campaignPolicies)[number], Partial<CampaignSubject>, string, string]>([
  ['day', {}, '2026-07-03', '2026-07-03'],
  ['day', { at: at('2026-07-03T23:59:59.999Z') }, '2026-07-03', '2026-07-03'],
  ['week', {}, '2026-W27', 'Week 27 of 2026'],
  ['week', { at: at('2027-01-01T00:00:00Z') }, '2026-W53', 'Week 53 of 2026'],
  ['week', { at: at('2027-01-04T00:00:00Z') }, '2027-W01', 'Week 1 of 2027'],
  ['week', { at: at('2024-12-30T00:00:00Z') }, '2025-W01', 'Week 1 of 2025'],
  ['week', { at: at('2023-01-01T12:00:00Z') }, '2022-W52', 'Week 52 of 2022'],
  ['month', {}, '2026-07', 'July 2026'],
  ['year', {}, '2026', '2026'],
  ['subject', {}, 'Ticket [123] solved', 'Ticket [123] solved'],
  ['subject', { subject: '' }, '(no subject)', '(no subject)'],
  ['dynamic-subject', {}, 'Ticket solved', 'Ticket solved'],
  ['dynamic-subject', { subject: '[7]' }, '(no subject)', '(no subject)'],
  ['sender', {}, 'help@shop.example', 'help@shop.example'],
  ['sender-name', {}, 'Shop help', 'Shop help'],
  ['sender-name', { senderName: '' }, 'help@shop.example', 'help@shop.example'],
  ['sender-subject', {}, 'help@shop.example Ticket [123] solved', 'help@shop.example Ticket [123] solved'],
  ['user', {}, 'shop', 'shop'],
])('%s of %o is %s', (policy, change, campaign, campaignName) =>
  expect(campaignOf(policy, { ...message, ...change })).toEqual({ campaign, campaignName }),
);

test.each([
  ['Ticket [number] solved', 'Ticket solved'],
  ['Ticket [123] solved', 'Ticket solved'],
  ['[a] [b]c[d]', 'c'],
  ['a [b [c] d] e', 'a e'],
  ['a [b', 'a [b'],
  ['a ] b', 'a ] b'],
  ['a [b [c] d', 'a [b d'],
  ['plain', 'plain'],
  ['', ''],
])('the subject %s without its variables is %s', (subject, want) =>
  expect(withoutVariables(subject)).toBe(want),
);

describe('long subjects', () => {
  const long = 'x'.repeat(400);
  test.each(campaignPolicies)('by %s both texts have 1 to 255 characters', (policy) => {
    const { campaign, campaignName } = campaignOf(policy, {
      ...message,
      subject: `${long}😀`,
      senderName: `${'😀'.repeat(300)}`,
      sender: `${long}@shop.example`,
    });
    for (const text of [campaign, campaignName]) {
      expect(text.length).toBeGreaterThan(0);
      expect(text.length).toBeLessThanOrEqual(255);
      expect(text.isWellFormed()).toBe(true);
    }
  });

  test('that differ at their end only stay apart', () => {
    const keys = ['a', 'b'].map((end) => campaignOf('subject', { ...message, subject: long + end }).campaign);
    expect(new Set(keys).size).toBe(2);
  });
});

test('a million brackets take no time', () => {
  const subject = '['.repeat(500_000) + ']'.repeat(500_000);
  const spent = cpuClock();
  expect(withoutVariables(subject)).toBe('');
  expect(spent()).toBeLessThan(1000);
});
