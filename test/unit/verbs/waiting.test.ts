// Why something waits: a table of what may hold it, the greater before the smaller.
import { describe, expect, test } from 'vitest';
import type { Transport } from '../../../src/model/settings.ts';
import { transportSchema } from '../../../src/model/settings.ts';
import { whyWaits, type Around, type Held } from '../../../src/verbs/waiting.ts';

const held: Held = {
  user: 'shop',
  domain: 'one.example',
  transport: 'out1',
  campaign: 'spring',
  state: 'parked',
  hold: '',
  ahead: '',
};
const transport: Transport = transportSchema.parse({
  v: 1,
  name: 'out1',
  address: '192.0.2.1',
  pool: 'default',
  origin: 'command',
});
const calm: Around = { limits: [], transports: [{ transport, state: 'healthy' }] };
const limitOf = (scope: string, key: string, why = 'it said stop'): Around => ({
  ...calm,
  limits: [{ scope, key, does: 'paused', rule: 'test', why }],
});
const stopped = (state: 'paused' | 'draining' | 'quarantined' | 'degraded'): Around => ({
  ...calm,
  transports: [{ transport, state, because: { reason: 'Somebody did.', since: 1 } }],
});

describe('why it waits', () => {
  const cases: readonly (readonly [string, Partial<Held>, Around, object | undefined])[] = [
    ['nothing but its turn', {}, calm, undefined],
    ['it is being sent', { state: 'sending' }, stopped('paused'), { kind: 'sending' }],
    ['paused by nobody knows whom', { state: 'paused' }, calm, { kind: 'paused' }],
    [
      'its domain is paused',
      { state: 'paused' },
      limitOf('domain', 'one.example'),
      { kind: 'paused', scope: 'domain', name: 'one.example', rule: 'test', text: 'it said stop' },
    ],
    [
      'its campaign is paused',
      { state: 'paused' },
      limitOf('campaign', 'spring', ''),
      { kind: 'paused', scope: 'campaign', name: 'spring', rule: 'test' },
    ],
    ['another domain is paused', {}, limitOf('domain', 'two.example'), undefined],
    [
      'its transport is paused',
      { hold: 'warmup' },
      stopped('paused'),
      { kind: 'transport', name: 'out1', state: 'paused', text: 'Somebody did.' },
    ],
    [
      'in quarantine',
      {},
      stopped('quarantined'),
      { kind: 'transport', name: 'out1', state: 'quarantined', text: 'Somebody did.' },
    ],
    [
      'draining',
      {},
      stopped('draining'),
      { kind: 'transport', name: 'out1', state: 'draining', text: 'Somebody did.' },
    ],
    ['in trouble is no reason', {}, stopped('degraded'), undefined],
    ['no transport', { transport: '' }, calm, { kind: 'no-transport' }],
    [
      'a limit of its lane',
      {},
      limitOf('lane', 'out1/mx.one.example'),
      { kind: 'limit', text: 'it said stop' },
    ],
    ['a limit of another lane', {}, limitOf('lane', 'out2/mx.one.example'), undefined],
    ['a limit without a reason', {}, limitOf('user', 'shop', ''), { kind: 'limit', text: 'paused' }],
    ['a rule', { hold: 'warmup', ahead: 'later' }, calm, { kind: 'hold', rule: 'warmup' }],
    ['a failed try', { ahead: 'retry' }, calm, { kind: 'retry' }],
    ['its time', { ahead: 'later' }, calm, { kind: 'later' }],
  ];
  test.each(cases)('%s', (_name, own, around, wanted) => {
    const found = whyWaits({ ...held, ...own }, around);
    if (wanted === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(wanted);
  });
});
