// Every rule of config/bounces.yaml decides its own example, in the order in which they stand.
import { describe, expect, test } from 'vitest';
import { parseReply } from '../../../src/mail/reply.ts';
import { classify, decidingRule } from '../../../src/model/classify.ts';
import { categories, categoryOf } from '../../../src/model/taxonomy.ts';
import { rules } from '../../support/deliver.ts';

const all = [...rules.first, ...rules.rules];

describe('a rule', () => {
  test.each(all.map((rule) => [rule.example ?? JSON.stringify(rule), rule] as const))('%s', (_, rule) => {
    expect(rule.example, 'it has no example').toBeDefined();
    const reply = parseReply([rule.example ?? '']);
    const phase = rule.phases?.[0] ?? 'dot';
    expect(reply.code).toBeGreaterThanOrEqual(400);
    expect(decidingRule(rules, phase, reply).rule).toBe(rule);
    expect(classify(rules, phase, reply).class).toBe(rule.class);
  });

  test('is there once', () => {
    const sources = all.map(({ phases, codes, status, text }) =>
      JSON.stringify([phases, codes, status, text?.source]),
    );
    expect(new Set(sources).size).toBe(all.length);
  });
});

test.each(Object.entries(rules.statuses))('the status %s alone is %s', (status, cause) => {
  const reply = { code: 554, status: status.replace('x', '5'), text: 'no' };
  // The one status that is read by the step is that of a passing 4.2.1.
  expect(classify(rules, 'dot', reply).class).toBe(cause);
});

test.each(Object.entries(rules.subjects))('the subject %s alone is %s', (subject, cause) => {
  const reply = { code: 599, status: `${subject.replace('x', '5')}.0`, text: 'hm' };
  expect(classify(rules, 'dot', reply).class).toBe(cause);
});

test('a pattern that a stranger makes long is tried in bounded time', () => {
  const texts = [
    'mailbox ',
    'user ',
    'ip listed ',
    'domain of sender ',
    'connect to ',
    'a.',
    'recipient address rejected ',
  ].map((word) => word.repeat(1024 / word.length));
  const start = performance.now();
  for (const text of texts) for (const code of [451, 550, 552]) classify(rules, 'mail', { code, text });
  expect(performance.now() - start).toBeLessThan(500);
});

describe('the category', () => {
  test('is hard for what never takes mail again, and only when it is final', () => {
    const hard = Object.entries(categories).filter(([, pair]) => pair.includes('hard'));
    expect(hard.map(([cause]) => cause)).toEqual(['bad-mailbox', 'bad-domain', 'no-mail-domain']);
    expect(hard.every(([, [final, passing]]) => final === 'hard' && passing !== 'hard')).toBe(true);
  });

  test.each([
    ['550 5.1.1 User unknown', 'rcpt', 'hard'],
    ['450 4.1.1 User unknown', 'rcpt', 'soft'],
    ['550 5.1.2 no such domain', 'rcpt', 'hard'],
    ['451 4.4.4 no such domain just now', 'rcpt', 'dns'],
    ['550 5.2.1 account disabled', 'rcpt', 'soft'],
    ['552 5.2.2 mailbox full', 'rcpt', 'quota'],
    ['554 5.7.1 blocked using zen.spamhaus.org', 'rcpt', 'block'],
    ['550 5.7.1 looks like spam', 'dot', 'spam'],
    ['550 5.7.26 DMARC', 'dot', 'policy'],
    ['451 4.7.1 greylisted', 'rcpt', 'greylist'],
    ['421 4.4.2 connection dropped', 'data', 'network'],
    ['599 hm', 'dot', 'unknown'],
  ] as const)('of %s is %s', (reply, phase, category) => {
    expect(categoryOf(classify(rules, phase, parseReply([reply])))).toBe(category);
  });
});
