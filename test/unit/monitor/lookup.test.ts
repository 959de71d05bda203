import { expect, test } from 'vitest';
import type { Answer } from '../../../src/monitor/answer.ts';
import { blocklistSchema } from '../../../src/monitor/blocklists.ts';
import { monitorConfig } from '../../../src/monitor/config.ts';
import { checkLists, confirmLists, makeRound } from '../../../src/monitor/lookup.ts';
import { handClock } from '../../support/hand-clock.ts';

const list = (name: string, families: readonly string[] = ['ipv4', 'ipv6']) =>
  blocklistSchema.parse({ name, zone: `${name}.test`, families, quarantine: ['127.0.0.2'] });

/** Answers from a table of names; all others are not there. */
function dns(table: Readonly<Record<string, readonly string[]>>) {
  const asked: string[] = [];
  const a = (name: string): Promise<Answer> => {
    asked.push(name);
    const records = table[name];
    return Promise.resolve(records ? { kind: 'found', records } : { kind: 'nxdomain' });
  };
  return { a, asked };
}
const works = { '2.0.0.127.both.test': ['127.0.0.2'], '2.0.0.127.four.test': ['127.0.0.2'] };

test('a list is asked for its test entries once in a round, whatever the number of addresses', async () => {
  const { a, asked } = dns(works);
  const lookUp = makeRound({ a });
  const verdicts = await Promise.all(
    ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((ip) => lookUp(ip, list('both'))),
  );
  expect(verdicts.map((verdict) => verdict?.kind)).toEqual(['clean', 'clean', 'clean']);
  expect(asked.toSorted()).toEqual([
    '1.0.0.127.both.test',
    '1.2.0.192.both.test',
    '2.0.0.127.both.test',
    '2.2.0.192.both.test',
    '3.2.0.192.both.test',
  ]);
});

test('a list that has IPv4 alone says nothing of IPv6, even where it is said to', async () => {
  const lookUp = makeRound(dns(works));
  expect(await lookUp('2001:db8::1', list('both'))).toMatchObject({ kind: 'unknown' });
  expect(await lookUp('192.0.2.1', list('both'))).toEqual({ kind: 'clean' });
  expect(await lookUp('2001:db8::1', list('four', ['ipv4']))).toBeUndefined();
});

test('an IPv6 address is found in a list that has its own test entries for IPv6', async () => {
  const testEntry = `2.0.0.0.0.0.f.7.f.f.f.f${'.0'.repeat(20)}.both.test`;
  const address = '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.both.test';
  const { a } = dns({ [testEntry]: ['127.0.0.2'], [address]: ['127.0.0.2'] });
  expect(await makeRound({ a })('2001:db8::1', list('both'))).toMatchObject({ kind: 'listed' });
});

test('entries of addresses and lists that are looked at no more are forgotten', async () => {
  const clock = handClock();
  const rules = { confirmAfterMs: 60_000, cleanChecks: 3 };
  const common = { lookUp: makeRound(dns(works)), clock, rules };
  const both = await checkLists(['192.0.2.1', '192.0.2.2'], [], {
    ...common,
    lists: [list('both'), list('four')],
  });
  expect(both).toHaveLength(4);
  const one = await checkLists(['192.0.2.2'], both, { ...common, lists: [list('four')] });
  expect(one.map(({ address, list: name }) => `${address} ${name}`)).toEqual(['192.0.2.2 four']);
});

test('what is not due is not asked for a second time', async () => {
  const clock = handClock();
  const rules = { confirmAfterMs: 60_000, cleanChecks: 3 };
  const lists = [list('both')];
  const first = makeRound(dns({ ...works, '1.2.0.192.both.test': ['127.0.0.2'] }));
  const seen = await checkLists(['192.0.2.1'], [], { lists, lookUp: first, clock, rules });
  const { a, asked } = dns(works);
  clock.pass(59_999);
  expect(await confirmLists(seen, { lists, lookUp: makeRound({ a }), clock, rules })).toEqual(seen);
  expect(asked).toEqual([]);
  clock.pass(1);
  const [denied] = await confirmLists(seen, { lists, lookUp: makeRound({ a }), clock, rules });
  expect(denied?.pending).toBeUndefined();
  // A list that was taken out of the configuration meanwhile confirms nothing.
  expect(await confirmLists(seen, { lists: [], lookUp: makeRound({ a }), clock, rules })).toEqual(seen);
});

test('a zone that is there twice is refused', () => {
  const twice = { blocklists: [list('both'), list('both')] };
  expect(monitorConfig.safeParse(twice).success).toBe(false);
});
