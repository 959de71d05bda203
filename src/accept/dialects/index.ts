// The dialects: families of header fields by which senders steer a relay; a new one is a file here and a word in the list. Pure.
import { present } from '../../lib/present.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { oneLine } from '../../mail/fold.ts';
import type { Instructions } from '../../model/instructions.ts';
import { mailgun } from './mailgun.ts';
import { mailjet } from './mailjet.ts';
import { mandrill } from './mandrill.ts';
import { native } from './native.ts';
import { postmark } from './postmark.ts';
import { askedOf, join, type Part } from './rows.ts';
import { sendgrid } from './sendgrid.ts';
import { ses } from './ses.ts';
import { smtpplus } from './smtpplus.ts';
import { sparkpost } from './sparkpost.ts';

/**
 * Reads fields by name (lower case): all values, top to bottom, encoded words decoded, folding undone. "folded" leaves
 * line ends and the white space behind them as they are, and has spaces where the name and its colon stood.
 */
export type ReadField = (name: string, folding?: 'folded') => readonly string[];

/** What is known of a message when its control fields are read. */
export type Facts = Readonly<{
  /** When the message was accepted. */
  now: EpochMs;
  /** Names of the fields that it has, in lower case. */
  names: ReadonlySet<string>;
  /** A name as the message has it, in upper and lower case. */
  spelling: (name: string) => string;
}>;

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
  /** Sentences about what was asked for and is not done, for the events. */
  notes?: readonly string[];
}>;

/** What a sender asked for; or which field is wrong, what it must be, and what all other fields ask for. */
export type Wish = Readonly<({ ok: true } & Asked) | { ok: false; field: string; must: string; rest: Asked }>;

/** What is known of one field of a dialect, for docs/dialects.md. */
export type FieldDoc = Readonly<{
  field: string;
  /** ignored: read over without effect; refused: 550. */
  status: 'supported' | 'ignored' | 'refused';
  note: string;
}>;

export type Dialect = Readonly<{
  name: string;
  /** Whose it is and in which fields, one or two sentences. */
  about: string;
  docs: readonly FieldDoc[];
  read: (field: ReadField, facts: Facts) => Wish;
}>;

export const dialects: readonly Dialect[] = [
  native,
  smtpplus,
  sendgrid,
  mandrill,
  mailgun,
  sparkpost,
  postmark,
  mailjet,
  ses,
];

/** What all dialects together read; where two speak of the same thing, the first in the list wins. */
export function readWish(field: ReadField, facts: Facts): Wish {
  let part: Part = {};
  let problem: Readonly<{ field: string; must: string }> | undefined;
  for (const dialect of dialects) {
    const wish = dialect.read(field, facts);
    if (!wish.ok) problem ??= { field: wish.field, must: wish.must };
    const { instructions, to, also, idempotencyKey, notes } = wish.ok ? wish : wish.rest;
    part = join(part, { ...instructions, ...present({ to, also, idempotencyKey, notes }) });
  }
  const notes = notesOnMisspelled(facts);
  if (notes.length > 0) part = join(part, { notes });
  return problem ? { ok: false, ...problem, rest: askedOf(part) } : { ok: true, ...askedOf(part) };
}

const OURS = 'x-postino-';
const MAX_MISSPELLED = 5;
const MAX_SHOWN = 100;
const ourFields: ReadonlySet<string> = new Set(native.docs.map(({ field }) => field.toLowerCase()));

/** A misspelled field of ours would do nothing, and nobody would know why. */
function notesOnMisspelled({ names, spelling }: Facts): readonly string[] {
  return [...names]
    .filter((name) => name.startsWith(OURS) && !ourFields.has(name))
    .slice(0, MAX_MISSPELLED)
    .map((name) => `${oneLine(spelling(name), MAX_SHOWN)} is no field of ours and was ignored.`);
}
