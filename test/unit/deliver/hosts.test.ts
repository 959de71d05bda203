// Which of a site's addresses are tried: a dead one is left out for a growing time, unless all are.
import { expect, test } from 'vitest';
import { Hosts } from '../../../src/deliver/lanes/hosts.ts';
import { handClock } from '../../support/hand-clock.ts';

const target = (address: string, preference = 10) => ({
  host: `${address}.test`,
  address,
  port: 25,
  preference,
});
const MINUTE = 60_000;

test('equal preferences take turns, others come after them', () => {
  const hosts = new Hosts(handClock());
  const targets = [target('a'), target('b'), target('c', 20)];
  const seen = [1, 2, 3].map(() =>
    hosts
      .order(targets)
      .map(({ address }) => address)
      .join(''),
  );
  expect(seen).toEqual(['abc', 'bac', 'abc']);
});

test('a dead address is left out for one minute, then two, four … thirty, and forgotten when it answers', () => {
  const clock = handClock();
  const hosts = new Hosts(clock);
  const targets = [target('a'), target('b', 20)];
  const isTried = (): boolean => hosts.order(targets).some(({ address }) => address === 'a');
  const out = [];
  for (let i = 0; i < 7; i++) {
    hosts.avoid('a');
    hosts.avoid('a'); // several attempts at once say the same
    let minutes = 0;
    for (; !isTried(); minutes++) clock.pass(MINUTE);
    out.push(minutes);
  }
  expect(out).toEqual([1, 2, 4, 8, 16, 30, 30]);
  hosts.reached('a');
  expect(hosts.isBlank).toBe(true);
  hosts.avoid('a');
  clock.pass(MINUTE);
  expect(isTried()).toBe(true);
});

test('where all are dead all are tried', () => {
  const hosts = new Hosts(handClock());
  hosts.avoid('a');
  hosts.avoid('b');
  expect(hosts.order([target('a'), target('b', 20)]).map(({ address }) => address)).toEqual(['a', 'b']);
});

test('what is remembered is forgotten in time, and is never much', () => {
  const clock = handClock();
  const hosts = new Hosts(clock);
  for (let i = 0; i < 5000; i++) hosts.avoid(`a${i}`);
  hosts.rememberBrokenTls('t');
  expect([hosts.isBlank, hosts.hasBrokenTls('t')]).toEqual([false, true]);
  clock.pass(60 * MINUTE + 1);
  expect([hosts.hasBrokenTls('t'), hosts.isBlank]).toEqual([false, true]);
});
