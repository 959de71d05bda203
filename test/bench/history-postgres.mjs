// The bench of the history in PostgreSQL: many days of partitions, searches and statistics over them, then events as fast as it goes.
import { readFileSync } from 'node:fs';
import { historyConfig } from '../../src/history/config.ts';
import { allColumns } from '../../src/history/columns.ts';
import { parsePostgresUrl } from '../../src/history/postgres/address.ts';
import { DAY_MS, makeDays } from '../../src/history/postgres/days.ts';
import { openSession } from '../../src/history/postgres/driver.ts';
import { openPostgresHistory } from '../../src/history/postgres/open.ts';
import { traffic } from '../support/history-events.ts';
import { noPostgres, startPostgres } from '../support/postgres.ts';
import { time } from './asking.mjs';

const PER_DELIVERY = 3;
const LIVE_S = 20;
/** Of the live events, so many are hits on mail of any of the days. */
const OLD_SHARE = 0.25;
const BATCH = 2000;

/** `events` in all, over so many days; one day is taken in, the others are copies of it. */
export async function measurePostgres(events = 2_000_000, days = 90) {
  if (noPostgres !== undefined) return console.log(noPostgres);
  const server = startPostgres([
    'shared_buffers = 1GB',
    'max_wal_size = 4GB',
    'max_locks_per_transaction = 256',
  ]);
  try {
    const address = parsePostgresUrl(server.database());
    const options = { address, config: historyConfig.parse({}), key: 'bench', poolSize: 4 };
    const history = openPostgresHistory(options);
    const today = Math.floor(Date.now() / DAY_MS);
    await fill(server, {
      address,
      history,
      first: today - days,
      days,
      deliveries: events / PER_DELIVERY / days,
    });
    const state = await history.state();
    const bytes = `${(state.bytes / 1e9).toFixed(2)} GB`;
    console.log(`${state.deliveries} deliveries in ${state.files.length} days, ${bytes}`);
    await measureReading(history, today - days, today);
    await measureWriting(server, { address, history, today });
    await history.close();
  } finally {
    server.stop();
  }
}

async function fill(server, { address, history, first, days, deliveries }) {
  const from = first * DAY_MS;
  const one = {
    seed: 5,
    from,
    to: from + DAY_MS - 1,
    deliveries: Math.round(deliveries),
    conversations: true,
  };
  for (const batch of traffic(one, 10_000)) await history.take(batch);
  const session = await openSession(address, { name: 'bench', statementMs: 600_000 });
  const others = Array.from({ length: days - 1 }, (_, i) => first + 1 + i);
  await makeDays().ensure(session, others);
  await session.ask(ID);
  for (const day of others) await session.ask(copyOf(first, day));
  await session.ask(
    `UPDATE postino.days d SET deliveries = o.deliveries FROM postino.days o WHERE o.day = ${first} AND d.day = ANY($1)`,
    [others],
  );
  await session.close();
  server.sql('VACUUM ANALYZE', address.database);
}

/** The first ten letters of an id. */
const ID = `CREATE FUNCTION pg_temp.time_id(ms bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', ((ms >> (5 * i)) & 31)::int + 1, 1), '' ORDER BY i DESC)
  FROM generate_series(0, 9) AS i $$`;

function copyOf(first, day) {
  const ms = (day - first) * DAY_MS;
  const id = (column) => `pg_temp.time_id(made + ${ms}) || substr(${column}, 11)`;
  const changed = {
    delivery: id('delivery'),
    submission: id('submission'),
    message_id: id('message_id'),
    at: `at + ${ms}`,
    status_at: `status_at + ${ms}`,
    first_open_at: `first_open_at + ${ms}`,
  };
  const columns = allColumns.map((name) => `"${name}"`).join(', ');
  const values = allColumns.map((name) => changed[name] ?? `"${name}"`).join(', ');
  const within = `made >= ${first * DAY_MS} AND made < ${(first + 1) * DAY_MS}`;
  const sums = COUNTS.map((name) => `${name} = c.${name} + excluded.${name}`).join(', ');
  return `INSERT INTO postino.deliveries (made, ${columns}, words)
      SELECT made + ${ms}, ${values}, words FROM postino.deliveries WHERE ${within};
    INSERT INTO postino.events (made, delivery, name, place, at, human, body, conversation, visitor)
      SELECT made + ${ms}, ${id('delivery')}, name, place, at + ${ms}, human, body, conversation, visitor
      FROM postino.events WHERE ${within};
    INSERT INTO postino.counts AS c (series, interval, at, ${COUNTS.join(', ')}, times)
      SELECT series, interval, at + ${day - first} * CASE interval WHEN 1 THEN 24 ELSE 1 END, ${COUNTS.join(', ')}, times
      FROM postino.counts WHERE interval > 0
        AND at >= ${first} * CASE interval WHEN 1 THEN 24 ELSE 1 END AND at < ${first + 1} * CASE interval WHEN 1 THEN 24 ELSE 1 END
      ON CONFLICT (series, interval, at) DO UPDATE SET ${sums}`;
}

const COUNTS =
  'accepted delivered deferred bounced hard soft block expired dropped cancelled opened opened_unique opened_human clicked clicked_unique clicked_human unsubscribed complained'.split(
    ' ',
  );

