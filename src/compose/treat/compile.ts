// Compiled texts, kept by their content: a message that many recipients get one by one is read once. Pure but for its memory.
import { hash } from 'node:crypto';
import { makeLru } from '../../lib/lru.ts';
import type { Steps } from '../../lib/steps.ts';
import type { Compiled, SlotOptions } from '../html/slot.ts';
import { ampSteps, htmlSteps, textSlots } from '../html/slots.ts';
import type { LeafKind } from './leaves.ts';

/** What is looked for in a part. `key` says all of it; absent: it is this message's alone. */
export type Look = Readonly<{ options: SlotOptions; key: string | undefined }>;

/** A slot weighs about so many bytes. */
const SLOT_BYTES = 500;
const MEMORY_BYTES = 16 * 1024 * 1024;
/** Others may go before a text of so many characters is read. */
const LARGE = 65_536;
const compilers = {
  html: htmlSteps,
  text: function* (source: string, options: SlotOptions): Steps<Compiled> {
    if (source.length > LARGE) yield;
    return textSlots(source, options);
  },
  amp: ampSteps,
} as const;

export type Compile = (kind: LeafKind, source: string, look: Look) => Steps<Compiled>;

/** Makes a compiler with a memory: slots are places in a text, the same for equal texts. */
export function makeCompile(): Compile {
  const memory = makeLru<Compiled>(
    MEMORY_BYTES,
    ({ slots }, key) => slots.length * SLOT_BYTES + key.length + SLOT_BYTES,
  );
  return function* (kind, source, { options, key }) {
    if (key === undefined) return yield* compilers[kind](source, options);
    const name = `${kind} ${key} ${hash('sha256', source, 'base64')}`;
    const known = memory.get(name);
    if (known) return known;
    const compiled = yield* compilers[kind](source, options);
    memory.put(name, compiled);
    return compiled;
  };
}
