// The dialects: families of header fields by which senders steer a relay; a new one is a file here and a word in the list. Pure.
import type { EpochMs } from '../../lib/clock.ts';
import type { Instructions } from '../../model/instructions.ts';
import { native } from './native.ts';

/** Reads control fields by name (lower case); all values, top to bottom, folding undone and encoded words decoded. */
export type ReadField = (name: string) => readonly string[];

/** A recipient that a header names. */
export type NamedRecipient = Readonly<{ address: string; name?: string; sendAt?: EpochMs }>;

/** What control fields ask for. Nothing is granted yet. */
export type Asked = Readonly<{
  instructions: Instructions;
  /** Names this message: another with the same key within its window is not sent again. */
  idempotencyKey?: string;
  /** Recipients that take the place of those of the envelope; each gets its own copy. */
  to?: readonly NamedRecipient[];
  /** Recipients beside those of the envelope. */
  also?: readonly NamedRecipient[];
}>;

/** What a sender asked for, or which field is wrong and what it must be. */
export type Wish = Readonly<({ ok: true } & Asked) | { ok: false; field: string; must: string }>;

/** What is known of one field of a dialect, for docs/dialects.md. */
export type FieldDoc = Readonly<{
  field: string;
  /** ignored: read over without effect; refused: 550. */
  status: 'supported' | 'ignored' | 'refused';
  note: string;
}>;

/** `facts.now` is when the message was accepted, `facts.names` tells which fields the message has (lower case). */
export type Dialect = Readonly<{
  name: string;
  docs: readonly FieldDoc[];
  read: (field: ReadField, facts: Readonly<{ now: EpochMs; names: ReadonlySet<string> }>) => Wish;
}>;

export const dialects: readonly Dialect[] = [native];

/** What all dialects together read; where two speak of the same thing, the first in the list wins. */
export function readWish(field: ReadField, facts: Parameters<Dialect['read']>[1]): Wish {
  let asked: Asked = { instructions: {} };
  for (const dialect of dialects) {
    const wish = dialect.read(field, facts);
    if (!wish.ok) return wish;
    const { ok: _, ...one } = wish;
    asked = { ...one, ...asked, instructions: { ...one.instructions, ...asked.instructions } };
  }
  return { ok: true, ...asked };
}
