// Waiting in a test for what comes by itself.
import { systemClock } from '../../src/lib/clock.ts';

/** Waits until `isSo` holds; fails when it does not within `ms`. */
export async function until(isSo: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> {
  const end = systemClock.ticks() + ms;
  while (!(await isSo())) {
    if (systemClock.ticks() > end) throw new Error(`it did not come to that within ${ms} ms`);
    await systemClock.sleep(10);
  }
}
