// Letter: the final envelope and the final bytes for one recipient.
import type { Cause } from './outcome.ts';

/** What the peer can take, read from its EHLO answer. */
export type Capabilities = Readonly<{ eightBitMime: boolean; smtputf8: boolean; dsn: boolean }>;

/** Bytes to send, in order. A `file` part is streamed from disk: `size` bytes from byte `start`, which is to its end. */
export type Part = Buffer | Readonly<{ file: string; start: number; size: number }>;

export type Letter = Readonly<{
  /** Envelope sender; "" is the null sender. */
  from: string;
  to: string;
  /** Send MAIL … SMTPUTF8. */
  smtputf8: boolean;
  /** Send MAIL … BODY=8BITMIME. */
  eightBit: boolean;
  /** RFC 3461 parameters, to be passed on where the peer offers DSN. */
  dsn: Readonly<{ ret?: 'FULL' | 'HDRS'; envid?: string; notify?: readonly string[]; orcpt?: string }>;
  /** Header and body, CRLF line ends, dots not yet stuffed. */
  parts: readonly Part[];
  /** Sum of the parts' bytes. */
  size: number;
  /** Sentences about what was asked for and not done, for the events. */
  notes?: readonly string[];
}>;

/**
 * Makes the letter for a peer of these capabilities, or says why that cannot be done: a refusal whose status is of class 4
 * is for later, of class 5 for good. Pure but for reading the body and keys; rejects when those cannot be read.
 */
export type Render = (peer: Capabilities) => Promise<Readonly<{ letter: Letter } | { refusal: Cause }>>;
