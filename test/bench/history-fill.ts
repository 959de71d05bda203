// Fills some months of a history with made-up traffic, for the bench: one of several processes, each with a folder of its own.
// usage: node history-fill.ts <folder> <events> <month>…
import { historyConfig } from '../../src/history/config.ts';
import { monthEnd, monthStart } from '../../src/history/sqlite/months.ts';
import { openWriter } from '../../src/history/sqlite/writer.ts';
import { makeVeil } from '../../src/history/veil.ts';
import { traffic } from '../support/history-events.ts';

const [folder = '', events = '0', ...months] = process.argv.slice(2);
const { keep } = historyConfig.parse({});
const veil = makeVeil({ subjects: 'plain', addresses: 'plain', key: 'bench' });
const writer = openWriter({ folder, keep, veil });
const PER_DELIVERY = 3;
const BATCH = 10_000;

// Statistics by minute are not kept for what is so old.
for (const _ of writer.prune(Date.now())) continue;
let count = 0;
const began = performance.now();
const now = Date.now();
for (const [seed, month] of months.entries()) {
  const deliveries = Math.round(Number(events) / PER_DELIVERY / months.length);
  const options = {
    seed: seed + Date.parse(`${month}-01`),
    from: monthStart(month),
    to: Math.min(now, monthEnd(month) - 1),
  };
  for (const whole of traffic({ ...options, deliveries }, BATCH)) {
    // What has not happened yet would keep live traffic out, which comes before it.
    const batch = whole.filter(({ cursor }) => cursor.ms <= now);
    writer.take(batch);
    count += batch.length;
  }
}
writer.close();
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ count, ms: performance.now() - began, cpuMs: (user + system) / 1000 }));
