// The subject that events tell of a letter: its own where values or a template made it, else the message's.
import { expect, test } from 'vitest';
import { ownSubject } from '../../../src/backlog/own-subject.ts';
import type { Letter } from '../../../src/model/letter.ts';
import type { Treatment } from '../../../src/model/treatment.ts';
import { submissionOf } from '../../support/letters.ts';

const merging: Treatment = { mergeHeaders: ['subject', 'to'] };
const template: Treatment = { template: { name: 'x', version: 1, engine: 'tags' } };
const letter = (head: string, more: Letter['parts'] = []): Letter => ({
  from: 'a@shop.example',
  to: 'b@x.example',
  smtputf8: false,
  eightBit: false,
  dsn: {},
  parts: [Buffer.from(head.replaceAll('\n', '\r\n')), ...more],
  size: 1,
});
const own = (treatment: Treatment | undefined, head: string) =>
  ownSubject(
    submissionOf(Buffer.from('Subject: Hi [name]\r\n\r\n'), { treatment, subject: 'Hi [name]' }),
    letter(head),
  );

test.each<[string, Treatment | undefined, string, string | undefined]>([
  ['merged', merging, 'Received: x\nSubject: Hi Anna\n\n', 'Hi Anna'],
  ['encoded', merging, 'Subject: =?utf-8?q?Hi_J=C3=B6rg?=\n\n', 'Hi Jörg'],
  ['folded', template, 'subject: Your\n order\nTo: x\n\n', 'Your order'],
  ['the same', merging, 'Subject: Hi [name]\n\n', undefined],
  ['gone', merging, 'To: x\n\nSubject: body\n', undefined],
  ['of a message that is not merged', undefined, 'Subject: other\n\n', undefined],
  ['of headers that are not merged', { mergeHeaders: ['to'] }, 'Subject: other\n\n', undefined],
  ['hostile', merging, 'Subject: =?utf-8?q?a=0D=0ABcc:_b=00?=\n\n', 'a Bcc: b'],
])('%s', (_, treatment, head, want) => expect(own(treatment, head)?.replace(/\s+/g, ' ')).toBe(want));

test('is cut like the one of a message', () => {
  expect(own(merging, `Subject: ${'x'.repeat(900)}\n\n`)?.length).toBeLessThanOrEqual(256);
});

test('a head on disk is not read for it', () => {
  const disk: Letter = { ...letter(''), parts: [{ file: '/nowhere', start: 0, size: 9 }] };
  expect(ownSubject(submissionOf(Buffer.from('\r\n'), { treatment: merging }), disk)).toBeUndefined();
});
