// What events say of a message: always the sender's own words for it, and what was not done as asked.
import { expect, test } from 'vitest';
import {
  describeAccepted,
  describeAttempt,
  describeEnd,
  describeUnsent,
} from '../../../src/backlog/describe.ts';
import { split } from '../../../src/backlog/split.ts';
import { eventSchema } from '../../../src/model/event.ts';
import type { Submission } from '../../../src/model/submission.ts';
import { deferred, delivered, request } from '../../support/backlog.ts';

const words = {
  campaign: 'c1',
  campaignName: 'Spring',
  tags: ['a', 'b'],
  metadata: { order: '7' },
};
const subjectOf = (more: Partial<Submission> = {}) => {
  const { submission } = request(['a@example.net'], { at: 1000, instructions: words, ...more });
  const [delivery] = split(
    { submission, recipients: [{ address: 'a@example.net' }] },
    { pool: 'p', priority: 3, pins: { dkim: [] }, expireAfterMs: 5, wayFor: () => ({ transport: 'ip1' }) },
  );
  if (!delivery) throw new Error('no delivery');
  return { submission, delivery: { ...delivery, attempts: 1 } };
};
const subject = subjectOf();

test.each([
  ['accepted', describeAccepted(subject.submission, subject.delivery)],
  ['deferred', describeAttempt(subject, deferred, { type: 'deferred', at: 2, due: 3 })],
  ['delivered', describeAttempt(subject, delivered, { type: 'delivered', at: 2 })],
  ['delivered', describeUnsent(subject, 2)],
  ['dropped', describeEnd(subject, 'dropped', 'r', 2)],
  ['cancelled', describeEnd(subject, 'cancelled', 'r', 2)],
  ['expired', describeEnd(subject, 'expired', 'r', 2)],
])('%s has campaign, tags and metadata, and is a valid event', (type, event) => {
  expect(event).toMatchObject({ type, ...words });
  expect(eventSchema.safeParse(event).success).toBe(true);
});

test('what was not done as asked is told with the acceptance and with the attempt that found it out', () => {
  const noted = subjectOf({ notes: ['X-MC-Foo is not known.'] });
  expect(describeAccepted(noted.submission, noted.delivery).notes).toEqual(['X-MC-Foo is not known.']);
  expect(describeAccepted(subject.submission, subject.delivery)).not.toHaveProperty('notes');
  const told = { type: 'delivered', at: 2, notes: ['Not tracked: signed.'] } as const;
  expect(describeAttempt(noted, delivered, told).notes).toEqual(['Not tracked: signed.']);
  expect(describeAttempt(noted, delivered, { ...told, notes: [] })).not.toHaveProperty('notes');
});

test('an acceptance says when it is to be sent, where that is later', () => {
  const { submission, delivery } = subject;
  expect(describeAccepted(submission, { ...delivery, due: 5000 }).due).toBe(5000);
  expect(describeAccepted(submission, delivery)).not.toHaveProperty('due');
});

test('test mode looks like a delivery, without a host, and says what it is', () => {
  expect(describeUnsent(subject, 2)).toMatchObject({
    id: `${subject.delivery.id}.delivered`,
    reply: { code: 250, text: 'Ok, not sent: test mode' },
    notes: ['Test mode: the sender asked for this message not to be sent.'],
  });
  expect(describeUnsent(subject, 2)).not.toHaveProperty('host');
});
