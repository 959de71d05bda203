// The rules of config/bounces.yaml against what mail hosts really say.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bounceRules, classify } from '../../../src/model/classify.ts';
import { parseReply } from '../../../src/mail/reply.ts';
import type { Phase } from '../../../src/model/outcome.ts';
import { rules } from '../../support/deliver.ts';

const said = (reply: string, phase: Phase = 'rcpt'): string => {
  const verdict = classify(rules, phase, parseReply([reply]));
  return `${verdict.class} ${verdict.permanent ? 'bounce' : 'retry'}`;
};

describe("what the recipient's host says", () => {
  test.each([
    ['550 5.1.1 The email account that you tried to reach does not exist.', 'bad-mailbox bounce'],
    ['550 No such user here', 'bad-mailbox bounce'],
    ['550 Requested action not taken: mailbox unavailable', 'bad-mailbox bounce'],
    ['550 5.4.1 Recipient address rejected: Access denied.', 'bad-mailbox bounce'],
    ['550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found', 'bad-mailbox bounce'],
    ["554 delivery error: dd This user doesn't have a yahoo.com account", 'bad-mailbox bounce'],
    ['550 utente sconosciuto', 'bad-mailbox bounce'],
    ['550 5.2.1 The email account that you tried to reach is disabled.', 'inactive-mailbox bounce'],
    ['452 4.2.2 The email account that you tried to reach is over quota.', 'mailbox-full retry'],
    ['552 5.2.2 The email account that you tried to reach is over quota', 'mailbox-full retry'],
    ['554 5.7.1 Mailbox is full', 'mailbox-full bounce'],
    [
      '450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents it',
      'rate-limited retry',
    ],
    ['451 4.7.1 Greylisting in action, please come back later', 'greylisted retry'],
    ['550 5.7.1 Greylisted, try again in 300 seconds', 'greylisted retry'],
    ['550 5.7.1 Unable to relay', 'relaying bounce'],
    ['554 5.7.1 <a@b.test>: Relay access denied', 'relaying bounce'],
    ['450 4.1.8 Sender address rejected: Domain not found', 'policy retry'],
    ['421 4.7.0 Try again later, closing connection.', 'busy retry'],
    ['451 temporary local problem', 'busy retry'],
    ['552 too many recipients', 'busy retry'],
    ['500 what?', 'protocol bounce'],
    ['599 whatever', 'other bounce'],
    ['499 whatever', 'other retry'],
    ['250 Ok', 'protocol retry'],
  ])('%s', (reply, verdict) => {
    expect(said(reply)).toBe(verdict);
  });

  test.each([
    [
      "550-5.7.26 Unauthenticated email from shop.example is not accepted due to domain's DMARC policy",
      'authentication bounce',
    ],
    [
      '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org',
      'blocked bounce',
    ],
    [
      '550 5.7.1 [192.0.2.1] Our system has detected that this message is likely unsolicited mail',
      'spam bounce',
    ],
    ['554 5.7.9 Message not accepted for policy reasons', 'authentication bounce'],
    ['552 5.3.4 Message size exceeds fixed limit', 'message-too-big bounce'],
    [
      '552 5.7.0 This message was blocked because its content presents a potential security issue',
      'blocked bounce',
    ],
    ['554 Message contains a virus', 'content bounce'],
    ['451 4.7.500 Server busy. Please try again later from [192.0.2.1].', 'busy retry'],
    ['421 4.7.28 our system has detected an unusual rate of unsolicited mail', 'rate-limited retry'],
    ['550 smtp-10.iol.local a@b.test sender rejected, IP blacklisted by CSI. LIB_102', 'blocked bounce'],
  ])('after the dot: %s', (reply, verdict) => {
    expect(said(reply, 'dot')).toBe(verdict);
  });

  test.each([
    ['greeting', '554 5.7.1 Your IP is on a block list', 'blocked retry'],
    ['greeting', '550 too many connections from your host', 'rate-limited retry'],
    ['ehlo', '550 go away', 'connection retry'],
    ['greeting', '521 this host takes no mail', 'no-mail-domain bounce'],
    ['auth', '535 5.7.8 wrong password', 'authentication retry'],
    ['tls', '554 5.7.3 no TLS for you', 'tls retry'],
  ] as const)('at %s: %s', (phase, reply, verdict) => {
    expect(said(reply, phase)).toBe(verdict);
  });

  test('421 is never final, whatever else it says', () => {
    expect(said('421 5.1.1 user unknown')).toBe('bad-mailbox retry');
  });
});

test('a rule with a wrong expression or an unknown key is a problem with its path', () => {
  const wrong = { first: [{ text: '(' }, { colour: 1 }], statuses: {}, rules: [], subjects: {} };
  const problems = bounceRules.safeParse(wrong).error?.issues.map((issue) => issue.path.join('.'));
  expect(problems).toEqual(['first.0.text', 'first.1']);
});

const corpus = new URL('../../../../shared/corpora/bounces/sisimai/', import.meta.url);

describe.skipIf(!existsSync(corpus))(
  'replies in real bounces (../shared/corpora, skipped where it is absent)',
  () => {
    test('are nearly all given a class, quickly', () => {
      const replies = diagnosesIn(corpus);
      const unknown = replies.filter(
        (reply) => classify(rules, 'rcpt', parseReply([reply])).class === 'other',
      );
      expect(replies.length).toBeGreaterThan(150);
      expect(unknown.length / replies.length, unknown.slice(0, 20).join('\n')).toBeLessThan(0.1);
    });

    test('user unknown in their words is a bad mailbox', () => {
      const plain = diagnosesIn(corpus).filter(
        (reply) => /user unknown/i.test(reply) && /5\.1\.1/.test(reply),
      );
      const wrong = plain.filter((reply) => !/bad-mailbox bounce/.test(said(reply)));
      expect(plain.length).toBeGreaterThan(10);
      expect(wrong).toEqual([]);
    });
  },
);

/** The replies that the corpus' reports quote as "Diagnostic-Code: smtp; …", unfolded. */
function diagnosesIn(folder: URL): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.eml'))
    .flatMap((name) => {
      const text = readFileSync(new URL(name, folder), 'latin1').replace(/\r?\n[ \t]+/g, ' ');
      return [...text.matchAll(/^Diagnostic-Code: *smtp; *([45]\d\d[ -].{3,})$/gim)].map(
        (match) => match[1] ?? '',
      );
    });
}
