// One attempt's share of a day: asked once for a message, whatever number of connections that takes.
import { expect, test } from 'vitest';
import { Allowance } from '../../../../src/deliver/warmup/allowance.ts';
import { noWarmup, type Permit } from '../../../../src/deliver/warmup/room.ts';
import { transportSchema } from '../../../../src/model/settings.ts';
import { handClock } from '../../../support/hand-clock.ts';

const transport = transportSchema.parse({ v: 1, name: 'ip1', address: '192.0.2.1', origin: 'file' });

/** A room that gives `permits` one after the other, and counts what comes back. */
function room(make: (until: number) => readonly Permit[]) {
  const clock = handClock();
  const counts = { asked: 0, returned: 0 };
  const until = clock.now() + 1_000;
  const giveBack = async (): Promise<void> => void counts.returned++;
  const permits = make(until).map((permit) => (permit.kind === 'taken' ? { ...permit, giveBack } : permit));
  const take = async (): Promise<Permit> => permits[counts.asked++] ?? { kind: 'full', until };
  const leaving = { transport, provider: 'google' };
  return { clock, counts, until, allowance: new Allowance({ ...noWarmup, take }, leaving, clock) };
}
const taken = (until: number): Permit => ({ kind: 'taken', until, giveBack: () => Promise.resolve() });

test('a second connection for the same message asks no second time', async () => {
  const { allowance, counts } = room((until) => [taken(until)]);
  expect(await allowance.claim()).toBeUndefined();
  expect(await allowance.claim()).toBeUndefined();
  expect(counts).toEqual({ asked: 1, returned: 0 });
});

test('what did not come to MAIL is given back once, and asked for anew', async () => {
  const { allowance, counts } = room((until) => [taken(until), taken(until)]);
  await allowance.claim();
  await allowance.giveBack();
  await allowance.giveBack();
  expect(counts).toEqual({ asked: 1, returned: 1 });
  expect(await allowance.claim()).toBeUndefined();
  expect(counts.asked).toBe(2);
});

test('a full day holds the message until it ends', async () => {
  const { allowance, until } = room(() => []);
  expect(await allowance.claim()).toEqual({ kind: 'held', rule: 'warmup', until, provider: 'google' });
});

test('a message that came to MAIL yesterday counts again today, and is not given back', async () => {
  const { allowance, counts, clock } = room((until) => [taken(until), taken(until + 86_400_000)]);
  await allowance.claim();
  clock.pass(1_000);
  expect(await allowance.claim()).toBeUndefined();
  expect(counts).toEqual({ asked: 2, returned: 0 });
});

test('permits that are too late are given back, and not asked for without end', async () => {
  const { allowance, counts, clock } = room((until) => Array.from({ length: 10 }, () => taken(until)));
  clock.pass(2_000);
  expect(await allowance.claim()).toMatchObject({ kind: 'held', until: clock.now() });
  expect(counts).toEqual({ asked: 3, returned: 3 });
});

test('a warm transport is free', async () => {
  const { allowance, counts } = room(() => [{ kind: 'free' }]);
  expect(await allowance.claim()).toBeUndefined();
  await allowance.giveBack();
  expect(counts).toEqual({ asked: 1, returned: 0 });
});
