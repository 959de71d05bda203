// Numbers, sizes, shares, moments and spans as the viewer writes them, in the viewer's zone.
import { locale, t } from './i18n.ts';
import { now } from './time.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const number = (value: number): string => new Intl.NumberFormat(locale()).format(value);

/** 1234567 → "1.2M": for tiles and axes. */
export const compact = (value: number): string =>
  new Intl.NumberFormat(locale(), { notation: 'compact', maximumFractionDigits: 1 }).format(value);

/** 0.1234 → "12.3 %"; "–" where there is nothing to divide by. */
export function share(part: number, whole: number): string {
  if (whole === 0) return '–';
  const value = part / whole;
  const digits = value > 0 && value < 0.1 ? 1 : 0;
  return new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: digits }).format(value);
}

/** "411 B", "2.3 kB", "1.2 MB". */
export function size(bytes: number): string {
  if (bytes < 1000) return unit(bytes, 'B');
  return bytes < 1_000_000 ? unit(bytes / 1000, 'kB') : unit(bytes / 1_000_000, 'MB');
}

/** A span in the two units that matter: "1 min 20 s", "3 h", "420 ms". */
export function span(ms: number): string {
  if (ms < 1000) return unit(Math.round(ms), 'ms');
  if (ms < MINUTE) return unit(ms / 1000, 's');
  if (ms < HOUR) return two([ms / MINUTE, 'min'], [(ms % MINUTE) / 1000, 's']);
  if (ms < DAY) return two([ms / HOUR, 'h'], [(ms % HOUR) / MINUTE, 'min']);
  return two([ms / DAY, t('time.d')], [(ms % DAY) / HOUR, 'h']);
}

/** As forms take it: "30d", or in hours what is no whole number of days. */
export const written = (ms: number): string => (ms % DAY === 0 ? `${ms / DAY}d` : `${ms / HOUR}h`);

function unit(value: number, name: string): string {
  const maximumFractionDigits = value < 10 && ['s', 'kB', 'MB'].includes(name) ? 1 : 0;
  return `${new Intl.NumberFormat(locale(), { maximumFractionDigits }).format(value)}\u00a0${name}`;
}

type Part = readonly [value: number, unit: string];

function two([big, bigUnit]: Part, [small, smallUnit]: Part): string {
  const rest = Math.floor(small);
  const first = unit(Math.floor(big), bigUnit);
  return rest === 0 || big >= 10 ? first : `${first} ${unit(rest, smallUnit)}`;
}

/** "10:02" today, "24 Nov, 10:02" before, with the year where it is another one. */
export function moment(at: number): string {
  const date = new Date(at);
  const today = new Date(now());
  const clock = new Intl.DateTimeFormat(locale(), { hour: 'numeric', minute: '2-digit' }).format(date);
  if (date.toDateString() === today.toDateString()) return clock;
  const year = date.getFullYear() === today.getFullYear() ? {} : ({ year: 'numeric' } as const);
  const day = new Intl.DateTimeFormat(locale(), { day: 'numeric', month: 'short', ...year }).format(date);
  return `${day}, ${clock}`;
}

/** The same within a sentence: "today at 10:02", "on 24 Nov at 10:02". */
export function momentInSentence(at: number): string {
  const date = new Date(at);
  const time = new Intl.DateTimeFormat(locale(), { hour: 'numeric', minute: '2-digit' }).format(date);
  const days = dayNumber(now()) - dayNumber(at);
  if (days === 0) return t('time.today', { time });
  if (days === 1) return t('time.yesterday', { time });
  if (days === -1) return t('time.tomorrow', { time });
  const year = date.getFullYear() === new Date(now()).getFullYear() ? {} : ({ year: 'numeric' } as const);
  const day = new Intl.DateTimeFormat(locale(), { day: 'numeric', month: 'short', ...year }).format(date);
  return t('time.on', { day, time });
}

/** "25 Nov 2026", of a day that begins at midnight UTC. */
export const day = (at: number): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeZone: 'UTC' }).format(at);

/** The whole moment with seconds and zone, for those who ask. */
export const exactly = (at: number): string =>
  new Intl.DateTimeFormat(locale(), {
    weekday: 'short',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  }).format(at);

/** "in 5 min", "3 hr ago", "now". */
export function relative(at: number): string {
  const ms = at - now();
  const size = Math.abs(ms);
  const say = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto', style: 'short' });
  if (size < 45_000) return t('time.now');
  if (size < HOUR) return say.format(Math.round(ms / MINUTE), 'minute');
  if (size < DAY) return say.format(Math.round(ms / HOUR), 'hour');
  return say.format(Math.round(ms / DAY), 'day');
}

/** Name of a country by its two letters. */
export function country(code: string): string {
  try {
    return new Intl.DisplayNames(locale(), { type: 'region' }).of(code.toUpperCase()) ?? code;
  } catch {
    return code;
  }
}

function dayNumber(at: number): number {
  const date = new Date(at);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY);
}
