// Wiring of the batch files: what they are made from, where they lie, and the one process that runs the jobs.
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Export, PlaceConfig } from '../batch/config.ts';
import type { Row } from '../batch/lines.ts';
import type { Place } from '../batch/place.ts';
import { openFolder } from '../batch/places/folder.ts';
import { openBucket } from '../batch/places/s3.ts';
import type { Sources } from '../batch/rows.ts';
import type { Taken, TakeEntry } from '../batch/import.ts';
import { makeBatch, type Batch } from '../batch/run.ts';
import { compareCursors } from '../events/cursor.ts';
import { cursorBefore, type EventLog } from '../events/log.ts';
import { parseJson } from '../lib/json.ts';
import type { HistoryReader } from '../history/history.ts';
import type { Event } from '../model/event.ts';
import { sayScope, suppressionOf } from '../store/suppressions-csv.ts';
import type { Base } from './base.ts';
import { makeTell } from './notices.ts';

const TICK_MS = 15_000;
const DAY_MS = 86_400_000;
const ROWS = 10_000;
const fieldsSchema = z.record(z.string(), z.string());

/** The jobs of the configuration. */
export function openBatch(base: Base, signal?: AbortSignal): Batch {
  const { config, asking, prefix, clock } = base;
  return makeBatch({
    config: config.batch,
    redis: asking,
    prefix,
    places: new Map(config.batch.places.map((place) => [place.name, openPlace(place, signal)])),
    sources: sourcesOf(base),
    take: { suppressions: takeSuppression(base), recipients: takeRecipient(base) },
    isWritten: (until, what) => isWritten(base, until, what),
    keptMs: config.events.keepDays * DAY_MS,
    tell: makeTell(base),
    folder: join(config.data, 'batch'),
    clock,
    ...(signal && { signal }),
  });
}

async function isWritten(
  { eventLog, history, asking, keys }: Base,
  until: number,
  what: Export['what'],
): Promise<boolean> {
  // First: what is in the stream still is not in this end.
  const isEmpty = Number(await asking.call('XLEN', keys.events)) === 0;
  const end = await eventLog.end();
  if (!isEmpty && (end?.ms ?? 0) < until) return false;
  // Without a history the file fails, with its reason.
  if (what !== 'statistics' || !history || !end) return true;
  // It may be far behind, such as while it is made again; its counts would be too low for ever.
  const reached = await history.reached();
  return reached !== undefined && (reached.ms >= until || compareCursors(reached, end) >= 0);
}

/** Runs what is due again and again, in the process that is elected. */
export function startBatch(base: Base, elected: () => boolean): () => Promise<void> {
  const { exports, imports } = base.config.batch;
  if (exports.length + imports.length === 0) return () => Promise.resolve();
  const over = new AbortController();
  const batch = openBatch(base, over.signal);
  let working = Promise.resolve();
  let busy = false;
  const stop = base.clock.every(TICK_MS, () => {
    if (busy || !elected()) return;
    busy = true;
    working = batch.tick().finally(() => (busy = false));
  });
  return async () => {
    stop();
    // A place that does not answer must not keep the process; nothing of a file is lost that is begun again.
    over.abort();
    await working;
  };
}

function openPlace(
  { folder, bucket = '', endpoint = '', accessKey = '', secretKey = '', region }: PlaceConfig,
  signal: AbortSignal | undefined,
): Place {
  if (folder !== undefined) return openFolder(resolve(folder));
  return openBucket({ endpoint, bucket, region, accessKey, secretKey, ...(signal && { signal }) });
}

function sourcesOf(base: Base): Sources {
  const { eventLog, history } = base;
  return {
    events: (from, until) => eventsBetween(eventLog, from, until),
    statistics: ({ account, user, from, until }) => statisticsRows(history, { account, user, from, until }),
    recipients: (account) => recipientRows(base, account),
    suppressions: (account) => suppressionRows(base, account),
  };
}

async function* eventsBetween(
  events: EventLog,
  from: number,
  until: number,
): AsyncGenerator<readonly Event[]> {
  for await (const batch of events.read(cursorBefore(from))) {
    const inside = batch.filter(({ cursor }) => cursor.ms < until);
    yield inside.map(({ event }) => event);
    if (inside.length < batch.length) return;
  }
}

type StatisticsOf = Readonly<{ account: string; user: string | undefined; from: number; until: number }>;

async function* statisticsRows(
  reader: HistoryReader | undefined,
  { account, user, from, until }: StatisticsOf,
): AsyncGenerator<Row> {
  if (!reader) throw new Error('statistics need the history, which is switched off');
  const { rows } = await reader.statistics({
    account,
    ...(user === undefined ? {} : { user }),
    since: from,
    until,
    every: 'hour',
    by: 'campaign',
    limit: ROWS,
  });
  for (const { at = from, key, ...counts } of rows)
    yield { at: new Date(at).toISOString(), campaign: key, ...counts };
}

async function* recipientRows({ recipients }: Base, account: string): AsyncGenerator<Row> {
  for await (const { first, last, ...rest } of recipients.all(account))
    yield { ...rest, first: dateOf(first), last: dateOf(last) };
}

async function* suppressionRows({ suppressions }: Base, account: string): AsyncGenerator<Row> {
  for await (const entry of suppressions.list(account)) {
    const { at, until, user: _user, domain: _domain, ...rest } = entry;
    yield { ...rest, date: dateOf(at), expires: dateOf(until), scope: sayScope(entry) };
  }
}

function dateOf(at: number | undefined): string | undefined {
  return at === undefined || at === 0 ? undefined : new Date(at).toISOString();
}

function takeSuppression({ suppressions, clock }: Base): TakeEntry {
  return async (account, entry) => {
    const read = suppressionOf((name) => entry[name] ?? '', clock.now());
    const came = read ? await suppressions.put(account, read) : 'invalid';
    return came === 'invalid' ? { problem: 'has no e-mail address, or a scope that cannot be read' } : came;
  };
}

/** What an exported file has besides name and fields is counted by us and not taken over. */
const COUNTED = new Set(
  'status first last accepted delivered deferred bounced opened clicked unsubscribed'.split(' '),
);

function takeRecipient({ recipients }: Base): TakeEntry {
  return async (account, entry): Promise<Taken> => {
    if (Object.values(entry).some((value) => value.includes('\uFFFD')))
      return { problem: 'is no UTF-8 text; save the file as "CSV UTF-8"' };
    const { address = '', name, fields = '', ...others } = entry;
    const known = await recipients.show(account, address);
    const given = Object.entries(others).filter(([field, value]) => !COUNTED.has(field) && value !== '');
    const set = await recipients.set(account, address, (old) => ({
      name: name || old.name,
      // Our own export has the merge fields in one column, as JSON.
      fields: { ...old.fields, ...parseJson(fields, fieldsSchema), ...Object.fromEntries(given) },
    }));
    if (!set.ok) return { problem: set.problem };
    return known ? 'known' : 'added';
  };
}
