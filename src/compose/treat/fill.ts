// One text part filled for one recipient, in the transfer encoding that its plan says. Pure.
import type { Steps } from '../../lib/steps.ts';
import { isAsciiText } from '../../mail/fold.ts';
import type { Part } from '../../model/letter.ts';
import type { Submission } from '../../model/submission.ts';
import { chosenSlots } from '../html/branches.ts';
import { fillSlot, type Fill } from '../html/fill.ts';
import { utmAdder } from '../html/utm.ts';
import type { Lookup } from '../merge/values.ts';
import type { PlannedLeaf } from './plan.ts';
import { writeSteps, type Splice } from './transfer.ts';

export type Filler = Readonly<{
  submission: Submission;
  links: Readonly<{ click(link: number, target: string): string; open(): string }> | undefined;
  value: Lookup;
  /** Numbers for links that come in with values. */
  nextLink(): number;
}>;

export function isPart(piece: Part | PlannedLeaf): piece is Part {
  return Buffer.isBuffer(piece) || 'file' in piece;
}

/** A part's fields and bytes; `size`: characters before they were encoded; `qp`: it had to be written in quoted-printable. */
export type Filled = Readonly<{ head: Buffer; body: Buffer; size: number; qp: boolean }>;

/** Slots after which others may go: some 20 ms. */
const STEP_SLOTS = 500;
const MAX_LINE = 998; // RFC 5321 §4.5.3.1.6, without CR LF

/** The part's bytes, or that its values make it larger than there is room for, in characters. */
export function* fillLeaf(
  leaf: PlannedLeaf,
  filler: Filler,
  room: number,
): Steps<Filled | Readonly<{ problem: 'output' }>> {
  const fill = fillOf(leaf, filler);
  const { decoded, slots } = leaf;
  const splices: Splice[] = [];
  let size = decoded.text.length;
  for (const slot of chosenSlots(slots, filler.value)) {
    const text = slot.kind === 'gap' ? '' : fillSlot(slot, fill);
    size += text.length - (slot.end - slot.start);
    if (size > room) return { problem: 'output' };
    splices.push({ start: slot.start, end: slot.end, text });
    if (splices.length % STEP_SLOTS === 0) yield;
  }
  const mode = leaf.mode === 'plain' && !staysPlain(decoded.text, splices) ? 'qp' : leaf.mode;
  const qp = mode === 'qp';
  const body = yield* writeSteps(decoded, splices, mode);
  if (splices.length > STEP_SLOTS) yield;
  return { head: qp ? leaf.qpHead : leaf.head, body, size, qp };
}

/** What is put in is ASCII, and no line with it becomes too long. */
function staysPlain(text: string, splices: readonly Splice[]): boolean {
  let lineStart = -1;
  let grown = 0;
  return splices.every((splice) => {
    if (!isAsciiText(splice.text)) return false;
    const start = splice.start === 0 ? 0 : text.lastIndexOf('\n', splice.start - 1) + 1;
    grown = start === lineStart ? grown : 0;
    lineStart = start;
    grown += splice.text.length - (splice.end - splice.start);
    const lf = text.indexOf('\n', splice.end);
    // Line ends in what is put in only make the lines shorter than this.
    return (lf < 0 ? text.length : lf) - start + grown <= MAX_LINE;
  });
}

function fillOf({ charset, firstLink, kind }: PlannedLeaf, filler: Filler): Fill {
  const { submission, links, value, nextLink } = filler;
  const { clicks = 'none', utm } = submission.instructions;
  const tracks = links !== undefined && (clicks === 'all' || clicks === (kind === 'text' ? 'text' : 'html'));
  const addUtm = utmAdder(utm);
  return {
    charset,
    value,
    nextLink,
    ...(tracks ? { click: (n: number, target: string) => links.click(firstLink + n, target) } : {}),
    ...(addUtm ? { utm: addUtm } : {}),
    ...(links ? { pixel: () => pixelHtml(links.open()) } : {}),
  };
}

/** Nothing to see, in any client; no "display:none", which some take for a trick. */
function pixelHtml(url: string): string {
  return `<img src="${url}" alt="" width="1" height="1" border="0" style="border:0;height:1px;width:1px">`;
}
