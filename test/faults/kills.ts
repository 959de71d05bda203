// What the scenarios do to the relay: kills and pauses at random moments.
import type { Look } from './look.ts';
import type { Relay } from './process.ts';
import type { Stage } from './stage.ts';

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Some kills hit a relay that is just starting: it is not waited for. */
const EARLY_CHANCE = 0.2;
const EARLY_MS = [50, 1_200] as const;
/** The lease of a killed process lasts 10 s: until then its successor sends nothing. */
const LEASE_MS = 20_000;

type Round = Readonly<{
  relay: Relay;
  /** Resolves when the relay does what it is to be killed at. */
  busy(): Promise<void>;
  /** Kills, and tells what was being sent at that moment. */
  kill(): Promise<readonly string[]>;
  /** Milliseconds between being busy and the kill. */
  moment: readonly [number, number];
}>;

/** kill -9 again and again, restarting at once. Leaves the relay running. */
export async function killRounds(stage: Stage, rounds: number, round: Round): Promise<void> {
  const { random } = stage;
  for (let count = 0; count < rounds; count++) {
    if (random.chance(EARLY_CHANCE)) {
      round.relay.launch();
      await sleep(random.between(...EARLY_MS));
    } else {
      await round.relay.start();
      await round.busy();
      await sleep(random.between(...round.moment));
    }
    stage.noteInFlight(await round.kill());
  }
  await round.relay.start();
}

/** Kills it and looks into Redis, which lives on: what it shows is what was in flight. */
export async function killAndLook(relay: Relay, look: Look): Promise<readonly string[]> {
  await relay.kill9();
  return look.sending();
}

/** Until somebody sends, as far as Redis shows it. */
export async function untilSending(look: Look): Promise<void> {
  const until = performance.now() + LEASE_MS;
  while (performance.now() < until) {
    const refs = await look.sending().catch(() => []);
    if (refs.length > 0) return;
    await sleep(50);
  }
}

/** Until another message was accepted; milliseconds, Infinity when that took too long. */
export async function untilAccepted({ load }: Stage): Promise<number> {
  const since = performance.now();
  const before = load.accepted();
  while (load.accepted() === before) {
    if (performance.now() - since > 30_000) return Infinity;
    await sleep(20);
  }
  return performance.now() - since;
}
