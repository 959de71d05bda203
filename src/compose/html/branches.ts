// Which of the places between *|IF:…|* and *|END:IF|* one recipient gets. Pure.
import type { Branch } from '../merge/branch.ts';
import { courseState, makeCourse, type CourseState } from '../merge/course.ts';
import type { Lookup } from '../merge/values.ts';
import type { Piece, Slot } from './slot.ts';

/** What a recipient does not get. */
export type Gap = Readonly<{ kind: 'gap'; start: number; end: number }>;

const states = new WeakMap<readonly unknown[], CourseState>();

/** Whether the conditions of a body fit together. */
export function branchState(slots: readonly Slot[]): CourseState {
  return stateOf(slots, branchOf);
}

/** The slots that a recipient gets, and gaps in place of conditions and what is not meant for it. */
export function chosenSlots(slots: readonly Slot[], lookup: Lookup): readonly (Slot | Gap)[] {
  if (branchState(slots) !== 'whole') return slots;
  const out: (Slot | Gap)[] = [];
  const course = makeCourse(lookup);
  let from = -1;
  const close = (end: number): void => {
    if (from >= 0) out.push({ kind: 'gap', start: from, end });
    from = -1;
  };
  for (const slot of slots) {
    const branch = branchOf(slot);
    if (branch) {
      if (from < 0) from = slot.start;
      if (course.pass(branch)) close(slot.end);
    } else if (from < 0) {
      out.push(slot);
    } else if (slot.kind !== 'tag' && slot.kind !== 'link') {
      // The pixel and the blocks are ours, and for everybody.
      close(slot.start);
      out.push(slot);
      from = slot.end;
    }
  }
  return out;
}

/** The same for the pieces of one attribute. */
export function chosenPieces(pieces: readonly Piece[], lookup: Lookup): readonly Piece[] {
  if (stateOf(pieces, ({ tag }) => tag?.branch) !== 'whole') return pieces;
  const course = makeCourse(lookup);
  let isOn = true;
  return pieces.filter(({ tag }) => {
    if (tag?.branch) isOn = course.pass(tag.branch);
    return isOn && !tag?.branch;
  });
}

function branchOf(slot: Slot): Branch | undefined {
  return slot.kind === 'tag' ? slot.tag.branch : undefined;
}

function stateOf<T>(items: readonly T[], read: (item: T) => Branch | undefined): CourseState {
  const known = states.get(items);
  if (known) return known;
  const state = courseState(items.flatMap((item) => read(item) ?? []));
  states.set(items, state);
  return state;
}
