// Deadlines of a session, absolute ones, so that a client that sends a byte now and then cannot stay for ever. Pure.
import type { Deadlines } from './config.ts';
import { replies, type Reply } from './replies.ts';

/** What a session is doing. All times in milliseconds of a monotonic clock. */
export type Watch = Readonly<{
  /** logIn: nobody has logged in yet; mail: between messages; data: one comes in; busy: the client waits for us. */
  phase: 'handshake' | 'logIn' | 'mail' | 'data' | 'busy';
  /** When the phase began. */
  since: number;
  lastInput: number;
  /** Message bytes of the phase `data`. */
  bytes: number;
}>;

/** What to say to a client whose time is up, before hanging up; undefined while it is not. */
export function overdue(watch: Watch, deadlines: Deadlines, now: number): Reply | undefined {
  const elapsed = now - watch.since;
  switch (watch.phase) {
    case 'busy':
      return undefined; // RFC 5321 §4.5.3.2: the client waits minutes for an answer, and it is ours to give
    case 'handshake':
      return elapsed > deadlines.tlsHandshake ? replies.idle : undefined;
    case 'logIn':
      return elapsed > deadlines.logIn ? replies.logInTooSlow : undefined;
    case 'mail':
      return elapsed > deadlines.idle ? replies.idle : undefined;
    case 'data': {
      const owed = (deadlines.minBytesPerSecond * (elapsed - deadlines.dataGrace)) / 1000;
      const stalled = now - watch.lastInput > deadlines.idle;
      return stalled || watch.bytes < owed ? replies.dataTooSlow : undefined;
    }
  }
}
