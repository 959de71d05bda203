import { expect, test } from 'vitest';
import type { Verdict } from '../../../src/monitor/dnsbl.ts';
import { afterCheck, afterConfirmation, type Listing } from '../../../src/monitor/listing.ts';

const rules = { confirmAfterMs: 60_000, cleanChecks: 3 };
const verdicts = {
  c: { kind: 'clean' },
  l: { kind: 'listed', act: 'quarantine', codes: ['127.0.0.2'] },
  w: { kind: 'listed', act: 'warn', codes: ['127.0.0.10'] },
  u: { kind: 'unknown', why: 'no answer' },
} as const satisfies Record<string, Verdict>;

/** Small letters: a check says so; capital ones: a confirmation does. Time passes a minute between them. */
function play(script: string): Listing {
  let listing: Listing | undefined;
  let at = 0;
  for (const step of script) {
    at += 60_000;
    const verdict = Object.entries(verdicts).find(([letter]) => letter === step.toLowerCase())?.[1];
    if (!verdict) throw new Error(step);
    if (step === step.toLowerCase()) {
      const seen = { address: '192.0.2.1', list: 'Test', zone: 'bl.test', at, last: verdict };
      listing = afterCheck(listing, seen, rules);
    } else if (listing) listing = afterConfirmation(listing, verdict, at, rules);
  }
  if (!listing) throw new Error('nothing happened');
  return listing;
}

const state = ({ pending, listed }: Listing): string =>
  listed ? `${listed.act} ${listed.clean}` : pending ? 'pending' : 'clean';

const cases = [
  ['a clean check', 'c', 'clean'],
  ['no answer', 'u', 'clean'],
  ['a first positive waits', 'l', 'pending'],
  ['a second check alone does not confirm it', 'll', 'pending'],
  ['no answer keeps it waiting', 'lu', 'pending'],
  ['a clean check ends it', 'lc', 'clean'],
  ['the second resolver confirms', 'lL', 'quarantine 0'],
  ['the second resolver denies', 'lC', 'clean'],
  ['the second resolver does not answer', 'lU', 'pending'],
  ['it may answer later', 'lUUL', 'quarantine 0'],
  ['a confirmation of nothing does nothing', 'cL', 'clean'],
  ['one that only warns', 'wW', 'warn 0'],
  ['worse by the second look', 'wL', 'quarantine 0'],
  ['clean once is not enough', 'lLc', 'quarantine 1'],
  ['clean twice is not enough', 'lLcc', 'quarantine 2'],
  ['clean three times is', 'lLccc', 'clean'],
  ['no answer counts neither way', 'lLcucuc', 'clean'],
  ['no answers alone never clear it', 'lLuuuuuu', 'quarantine 0'],
  ['a positive between begins anew', 'lLcclcc', 'quarantine 2'],
  ['its weight follows the list', 'lLw', 'warn 0'],
  ['once over, it needs confirmation again', 'lLcccl', 'pending'],
] as const;
for (const [name, script, want] of cases)
  test(`${name} (${script})`, () => expect(state(play(script))).toBe(want));

test('a confirmation is due a minute after the first positive, and again a minute after one without an answer', () => {
  expect(play('l').pending).toEqual({ since: 60_000, confirmAt: 120_000 });
  expect(play('ll').pending).toEqual({ since: 60_000, confirmAt: 120_000 });
  expect(play('lU').pending).toEqual({ since: 60_000, confirmAt: 180_000 });
});
