import { simpleParser } from 'mailparser';
import { expect, test } from 'vitest';
import type { Alert } from '../../../src/alerts/alert.ts';
import { sign } from '../../../src/lib/signature.ts';
import { subjectOf, writeMail } from '../../../src/alerts/write.ts';

const AT = Date.UTC(2026, 10, 25, 12, 0, 0);
const alert = (more: Partial<Alert> = {}): Alert => ({
  id: 'a',
  kind: 'transport',
  at: AT,
  key: 'ip1',
  reason: 'Transport ip1 is listed by Spamhaus.',
  advice: 'postino transport show ip1',
  over: false,
  facts: { transport: 'ip1', state: 'quarantined' },
  ...more,
});
const envelope = {
  hostname: 'mail.a.example',
  from: 'postino@a.example',
  to: ['ops@b.example'],
  at: AT,
  id: 'alert.1@a.example',
};

test('says what happened, what to do, and the facts, in both forms', async () => {
  const mail = await simpleParser(writeMail({ rule: 'urgent', alerts: [alert()], more: 0 }, envelope));
  expect(mail.subject).toBe('[mail.a.example] state of a transport: ip1 is quarantined');
  for (const form of [mail.text ?? '', mail.html || ''])
    for (const part of [
      'Transport ip1 is listed by Spamhaus.',
      'postino transport show ip1',
      '2026-11-25 12:00:00 UTC',
      'urgent',
    ])
      expect(form).toContain(part);
  expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
});

test('lists fifty at most and counts the rest', async () => {
  const alerts = Array.from({ length: 60 }, (_, i) =>
    alert({ id: String(i), reason: `It was number ${i}.` }),
  );
  const sheet = { rule: 'hourly', alerts, more: 7 };
  const mail = await simpleParser(writeMail(sheet, envelope));
  expect(mail.text).toContain('number 49.');
  expect(mail.text).not.toContain('number 50.');
  expect(mail.text).toContain('17 more');
  expect(subjectOf(sheet, 'h')).toBe('[h] 67 alerts: 60 state of a transport');
});

test('what a stranger wrote is text and no HTML, no field and no second line', () => {
  const raw = writeMail(
    {
      rule: 'x',
      alerts: [alert({ key: 'x\r\nBcc: evil@c.example', reason: '<script>alert(1)</script>' })],
      more: 0,
    },
    envelope,
  ).toString();
  expect(raw).not.toMatch(/^Bcc:/m);
  expect(raw).not.toContain(Buffer.from('<script>').toString('base64').slice(0, 8));
  for (const line of raw.split('\r\n')) {
    expect(line.length).toBeLessThanOrEqual(998);
    expect(line).toMatch(/^[\t -~]*$/);
  }
});

test('signs as Standard Webhooks does', () => {
  // The example of the specification's reference implementation.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const body = '{"test": 2432232314}';
  expect(sign(secret, { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', at: 1_614_265_330_000, body })).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});
