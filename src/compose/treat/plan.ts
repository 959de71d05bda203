// The plan of a treated message: which bytes stay, which parts have slots, made once for all recipients. Pure.
import type { Steps } from '../../lib/steps.ts';
import type { Part } from '../../model/letter.ts';
import { branchState } from '../html/branches.ts';
import type { Compiled, Slot } from '../html/slot.ts';
import { charsetOf, utf8, type Charset } from '../merge/charset.ts';
import type { Message } from './build.ts';
import { inUtf8 } from './charset.ts';
import type { Compile, Look } from './compile.ts';
import { hasHole, partsOf, type Holed } from './holed.ts';
import { findLeaves, type Leaf, type LeafKind } from './leaves.ts';
import { MAX_TEXT_BYTES } from './outline.ts';
import { recoded } from './recode.ts';
import { decodeSteps, type Decoded, type WriteMode } from './transfer.ts';

/** A part with slots. `firstLink` is what its link numbers are counted from. */
export type PlannedLeaf = Readonly<{
  kind: LeafKind;
  /** That of the decoded text. */
  charset: Charset;
  decoded: Decoded;
  slots: readonly Slot[];
  /** A plain part that gets letters beyond ASCII, or a line too long for SMTP, is written in quoted-printable instead. */
  mode: WriteMode;
  firstLink: number;
  /** Its fields with the empty line, as they are and for quoted-printable; none of its own where it is the message itself. */
  head: Buffer;
  qpHead: Buffer;
}>;

/** A body as a row of bytes that stay and parts that are filled for each recipient. */
export type Plan = Readonly<{
  /** The message's own fields, and the same for a text of its own that is written in quoted-printable. */
  fields: Buffer;
  qpFields: Buffer;
  pieces: readonly (Part | PlannedLeaf)[];
  links: number;
  notes: readonly string[];
  /** The text that could not be read, where the sender's values had to go into it. */
  obstacle?: string;
}>;

export type PlanWish = Readonly<{
  /** What is looked for in each kind of part; blocks and pixel go into the first of its kind. */
  look(kind: LeafKind, first: boolean, charset: Charset): Look;
  compile: Compile;
  /** The message brings values to be put in: a part that cannot be read is then no small matter. */
  mustMerge: boolean;
}>;

/** A text larger than this is left as it is: nobody reads it, and it would take half a second of everybody's time. */
const MAX_LEAF_BYTES = 1024 * 1024;
/** The texts of a message beyond these many bytes, too. */
const MAX_TEXTS_BYTES = 3 * MAX_LEAF_BYTES;
/** Others may go after a text of so many characters is read. */
const LARGE = 65_536;
const BROKEN = 'Conditions in the text (IF, ELSE, END:IF) do not fit together; they were left as they are.';
const CRLF = Buffer.from('\r\n');
/** Signed or encrypted text inside a text (RFC 4880 §7): a change would break it, and what stands around it is no longer sure. */
const PGP = /^-----BEGIN PGP (?:SIGNED )?MESSAGE-----\s*$/m;

/** Plans a message. */
export function* planMessage(message: Message, wish: PlanWish): Steps<Plan> {
  const { body, unread } = message;
  let { fields } = message;
  let qpFields = fields;
  const pieces: (Part | PlannedLeaf)[] = [];
  const notes: string[] = unread === undefined ? [] : [unread];
  const seen = new Set<LeafKind>();
  let at = 0;
  let links = 0;
  let room = MAX_TEXTS_BYTES;
  let obstacle = unread;
  const keep = (end: number): void => {
    pieces.push(...partsOf(message, at, end));
    at = end;
  };
  for (const leaf of findLeaves(fields, body)) {
    const planned: Planned = yield* planLeaf(leaf, message, {
      look: wish.look,
      compile: wish.compile,
      first: !seen.has(leaf.kind),
      firstLink: links,
      room,
    });
    seen.add(leaf.kind);
    if (planned === 'nothing') continue;
    if ('problem' in planned) {
      notes.push(planned.problem);
      obstacle ??= planned.problem;
      continue;
    }
    if (leaf.fieldsStart < 0) ({ fields, qpFields } = planned);
    keep(leaf.fieldsStart < 0 ? leaf.start : leaf.fieldsStart);
    pieces.push(planned.leaf);
    if (planned.note !== undefined) notes.push(planned.note);
    if (branchState(planned.leaf.slots) === 'broken') notes.push(BROKEN);
    if (planned.isHalf) obstacle ??= planned.note;
    links += planned.links;
    room -= planned.leaf.decoded.text.length;
    at = leaf.end;
  }
  keep(body.length);
  const blocked = wish.mustMerge && obstacle !== undefined ? { obstacle } : {};
  return { fields, qpFields, pieces, links, notes, ...blocked };
}

type PlannedPart = Readonly<{
  leaf: PlannedLeaf;
  /** Its fields, as they are and for quoted-printable. */
  fields: Buffer;
  qpFields: Buffer;
  links: number;
  note?: string;
  /** There are more tags than are filled. */
  isHalf?: boolean;
}>;

