// Spans of time whose counters Redis keeps: the last ones are read each time, those that change no more once.
import type { Clock, EpochMs } from '../lib/clock.ts';

export type Span<T> = Readonly<{ n: number; start: EpochMs; found: T }>;

export type SpansDeps<T> = Readonly<{
  clock: Clock;
  /** Length of a span, milliseconds. */
  sizeMs: number;
  /** How long after its end a span may still change. */
  settledMs: number;
  /** How many spans are looked at, so that older ones can be forgotten. */
  most: number;
  /** Reads the span with this number. */
  read(n: number): Promise<ReadonlyMap<string, string>>;
  /** What its counters say. */
  parse(counters: ReadonlyMap<string, string>): T;
}>;

/** Makes the reading of the last `count` spans, the present one first. Rejects with what `read` rejects with. */
export function makeSpans<T>(deps: SpansDeps<T>): (count: number) => Promise<readonly Span<T>[]> {
  const { clock, sizeMs, settledMs, most } = deps;
  const settled = new Map<number, T>();
  const spanOf = async (n: number): Promise<Span<T>> => {
    const start = n * sizeMs;
    const known = settled.get(n);
    if (known !== undefined) return { n, start, found: known };
    const found = deps.parse(await deps.read(n));
    if (start + sizeMs + settledMs <= clock.now()) settled.set(n, found);
    return { n, start, found };
  };
  return async (count) => {
    const last = Math.floor(clock.now() / sizeMs);
    for (const n of settled.keys()) if (n <= last - most) settled.delete(n);
    return Promise.all(Array.from({ length: count }, (_, back) => spanOf(last - back)));
  };
}
