// The mail that tells alerts: what happened, what to do, and the facts, as plain text and as simple HTML. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { escapeHtml } from '../lib/html.ts';
import { sayMoment } from '../lib/moment.ts';
import { mailDate } from '../mail/date.ts';
import { base64Lines, encodedWords } from '../mail/encode.ts';
import { foldField, isAsciiText, oneLine } from '../mail/fold.ts';
import { FACTS, type Alert } from './alert.ts';
import { NAMES } from './kinds.ts';

export type Sheet = Readonly<{
  /** Name of the rule, which says why somebody got this. */
  rule: string;
  alerts: readonly Alert[];
  /** How many more there were, of which nothing else is known. */
  more: number;
}>;

export type Envelope = Readonly<{
  hostname: string;
  /** Our own address in From. */
  from: string;
  to: readonly string[];
  at: EpochMs;
  /** Content of Message-ID without brackets; the boundary comes from it. */
  id: string;
}>;

/** What one mail lists; the rest is counted. */
const MAX_LISTED = 50;
const MAX_SUBJECT = 150;
const CRLF = '\r\n';

/** Subject of the mail: what it is about, or how much. */
export function subjectOf({ alerts, more }: Sheet, hostname: string): string {
  const [first] = alerts;
  const count = alerts.length + more;
  if (first && count === 1) return oneLine(`[${hostname}] ${headline(first)}`, MAX_SUBJECT);
  const kinds = [...Map.groupBy(alerts, ({ kind }) => kind)].map(
    ([kind, some]) => `${some.length} ${NAMES[kind]}`,
  );
  return oneLine(`[${hostname}] ${count} alerts: ${kinds.join(', ')}`, MAX_SUBJECT);
}

/** The whole message, in 7 bits. */
export function writeMail(sheet: Sheet, envelope: Envelope): Buffer {
  const { hostname, from, to, at, id } = envelope;
  const subject = subjectOf(sheet, hostname);
  const boundary = `alert-${id.replace(/[^A-Za-z0-9]/g, '').slice(0, 60)}`;
  const header = [
    ['From', `Postino <${from}>`],
    ['To', to.join(', ')],
    ['Subject', isAsciiText(subject) ? subject : encodedWords(subject)],
    ['Date', mailDate(at)],
    ['Message-ID', `<${id}>`],
    ['Auto-Submitted', 'auto-generated'], // RFC 3834 §5
    ['MIME-Version', '1.0'],
    ['Content-Type', `multipart/alternative; boundary="${boundary}"`],
  ] as const;
  const parts = [
    ['text/plain', writeText(sheet, hostname)],
    ['text/html', writeHtml(sheet, hostname)],
  ] as const;
  return Buffer.concat([
    Buffer.from(header.map(([name, value]) => foldField(name, value)).join('') + CRLF),
    ...parts.flatMap(([type, text]) => [
      Buffer.from(
        `--${boundary}${CRLF}Content-Type: ${type}; charset=utf-8${CRLF}Content-Transfer-Encoding: base64${CRLF}${CRLF}`,
      ),
      base64Lines(Buffer.from(text.replaceAll('\n', CRLF))),
    ]),
    Buffer.from(`--${boundary}--${CRLF}`),
  ]);
}

/** The alerts as plain text. */
function writeText(sheet: Sheet, hostname: string): string {
  const listed = sheet.alerts.slice(0, MAX_LISTED).map((alert) => {
    const lines = [headline(alert), '', alert.reason, ''];
    if (alert.advice !== '') lines.push(`What to do:  ${alert.advice}`);
    return [...lines, ...factsOf(alert).map(([name, value]) => `${`${name}:`.padEnd(13)}${value}`)].join(
      '\n',
    );
  });
  return `${[...listed, ...rest(sheet), footer(sheet, hostname)].join('\n\n----\n\n')}\n`;
}

/** The same as HTML: nothing but headings, paragraphs and a table, so that every reader shows it. */
function writeHtml(sheet: Sheet, hostname: string): string {
  const listed = sheet.alerts.slice(0, MAX_LISTED).map((alert) => {
    const rows = factsOf(alert).map(
      ([name, value]) => `<tr><td>${escapeHtml(name)}</td><td>${escapeHtml(value)}</td></tr>`,
    );
    const advice = alert.advice === '' ? '' : `<p>What to do: <code>${escapeHtml(alert.advice)}</code></p>\n`;
    const head = `<h3>${escapeHtml(headline(alert))}</h3>\n<p>${escapeHtml(alert.reason)}</p>`;
    return `${head}\n${advice}<table cellpadding="3">\n${rows.join('\n')}\n</table>`;
  });
  const notes = [...rest(sheet), footer(sheet, hostname)].map((text) => `<p>${escapeHtml(text)}</p>`);
  const body = [...listed, ...notes].join('\n<hr>\n');
  return `<!doctype html>\n<html><head><meta charset="utf-8"><title>Alerts</title></head><body>\n${body}\n</body></html>\n`;
}

/** What it is about, in a few words. Plain ASCII where names are: pagers and filters read subjects, too. */
export function headline({ kind, key, over, facts }: Alert): string {
  const about = [key, facts.state === undefined ? '' : `is ${facts.state}`].filter((part) => part !== '');
  const tail = about.length === 0 ? '' : `: ${about.join(' ')}`;
  return `${over ? 'Over: ' : ''}${NAMES[kind]}${tail}`;
}

function factsOf({ at, facts }: Alert): readonly (readonly [string, string])[] {
  const known = FACTS.flatMap((name) => {
    const value = facts[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return [['time', `${sayMoment(at, 'second')} UTC`], ...known];
}

function rest({ alerts, more }: Sheet): readonly string[] {
  const left = Math.max(0, alerts.length - MAX_LISTED) + more;
  return left === 0
    ? []
    : [`${left} more came in the same time; "postino alert list" and "postino events" show them.`];
}

function footer({ rule }: Sheet, hostname: string): string {
  return `You get this from Postino at ${hostname} by the rule "${rule}" of its alerts.`;
}
