// Long work cut into steps, so that whoever does it can let others go in between. Pure but for taking turns.
import { nextTurn } from './clock.ts';

/** Work that pauses wherever others may go; what it returns does not depend on when it goes on. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Does it all at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Does a step in each turn of the event loop; work that never pauses is done at once. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await nextTurn();
  }
}
