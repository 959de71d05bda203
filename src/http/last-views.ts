// Keeps what was read of the last few messages for a moment: a page asks whether it can be shown, and then shows it.
import { hash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { MessageView, Reader } from './reader.ts';

const KEPT_MS = 20_000;
const MAX_KEPT = 4;

/** The same reader, that reads a message once for those who look at it now. */
export function keepLastViews(reader: Reader, clock: Clock): Reader {
  const kept = new Map<string, Readonly<{ view: MessageView; until: number }>>();
  const sweep = (): void => {
    for (const [key, { until }] of kept) if (until < clock.ticks() || kept.size > MAX_KEPT) kept.delete(key);
  };
  return {
    ...reader,
    view: async (raw) => {
      sweep();
      const key = hash('sha256', raw);
      const known = kept.get(key);
      if (known) return { ok: true, value: known.view };
      const read = await reader.view(raw);
      if (read.ok) kept.set(key, { view: read.value, until: clock.ticks() + KEPT_MS });
      sweep();
      return read;
    },
  };
}
