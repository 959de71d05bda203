// When a transport's warm-up began, where nobody says: an address that the world has not seen begins today. Pure.
import { plusDays, type Day } from '../lib/day.ts';
import type { Transport } from '../model/settings.ts';

/** What an operator said; nothing of it: decide. */
export type Said = Readonly<{
  warm?: boolean | undefined;
  warmup?: Readonly<{ since?: string | undefined; day?: number | undefined }> | undefined;
}>;

type Seen = Pick<Transport, 'kind' | 'address' | 'publicAddress' | 'via' | 'warm' | 'warmup'>;

/** The address that the world sees. */
export function seenAs({ address, publicAddress }: Pick<Transport, 'address' | 'publicAddress'>): string {
  return publicAddress ?? address ?? '';
}

/**
 * The warm-up of a transport as it is stored: what was said, else what was known of the same address, else from today on.
 * What goes through an upstream relay, stays on this host or is caught is nothing that the world could get used to.
 */
export function warmupFor(
  next: Seen,
  old: Seen | undefined,
  said: Said,
  today: Day,
): Pick<Transport, 'warm' | 'warmup'> {
  if (said.warm === true) return { warm: true };
  const { since, day } = said.warmup ?? {};
  if (since !== undefined) return { warmup: { since } };
  if (day !== undefined) return { warmup: fromDay(day, old, today) };
  const same = old !== undefined && seenAs(old) === seenAs(next);
  if (same && said.warm === undefined) return kept(old);
  return isSeen(next) ? { warmup: { since: today } } : {};
}

/** "Day 5" was said once; it is day 6 on the day after. */
function fromDay(day: number, old: Seen | undefined, today: Day): NonNullable<Transport['warmup']> {
  if (old?.warmup?.day === day) return old.warmup;
  return { since: plusDays(today, 1 - day), day };
}

function kept({ warm, warmup }: Seen): Pick<Transport, 'warm' | 'warmup'> {
  return { ...(warm === undefined ? {} : { warm }), ...(warmup === undefined ? {} : { warmup }) };
}

function isSeen(transport: Seen): boolean {
  const address = seenAs(transport);
  const isHere = address.startsWith('127.') || address === '::1';
  return transport.kind === 'smtp' && transport.via === undefined && address !== '' && !isHere;
}
