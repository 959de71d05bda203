// Weighted rendezvous: shares follow the weights, and a change moves only what must move.
import { describe, expect, test } from 'vitest';
import { chooseTransport, type Weighted } from '../../../../src/deliver/transports/choose.ts';

const pool = (...weights: readonly number[]): readonly Weighted[] =>
  weights.map((weight, index) => ({ name: `ip${index + 1}`, weight }));
const keys = Array.from({ length: 8_000 }, (_, i) => [`user${i % 13}`, `domain${i}.test`] as const);
const choices = (members: readonly Weighted[]): readonly string[] =>
  keys.map(([user, domain]) => chooseTransport(members, user, domain)?.name ?? '');
const shareOf = (chosen: readonly string[], name: string): number =>
  chosen.filter((one) => one === name).length / chosen.length;

describe('weights', () => {
  test.each([
    ['equal ones', [100, 100, 100]],
    ['a young one beside old ones', [10, 100, 100]],
    ['one of ten thousand', [1, 9_999]],
    ['many', [1, 2, 3, 4, 5, 6, 7, 8]],
  ])('give their shares: %s', (_, weights) => {
    const chosen = choices(pool(...weights));
    const sum = weights.reduce((all, one) => all + one, 0);
    weights.forEach((weight, index) => {
      expect(Math.abs(shareOf(chosen, `ip${index + 1}`) - weight / sum)).toBeLessThan(0.02);
    });
  });

  test('raised: only the raised one wins, and no more than its new share', () => {
    const [before, after] = [choices(pool(100, 100, 100, 100)), choices(pool(100, 200, 100, 100))];
    const moved = before.flatMap((name, i) => (name === after[i] ? [] : [[name, after[i]] as const]));
    expect(moved.every(([, to]) => to === 'ip2')).toBe(true);
    // 1/4 before, 2/5 after.
    expect(Math.abs(moved.length / keys.length - 0.15)).toBeLessThan(0.02);
  });

  test('lowered: only what the lowered one had moves', () => {
    const [before, after] = [choices(pool(100, 100, 100)), choices(pool(100, 100, 50))];
    before.forEach((name, i) => {
      if (name !== after[i]) expect(name).toBe('ip3');
    });
  });

  test('of one that comes or goes: the others keep theirs', () => {
    const [four, three] = [choices(pool(10, 20, 30, 40)), choices(pool(10, 20, 30))];
    four.forEach((name, i) => {
      if (name !== 'ip4') expect(three[i]).toBe(name);
    });
  });

  test('do not depend on the order, nor on what the scale is', () => {
    const members = pool(3, 7, 11);
    expect(choices(members.toReversed())).toEqual(choices(members));
    expect(choices(pool(300, 700, 1_100))).toEqual(choices(members));
  });
});
