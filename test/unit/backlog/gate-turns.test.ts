// Lanes whose turn says when the next attempt may begin: they wake at that moment, and nothing is taken and put back meanwhile.
import { expect, test } from 'vitest';
import { Gate } from '../../../src/backlog/gate.ts';
import type { Turn } from '../../../src/backlog/lane.ts';
import type { Job } from '../../../src/backlog/queue.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { handClock } from '../../support/hand-clock.ts';

const job = (n: number, priority: Job['priority'] = 3): Job => ({
  ref: `default:d${n}-1`,
  run: 1,
  domain: 'a.test',
  priority,
});
const settle = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

/** A gate with one lane whose list is in memory, and a turn of one per `every` milliseconds from `from` on. */
function start(options: { every: number; from?: number; limit?: number; atOnce?: number; longer?: number }) {
  const clock = handClock();
  const list: Job[] = [];
  const begun: [string, number][] = [];
  const counts = { parked: 0, pulled: 0, asked: 0, rested: 0 };
  let next = options.from ?? 0;
  let change = (): void => {};
  let running = 0;
  let most = 0;
  const turn: Turn = {
    waitMs: () => {
      counts.asked++;
      return Math.max(0, next - clock.ticks());
    },
    begin: () => {
      most = Math.max(most, ++running);
      next = clock.ticks() + options.every;
    },
    end: () => void running--,
    rest: () => void counts.rested++,
    atOnce: () => (next - clock.ticks() > 60_000 ? 0 : (options.atOnce ?? 1)),
    onChange: (task) => {
      change = task;
    },
  };
  let current = turn;
  const gate = new Gate({
    clock,
    log: silentLog,
    locate: async () => ({ lane: 'l', limit: options.limit ?? 10, turn: current }),
    attempt: async ({ ref }, { begun: tell, sent }) => {
      begun.push([ref, clock.ticks()]);
      tell();
      sent();
    },
    park: async (one) => {
      counts.parked++;
      list.push(one);
    },
    pull: async (_, count) => {
      const items = list.splice(0, count);
      counts.pulled += items.length;
      return { items, more: list.length > 0 };
    },
    putBack: async () => undefined,
  });
  return {
    clock,
    gate,
    list,
    begun,
    counts,
    most: () => most,
    openAt: (at: number) => {
      next = at;
    },
    change: () => change(),
    replace: () => {
      current = { ...turn };
    },
  };
}

test('one per second goes each second, and each is parked and pulled at most once', async () => {
  const { clock, gate, begun, counts } = start({ every: 1000, atOnce: 5 });
  for (let i = 0; i < 20; i++) void gate.admit(job(i));
  await settle();
  for (let second = 0; second < 20; second++) {
    clock.pass(1000);
    await settle();
  }
  expect(begun.map(([, at]) => at)).toEqual(Array.from({ length: 20 }, (_, i) => i * 1000));
  expect(begun.map(([ref]) => ref)).toEqual(Array.from({ length: 20 }, (_, i) => job(i).ref));
  expect(counts.parked).toBeLessThanOrEqual(20);
  expect(counts.pulled).toBe(counts.parked);
});

test('a lane that is closed for long keeps nobody in its room, and opens by itself', async () => {
  const { clock, gate, list, begun, counts } = start({ every: 0, from: 7_200_000 });
  for (let i = 0; i < 5; i++) await gate.admit(job(i));
  await settle();
  expect([list.length, begun.length, gate.state().waiting]).toEqual([5, 0, 0]);
  clock.pass(7_140_000);
  await settle();
  const asked = counts.asked;
  expect([counts.parked, begun.length]).toEqual([5, 0]);
  expect(asked).toBeLessThan(600);
  clock.pass(60_000);
  await settle();
  expect(begun.length).toBe(5);
  expect(begun.every(([, at]) => at === 7_200_000)).toBe(true);
});

