// A message's history in words: every delivery with its attempts and conversations, to be read at night. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { sayDuration } from '../lib/duration.ts';
import type { Event } from '../model/event.ts';

export type TimelineOptions = Readonly<{
  now: EpochMs;
  /** What was said to the peers: every step, or none of it. */
  conversations: 'all' | 'none';
}>;

const ENDS: ReadonlySet<string> = new Set(['delivered', 'bounced', 'expired', 'dropped', 'cancelled']);

/** The story of one submission; `events` in any order, at least one. */
export function sayTimeline(events: readonly Event[], options: TimelineOptions): string {
  const ordered = [...events].sort((a, b) => a.at - b.at);
  const deliveries = Map.groupBy(ordered, (event) => event.delivery);
  const parts = [...deliveries.values()].map((own) => sayDelivery(own, options));
  return `${[sayHead(ordered, options.now), ...parts].join('\n\n')}\n`;
}

/** One event in one line, for `events` and `message search`. */
export function sayEvent(event: Event): string {
  const said = event.reply ? ` (${sayReply(event.reply)})` : '';
  const why = event.reason === undefined ? '' : `: ${event.reason}`;
  return clean(
    `${sayTime(event.at)}  ${event.type.padEnd(9)}  ${event.delivery}  ${event.recipient}${why}${said}`,
  ).replaceAll('\n', ' ');
}

/** "2026-01-31 23:59:00", UTC. */
export function sayTime(at: EpochMs): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

/** The text without control characters: what a stranger's server said must not drive our terminal. */
export function clean(text: string): string {
  return text.replace(/[^\P{C}\n]/gu, '\uFFFD');
}

function sayHead(events: readonly Event[], now: EpochMs): string {
  const [first] = events;
  if (!first) return '';
  const accepted = events.find((event) => event.type === 'accepted');
  const size = events.find((event) => event.size !== undefined)?.size;
  const when = accepted
    ? `accepted ${sayTime(accepted.at)} UTC, ${sayDuration(Math.max(0, now - accepted.at))} ago`
    : 'its acceptance is older than the history that is kept';
  const rows = [
    ['Message', first.submission],
    ['Subject', first.subject ?? ''],
    ['From', sayFrom(first)],
    ['User', `${first.user} (account ${first.account})`],
    ['Message-ID', first.messageId ?? ''],
    ['Size', size === undefined ? '' : `${size} bytes`],
    ['When', when],
  ];
  return rows
    .filter(([, value]) => value !== '')
    .map(([name, value]) => clean(`${name}:`.padEnd(12) + value))
    .join('\n');
}

function sayFrom({ sender, headerFrom }: Event): string {
  const envelope = sender === '' ? '<> (null sender)' : sender;
  return headerFrom === undefined || headerFrom === sender ? envelope : `${headerFrom}, envelope ${envelope}`;
}

function sayDelivery(events: readonly Event[], options: TimelineOptions): string {
  const [first] = events;
  if (!first) return '';
  const head = clean(`${first.delivery}  ${first.recipient}  ${sayState(events, options.now)}`);
  return [head, ...events.map((event) => sayStep(event, options))].join('\n');
}

function sayState(events: readonly Event[], now: EpochMs): string {
  const end = events.findLast((event) => ENDS.has(event.type));
  if (end) {
    const tries = end.attempt === undefined ? '' : `, attempt ${end.attempt}`;
    const age = end.age === undefined ? '' : `, ${sayDuration(end.age)} after acceptance`;
    return `${end.type.toUpperCase()}${tries}${age}`;
  }
  const due = events.findLast((event) => event.due !== undefined)?.due;
  if (due === undefined) return 'IN THE QUEUE, no attempt has ended yet';
  return due > now
    ? `IN THE QUEUE, next attempt in ${sayDuration(due - now)}, at ${sayTime(due)} UTC`
    : `IN THE QUEUE, next attempt due since ${sayTime(due)} UTC`;
}

function sayStep(event: Event, options: TimelineOptions): string {
  const lines = [`  ${sayTime(event.at)}  ${event.type}${sayRoute(event)}`];
  const under = (text: string): void => void lines.push(`      ${text}`);
  if (event.reply) under(`peer said: ${sayReply(event.reply)}`);
  if (event.reason !== undefined) under(`${event.reason}${event.class ? ` [${event.class}]` : ''}`);
  if (event.ambiguous)
    under(`${event.ambiguous} earlier attempts may have been taken without our knowing it`);
  if (options.conversations === 'all' && event.conversation)
    for (const line of event.conversation.trimEnd().split(/\r?\n/)) under(`| ${line}`);
  return clean(lines.join('\n'));
}

function sayRoute(event: Event): string {
  if (event.attempt === undefined) return '';
  const parts = [
    `attempt ${event.attempt}`,
    event.transport && `by ${event.transport}${event.localAddress ? ` (${event.localAddress})` : ''}`,
    event.host && `to ${event.host}${event.address ? ` (${event.address})` : ''}`,
    event.host && (event.tls ?? 'no TLS'),
    event.ms !== undefined && sayDuration(event.ms),
  ];
  return `  ${parts.filter(Boolean).join(', ')}`;
}

function sayReply({ code, status, text }: NonNullable<Event['reply']>): string {
  return [code, status, text].filter((part) => part !== undefined && part !== '').join(' ');
}
