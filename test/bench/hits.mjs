// How many links the tracking listener follows in a second on one core, and how long a visitor waits.
// node test/bench/hits.mjs [--seconds 10] [--connections 50]
// Three processes: a Redis, the listener with all that it does (events are written), and who clicks. Where there is
// taskset the listener has a core of its own; its CPU time is told, too, since a busy machine spoils every other number.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const LETTERS = 500;
const LINKS = 20;
const AGENT = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/13';
const ME = fileURLToPath(import.meta.url);

const { values } = parseArgs({
  options: {
    as: { type: 'string', default: 'bench' },
    seconds: { type: 'string', default: '10' },
    connections: { type: 'string', default: '50' },
  },
});
const seconds = Number(values.seconds);

/** The listener: says its port and its links; at "stop" how much CPU it took and what was written. */
async function serve() {
  const { letterLinks, openHits } = await import('../support/hits.ts');
  const { startRedis } = await import('../support/redis.ts');
  const { newId } = await import('../../src/lib/ids.ts');
  const redis = await startRedis();
  const data = mkdtempSync(join(tmpdir(), 'postino-bench-'));
  const { base, tracking } = await openHits({ redis, data });
  const paths = Array.from({ length: LETTERS }, (_, letter) => {
    const links = letterLinks(base, {
      delivery: `${newId(Date.now())}-${letter + 1}`,
      campaign: 'spring',
      tags: ['order', 'it'],
      metadata: { order: String(letter) },
    });
    return Array.from(
      { length: LINKS },
      (_, link) =>
        new URL(links.click(link, `https://shop.example/products/${letter}/${link}?utm_source=mail`))
          .pathname,
    );
  }).flat();
  say({ port: tracking.port, paths });
  let began = process.cpuUsage();
  for await (const order of createInterface(process.stdin)) {
    if (order === 'begin') began = process.cpuUsage();
    if (order !== 'stop') continue;
    const { user, system } = process.cpuUsage(began);
    await tracking.stop();
    const events = Number(await base.asking.call('XLEN', base.keys.events));
    say({ cpu: (user + system) / 1e6, rss: process.memoryUsage.rss(), events });
    await base.close();
    await redis.stop();
    rmSync(data, { recursive: true, force: true });
    process.exit(0);
  }
}

/** Who clicks: so many connections, each with its next request when the answer to the last one is there. */
async function load() {
  const [first] = await lines(process.stdin, 1);
  const { port, paths } = JSON.parse(first);
  const times = [];
  let wrong = 0;
  let next = 0;
  let over = false;
  const one = () =>
    new Promise((resolve) => {
      const socket = createConnection(port, '127.0.0.1').setNoDelay(true);
      let sentAt = 0;
      const send = () => {
        if (over) return socket.end();
        const path = paths[next++ % paths.length];
        sentAt = performance.now();
        socket.write(
          `GET ${path} HTTP/1.1\r\nHost: click.shop.example\r\nUser-Agent: ${AGENT}${next % 10}.0.0.0 Safari/537.36\r\nAccept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\nAccept-Language: it-IT,it;q=0.9\r\nAccept-Encoding: gzip, deflate, br\r\n\r\n`,
        );
      };
      let head = '';
      socket.on('data', (chunk) => {
        head += chunk.toString('latin1');
        if (!head.includes('\r\n\r\n')) return;
        times.push(performance.now() - sentAt);
        if (!head.startsWith('HTTP/1.1 302 ') || !head.includes('location: https://shop.example/')) wrong++;
        head = '';
        send();
      });
      socket.on('connect', send);
      socket.on('error', () => wrong++);
      socket.on('close', resolve);
    });
  const began = performance.now();
  const all = Array.from({ length: Number(values.connections) }, one);
  setTimeout(() => (over = true), seconds * 1000);
  await Promise.all(all);
  const took = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  say({ count: times.length, took, wrong, p50: at(0.5), p99: at(0.99), max: at(1) });
}

async function bench() {
  const pins = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;
  const run = (as, core) => {
    const args = [ME, '--as', as, '--seconds', values.seconds, '--connections', values.connections];
    const [file, rest] = pins
      ? ['taskset', ['-c', String(core), process.execPath, ...args]]
      : [process.execPath, args];
    return spawn(file, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  };
  const server = run('serve', 0);
  const answers = createInterface(server.stdout)[Symbol.asyncIterator]();
  const ready = (await answers.next()).value;
  const visitors = run('load', 1);
  server.stdin.write('begin\n');
  visitors.stdin.end(`${ready}\n`);
  const [told] = await lines(visitors.stdout, 1);
  server.stdin.write('stop\n');
  const served = JSON.parse((await answers.next()).value);
  const { count, took, wrong, p50, p99, max } = JSON.parse(told);
  const ms = (number) => `${number.toFixed(2)} ms`;
  console.log(
    `${Math.round(count / took)} redirects/s over ${values.connections} connections for ${took.toFixed(1)} s`,
  );
  console.log(
    `${Math.round(count / served.cpu)} redirects per CPU second (${((served.cpu / count) * 1e6).toFixed(0)} µs each, with their events)`,
  );
  console.log(`waiting: half under ${ms(p50)}, 99 % under ${ms(p99)}, longest ${ms(max)}`);
  console.log(
    `${served.events} events of ${count} clicks, ${wrong} wrong answers, ${Math.round(served.rss / 1e6)} MB`,
  );
  process.exitCode = wrong === 0 ? 0 : 1;
}

/** The first lines of a stream. */
async function lines(stream, count) {
  const found = [];
  for await (const line of createInterface(stream)) {
    found.push(line);
    if (found.length === count) break;
  }
  return found;
}

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

await { serve, load, bench }[values.as]();
