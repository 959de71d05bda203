// A message of priority 1 overtakes thousands of others, wherever those wait; "npm run test:overtake" does it with 100,000.
import { expect, test } from 'vitest';
import type { Instructions } from '../../../src/model/instructions.ts';
import { delivered, request, type Send } from '../../support/backlog.ts';
import { oneBacklogATest, type Backlog, type BacklogOptions } from '../../support/one-backlog.ts';
import { until } from '../../support/until.ts';

const one = oneBacklogATest();

const LIMIT = 5;
const MANY = 5_000;
const WITHIN_MS = 2_000;

/** Sends one message in 20 ms over each of five connections: the queue is good for twenty seconds. */
async function begin(options: BacklogOptions) {
  const order: string[] = [];
  const send: Send = async ({ delivery }) => {
    order.push(delivery.recipient.address);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return delivered;
  };
  return { backlog: await one.begin(send, { limit: LIMIT, ...options }), order };
}

const many = async (backlog: Backlog, instructions: Instructions = {}): Promise<void> => {
  for (let n = 0; n < MANY; n += 500) {
    const to = Array.from({ length: 500 }, (_, i) => `u${n + i}@example.net`);
    await backlog.submit(request(to, { instructions }));
  }
};
const urgent = (backlog: Backlog, to: string, more: Instructions = {}) =>
  backlog.submit(request([to], { user: 'other', instructions: { priority: 1, ...more } }));

test.each([
  ['that came by the queue', false],
  ['that were handed over', true],
])(
  'it passes %s and wait in a full lane',
  async (_, handover) => {
    const { backlog, order } = await begin({ handover });
    await many(backlog);
    await until(() => order.length > 20);
    for (let round = 0; round < 5; round++) {
      const to = `urgent${round}@example.net`;
      const before = order.length;
      const since = performance.now();
      await urgent(backlog, to);
      await until(() => order.includes(to));
      expect(performance.now() - since).toBeLessThan(WITHIN_MS);
      expect(order.indexOf(to) - before).toBeLessThan(200);
    }
  },
  60_000,
);

test('it passes those that are still in the queue of a process that just began', async () => {
  const { backlog, order } = await begin({ carrying: false });
  await many(backlog);
  await urgent(backlog, 'urgent@example.net');
  backlog.carriers.push(backlog.carryHere('p1'));
  await until(() => order.includes('urgent@example.net'));
  expect(order.indexOf('urgent@example.net')).toBe(0);
}, 60_000);

test('it passes those that were scheduled for the same moment', async () => {
  const { backlog, order } = await begin({ handover: true });
  const sendAt = Date.now() + 8_000;
  await many(backlog, { sendAt });
  await urgent(backlog, 'urgent@example.net', { sendAt: sendAt + 500 });
  await until(() => order.includes('urgent@example.net'), 20_000);
  const since = Date.now();
  expect(since - sendAt - 500).toBeLessThan(WITHIN_MS);
  expect(order.length).toBeLessThan(MANY / 4);
}, 60_000);

test('many urgent ones do not pass by each other, and all go before the rest', async () => {
  const { backlog, order } = await begin({ handover: true });
  await many(backlog);
  await until(() => order.length > 20);
  const wanted = Array.from({ length: 60 }, (_, i) => `urgent${i}@example.net`);
  for (const to of wanted) await urgent(backlog, to);
  await until(() => wanted.every((to) => order.includes(to)), 10_000);
  const places = wanted.map((to) => order.indexOf(to));
  const inOrder = places.filter((place, i) => i === 0 || place > (places[i - 1] ?? 0)).length;
  expect(inOrder).toBeGreaterThan(50);
}, 60_000);
