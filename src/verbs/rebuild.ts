// Making the history anew from the event log beside a running Postino: month by month, each put in its place as a whole.
import type { EventLog } from '../events/log.ts';
import type { Place, Rebuilding } from '../history/history.ts';

export type Rebuilt = Readonly<{
  events: number;
  /** Months that were made anew, and those that began before what the event log still has. */
  months: readonly string[];
  kept: readonly string[];
}>;

/** It is said how far it is after so many events. */
const STEP = 100_000;

/** Reads the whole event log into a history of its own, then puts its months in the place of the old ones. */
export async function rebuildHistory(
  { rebuilding, eventLog }: Readonly<{ rebuilding: Rebuilding; eventLog: EventLog }>,
  say: (text: string) => void,
): Promise<Rebuilt> {
  let events = 0;
  let last: Place | undefined;
  const readOn = async (): Promise<void> => {
    for await (const batch of eventLog.read(last)) {
      await rebuilding.take(batch);
      last = batch.at(-1)?.cursor ?? last;
      const before = Math.floor(events / STEP);
      events += batch.length;
      if (Math.floor(events / STEP) > before) say(`${events} events …`);
    }
  };
  try {
    await readOn();
    const done = await rebuilding.swap(readOn);
    return { events, ...done };
  } finally {
    await rebuilding.close();
  }
}
