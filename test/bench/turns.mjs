// CPU per message of several checkouts by turns: node test/bench/turns.mjs <messages> <rounds> <checkout>…
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cpuSeconds, openSink } from './alone.mjs';
import { configuration, freePort, sendMany } from './relay.mjs';

const [messages, rounds] = process.argv.slice(2, 4).map(Number);
const WARM_UP = 1000;
const REST_MS = 500;

/** A relay of the checkout; all run at once, so that what else the machine does is the same for each. */
async function open(checkout) {
  const folder = mkdtempSync(join(tmpdir(), 'postino-turns-'));
  const sink = await openSink();
  const port = await freePort();
  writeFileSync(join(folder, 'postino.yaml'), configuration(folder, port, sink.port));
  const { start } = await import(join(resolve(checkout), 'test/bench/relay.mjs'));
  const { child, stop } = await start(folder, port, []);
  const pids = [child.pid, Number(readFileSync(join(folder, 'data/redis/redis.pid'), 'utf8'))];
  let sent = 0;
  /** Milliseconds of user and system time per message, of relay and Redis. */
  const measure = async (count, tag) => {
    const before = pids.map(cpuSeconds);
    await sendMany(port, count, tag);
    sent += count;
    await sink.taken(sent);
    await new Promise((done) => setTimeout(done, REST_MS)); // for the events
    return pids.map((pid, i) => ((cpuSeconds(pid) - before[i]) / count) * 1000);
  };
  const close = async () => {
    await stop();
    sink.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { checkout, measure, close, figures: [] };
}

const relays = [];
for (const checkout of process.argv.slice(4)) relays.push(await open(checkout));
for (const relay of relays) await relay.measure(WARM_UP, 'w');
for (let round = 0; round < rounds; round++)
  for (const relay of round % 2 ? relays.toReversed() : relays)
    relay.figures.push(await relay.measure(messages, `r${round}.`));
const mean = (list) => (list.reduce((sum, n) => sum + n, 0) / list.length).toFixed(2);
for (const { checkout, figures } of relays)
  console.log(
    `${mean(figures.map(([own, redis]) => own + redis))} ms per message, ${mean(figures.map(([, redis]) => redis))} of it Redis: ${checkout}`,
  );
for (const relay of relays) await relay.close();
