// Dates by the letters of PHP's date(), as Mandrill's tag *|DATE:d/m/Y|* has them; in UTC and in English. Pure.
import type { EpochMs } from '../../lib/clock.ts';
import { MONTHS } from '../../lib/day.ts';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const two = (value: number): string => String(value).padStart(2, '0');
const twelve = (hour: number): number => hour % 12 || 12;

const LETTERS: Readonly<Record<string, (at: Date) => string>> = {
  d: (at) => two(at.getUTCDate()),
  j: (at) => String(at.getUTCDate()),
  S: (at) => ordinal(at.getUTCDate()),
  D: (at) => (DAYS[at.getUTCDay()] ?? '').slice(0, 3),
  l: (at) => DAYS[at.getUTCDay()] ?? '',
  N: (at) => String(at.getUTCDay() || 7),
  w: (at) => String(at.getUTCDay()),
  m: (at) => two(at.getUTCMonth() + 1),
  n: (at) => String(at.getUTCMonth() + 1),
  M: (at) => (MONTHS[at.getUTCMonth()] ?? '').slice(0, 3),
  F: (at) => MONTHS[at.getUTCMonth()] ?? '',
  Y: (at) => String(at.getUTCFullYear()),
  y: (at) => two(at.getUTCFullYear() % 100),
  H: (at) => two(at.getUTCHours()),
  G: (at) => String(at.getUTCHours()),
  h: (at) => two(twelve(at.getUTCHours())),
  g: (at) => String(twelve(at.getUTCHours())),
  i: (at) => two(at.getUTCMinutes()),
  s: (at) => two(at.getUTCSeconds()),
  a: (at) => (at.getUTCHours() < 12 ? 'am' : 'pm'),
  A: (at) => (at.getUTCHours() < 12 ? 'AM' : 'PM'),
};

/** The date in that format; a letter that has no meaning stands for itself, and so does one behind a backslash. */
export function phpDate(format: string, at: EpochMs): string {
  const date = new Date(at);
  return format.replace(/\\(.)|([a-z])/gi, (whole, escaped: string | undefined, letter: string | undefined) =>
    letter === undefined ? (escaped ?? whole) : (LETTERS[letter]?.(date) ?? letter),
  );
}

function ordinal(day: number): string {
  if (day > 10 && day < 14) return 'th';
  return ['th', 'st', 'nd', 'rd'][day % 10] ?? 'th';
}
