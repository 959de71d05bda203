// A message's history in words: every delivery with its attempts and conversations, to be read at night. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { sayDuration } from '../lib/duration.ts';
import { sayMoment } from '../lib/moment.ts';
import type { Event } from '../model/event.ts';
import { isNotice, sayNotice } from '../model/notice.ts';

export type TimelineOptions = Readonly<{
  now: EpochMs;
  /** What was said to the peers: every step, or none of it. */
  conversations: 'all' | 'none';
  /** When deliveries that wait are due now: operators may have put them off since the last event. */
  dues?: ReadonlyMap<string, EpochMs>;
}>;

const ENDS: ReadonlySet<string> = new Set(['delivered', 'bounced', 'expired', 'dropped', 'cancelled']);

/** The story of one submission; `events` in any order, at least one. */
export function sayTimeline(events: readonly Event[], options: TimelineOptions): string {
  const ordered = [...events].sort((a, b) => a.at - b.at);
  const deliveries = [...Map.groupBy(ordered, (event) => event.delivery)].sort(([a], [b]) => byNumber(a, b));
  const parts = deliveries.map(([, own]) => sayDelivery(own, options, sharedSubject(ordered)));
  return `${[sayHead(ordered, options.now), ...parts].join('\n\n')}\n`;
}

/** One event in one line, for `events` and `message search`. */
export function sayEvent(event: Event): string {
  if (isNotice(event)) return sayNoticeLine(event);
  const said = event.reply ? ` (${sayReply(event.reply)})` : '';
  const why = event.reason === undefined ? '' : `: ${event.reason}`;
  const hit = isHit(event) ? [sayHit(event), event.url].filter(Boolean).join(', ') : '';
  const later = event.type === 'accepted' && event.due !== undefined ? `: for ${sayTime(event.due)} UTC` : '';
  const more = `${why}${said}${later}${hit === '' ? '' : `: ${hit}`}`;
  return clean(
    `${sayTime(event.at)}  ${sayType(event).padEnd(12)}  ${event.delivery}  ${event.recipient}${more}`,
  ).replaceAll('\n', ' ');
}

function sayNoticeLine(event: Event): string {
  const { type, at, reason, until, over } = event;
  const end = until === undefined || over === true ? '' : ` until ${sayTime(until)} UTC`;
  const why = reason === undefined ? '' : `: ${reason}`;
  return clean(`${sayTime(at)}  ${type.padEnd(12)}  ${sayNotice(event)}${end}${why}`).replaceAll('\n', ' ');
}

/** The event's type; what undoes an unsubscription is of the same type, and must not read like one. */
export function sayType({ type, how }: Event): string {
  return how === 'resubscribe' ? 'resubscribed' : type;
}

/** "2026-01-31 23:59:00", UTC. */
export function sayTime(at: EpochMs): string {
  return sayMoment(at, 'second');
}

/** The text without control characters: what a stranger's server said must not drive our terminal. */
export function clean(text: string): string {
  return text.replace(/[^\P{C}\n]/gu, '\uFFFD');
}

/** By the number behind the dash: recipients in the order in which they were named. */
function byNumber(a: string, b: string): number {
  const numberOf = (id: string): number => Number(id.slice(id.lastIndexOf('-') + 1));
  return numberOf(a) - numberOf(b);
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
    ['Subject', sharedSubject(events) ?? first.subject ?? ''],
    ['From', sayFrom(first)],
    ['User', `${first.user} (account ${first.account})`],
    ['Message-ID', first.messageId ?? ''],
    ['Size', size === undefined ? '' : `${size} bytes`],
    ['Campaign', sayCampaign(first)],
    ['Tags', first.tags?.join(', ') ?? ''],
    ['Metadata', sayMetadata(first.metadata)],
    ['When', when],
  ] as const;
  return rows
    .filter(([, value]) => value !== '')
    .map(([name, value]) => clean(`${name}:`.padEnd(12) + value.replaceAll('\n', ' ')))
    .join('\n');
}

/** What all deliveries say, as their letters had it in the end; undefined where they differ. */
function sharedSubject(events: readonly Event[]): string | undefined {
  const last = [...Map.groupBy(events, ({ delivery }) => delivery).values()].map(lastSubject);
  return new Set(last).size === 1 ? last[0] : undefined;
}

/** Values and templates give letters subjects of their own: the last event that names one knows it. */
function lastSubject(events: readonly Event[]): string | undefined {
  return events.findLast(({ subject, conversation }) => subject !== undefined && conversation !== undefined)
    ?.subject;
}

function sayFrom({ sender, headerFrom }: Event): string {
  const envelope = sender === '' ? '<> (null sender)' : sender;
  return headerFrom === undefined || headerFrom === sender ? envelope : `${headerFrom}, envelope ${envelope}`;
}

