import { expect, test } from 'vitest';
import { judgeBinds, tryBind } from '../../../src/monitor/bind.ts';

const said = (entries: Readonly<Record<string, string>>) => judgeBinds(new Map(Object.entries(entries)), 100);

const cases: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
  ['nobody said anything', {}, 'unknown'],
  ['only long ago', { a: '99 ' }, 'unknown'],
  ['it works', { a: '100 ' }, 'ok'],
  ['it works for one', { a: '150 10.0.0.1: EADDRNOTAVAIL', b: '160 ' }, 'ok'],
  ['it worked for one that is gone', { a: '150 10.0.0.1: EADDRNOTAVAIL', b: '50 ' }, 'trouble'],
  ['what cannot be read', { a: 'x', b: '' }, 'unknown'],
];
for (const [name, entries, want] of cases) test(name, () => expect(said(entries).state).toBe(want));

test('the same trouble is told once', () =>
  expect(said({ a: '150 10.0.0.1: X', b: '150 10.0.0.1: X' }).sentence).toBe(
    'No running process can use its address (10.0.0.1: X).',
  ));

test('an address of this host can be bound, others cannot', async () => {
  expect(await tryBind('127.0.1.77')).toBeUndefined();
  expect(await tryBind('192.0.2.77')).toBe('EADDRNOTAVAIL');
  expect(await tryBind('no address')).toMatch(/\w/);
});
