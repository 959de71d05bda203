// The bench of closed segments: how small they become, what that costs, and what it costs to read them.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cursorText } from '../../src/events/cursor.ts';
import { listSegments } from '../../src/events/folder.ts';
import { openEventLog } from '../../src/events/log.ts';
import { packOnce } from '../../src/events/packing.ts';
import { rewriteEvents } from '../../src/events/rewrite.ts';
import { systemClock as clock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { traffic } from '../support/history-events.ts';

const MIB = 1024 * 1024;
const SEGMENT = 64 * MIB;

/** One segment of the usual size, plain and then compressed, and a small one after it. */
export async function measureSegments() {
  const folder = mkdtempSync(join(tmpdir(), 'postino-bench-'));
  try {
    const { count, at } = fill(folder);
    const log = openEventLog({ folder, clock });
    const [{ path }] = await listSegments(folder);
    const plain = statSync(path).size;
    console.log(`${count} events, ${(plain / MIB).toFixed(1)} MiB plain`);
    await measureReading(log, 'plain', at);
    const deps = { folder, clock, log: silentLog, isOurs: () => true };
    const went = await timed(() =>
      packOnce({ ...deps, config: { compress: true, compressAfter: 0 } }, new AbortController().signal),
    );
    const packed = statSync(`${path}.zst`).size;
    console.log(
      `compressed: ${(packed / MIB).toFixed(2)} MiB, ${(plain / packed).toFixed(1)} times smaller; ${said(went)}, read back and compared`,
    );
    await measureReading(log, 'compressed', at);
    const change = (event) => ({ ...event, recipient: '' });
    const forgetting = await timed(() =>
      rewriteEvents(folder, {
        having: at.recipient,
        change: (e) => (e.recipient === at.recipient ? change(e) : undefined),
      }),
    );
    console.log(`compressed, one person forgotten: ${said(forgetting)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns how many events the segment has, and one near its end. */
function fill(folder) {
  const lines = [];
  let bytes = 0;
  let first;
  let last;
  const options = { seed: 5, from: Date.UTC(2026, 9, 1), to: Date.UTC(2026, 9, 2), deliveries: 200_000 };
  for (const batch of traffic(options))
    for (const { event, cursor } of batch) {
      if (bytes >= SEGMENT) break;
      first ??= cursor;
      last = cursor;
      const line = `${JSON.stringify(event).slice(0, -1)},"cursor":"${cursorText(cursor)}"}\n`;
      lines.push({ line, cursor, event });
      bytes += Buffer.byteLength(line);
    }
  const text = lines.map(({ line }) => line).join('');
  writeFileSync(join(folder, `20261001-${first.ms}-${first.seq}.jsonl`), text);
  const next = { ms: last.ms + 1000, seq: 0, n: 0 };
  writeFileSync(join(folder, `20261001-${next.ms}-0.jsonl`), `{"v":1,"cursor":"${cursorText(next)}"}\n`);
  const { cursor, event } = lines[Math.floor(lines.length * 0.95)];
  return { count: lines.length, at: { cursor, delivery: event.delivery, recipient: event.recipient } };
}

async function measureReading(log, form, { cursor, delivery }) {
  const all = await timed(async () => {
    for await (const batch of log.read(undefined)) void batch;
  });
  console.log(`${form}, read from its beginning to its end: ${said(all)}`);
  const first = await timed(async () => {
    for await (const batch of log.read(cursor)) return void batch;
  });
  console.log(`${form}, first events after a cursor near its end: ${said(first)}`);
  console.log(`${form}, one delivery by the time in its id: ${said(await timed(() => log.trace(delivery)))}`);
  const search = await timed(() => log.search({ campaign: 'there-is-none' }, 10));
  console.log(`${form}, searched as a whole for nothing: ${said(search)}`);
}

async function timed(work) {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - began, cpuMs: (user + system) / 1000 };
}

function said({ ms, cpuMs }) {
  return `${Math.round(ms)} ms (${Math.round(cpuMs)} ms of CPU)`;
}
