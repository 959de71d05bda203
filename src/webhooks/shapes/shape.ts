// A shape: the form in which a webhook gets events, and how the receiver knows that they are ours.
import type { EpochMs } from '../../lib/clock.ts';
import type { Event } from '../../model/event.ts';

/** What is asked for: events that go together, or one. */
export type Ask = Readonly<{
  /** Names what is sent; the same when it is sent again. */
  id: string;
  events: readonly Event[];
  /** With user and password, where it has them. */
  url: string;
  method: 'GET' | 'POST';
  /** Names of the receiver's own for what there is to say. */
  parameters: Readonly<Record<string, string>>;
  /** The newest first; what came before it is in use until the receiver knows the new one. */
  secrets: readonly string[];
  at: EpochMs;
}>;

export type Made = Readonly<{
  url: string;
  method: 'GET' | 'POST';
  headers: Readonly<Record<string, string>>;
  body?: string;
  /** Proofs that are left out of the delivery log, since they could be used again. */
  proofs: readonly string[];
}>;

/** whsec: "whsec_…" · text: letters and digits · ecdsa: a pair of keys, of which the receiver has the public one. */
export type KeyKind = 'whsec' | 'text' | 'ecdsa';

export type Shape = Readonly<{
  /** Events that one request may carry. */
  carries: 'one' | 'many';
  key: KeyKind;
  /** What the event is called there; undefined: it has no word for it, and the event is left out. */
  word(event: Event): string | undefined;
  make(ask: Ask): Made;
  /** True when the receiver has it, or wants it no more. */
  isTaken(status: number): boolean;
}>;

export const USER_AGENT = 'Postino-Webhook/1';

export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
