// Dates as mail writes them (RFC 5322 §3.3), always in UTC. Pure.
import type { EpochMs } from '../lib/clock.ts';

/** Epoch milliseconds as "Mon, 02 Mar 2026 10:11:12 +0000". */
export function mailDate(at: EpochMs): string {
  return new Date(at).toUTCString().replace(/GMT$/, '+0000');
}
