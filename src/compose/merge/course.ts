// The way of one recipient through Mandrill's conditions. Pure.
import type { Branch, Condition } from './branch.ts';
import { systemName } from './system.ts';
import type { Tag } from './tags.ts';
import { resolveTag, type Lookup } from './values.ts';

/** none: there is no condition; broken: they do not fit together, and stay as they are. */
export type CourseState = 'none' | 'whole' | 'broken';

export type Course = Readonly<{
  /** Goes past a condition; says whether what follows is for this recipient. */
  pass(branch: Branch): boolean;
}>;

/** `around`: what is outside is for the recipient; `taken`: one of the branches so far was. */
type Frame = { around: boolean; on: boolean; taken: boolean };

/** Whether conditions in this order fit together. */
export function courseState(branches: readonly Branch[]): CourseState {
  let depth = 0;
  for (const { kind } of branches) {
    if (kind === 'if') depth++;
    else if (depth === 0) return 'broken';
    else if (kind === 'end') depth--;
  }
  if (depth > 0) return 'broken';
  return branches.length === 0 ? 'none' : 'whole';
}

/** A way from the beginning, through conditions that fit together. */
export function makeCourse(lookup: Lookup): Course {
  const frames: Frame[] = [];
  const isOn = (): boolean => frames.at(-1)?.on ?? true;
  return {
    pass: (branch) => {
      const top = frames.at(-1);
      if (branch.kind === 'end') frames.pop();
      else if (branch.kind === 'if') {
        const around = isOn();
        const on = around && holds(branch, lookup);
        frames.push({ around, on, taken: on });
      } else if (top) {
        top.on = top.around && !top.taken && (!('name' in branch) || holds(branch, lookup));
        top.taken ||= top.on;
      }
      return isOn();
    },
  };
}

/** Without a comparison: there is a value. Two numbers are compared as numbers, and anything else as texts. */
function holds({ name, operator, value = '', not = false }: Condition, lookup: Lookup): boolean {
  const system = systemName('mailchimp', name);
  const tag: Tag = { syntax: 'mailchimp', name, source: '', raw: false, ...(system && { system }) };
  const actual = (resolveTag(tag, lookup)?.text ?? '').trim();
  const result = operator === undefined ? actual !== '' : compare(actual, operator, value);
  return result !== not;
}

function compare(left: string, operator: string, right: string): boolean {
  const one = numberOf(left);
  const other = numberOf(right);
  const order = one === undefined || other === undefined ? orderOf(left, right) : orderOf(one, other);
  switch (operator) {
    case '=':
      return order === 0;
    case '!=':
      return order !== 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '<':
      return order < 0;
    default:
      return order <= 0;
  }
}

function numberOf(text: string): number | undefined {
  return /^[+-]?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? Number(text) : undefined;
}

function orderOf<T extends string | number>(left: T, right: T): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
