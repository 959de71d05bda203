// How many links the tracking listener follows in a second on one core, and how long a visitor waits.
// node test/bench/hits.mjs [--seconds 10] [--connections 50] [--rate 500]
// Without a rate each connection clicks again as soon as it has its answer, and what a visitor waits is the queue; with
// one, that many clicks come in a second, evenly, whether those before have been answered or not.
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
const HEADERS =
  'Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\nAccept-Language: it-IT,it;q=0.9\r\nAccept-Encoding: gzip, deflate, br\r\n';
/** Answers before anything is counted: until then much of the program has yet to be compiled. */
const WARM_UP = 20_000;
const ME = fileURLToPath(import.meta.url);

const { values } = parseArgs({
  options: {
    as: { type: 'string', default: 'bench' },
    seconds: { type: 'string', default: '10' },
    connections: { type: 'string', default: '50' },
    rate: { type: 'string', default: '0' },
  },
});
const seconds = Number(values.seconds);
const rate = Number(values.rate);
const connections = Number(values.connections);

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
  say({
    port: tracking.port,
    paths,
    sealing: measureSealing(letterLinks(base, { campaign: 'spring', tags: ['order'] })),
  });
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

/** Microseconds to seal one link: the best of many short rounds, which a busy machine disturbs least. */
function measureSealing(links) {
  const round = () => {
    const began = performance.now();
    for (let i = 0; i < 200; i++) links.click(i, 'https://shop.example/products/17?utm_source=mail');
    return ((performance.now() - began) * 1000) / 200;
  };
  return Math.min(...Array.from({ length: 100 }, round));
}

/** Who clicks: as fast as answers come until all is warm, then so again, or at a rate. */
async function load() {
  const [first] = await lines(process.stdin, 1);
  const { port, paths } = JSON.parse(first);
  const state = { port, paths, next: 0, wrong: 0, began: 0, times: [], perSecond: [] };
  let warm = 0;
  await clickOnAndOn(state, () => warm++ < WARM_UP);
  say('warm');
  state.began = performance.now();
  const until = state.began + seconds * 1000;
  const goesOn = () => performance.now() < until;
  await (rate > 0 ? clickAtRate(state, goesOn) : clickOnAndOn(state, goesOn, (ms) => note(state, ms)));
  const took = (performance.now() - state.began) / 1000;
  const { times, wrong } = state;
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  const best = Math.max(...state.perSecond.slice(0, seconds).map((count) => count ?? 0));
  say({ count: times.length, best, took, wrong, p50: at(0.5), p99: at(0.99), max: at(1) });
}

function note(state, ms) {
  const second = Math.floor((performance.now() - state.began) / 1000);
  state.times.push(ms);
  state.perSecond[second] = (state.perSecond[second] ?? 0) + 1;
}

/** Each connection has its next request when the answer to the last one is there. */
async function clickOnAndOn(state, goesOn, seen = () => undefined) {
  const one = async (n) => {
    const visitor = await connect(state, n);
    while (goesOn()) seen(await visitor.click());
    visitor.end();
  };
  await Promise.all(Array.from({ length: connections }, (_, n) => one(n)));
}

/** Clicks come evenly and do not wait for the answers to others; one that finds all connections taken waits, and that counts. */
async function clickAtRate(state, goesOn) {
  const visitors = await Promise.all(Array.from({ length: connections }, (_, n) => connect(state, n)));
  const free = [...visitors];
  const due = [];
  let come = 0;
  let answered = 0;
  const serve = () => {
    while (due.length > 0 && free.length > 0) {
      const since = due.shift();
      const visitor = free.shift();
      void visitor.click().then(() => {
        note(state, performance.now() - since);
        answered++;
        free.push(visitor);
        serve();
      });
    }
  };
  while (goesOn() || answered < come) {
    const now = performance.now();
    const wanted = goesOn() ? Math.floor(((now - state.began) / 1000) * rate) : come;
    for (; come < wanted; come++) due.push(now);
    serve();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (const visitor of visitors) visitor.end();
}

/** A connection from an address of its own; `click` resolves with how long its answer took. */
function connect(state, n) {
  const { port, paths } = state;
  const options = { port, host: '127.0.0.1', localAddress: `127.0.1.${1 + (n % 250)}` };
  let head = '';
  let sentAt = 0;
  let answer;
  const socket = createConnection(options).setNoDelay(true);
  socket.on('data', (chunk) => {
    head += chunk.toString('latin1');
    if (!head.includes('\r\n\r\n')) return;
    if (!head.startsWith('HTTP/1.1 302 ') || !head.includes('location: https://shop.example/')) state.wrong++;
    head = '';
    const told = answer;
    answer = undefined;
    told(performance.now() - sentAt);
  });
  const click = () => {
    const path = paths[state.next++ % paths.length];
    sentAt = performance.now();
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: click.shop.example\r\nUser-Agent: ${AGENT}${state.next % 10}.0.0.0 Safari/537.36\r\n${HEADERS}\r\n`,
    );
    return new Promise((resolve) => (answer = resolve));
  };
  // Nobody waits for an answer that does not come: the run fails.
  const fail = (error) => {
    throw error;
  };
  socket.on('error', fail);
  socket.on('close', () => answer && fail(new Error('a connection ended without an answer')));
  return new Promise((resolve) => socket.on('connect', () => resolve({ click, end: () => socket.end() })));
}

async function bench() {
  const pins = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;
  const run = (as, core) => {
    const { seconds, connections, rate } = values;
    const args = [ME, '--as', as, '--seconds', seconds, '--connections', connections, '--rate', rate];
    const [file, rest] = pins
      ? ['taskset', ['-c', String(core), process.execPath, ...args]]
      : [process.execPath, args];
    return spawn(file, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  };
  const server = run('serve', 0);
  const answers = createInterface(server.stdout)[Symbol.asyncIterator]();
  const ready = (await answers.next()).value;
  const visitors = run('load', 1);
  const told = createInterface(visitors.stdout)[Symbol.asyncIterator]();
  visitors.stdin.end(`${ready}\n`);
  await told.next();
  server.stdin.write('begin\n');
  const { count, best, took, wrong, p50, p99, max } = JSON.parse((await told.next()).value);
  server.stdin.write('stop\n');
  const served = JSON.parse((await answers.next()).value);
  const { sealing } = JSON.parse(ready);
  const ms = (number) => `${number.toFixed(2)} ms`;
  const beat = rate > 0 ? `, asked for ${rate}` : '';
  console.log(
    `${Math.round(count / took)} redirects/s${beat} over ${values.connections} connections for ${took.toFixed(1)} s; in the fastest second ${best}`,
  );
  console.log(
    `${Math.round(count / served.cpu)} redirects per CPU second (${((served.cpu / count) * 1e6).toFixed(0)} µs each, with their events)`,
  );
  console.log(`waiting: half under ${ms(p50)}, 99 % under ${ms(p99)}, longest ${ms(max)}`);
  console.log(
    `${served.events} events of ${count + WARM_UP} clicks, ${wrong} wrong answers, ${Math.round(served.rss / 1e6)} MB`,
  );
  console.log(`sealing one link: ${sealing.toFixed(1)} µs`);
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