async function measureReading(history, first, today) {
  const middle = Math.floor((first + today) / 2) * DAY_MS;
  const [old] = (await history.search({ until: middle, limit: 1 })).items;
  const [oldest] = (await history.search({ until: (first + 1) * DAY_MS, limit: 1 })).items;
  const searches = {
    newest: {},
    id: { id: old.submission },
    'id, its beginning': { id: `${old.submission.slice(0, 14)}*` },
    'Message-ID': { messageId: old.messageId },
    'recipient, of the oldest': { recipient: oldest.recipient },
    'recipient, its beginning': { recipient: 'franco.fontana1*' },
    'recipients of a domain': { recipient: '@gmx.de' },
    sender: { sender: old.sender },
    campaign: { campaign: 'c0' },
    tag: { tag: 't3' },
    status: { status: 'bounced' },
    'transport, in a time': { transport: 'ip2', since: middle, until: middle + DAY_MS * 30 },
    'subject, two words': { subject: 'fattura 10012' },
    'text, frequent': { text: 'invoice' },
    'text, a reply': { text: (oldest.reply ?? '').split(' ').at(-1) },
    'text, nowhere': { text: 'nowhere' },
    'user and status': { user: 'user4', status: 'deferred' },
    'nothing of it': { recipient: 'nobody@nowhere.example' },
  };
  for (const [name, query] of Object.entries(searches))
    await time(
      `search: ${name}`,
      () => history.search({ ...query, limit: 50 }),
      ({ items }) => items.length,
    );
  await time(
    'story of a message',
    () => history.timeline(old.submission),
    ({ deliveries }) => deliveries.length,
  );
  const all = { since: first * DAY_MS, until: (today + 1) * DAY_MS, limit: 50 };
  const asks = {
    'overview: a day': { ...all, since: (today - 1) * DAY_MS },
    'overview: all': all,
    'all by day': { ...all, every: 'day' },
    'all by campaign': { ...all, by: 'campaign' },
    'all by provider': { ...all, by: 'provider' },
    'all of a user': { ...all, user: 'user2' },
    'all by link': { ...all, by: 'link' },
  };
  for (const [name, query] of Object.entries(asks))
    await time(
      `statistics: ${name}`,
      () => history.statistics(query),
      ({ rows }) => rows.length,
    );
}

/** Mail of now, and hits on mail of all days, as the sink hands them over; with the processor time of both sides. */
async function measureWriting(server, { address, history, today }) {
  const old = await someOf(address);
  // What is not behind the last event stored would be passed over.
  const reached = (await history.cursor())?.ms ?? 0;
  const now = Math.max(Date.now(), today * DAY_MS, reached) + 60_000;
  const fresh = [];
  for (const batch of traffic({
    seed: 99,
    from: now,
    to: now + LIVE_S * 1000,
    deliveries: LIVE_S * 1000,
    conversations: true,
  }))
    for (const one of batch) if (one.event.at <= now + (LIVE_S + 3) * 1000) fresh.push(one);
  const events = mixed(fresh, old);
  const worker = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'postino writer%' LIMIT 1";
  const pid = Number(server.sql(worker, address.database));
  const [began, before, serverBefore] = [performance.now(), process.cpuUsage(), cpuMsOf(pid)];
  let slowest = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    slowest = Math.max(slowest, performance.now() - last - 5);
    last = performance.now();
  }, 5);
  for (let i = 0; i < events.length; i += BATCH) await history.take(events.slice(i, i + BATCH));
  clearInterval(watch);
  const s = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  const [ours, theirs] = [
    (user + system) / 1000 / events.length,
    (cpuMsOf(pid) - serverBefore) / events.length,
  ];
  console.log(
    `live events: ${Math.round(events.length / s)} a second; for each ${ours.toFixed(3)} ms of CPU in Postino, ${theirs.toFixed(3)} ms in the server; the main loop stood still for ${slowest.toFixed(0)} ms at most`,
  );
}

async function someOf(address) {
  const session = await openSession(address, { name: 'bench', statementMs: 600_000 });
  const rows = await session.ask(
    `SELECT delivery, submission, account, "user", recipient, sender FROM postino.deliveries TABLESAMPLE SYSTEM (3) LIMIT 20000`,
  );
  await session.close();
  return rows;
}

function mixed(fresh, old) {
  const every = Math.round(1 / OLD_SHARE) - 1;
  return fresh.flatMap((one, i) => {
    const row = old[(i * 7919) % old.length];
    if (i % every > 0 || !row) return [one];
    const { at } = one.event;
    const about = {
      v: 1,
      id: `${row.delivery}.opened.${at}-${i}`,
      type: 'opened',
      at,
      device: 'mobile',
      country: 'IT',
    };
    const event = { ...row, ...about, ip: '203.0.113.9', userAgent: 'Mozilla/5.0' };
    return [one, { cursor: { ...one.cursor, n: 1 }, event }];
  });
}

function cpuMsOf(pid) {
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const fields = rest.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

if (process.argv[1] === new URL(import.meta.url).pathname)
  await measurePostgres(...process.argv.slice(2).map(Number));
