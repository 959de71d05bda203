// Return paths: what is made here is read again whatever hosts do to it, and nothing else is.
import { describe, expect, test } from 'vitest';
import { newId } from '../../../src/lib/ids.ts';
import { makeReturnPaths } from '../../../src/mail/verp.ts';
import { randomFrom, rounds } from '../../support/random.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-25T10:00:00Z');
const master = Buffer.alloc(32, 7);
const paths = makeReturnPaths(master, 30 * DAY);
const deliveryAt = (at: number, n = 1): string => `${newId(at)}-${n}`;
const write = (delivery: string, due = NOW): string => paths.write(delivery, due) ?? '';

describe('writing and reading', () => {
  test.each([1, 2, 31, 32, 500, 32 ** 4 - 1])('delivery number %i', (n) => {
    const delivery = deliveryAt(NOW, n);
    const local = write(delivery);
    expect(local).toMatch(/^b[0-9a-hjkmnp-tv-z]+$/);
    expect(local.length).toBeLessThanOrEqual(64);
    expect(paths.read(local, NOW)).toBe(delivery);
    expect(write(delivery)).toBe(local);
  });

  test.each(['', 'x-1', `${newId(NOW)}`, `${newId(NOW)}-0x1`, `${newId(NOW)}-1048576`, `${newId(NOW)}-1-1`])(
    'nothing is written for the id %j',
    (id) => expect(paths.write(id, NOW)).toBeUndefined(),
  );

  test.each<[string, (local: string) => string]>([
    ['in upper case', (local) => local.toUpperCase()],
    ['in quotes', (local) => `"${local}"`],
    ['with o for 0', (local) => local.replaceAll('0', 'o')],
    ['with I for 1', (local) => local.replaceAll('1', 'I')],
    ['with l for 1', (local) => local.replaceAll('1', 'l')],
  ])('is read %s', (_, change) => {
    const delivery = deliveryAt(NOW, 10);
    expect(paths.read(change(write(delivery)), NOW)).toBe(delivery);
  });
});

describe('what is not ours', () => {
  test('a change of any character', () => {
    const delivery = deliveryAt(NOW, 77);
    const local = write(delivery);
    for (let i = 0; i < local.length; i++)
      for (const char of '0123456789abcdefghjkmnpqrstvwxyz-+=."') {
        const changed = local.slice(0, i) + char + local.slice(i + 1);
        if (changed !== local) expect(paths.read(changed, NOW), `${i} ${char}`).toBeUndefined();
      }
  });

  test('a character more or less, anywhere', () => {
    const local = write(deliveryAt(NOW));
    for (let i = 0; i <= local.length; i++) {
      expect(paths.read(local.slice(0, i) + local.slice(i + 1), NOW) ?? '', `less at ${i}`).toBe(
        i === local.length ? paths.read(local, NOW) : '',
      );
      expect(paths.read(`${local.slice(0, i)}0${local.slice(i)}`, NOW), `more at ${i}`).toBeUndefined();
    }
  });

  test('another master key', () => {
    const other = makeReturnPaths(Buffer.alloc(32, 8), 30 * DAY);
    expect(other.read(write(deliveryAt(NOW)), NOW)).toBeUndefined();
  });

  test('whatever strangers make up', () => {
    const random = randomFrom(17);
    const chars = '0123456789abcdefghjkmnpqrstvwxyzIOLU"+=-._@ \u0000é';
    for (let i = 0; i < rounds(20_000); i++) {
      const length = random(70);
      const text = Array.from({ length }, () => chars[random(chars.length)]).join('');
      expect(paths.read(i % 2 ? `b${text}` : text, NOW)).toBeUndefined();
      expect(paths.isComplaints(i % 2 ? `fbl-${text}` : text, [0, 1])).toBe(false);
    }
  });
});

describe('time', () => {
  test('ends 30 days after the message was accepted', () => {
    const delivery = deliveryAt(NOW);
    const local = write(delivery);
    expect(paths.read(local, NOW + 30 * DAY)).toBe(delivery);
    expect(paths.read(local, NOW + 30 * DAY + 1)).toBeUndefined();
    expect(paths.read(local, NOW + 84 * 365 * DAY)).toBeUndefined();
  });

  test('a message from the future is none of ours', () => {
    expect(paths.read(write(deliveryAt(NOW + DAY)), NOW)).toBeUndefined();
    expect(paths.read(write(deliveryAt(NOW + 60_000)), NOW)).toBeDefined();
  });

  test.each([31, 60, 200, 380])('what is due %i days later lives on from there', (days) => {
    const delivery = deliveryAt(NOW);
    const due = NOW + days * DAY;
    const local = write(delivery, due);
    for (const at of [NOW, due, due + 29 * DAY]) expect(paths.read(local, at), String(at)).toBe(delivery);
    expect(paths.read(local, due + 61 * DAY)).toBeUndefined();
  });

  test('works at every moment of many periods', () => {
    for (let at = NOW; at < NOW + 200 * DAY; at += 7 * DAY + 12_345_678) {
      const delivery = deliveryAt(at);
      expect(paths.read(write(delivery, at + DAY), at + 20 * DAY)).toBe(delivery);
    }
  });
});

describe('the address of feedback loops', () => {
  test('stays the same, in any case, for its key alone', () => {
    const local = paths.complaints(0);
    expect(local).toMatch(/^fbl-[0-9a-z]{18}$/);
    expect(paths.complaints(0)).toBe(local);
    expect(paths.complaints(1)).not.toBe(local);
    for (const one of [local, local.toUpperCase()]) expect(paths.isComplaints(one, [1, 0])).toBe(true);
    expect(paths.isComplaints(local, [1])).toBe(false);
    expect(paths.isComplaints(`${local}0`, [0])).toBe(false);
    expect(paths.read(local, NOW)).toBeUndefined();
  });
});
