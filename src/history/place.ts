// Places in the event log, in order and as text. Pure.
import type { Place } from './history.ts';

/** Negative when `a` comes before `b`, 0 when they are the same place. */
export function comparePlaces(a: Place, b: Place): number {
  return a.ms - b.ms || a.seq - b.seq || a.n - b.n;
}

/** "1767225600000-7.2", as cursors of events are. */
export function placeText({ ms, seq, n }: Place): string {
  return `${ms}-${seq}.${n}`;
}

export function readPlace(text: string | undefined): Place | undefined {
  const match = /^(\d{1,15})-(\d{1,16})\.(\d{1,9})$/.exec(text ?? '');
  return match ? { ms: Number(match[1]), seq: Number(match[2]), n: Number(match[3]) } : undefined;
}
