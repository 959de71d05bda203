// Hundreds of policy hosts that never answer must not keep us from the policy of a domain that has one.
import { expect, test } from 'vitest';
import { makeSts } from '../../../../src/deliver/security/sts.ts';
import { noStsStore } from '../../../../src/deliver/security/sts-store.ts';
import { handClock } from '../../../support/hand-clock.ts';

const settle = async (): Promise<void> => {
  for (let i = 0; i < 100; i++) await Promise.resolve();
};
const text = 'version: STSv1\r\nmode: enforce\r\nmx: mx.good.test\r\nmax_age: 86400\r\n';

function start() {
  const clock = handClock();
  let open = 0;
  let most = 0;
  const sts = makeSts({
    clock,
    port: 443,
    store: noStsStore,
    dns: { txt: async () => ({ kind: 'found', records: ['v=STSv1; id=1;'] }) },
    https: async ({ host, withinMs }) => {
      if (host === 'mta-sts.good.test') return { kind: 'answered', status: 200, type: 'text/plain', text };
      most = Math.max(most, ++open);
      await new Promise<void>((resolve) => {
        clock.after(withinMs, resolve);
      });
      open--;
      return { kind: 'failed', why: 'it did not answer in time' };
    },
  });
  return { clock, sts, most: () => most };
}

test('a good domain gets its turn while tarpits hang', async () => {
  const { clock, sts, most } = start();
  for (let n = 0; n < 400; n++) sts.prepare(`tar${n}.test`);
  await settle();
  expect(most()).toBe(50);
  sts.prepare('good.test');
  // Less than half a minute; in turns of a minute it would be eight.
  for (let second = 0; second < 27; second++) {
    clock.pass(1000);
    await settle();
  }
  expect((await sts.of('good.test')).policy).toMatchObject({ mode: 'enforce' });
  sts.stop();
});

test('thousands of them are bounded, and told as what they are', async () => {
  const { clock, sts, most } = start();
  for (let n = 0; n < 5_000; n++) sts.prepare(`tar${n}.test`);
  for (let second = 0; second < 59; second++) {
    clock.pass(1000);
    await settle();
  }
  expect(most()).toBeLessThanOrEqual(1_050);
  expect((await sts.of('tar4999.test')).trouble).toMatchObject({ kind: 'fetch' });
  sts.stop();
});
