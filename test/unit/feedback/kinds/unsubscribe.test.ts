// Mail to unsubscribe@: obeyed by its token alone, whoever sends it; people are told when it names nothing.
import { expect, test } from 'vitest';
import {
  makeUnsubscribeKind,
  unsubscribeMailbox,
  type Stop,
} from '../../../../src/feedback/kinds/unsubscribe.ts';
import { silentLog } from '../../../../src/lib/log.ts';

const GOOD = `good${'a'.repeat(60)}`;
const OLD = `old${'b'.repeat(60)}`;
const BUSY = `busy${'c'.repeat(60)}`;

function setUp() {
  const asked: string[] = [];
  const known = new Map([[GOOD, 'done'] as const, [OLD, 'gone'] as const, [BUSY, 'later'] as const]);
  const stop: Stop = async (token) => {
    asked.push(token);
    return { kind: known.get(token) ?? 'unknown' };
  };
  return { asked, kind: makeUnsubscribeKind({ domain: 'b.example', stop, log: silentLog }) };
}

const receive = (lines: readonly string[], from: string | undefined = 'ann@c.example') => {
  const { kind, asked } = setUp();
  const message = Buffer.from(`${lines.join('\r\n')}\r\n`);
  const receipt = kind.receive({ from, to: { local: 'unsubscribe', domain: 'b.example' }, message });
  return receipt.then((one) => ({ receipt: one, asked }));
};

test('its address is the one that letters name', () => {
  const { kind } = setUp();
  expect(unsubscribeMailbox('b.example')).toBe('unsubscribe@b.example');
  expect(kind.takes({ local: 'unsubscribe', domain: 'b.example' })).toBe(true);
  expect(kind.takes({ local: 'unsubscribe', domain: 'c.example' })).toBe(false);
  expect(kind.takes({ local: 'postmaster', domain: 'b.example' })).toBe(false);
});

const REPORT = 'Content-Type: multipart/report; boundary=b';
const JUNK = 'z'.repeat(60);

test.each<[string, string[], string | undefined, string]>([
  ['a token in the subject', [`Subject: ${GOOD}`, ''], undefined, 'taken'],
  ['behind Re:', [`Subject: Re: ${GOOD}`, ''], undefined, 'taken'],
  ['in the body', ['Subject: unsubscribe', '', GOOD], undefined, 'taken'],
  ['without any subject', ['', GOOD], undefined, 'taken'],
  ['by the null sender', [`Subject: ${GOOD}`, ''], '', 'taken'],
  ['by a program', [`Subject: ${GOOD}`, 'Auto-Submitted: auto-generated', ''], undefined, 'taken'],
  ['behind one that is none', [`Subject: ${JUNK}`, '', GOOD], undefined, 'taken'],
  ['an old token', [`Subject: ${OLD}`, ''], undefined, 'expired'],
  ['a store that is away', [`Subject: ${BUSY}`, ''], undefined, 'later'],
  ['a forged token', [`Subject: ${JUNK}`, ''], undefined, 'noRequest'],
  ['a person without a token', ['Subject: take me off', '', 'Please!'], undefined, 'noRequest'],
  ['a bounce without a token', ['Subject: Undelivered', '', ''], '', 'taken'],
  ['a vacation notice', ['Subject: I am away', 'Auto-Submitted: auto-replied', ''], undefined, 'taken'],
  ['a newsletter', ['Subject: Offers', 'Precedence: bulk', ''], undefined, 'taken'],
])('%s', async (_, lines, from, receipt) => expect((await receive(lines, from)).receipt).toBe(receipt));

test('a report speaks of other mail: a token in it is no order', async () => {
  const { receipt, asked } = await receive([`Subject: ${GOOD}`, REPORT, '', '--b', '', GOOD, '--b--'], '');
  expect({ receipt, asked }).toEqual({ receipt: 'taken', asked: [] });
});

test('it asks no more than it must', async () => {
  expect((await receive([`Subject: ${GOOD} ${JUNK}`, '', OLD])).asked).toEqual([GOOD]);
  const many = Array.from({ length: 200 }, (_, i) => `${i}${JUNK}`).join(' ');
  expect((await receive([`Subject: ${many}`, '', many])).asked.length).toBe(12);
});
