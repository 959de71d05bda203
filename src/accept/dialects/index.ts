// The dialects: families of header fields by which senders steer a relay; a new one is a file here and a word in the list. Pure.
import type { Instructions } from '../../model/instructions.ts';
import { native } from './native.ts';

/** Reads control fields by name (lower case); all values, top to bottom, encoded words decoded. */
export type ReadField = (name: string) => readonly string[];

/** What a sender asked for, or which field is wrong and what it must be. Nothing is granted yet. */
export type Wish = Readonly<
  { ok: true; instructions: Instructions } | { ok: false; field: string; must: string }
>;

export type Dialect = Readonly<{ name: string; read: (field: ReadField) => Wish }>;

export const dialects: readonly Dialect[] = [native];

/** What all dialects together read; where two speak of the same thing, the first in the list wins. */
export function readWish(field: ReadField): Wish {
  let instructions: Instructions = {};
  for (const dialect of dialects) {
    const wish = dialect.read(field);
    if (!wish.ok) return wish;
    instructions = { ...wish.instructions, ...instructions };
  }
  return { ok: true, instructions };
}
