// Which rows an export has: events as they were published, and lists as they are now.
import type { EpochMs } from '../lib/clock.ts';
import type { Event } from '../model/event.ts';
import type { Owner } from '../model/owner.ts';
import type { Export } from './config.ts';
import type { Row } from './lines.ts';
import type { Period } from './periods.ts';

/** What exports are made from; each rejects when it cannot be read. */
export type Sources = Readonly<{
  /** Events that were published from `from` to before `until`, in that order. */
  events(from: EpochMs, until: EpochMs): AsyncIterable<readonly Event[]>;
  /** Counts by campaign and hour (UTC) of that time. */
  statistics(query: Owner & Readonly<{ from: EpochMs; until: EpochMs }>): AsyncIterable<Row>;
  recipients(account: string): AsyncIterable<Row>;
  suppressions(account: string): AsyncIterable<Row>;
}>;

const OF_MESSAGE =
  'account user submission delivery recipient sender subject messageId campaign campaignName tags metadata';
const OF_ATTEMPT = 'transport provider site host attempt ms age';
const OF_FAILURE = 'class category code status reply reason';
const OF_HIT = 'url link userAgent device client os country machine topic how';
const OF_COUNTS =
  'accepted delivered deferred bounced hard soft block expired dropped cancelled opened openedUnique openedHuman clicked clickedUnique clickedHuman unsubscribed complained p50 p95';

const words = (...texts: readonly string[]): readonly string[] => texts.flatMap((text) => text.split(' '));

/** The columns of each kind of file, always in this order. New ones are added at the end. */
export const COLUMNS: Readonly<Record<Export['what'], readonly string[]>> = {
  events: words('at type id', OF_MESSAGE, OF_ATTEMPT, OF_FAILURE, OF_HIT),
  bounces: words('at type id', OF_MESSAGE, OF_ATTEMPT, OF_FAILURE, 'report'),
  statistics: words('at campaign', OF_COUNTS),
  recipients: words(
    'address name status first last accepted delivered deferred bounced opened clicked fields',
  ),
  suppressions: words('address reason date topic scope expires reply delivery report'),
};

/** Rows of an export for a period. */
export function rowsOf(job: Export, period: Period, sources: Sources): AsyncIterable<Row> {
  const { account, user } = job;
  if (job.what === 'statistics') return sources.statistics({ account, user, ...period });
  if (job.what === 'recipients') return sources.recipients(account);
  if (job.what === 'suppressions') return sources.suppressions(account);
  return eventRows(job, period, sources);
}

async function* eventRows(job: Export, { from, until }: Period, sources: Sources): AsyncGenerator<Row> {
  for await (const batch of sources.events(from, until))
    for (const event of batch) if (isWanted(event, job)) yield rowOfEvent(event);
}

function isWanted(event: Event, { account, user, what, types }: Export): boolean {
  if (event.account !== account || (user !== undefined && event.user !== user)) return false;
  if (what === 'bounces') return event.type === 'bounced' || event.type === 'expired';
  return types.length === 0 || types.includes(event.type);
}

/** Our own marks and the conversation are for the timeline, not for files. */
function rowOfEvent({ v: _v, conversation: _conversation, reply, at, ...rest }: Event): Row {
  const said = reply && { code: reply.code, status: reply.status, reply: reply.text };
  return { at: new Date(at).toISOString(), ...rest, ...said };
}
