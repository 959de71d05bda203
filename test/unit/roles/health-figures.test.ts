import { expect, test } from 'vitest';
import { NO_FINDINGS, type Findings } from '../../../src/monitor/findings.ts';
import { NO_TALLY } from '../../../src/monitor/rates.ts';
import { foundFigures, limitFigures } from '../../../src/roles/health-figures.ts';

const listing = { address: '192.0.2.1', list: 'Some list', zone: 'bl.test', at: 5 };
const entry = { since: 5, act: 'quarantine', codes: ['127.0.0.2'], clean: 0 } as const;

test('lists that say nothing are left out; an entry stays one while its list says nothing', () => {
  const findings: Findings = {
    ...NO_FINDINGS,
    listings: [
      { ...listing, last: { kind: 'clean' } },
      { ...listing, list: 'Silent', last: { kind: 'unknown', why: 'no answer' } },
      { ...listing, list: 'Other', last: { kind: 'unknown', why: 'no answer' }, listed: entry },
    ],
  };
  expect(foundFigures(new Map([['ip1', findings]])).listings).toEqual([
    { transport: 'ip1', address: '192.0.2.1', list: 'Some list', listed: false },
    { transport: 'ip1', address: '192.0.2.1', list: 'Other', listed: true },
  ]);
});

test('shares are of what there was, however little', () => {
  const hour = { '': { ...NO_TALLY, delivered: 3, blocked: 1 } };
  const { replies } = foundFigures(new Map([['ip1', { ...NO_FINDINGS, hour }]]));
  expect(replies).toHaveLength(5);
  expect(replies).toContainEqual({
    transport: 'ip1',
    provider: 'others',
    kind: 'blocked',
    count: 1,
    share: 0.25,
  });
});

test('limits are counted by what they are about, their rule and what they do', () => {
  const limit = { scope: 'lane', rule: 'busy', action: 'slow' } as const;
  expect(
    limitFigures([limit, { ...limit, action: 'suspend' }, limit, { ...limit, scope: 'provider' }]),
  ).toEqual([
    { ...limit, count: 2 },
    { ...limit, action: 'suspend', count: 1 },
    { ...limit, scope: 'provider', count: 1 },
  ]);
  expect(limitFigures([])).toEqual([]);
});
