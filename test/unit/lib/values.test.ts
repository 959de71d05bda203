// Values of the configuration: durations, sizes and networks, and what is said of those that are none.
import { expect, test } from 'vitest';
import { bytesLike, durationLike, isNetwork } from '../../../src/lib/values.ts';

const problemOf = (result: Readonly<{ error?: Readonly<{ issues: readonly { message: string }[] }> }>) =>
  result.error?.issues.map(({ message }) => message);

test('durations', () => {
  const some = durationLike('"2h"');
  expect(some.parse('1h30m')).toBe(5_400_000);
  for (const bad of ['0s', 'soon', '', '-1h'])
    expect(problemOf(some.safeParse(bad))).toEqual(['must be a duration such as "2h"']);
  expect(durationLike('"2h"', 'allowed').parse('0s')).toBe(0);
});

test('sizes', () => {
  const size = bytesLike('"36MB"');
  expect([size.parse('1MiB'), size.parse(512)]).toEqual([1_048_576, 512]);
  for (const bad of ['0', 'big', 0, -1, 1.5])
    expect(problemOf(size.safeParse(bad))).toEqual(['must be a size such as "36MB"']);
});

test.each([
  ['192.0.2.1', true],
  ['192.0.2.0/24', true],
  ['192.0.2.0/32', true],
  ['192.0.2.0/33', false],
  ['2001:db8::/48', true],
  ['2001:db8::/129', false],
  ['192.0.2.0/24/8', false],
  ['192.0.2.0/x', false],
  ['192.0.2.0/', false],
  ['relay.example', false],
  ['', false],
])('network %s: %s', (text, is) => expect(isNetwork(text)).toBe(is));