function sayCampaign({ campaign, campaignName }: Event): string {
  if (campaign === undefined) return campaignName ?? '';
  return campaignName === undefined || campaignName === campaign ? campaign : `${campaign} (${campaignName})`;
}

function sayMetadata(metadata: Event['metadata'] = {}): string {
  return Object.entries(metadata)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}

function sayDelivery(events: readonly Event[], options: TimelineOptions, shared: string | undefined): string {
  const [first] = events;
  if (!first) return '';
  const head = clean(`${first.delivery}  ${first.recipient}  ${sayState(events, options)}`);
  const subject = shared === undefined ? lastSubject(events) : undefined;
  const own = subject === undefined || subject === first.subject ? [] : [clean(`  subject: ${subject}`)];
  return [head, ...own, ...events.map((event) => sayStep(event, options))].join('\n');
}

function sayState(events: readonly Event[], options: TimelineOptions): string {
  const end = events.findLast((event) => ENDS.has(event.type));
  if (end) {
    const tries = end.attempt === undefined ? '' : `, attempt ${end.attempt}`;
    const age = end.age === undefined ? '' : `, ${sayDuration(end.age)} after acceptance`;
    return `${end.type.toUpperCase()}${tries}${age}`;
  }
  return sayWaiting(events, options);
}

function sayWaiting(events: readonly Event[], { now, dues }: Pick<TimelineOptions, 'now' | 'dues'>): string {
  const next = events.findLast((event) => event.due !== undefined);
  const due = dues?.get(events[0]?.delivery ?? '') ?? next?.due;
  if (due === undefined || (!next && due <= now)) return 'IN THE QUEUE, no attempt has ended yet';
  if (next?.attempt === undefined && due > now)
    return `SCHEDULED, to be sent in ${sayDuration(due - now)}, at ${sayTime(due)} UTC`;
  return due > now
    ? `IN THE QUEUE, next attempt in ${sayDuration(due - now)}, at ${sayTime(due)} UTC`
    : `IN THE QUEUE, next attempt due since ${sayTime(due)} UTC`;
}

function sayStep(event: Event, options: TimelineOptions): string {
  const detail = (isHit(event) ? sayHit(event) : sayRoute(event)).replaceAll('\n', ' ');
  const lines = [`  ${sayTime(event.at)}  ${sayType(event)}${detail === '' ? '' : `  ${detail}`}`];
  const under = (text: string): void => void lines.push(`      ${text.replaceAll('\n', ' ')}`);
  if (event.url !== undefined) under(event.url);
  if (event.reply) under(`peer said: ${sayReply(event.reply)}`);
  if (event.reason !== undefined) under(`${event.reason}${event.class ? ` [${event.class}]` : ''}`);
  if (event.ambiguous)
    under(`${event.ambiguous} earlier attempts may have been taken without our knowing it`);
  for (const note of event.notes ?? []) under(`note: ${note}`);
  if (options.conversations === 'all' && event.conversation)
    for (const line of event.conversation.trimEnd().split(/\r?\n/)) under(`| ${line}`);
  return clean(lines.join('\n'));
}

/** What a recipient did, or a program in the recipient's place. */
function isHit({ type }: Event): boolean {
  return type === 'opened' || type === 'clicked' || type === 'unsubscribed' || type === 'complained';
}

const HOW = {
  'one-click': 'by one click in the mail program',
  page: 'on the page',
  mail: 'by mail',
  resubscribe: 'took it back on the page',
} as const;
const MACHINE = {
  proxy: 'a mail provider fetched it, perhaps unseen',
  scanner: 'a program that follows links',
} as const;

/** Who came, with which program on what, from where. */
function sayHit(event: Event): string {
  const { client, os, device, country, ip, how, topic, link, machine } = event;
  const program = client !== undefined && os !== undefined ? `${client} on ${os}` : (client ?? os);
  const parts = [
    link === undefined ? undefined : `link ${link}`,
    topic === undefined ? undefined : `topic ${topic}`,
    how && HOW[how],
    program,
    device === 'unknown' ? undefined : device,
    country,
    ip,
    machine && MACHINE[machine],
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

function sayRoute(event: Event): string {
  if (event.attempt === undefined) {
    return event.due !== undefined ? `for ${sayTime(event.due)} UTC` : '';
  }
  const parts = [
    `attempt ${event.attempt}`,
    event.transport &&
      `by ${event.transport}${event.localAddress ? ` (${event.localAddress})` : ''}${event.fallback === undefined ? '' : `, of the fallback pool ${event.fallback}`}`,
    event.host && `to ${event.host}${event.address ? ` (${event.address})` : ''}`,
    event.host && (event.tls ?? 'no TLS'),
    event.ms !== undefined && sayDuration(event.ms),
  ];
  return parts.filter(Boolean).join(', ');
}

function sayReply({ code, status, text }: NonNullable<Event['reply']>): string {
  return [code, status, text].filter((part) => part !== undefined && part !== '').join(' ');
}
