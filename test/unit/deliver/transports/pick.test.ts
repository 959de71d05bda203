// The way out of a delivery, by what its pool, its fallback, the monitors, warm-ups and operators say.
import { describe, expect, test } from 'vitest';
import { pickTransport, type Facts, type Picked } from '../../../../src/deliver/transports/pick.ts';
import { poolSchema, transportSchema, type Pool, type Transport } from '../../../../src/model/settings.ts';
import type { TransportState } from '../../../../src/model/transport-state.ts';

type Setting = Readonly<{
  pool?: string;
  paused?: true;
  draining?: true;
  weight?: number;
  state?: TransportState['state'];
  cause?: TransportState['cause'];
  carried?: 'worked' | 'soon' | 'none';
  full?: true;
  young?: true;
}>;

function pick(
  settings: Readonly<Record<string, Setting>>,
  pools: Readonly<Record<string, Partial<Pool>>> = {},
  ask: Readonly<{ keeps?: string; domain?: string }> = {},
): Picked {
  const transports = Object.entries(settings).map(
    ([name, { pool = 'main', paused = false, draining = false, weight = 100 }]): Transport =>
      transportSchema.parse({
        v: 1,
        name,
        address: '192.0.2.1',
        origin: 'file',
        pool,
        paused,
        draining,
        weight,
      }),
  );
  const facts: Facts = {
    state: ({ name }) => ({
      state: settings[name]?.state ?? 'healthy',
      cause: settings[name]?.cause ?? 'none',
    }),
    carried: ({ name }) => settings[name]?.carried ?? 'worked',
    room: ({ name }) => (settings[name]?.full ? 'none' : settings[name]?.young ? 'some' : 'free'),
  };
  return pickTransport(
    { pool: 'main', user: 'shop', domain: 'a.test', ...ask },
    {
      members: (pool) => transports.filter((one) => one.pool === pool),
      pool: (name) => pools[name] && poolSchema.parse({ v: 1, name, origin: 'file', ...pools[name] }),
    },
    facts,
  );
}

const safe = { main: { fallback: 'spare' } };
const spare = { pool: 'spare' } as const;