type Around = Pick<PlanWish, 'look' | 'compile'> &
  Readonly<{ first: boolean; firstLink: number; room: number }>;
type Planned = PlannedPart | Readonly<{ problem: string }> | 'nothing';

function* planLeaf(leaf: Leaf, message: Holed, around: Around): Steps<Planned> {
  if (leaf.end - leaf.start > MAX_TEXT_BYTES || hasHole(message, leaf.start, leaf.end))
    return leftAlone(leaf, sayProblem.size);
  const decoded = yield* decodeSteps(message.body.subarray(leaf.start, leaf.end), leaf.encoding);
  if (decoded.text.length > Math.min(MAX_LEAF_BYTES, around.room)) return leftAlone(leaf, sayProblem.size);
  if (PGP.test(decoded.text)) return 'nothing';
  const charset = charsetOf(leaf.charset === '' ? 'utf-8' : leaf.charset);
  const compiled = yield* compileIn(charset, leaf, decoded, around);
  if (!charset || !compiled || compiled.slots.some(putsText))
    return yield* planInUtf8(leaf, decoded, around, charset === utf8 ? compiled : undefined);
  return finish(leaf, { charset, decoded, compiled, getsText: false, transcoded: false }, around);
}

/** For a part that gets text of ours, or whose charset hides what there is: it is read, and written in UTF-8. */
function* planInUtf8(
  leaf: Leaf,
  original: Decoded,
  around: Around,
  known: Compiled | undefined,
): Steps<Planned> {
  const reading = inUtf8(Buffer.from(original.text, 'latin1'), leaf.charset);
  if (!reading) return leftAlone(leaf, `its charset ${leaf.charset} is not known`);
  const transcoded = reading.changed;
  const decoded = transcoded ? { text: reading.bytes.toString('latin1'), raw: '' } : original;
  const compiled = transcoded ? undefined : known;
  const inOurs = compiled ?? (yield* compileIn(utf8, leaf, decoded, around));
  if (!inOurs || (inOurs.slots.length > 0 && !inOurs.slots.some(putsText))) return 'nothing';
  return finish(leaf, { charset: utf8, decoded, compiled: inOurs, getsText: true, transcoded }, around);
}

function finish(leaf: Leaf, draft: Draft, around: Around): Planned {
  const { problem, slots } = draft.compiled;
  if (slots.length > 0) return plannedPart(leaf, draft, around.firstLink);
  return problem ? leftAlone(leaf, sayProblem[problem]) : 'nothing';
}

function leftAlone({ kind }: Leaf, why: string): Readonly<{ problem: string }> {
  return { problem: `The ${kind === 'text' ? 'text' : 'HTML'} of the message was left as it is: ${why}.` };
}

const sayProblem = {
  size: 'it is too large',
  links: 'it has too many links',
  slots: 'it has too many tags',
} as const;

function* compileIn(
  charset: Charset | undefined,
  leaf: Leaf,
  decoded: Decoded,
  { look, compile, first }: Around,
): Steps<Compiled | undefined> {
  if (!charset) return undefined;
  const compiled = yield* compile(leaf.kind, decoded.text, look(leaf.kind, first, charset));
  if (decoded.text.length > LARGE) yield;
  return compiled;
}

type Draft = Readonly<{
  charset: Charset;
  decoded: Decoded;
  compiled: Compiled;
  getsText: boolean;
  transcoded: boolean;
}>;

function plannedPart(leaf: Leaf, draft: Draft, firstLink: number): PlannedPart {
  const { charset, decoded, getsText, transcoded } = draft;
  const { slots, links, problem } = draft.compiled;
  const mode = modeOf(leaf, transcoded);
  const text = getsText ? ({ charset: 'utf-8' } as const) : {};
  const qpFields = recoded(leaf, { encoding: 'quoted-printable', ...text }) ?? leaf.fields;
  const fields =
    mode === 'plain' ? leaf.fields : mode === 'qp' ? qpFields : (recoded(leaf, text) ?? leaf.fields);
  const isOwn = leaf.fieldsStart < 0;
  const head = (bytes: Buffer): Buffer => (isOwn ? Buffer.alloc(0) : Buffer.concat([bytes, CRLF]));
  return {
    leaf: {
      kind: leaf.kind,
      charset,
      decoded,
      slots,
      mode,
      firstLink,
      head: head(fields),
      qpHead: head(qpFields),
    },
    fields,
    qpFields,
    links,
    ...(problem ? { note: `Some of the message's text was left as it is: ${sayProblem[problem]}.` } : {}),
    ...(problem === 'slots' ? { isHalf: true } : {}),
  };
}

/** Slots that put in more than an ASCII link. */
function putsText(slot: Slot): boolean {
  return slot.kind === 'tag' || slot.kind === 'header' || slot.kind === 'footer'; // filled links are ASCII
}

function modeOf({ encoding }: Leaf, transcoded: boolean): WriteMode {
  if (encoding === 'base64') return 'base64';
  if (transcoded) return 'qp';
  return encoding === 'quoted-printable' ? 'spliced-qp' : 'plain';
}
