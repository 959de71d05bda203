// How long hosts that greylist want us to wait, as real ones say it.
import { expect, test } from 'vitest';
import { greylistWait } from '../../../src/backlog/greylist.ts';
import { whatNext } from '../../../src/backlog/retry.ts';
import type { Delivery } from '../../../src/model/delivery.ts';
import type { Outcome } from '../../../src/model/outcome.ts';

test.each<[string, number | undefined]>([
  ['Greylisted, please try again in 300 seconds', 300],
  ['Greylisting in action, please come back in 00:04:58', 298],
  [
    'Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/example.net.html',
    undefined,
  ],
  ['Greylisting in action, try again after 5 minutes', 300],
  ['greylisted. Please retry after 1 hour', 3600],
  ['Temporarily rejected. Wait 90s', 90],
  ['Greylisted: 120 seconds remaining', 120],
  ['Greylisting attivo, riprova tra 5 minuti', 300],
  ['Greylist: bitte nach 10 Minuten', 600],
  ['try again in 1 second', 10],
  ['try again in 99999 hours', 14_400],
  ['try again in 0 seconds', undefined],
  ['try again later', undefined],
  ['for 4.7.1 see rfc 6647', undefined],
  ['', undefined],
])('%s', (text, seconds) => {
  expect(greylistWait(text)).toBe(seconds === undefined ? undefined : seconds * 1000);
});

const delivery: Delivery = {
  v: 1,
  id: 'S1-1',
  account: 'default',
  submission: 'S1',
  user: 'shop',
  recipient: { address: 'a@b.test' },
  domain: 'b.test',
  pool: 'default',
  transport: 'ip1',
  priority: 3,
  state: 'sending',
  run: 1,
  attempts: 1,
  ambiguous: 0,
  due: 0,
  expiresAt: 1e12,
};
const grey = (text: string): Outcome => ({
  kind: 'deferred',
  conversation: '',
  cause: { phase: 'rcpt', class: 'greylisted', status: '4.7.1', detail: '', reply: { code: 451, text } },
});
const MIN = 60_000;
const steps = [2, 5, 15, 30].map((minutes) => minutes * MIN);
const waitOf = (text: string, more: Partial<Delivery> = {}, plan = steps): number => {
  const next = whatNext(grey(text), { ...delivery, ...more }, 0, { steps: plan });
  return next.do === 'retry' ? next.at : -1;
};

test.each<[string, string, Partial<Delivery>, number]>([
  [
    'a host that does not say is tried after five minutes, not after the first step',
    'greylisted',
    {},
    5 * MIN,
  ],
  ['nor after the third step at the third attempt', 'greylisted', { attempts: 3 }, 5 * MIN],
  ['a host that says is tried when it said', 'try again in 600 seconds', {}, 10 * MIN],
  ['but within the longest step', 'try again in 4 hours', {}, 30 * MIN],
])('%s', (_, text, more, least) => {
  expect(waitOf(text, more)).toBeGreaterThanOrEqual(least);
  expect(waitOf(text, more)).toBeLessThanOrEqual(least * 1.1);
});

test('one that greylists again and again gets the steps of the plan', () => {
  expect(waitOf('greylisted', { attempts: 4 })).toBeGreaterThan(25 * MIN);
});

test('a plan of short steps stays short', () => {
  expect(waitOf('greylisted', {}, [1000])).toBeLessThan(1200);
});