const cases: readonly (readonly [string, Record<string, Setting>, Record<string, Partial<Pool>>, Picked])[] =
  [
    ['an empty pool has none', {}, {}, { transport: '' }],
    ['the only one', { a: {} }, {}, { transport: 'a' }],
    ['a paused one is left for another', { a: { paused: true }, b: {} }, {}, { transport: 'b' }],
    ['a draining one, too', { a: { draining: true }, b: {} }, {}, { transport: 'b' }],
    ['a quarantined one, too', { a: { state: 'quarantined' }, b: {} }, {}, { transport: 'b' }],
    ['a full one, too', { a: { full: true }, b: {} }, {}, { transport: 'b' }],
    ['one that nobody works, too', { a: { carried: 'none' }, b: {} }, {}, { transport: 'b' }],
    ['degraded is better than nothing', { a: { state: 'degraded' } }, {}, { transport: 'a' }],
    ['a paused one is waited for', { a: { paused: true } }, {}, { transport: 'a' }],
    ['a draining one is not', { a: { draining: true } }, {}, { transport: '' }],
    ['a paused one that drains is not', { a: { draining: true, paused: true } }, {}, { transport: '' }],
    ['a full one is waited for', { a: { full: true } }, {}, { transport: 'a' }],
    ['one that nobody works is waited for', { a: { carried: 'none' } }, {}, { transport: 'a' }],
    [
      'a full one rather than one that nobody works',
      { a: { full: true }, b: { carried: 'none' } },
      {},
      { transport: 'a' },
    ],
    ['another pool is not touched', { a: { full: true }, z: spare }, {}, { transport: 'a' }],
    ['a pool of others does not help an empty one', { z: spare }, {}, { transport: '' }],

    [
      'the fallback helps an empty pool',
      { z: spare },
      safe,
      { transport: 'z', fallback: 'spare', why: 'down' },
    ],
    [
      'the fallback is not used while one can send',
      { a: { state: 'degraded' }, z: spare },
      safe,
      { transport: 'a' },
    ],
    [
      'the fallback takes what is too much',
      { a: { full: true }, z: spare },
      safe,
      { transport: 'z', fallback: 'spare', why: 'full' },
    ],
    [
      'the fallback takes over from the quarantined',
      { a: { state: 'quarantined' }, z: spare },
      safe,
      { transport: 'z', fallback: 'spare', why: 'down' },
    ],
    [
      'the fallback takes over from the paused',
      { a: { paused: true }, z: spare },
      safe,
      { transport: 'z', fallback: 'spare', why: 'down' },
    ],
    [
      'the fallback takes over from the dead',
      { a: { carried: 'none' }, z: spare },
      safe,
      { transport: 'z', fallback: 'spare', why: 'down' },
    ],
    [
      'the fallback does not take over from one that starts',
      { a: { carried: 'soon' }, z: spare },
      safe,
      { transport: 'a' },
    ],
    [
      'a full fallback is no help',
      { a: { full: true }, z: { ...spare, full: true } },
      safe,
      { transport: 'a' },
    ],
    [
      'nor is a quarantined one',
      { a: { full: true }, z: { ...spare, state: 'quarantined' } },
      safe,
      { transport: 'a' },
    ],
    [
      'nor is one that nobody works',
      { a: { full: true }, z: { ...spare, carried: 'none' } },
      safe,
      { transport: 'a' },
    ],
    [
      'a fallback of a fallback is not asked',
      { z: { pool: 'third' } },
      { ...safe, spare: { fallback: 'third' } },
      { transport: '' },
    ],
    [
      'a pool that falls back on itself has none',
      { a: { full: true } },
      { main: { fallback: 'main' } },
      { transport: 'a' },
    ],

    [
      'all bad: the least bad goes on',
      { a: { state: 'quarantined', cause: 'rates' } },
      {},
      { transport: 'a' },
    ],
    [
      'all bad: but none on a block list',
      { a: { state: 'quarantined', cause: 'listing' } },
      {},
      { transport: '' },
    ],
    [
      'all bad: nor one put aside by hand',
      { a: { state: 'quarantined', cause: 'operator' } },
      {},
      { transport: '' },
    ],
    [
      'all bad: the one that is not listed',
      { a: { state: 'quarantined', cause: 'listing' }, b: { state: 'quarantined', cause: 'identity' } },
      {},
      { transport: 'b' },
    ],
    [
      'all bad: held where that is wanted',
      { a: { state: 'quarantined', cause: 'rates' } },
      { main: { whenAllBad: 'hold' } },
      { transport: '' },
    ],
    [
      'all bad but a paused one: the bad one sends, not the paused one',
      { a: { state: 'quarantined', cause: 'rates' }, b: { paused: true } },
      {},
      { transport: 'a' },
    ],
  ];

describe('the way out', () => {
  test.each(cases)('%s', (_, settings, pools, want) => expect(pick(settings, pools)).toEqual(want));

  test('is the young one until its day is full, then the others by their weights', () => {
    const domains = Array.from({ length: 200 }, (_, i) => `d${i}.test`);
    for (const domain of domains)
      expect(pick({ a: { weight: 10_000 }, b: { young: true, weight: 1 } }, {}, { domain })).toEqual({
        transport: 'b',
      });
    expect(pick({ a: {}, b: { full: true } })).toEqual({ transport: 'a' });
    // What was tried by another address stays with that.
    expect(pick({ a: {}, b: { young: true } }, {}, { keeps: 'a' })).toEqual({ transport: 'a' });
  });

  test('stays with the address that greylisting knows, as long as it can send', () => {
    const pool = { a: {}, b: {}, c: {} };
    for (const keeps of ['a', 'b', 'c']) expect(pick(pool, {}, { keeps }).transport).toBe(keeps);
    expect(pick({ ...pool, a: { full: true } }, {}, { keeps: 'a' }).transport).not.toBe('a');
    expect(pick({ a: {}, z: spare }, safe, { keeps: 'z' })).toEqual({ transport: 'a' });
  });

  test('gives a degraded one a quarter of its share, from those that it had', () => {
    const domains = Array.from({ length: 4_000 }, (_, i) => `d${i}.test`);
    const both = domains.map((domain) => pick({ a: {}, b: {} }, {}, { domain }).transport);
    const worse = domains.map(
      (domain) => pick({ a: { state: 'degraded' }, b: {} }, {}, { domain }).transport,
    );
    expect(worse.filter((name) => name === 'a').length / domains.length).toBeCloseTo(0.2, 1);
    both.forEach((name, i) => {
      if (name === 'b') expect(worse[i]).toBe('b');
    });
  });
});
