// The history while mail flows: what events of a busy installation cost the mail, and whether the history keeps up with them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEventLog } from '../../src/events/log.ts';
import { historyConfig } from '../../src/history/config.ts';
import { comparePlaces } from '../../src/history/place.ts';
import { openSqliteReader } from '../../src/history/sqlite/open.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { traffic } from '../support/history-events.ts';
import { cpuSeconds, openSink } from './alone.mjs';
import { configuration, freePort, sendMany, start } from './relay.mjs';

const MESSAGES = Number(process.env.BENCH_MESSAGES ?? 6000);
const WARM_UP = Math.min(200, MESSAGES);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const TICK_MS = 100;
const PATIENCE_MS = 120_000;

/**
 * Mail alone and mail beside `rate` events a second, by turns; prints rates, CPU time, and how far the history was behind.
 * Mail comes as fast as it is taken, or so many messages a second.
 */
export async function measureHistoryWithMail(rate = 3000, perSecond = Infinity) {
  const folder = mkdtempSync(join(tmpdir(), 'postino-history-'));
  const sink = await openSink();
  const port = await freePort();
  writeFileSync(join(folder, 'postino.yaml'), configuration(folder, port, sink.port));
  const relay = await start(folder, port, []);
  const data = join(folder, 'data');
  const history = openSqliteReader({
    folder: join(data, 'history'),
    config: historyConfig.parse({}),
    key: '',
  });
  const events = openEventLog({ folder: join(data, 'events'), clock: systemClock });
  const feeder = openFeeder(join(data, 'redis/redis.sock'), rate);
  const lag = async () => {
    const [end, reached] = [await events.end(), await history.reached()];
    if (!end || (reached && comparePlaces(reached, end) >= 0)) return 0;
    return end.ms - (reached?.ms ?? end.ms);
  };
  let sent = 0;
  const sendAll = async (count, tag) => {
    await sendMany(port, count, tag, { perSecond });
    sent += count;
    await sink.taken(sent);
  };
  const round = async (name, fed) => {
    const before = { cpu: cpuSeconds(relay.child.pid), fed: feeder.fed() };
    let worst = 0;
    const watch = setInterval(() => void lag().then((ms) => (worst = Math.max(worst, ms))), 500);
    const began = performance.now();
    if (fed) feeder.go();
    await sendAll(MESSAGES, name);
    const s = (performance.now() - began) / 1000;
    feeder.stop();
    clearInterval(watch);
    const cpu = cpuSeconds(relay.child.pid) - before.cpu;
    const more = Math.round((feeder.fed() - before.fed) / s);
    const caughtUp = await time(async () => {
      while ((await lag()) > 0) await systemClock.sleep(50);
    });
    console.log(
      `${name.padEnd(12)} ${Math.round(MESSAGES / s)} messages a second, ${more} events a second besides theirs; ` +
        `CPU of the relay ${(cpu / s).toFixed(2)}; history behind by ${worst} ms at most, complete ${Math.round(caughtUp)} ms after the last message`,
    );
    return MESSAGES / s;
  };
  try {
    await sendAll(WARM_UP, 'warm');
    const pairs = [];
    for (let n = 1; n <= ROUNDS; n++)
      pairs.push([await round(`alone ${n}`, false), await round(`beside ${n}`, true)]);
    const ratios = pairs.map(([alone, beside]) => beside / alone).toSorted((a, b) => a - b);
    console.log(
      `mail beside ${rate} events a second: ${(100 * ratios[Math.floor(ROUNDS / 2)]).toFixed(0)} % of mail alone (median of ${ROUNDS})`,
    );
  } finally {
    feeder.close();
    await history.close();
    await relay.stop();
    sink.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts made-up events where the relay's processes put theirs. */
function openFeeder(socketPath, rate) {
  const socket = connect(socketPath);
  socket.resume();
  socket.on('error', (error) => console.log(`Redis: ${error.message}`));
  const made = traffic({ seed: 7, from: Date.now(), to: Date.now() + 3_600_000, deliveries: 3_600_000 }, 1);
  let [fed, due, end] = [0, 0, undefined];
  const feed = () => {
    due += (rate * TICK_MS) / 1000;
    const commands = [];
    for (; due >= 1; due--) commands.push(command(made.next().value[0].event));
    fed += commands.length;
    socket.write(commands.join(''));
  };
  return {
    fed: () => fed,
    go: () => (end = setInterval(feed, TICK_MS)),
    stop: () => clearInterval(end),
    close: () => socket.destroy(),
  };
}

function command(event) {
  const words = ['XADD', 'postino:events', '*', 'e', JSON.stringify(event)];
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

async function time(work) {
  const began = performance.now();
  const late = began + PATIENCE_MS;
  await Promise.race([work(), systemClock.sleep(PATIENCE_MS)]);
  if (performance.now() > late) console.log('the history did not become complete in time');
  return performance.now() - began;
}

if (process.argv[1] === new URL(import.meta.url).pathname)
  await measureHistoryWithMail(Number(process.argv[2] ?? 3000), Number(process.argv[3] ?? Infinity));
