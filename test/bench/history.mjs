// The bench of the history: millions of events over twelve monthly files, then search and statistics over them.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { historyConfig } from '../../src/history/config.ts';
import { monthFiles } from '../../src/history/sqlite/months.ts';
import { openSqliteHistory } from '../../src/history/sqlite/open.ts';
import { traffic } from '../support/history-events.ts';
import { time } from './asking.mjs';

const run = promisify(execFile);
const WORKERS = 4;
const fill = new URL('./history-fill.ts', import.meta.url).pathname;

/** `events` in all; `kept`: a folder that is left for another look, and used again when it is there. */
export async function measureHistory(events = 10_000_000, kept) {
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'postino-bench-'));
  const months = lastMonths(12);
  if (monthFiles(folder).length === 0) await fillAll(folder, months, events);
  const config = historyConfig.parse({});
  const history = openSqliteHistory({ folder, config, key: 'bench' });
  await history.cursor(); // files of an older version become of this one
  const state = await history.state();
  console.log(
    `${state.deliveries} deliveries in ${state.files.length} files, ${(state.bytes / 1e9).toFixed(2)} GB`,
  );
  await measureReading(history, months);
  await measureWriting(history);
  await history.close();
  if (kept === undefined) rmSync(folder, { recursive: true, force: true });
}

async function fillAll(folder, months, events) {
  mkdirSync(folder, { recursive: true });
  const parts = Array.from({ length: WORKERS }, (_, i) => months.filter((_, n) => n % WORKERS === i));
  const began = performance.now();
  const told = await Promise.all(
    parts.map(async (own, i) => {
      const part = join(folder, `part-${i}`);
      const share = String(Math.round((events * own.length) / months.length));
      const { stdout } = await run(process.execPath, [fill, part, share, ...own], { maxBuffer: 1e6 });
      return JSON.parse(stdout);
    }),
  );
  for (const [i] of parts.entries()) {
    const part = join(folder, `part-${i}`);
    // Each part ran into months that are another's by its late opens: never, they go to the month of their message.
    for (const name of readdirSync(part))
      if (name !== 'history.sqlite' || i === 0) renameSync(join(part, name), join(folder, name));
    rmSync(part, { recursive: true });
  }
  const count = told.reduce((sum, one) => sum + one.count, 0);
  const cpu = told.reduce((sum, one) => sum + one.cpuMs, 0);
  const s = (performance.now() - began) / 1000;
  console.log(
    `${count} events stored in ${s.toFixed(0)} s by ${WORKERS} processes: ${Math.round(count / s)} a second; ${Math.round(count / (cpu / 1000))} for each CPU second`,
  );
}

async function measureReading(history, months) {
  const { items } = await history.search({ limit: 3 });
  const middle = Date.parse(`${months[6]}-15`);
  const [old] = (await history.search({ until: middle, limit: 1 })).items;
  const searches = {
    newest: {},
    id: { id: old.submission },
    'id, its beginning': { id: `${old.submission.slice(0, 14)}*` },
    'Message-ID': { messageId: old.messageId },
    recipient: { recipient: old.recipient },
    'recipient, its beginning': { recipient: 'franco.fontana1*' },
    'recipients of a domain': { recipient: '@gmx.de' },
    sender: { sender: old.sender },
    campaign: { campaign: 'c3' },
    tag: { tag: 't3' },
    status: { status: 'bounced' },
    'transport, in a time': { transport: 'ip2', since: middle, until: middle + 86_400_000 * 30 },
    'subject, two words': { subject: 'fattura 12345' },
    'text, frequent': { text: 'invoice' },
    'text, a reply': { text: old.reply.split(' ').at(-1) },
    'text, nowhere': { text: 'nowhere' },
    'text and user': { text: 'invoice', user: 'user5' },
    'text, and a status that is rare': { text: 'ok', status: 'cancelled' },
    'subject, two words that never meet': { subject: 'invoice fattura' },
    'provider that is nowhere': { provider: 'nowhere' },
    'senders of a domain that is nowhere': { sender: '@nowhere.example' },
    'account that has nothing': { account: 'nowhere' },
    'transport and status': { transport: 'ip2', status: 'queued' },
    'frequent and frequent, never together': { provider: 'gmail', recipient: '@gmx.de' },
    'user and status': { user: 'user4', status: 'deferred' },
    'nothing of it': { recipient: 'nobody@nowhere.example' },
  };
  for (const [name, query] of Object.entries(searches))
    await time(
      `search: ${name}`,
      () => history.search({ ...query, limit: 50 }),
      (page) => page.items.length,
    );
  await time(
    'story of a message',
    () => history.timeline(items[0].submission),
    (one) => one.deliveries.length,
  );
  const year = { since: Date.parse(`${months[11]}-01`), until: Date.now(), limit: 50 };
  const day = { since: Date.now() - 86_400_000, until: Date.now(), limit: 50 };
  const monthAgo = { since: Date.now() - 30 * 86_400_000, until: Date.now(), limit: 50 };
  const hour = { since: Date.now() - 3_600_000, until: Date.now(), every: 'minute', limit: 60 };
  const asks = {
    'overview: an hour by minute': hour,
    'overview: a day': day,
    '30 days': monthAgo,
    '30 days by day': { ...monthAgo, every: 'day' },
    '30 days by campaign': { ...monthAgo, by: 'campaign' },
    '30 days by provider': { ...monthAgo, by: 'provider' },
    'overview: a year': year,
    'a year by day': { ...year, every: 'day' },
    'a year by campaign': { ...year, by: 'campaign' },
    'a year by provider': { ...year, by: 'provider' },
    'a year of a user': { ...year, user: 'user2' },
    'a year of a user by campaign': { ...year, user: 'user2', by: 'campaign' },
    'a year of a campaign by provider': { ...year, campaign: 'c3', by: 'provider' },
    'a year by link': { ...year, by: 'link' },
  };
  for (const [name, query] of Object.entries(asks))
    await time(
      `statistics: ${name}`,
      () => history.statistics(query),
      (one) => one.rows.length,
    );
}

/** As fast as it goes, through the thread, beside what is there. */
async function measureWriting(history) {
  // What is not behind the last event stored would be passed over.
  const from = Math.max(Date.now(), ((await history.cursor())?.ms ?? 0) + 1000);
  const before = (await history.state()).deliveries;
  const began = performance.now();
  let count = 0;
  for (const batch of traffic(
    { seed: from, from, to: from + 20_000, deliveries: 20_000, conversations: true },
    1500,
  )) {
    await history.take(batch);
    count += batch.length;
    if (performance.now() - began > 30_000) break;
  }
  const s = (performance.now() - began) / 1000;
  const stored = (await history.state()).deliveries - before;
  console.log(`live traffic: ${Math.round(count / s)} events a second, ${stored} deliveries stored`);
}

function lastMonths(count) {
  const now = new Date();
  return Array.from({ length: count }, (_, i) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - i, 1)).toISOString().slice(0, 7),
  );
}

if (process.argv[1] === new URL(import.meta.url).pathname)
  await measureHistory(Number(process.argv[2] ?? 10_000_000), process.argv[3]);
