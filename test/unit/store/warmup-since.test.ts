// When a warm-up begins: what was said wins, a known address goes on, a new one that the world sees begins today.
import { describe, expect, test } from 'vitest';
import { transportSchema, type Transport } from '../../../src/model/settings.ts';
import { warmupFor, type Said } from '../../../src/store/warmup-since.ts';

const today = '2026-11-25';
const transport = (more: Partial<Transport> = {}): Transport => ({
  ...transportSchema.parse({ v: 1, name: 'ip1', address: '192.0.2.1', origin: 'file' }),
  ...more,
});
const young = transport({ warmup: { since: '2026-11-20' } });
const via = { host: 'relay.test', port: 587, tls: 'required', verify: true } as const;

const cases: readonly (readonly [string, Transport, Transport | undefined, Said, Partial<Transport>])[] = [
  ['a new address begins today', transport(), undefined, {}, { warmup: { since: today } }],
  ['one that is warm does not', transport(), undefined, { warm: true }, { warm: true }],
  ['one that was said to be warm later stops', transport(), young, { warm: true }, { warm: true }],
  [
    'a day that was said',
    transport(),
    young,
    { warmup: { since: '2026-11-01' } },
    { warmup: { since: '2026-11-01' } },
  ],
  [
    'day 5 began four days ago',
    transport(),
    undefined,
    { warmup: { day: 5 } },
    { warmup: { since: '2026-11-21', day: 5 } },
  ],
  [
    'day 5 at the next start is not day 5 again',
    transport(),
    transport({ warmup: { since: '2026-11-10', day: 5 } }),
    { warmup: { day: 5 } },
    { warmup: { since: '2026-11-10', day: 5 } },
  ],
  [
    'day 6 that was day 5',
    transport(),
    transport({ warmup: { since: '2026-11-10', day: 5 } }),
    { warmup: { day: 6 } },
    { warmup: { since: '2026-11-20', day: 6 } },
  ],
  ['a known address goes on', transport(), young, {}, { warmup: { since: '2026-11-20' } }],
  ['one of before there were warm-ups is warm', transport(), transport(), {}, {}],
  [
    'another address begins anew',
    transport({ address: '192.0.2.2' }),
    young,
    {},
    { warmup: { since: today } },
  ],
  [
    'another address of a warm one, too',
    transport({ address: '192.0.2.2' }),
    transport({ warm: true }),
    {},
    { warmup: { since: today } },
  ],
  [
    'another public address, too',
    transport({ publicAddress: '198.51.100.9' }),
    young,
    {},
    { warmup: { since: today } },
  ],
  [
    'what is not warm any more begins today',
    transport(),
    transport({ warm: true }),
    { warm: false },
    { warmup: { since: today } },
  ],
  ['the sandbox needs none', transport({ kind: 'sandbox' }), undefined, {}, {}],
  ['loopback needs none', transport({ address: '127.0.1.1' }), undefined, {}, {}],
  [
    'but gets one where it was said',
    transport({ address: '127.0.1.1' }),
    undefined,
    { warmup: { day: 1 } },
    { warmup: { since: today, day: 1 } },
  ],
  ['an upstream relay has its own address', transport({ via }), undefined, {}, {}],
];

describe('the beginning of a warm-up', () => {
  test.each(cases)('%s', (_, next, old, said, want) =>
    expect(warmupFor(next, old, said, today)).toEqual(want),
  );
});
