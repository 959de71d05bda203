// Points in time as senders write them: ISO 8601, RFC 5322 dates, Unix seconds; without a zone they are UTC. Pure.
import type { EpochMs } from '../../lib/clock.ts';

type Parts = readonly [
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
];

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:(?:T|\s+)(\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?)?\s*(z|utc|gmt|[+-]\d\d(?::?\d\d)?)?$/i;
const MAIL = // RFC 5322 §3.3 and §4.3; also with "0000" for "+0000", as a vendor's manual has it
  /^(?:[a-z]{3},?\s+)?(\d{1,2})\s+([a-z]{3})\s+(\d{4}|\d\d)\s+(\d\d):(\d\d)(?::(\d\d))?\s*([+-]?\d{4}|[a-z]{1,3})?(?:\s*\([^()]*\))?$/i;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** RFC 5322 §4.3, hours from UTC. */
const ZONES: Readonly<Record<string, number>> = {
  z: 0,
  ut: 0,
  utc: 0,
  gmt: 0,
  edt: -4,
  est: -5,
  cdt: -5,
  cst: -6,
  mdt: -6,
  mst: -7,
  pdt: -7,
  pst: -8,
};
const MINUTE = 60_000;
/** Unix seconds are below it until the year 5138; what is above is milliseconds. */
const MAX_SECONDS = 100_000_000_000;

/** Epoch milliseconds; undefined when it is no point in time. */
export function readTime(text: string): EpochMs | undefined {
  if (/^\d{1,13}(?:\.\d{1,9})?$/.test(text)) {
    const seconds = Number(text);
    return Math.round(seconds < MAX_SECONDS ? seconds * 1000 : seconds);
  }
  const iso = ISO.exec(text);
  if (iso) return compose(numbers(iso.slice(1, 7)), iso[7]);
  const mail = MAIL.exec(text);
  if (!mail) return undefined;
  const [, day, month = '', year = '', ...clock] = mail;
  const full = year.length === 2 ? Number(year) + (Number(year) < 50 ? 2000 : 1900) : Number(year); // RFC 5322 §4.3
  const ordinal = MONTHS.indexOf(month.toLowerCase()) + 1;
  return compose(numbers([`${full}`, `${ordinal}`, day, ...clock.slice(0, 3)]), clock[3]);
}

function numbers(texts: readonly (string | undefined)[]): Parts {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = texts.map((text) =>
    Number(text ?? 0),
  );
  return [year, month, day, hour, minute, second];
}

function compose(
  [year, month, day, hour, minute, second]: Parts,
  zone: string | undefined,
): EpochMs | undefined {
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 60) return undefined;
  const offset = offsetOf(zone ?? 'z');
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  const isDay = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
  return offset === undefined || !isDay ? undefined : at - offset * MINUTE;
}

/** Minutes from UTC. */
function offsetOf(zone: string): number | undefined {
  const hours = ZONES[zone.toLowerCase()];
  if (hours !== undefined) return hours * 60;
  const digits = /^([+-]?)(\d\d):?(\d\d)?$/.exec(zone);
  if (!digits) return undefined;
  const minutes = Number(digits[2]) * 60 + Number(digits[3] ?? 0);
  return digits[1] === '-' ? -minutes : minutes;
}