test('those in the room go back to the list when the lane closes for long, and let their jobs go', async () => {
  const { gate, list, begun, openAt, clock, change } = start({ every: 30_000, atOnce: 3 });
  await gate.admit(job(0));
  const waiting = [gate.admit(job(1)), gate.admit(job(2))];
  await settle();
  expect(gate.state().waiting).toBe(2);
  openAt(clock.ticks() + 3_600_000);
  change();
  await Promise.all(waiting);
  expect([list.map(({ ref }) => ref), gate.state().waiting, begun.length]).toEqual([
    [job(1).ref, job(2).ref],
    0,
    1,
  ]);
  openAt(clock.ticks());
  change();
  await settle();
  expect(begun.length).toBe(2);
});

test('a change wakes it before its time', async () => {
  const { clock, gate, begun, openAt, change } = start({ every: 0, from: 3_600_000 });
  await gate.admit(job(0));
  clock.pass(10_000);
  openAt(0);
  change();
  await settle();
  expect(begun).toEqual([[job(0).ref, 10_000]]);
});

test('the urgent go first, but not before their turn either', async () => {
  const { clock, gate, begun } = start({ every: 10_000, atOnce: 4 });
  await gate.admit(job(0));
  for (const [n, priority] of [
    [1, 3],
    [2, 5],
    [3, 1],
    [4, 1],
  ] as const)
    void gate.admit(job(n, priority));
  await settle();
  for (let i = 0; i < 4; i++) {
    clock.pass(10_000);
    await settle();
  }
  expect(begun.map(([ref, at]) => `${ref} ${at}`)).toEqual(
    [0, 3, 4, 1, 2].map((n, i) => `${job(n).ref} ${i * 10_000}`),
  );
});

test('a place that is kept for a delivery counts from when it was kept', async () => {
  const { clock, gate, begun } = start({ every: 1000 });
  await gate.admit(job(0));
  clock.pass(1000);
  const kept = gate.reserve('a.test', 3);
  expect(kept?.kind).toBe('slot');
  expect(gate.reserve('a.test', 3)?.kind).toBe('seat');
  if (kept?.kind === 'slot') kept.giveUp();
  await settle();
  expect(begun.length).toBe(1);
  void gate.admit(job(1));
  await settle();
  clock.pass(1000);
  await settle();
  expect(begun.length).toBe(2);
});

test('a gate that closes, or gets another turn, waits for the old one no more', async () => {
  const { clock, gate, counts, replace } = start({ every: 0, from: Infinity, atOnce: 5 });
  void gate.admit(job(0));
  await settle();
  const rested = counts.rested;
  // As after the way to the site was forgotten and found again.
  clock.pass(120_000);
  await settle();
  replace();
  void gate.admit(job(1));
  await settle();
  expect(counts.rested).toBe(rested + 1);
  await gate.close();
  expect(counts.rested).toBe(rested + 2);
});

test('two hundred sites that never answer, and two hundred that are suspended, delay no other', async () => {
  const clock = handClock();
  const never = new Promise<void>(() => undefined);
  const done: string[] = [];
  let parked = 0;
  const suspended: Turn = {
    waitMs: () => 3_600_000,
    begin: () => {},
    end: () => {},
    rest: () => {},
    atOnce: () => 0,
    onChange: () => {},
  };
  const gate = new Gate({
    clock,
    log: silentLog,
    locate: async (domain) => ({
      lane: domain,
      limit: 10,
      ...(domain.startsWith('suspended') && { turn: suspended }),
    }),
    attempt: async ({ ref, domain }, { begun, sent }) => {
      begun();
      if (domain.startsWith('tarpit')) await never;
      done.push(ref);
      sent();
    },
    park: async () => void parked++,
    pull: async () => ({ items: [], more: false }),
    putBack: async () => undefined,
  });
  let held = 0;
  for (let i = 0; i < 6000; i++) {
    const domain = i % 2 === 0 ? `tarpit${i % 200}.test` : `suspended${i % 200}.test`;
    held++;
    void gate.admit({ ref: `x${i}`, run: 1, domain, priority: 3 }).then(() => held--);
  }
  await settle();
  // Jobs of the queue that are held fast are fewer than its workers, so that others come through.
  expect(held).toBeLessThanOrEqual(60);
  expect(parked).toBeGreaterThan(4000);
  for (let i = 0; i < 50; i++) void gate.admit({ ref: `good${i}`, run: 1, domain: 'good.test', priority: 3 });
  await settle();
  expect(done.length).toBe(50);
});
