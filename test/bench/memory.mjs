// Memory and start-up: 100,000 queued deliveries of 10 KB, and 50 clients that send 36 MB each at the same time.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HEAP } from '../../src/launch.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const QUEUED = Number(process.env.BENCH_QUEUED ?? 100_000);
const CLIENTS = 50;
const LARGE_BYTES = 35_900_000;
const MB = 1_000_000;

/** Prints each figure with its limit. */
export async function measureMemory() {
  const folder = mkdtempSync(join(tmpdir(), 'postino-memory-'));
  const port = await freePort();
  writeFileSync(join(folder, 'postino.yaml'), configuration(folder, port, await freePort()));
  try {
    const intake = await start(folder, port, ['--role', 'submission']);
    const began = Date.now();
    await sendMany(port, QUEUED);
    console.log(`         ${QUEUED} messages taken in ${((Date.now() - began) / 1000).toFixed(1)} s`);
    const redis = redisMemory(folder);
    judge('Redis with the queue', redis / MB, 1500, 'MB');
    judge('submission process', rss(intake.child.pid) / MB, 300, 'MB');
    await intake.stop();

    const whole = await start(folder, port, []);
    judge('start-up with the queue', whole.seconds, 8, 's');
    await new Promise((done) => setTimeout(done, 15_000));
    judge('whole process, queue worked', rss(whole.child.pid) / MB, 300, 'MB');
    await whole.stop();
    rmSync(join(folder, 'data'), { recursive: true });

    const large = await start(folder, port, []);
    const before = rss(large.child.pid);
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, rss(large.child.pid))), 100);
    const replies = await Promise.all(Array.from({ length: CLIENTS }, (_, i) => sendLarge(port, i)));
    clearInterval(watch);
    const taken = replies.filter((reply) => reply.startsWith('250')).length;
    console.log(`         ${taken} of ${CLIENTS} large messages taken at the same time`);
    judge('growth while they came', (peak - before) / MB, 300, 'MB');
    await large.stop();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function judge(what, value, limit, unit) {
  const verdict = value <= limit ? 'reached' : 'MISSED ';
  console.log(`${verdict}  ${what}: ${value.toFixed(unit === 's' ? 1 : 0)} ${unit} (limit ${limit} ${unit})`);
}

/** Mail goes nowhere: its route leads to a port where nobody listens. */
function configuration(folder, port, closed) {
  return `hostname: relay.example.org
data: ${folder}/data
smtp:
  listeners: [{ port: ${port}, tls: none, host: 127.0.0.1 }]
  maxConnectionsPerIp: 500
http: { port: 0 }
log: { level: error }
delivery: { routes: [{ domain: "*", host: 127.0.0.1, port: ${closed}, tls: none }] }
transports: [{ name: bench, address: 127.0.0.1 }]
users: [{ name: bench, networks: [127.0.0.0/8], domains: [example.org] }]
`;
}

async function start(folder, port, roles) {
  const began = Date.now();
  const args = [
    ...HEAP,
    join(root, 'src/main.ts'),
    'start',
    '--config',
    join(folder, 'postino.yaml'),
    ...roles,
  ];
  const child = spawn(join(root, 'node_modules/.bin/node'), args, { stdio: ['ignore', 'ignore', 'inherit'] });
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`Postino ended with ${child.exitCode}`);
    await new Promise((done) => setTimeout(done, 50));
  }
  const stop = () =>
    new Promise((done) => {
      child.once('exit', done);
      child.kill('SIGTERM');
    });
  return { child, stop, seconds: (Date.now() - began) / 1000 };
}

function answers(port) {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => done(!socket.destroy().connecting));
    socket.once('error', () => done(false));
  });
}

const rss = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;

function redisMemory(folder) {
  const pid = Number(readFileSync(join(folder, 'data/redis/redis.pid'), 'utf8'));
  return rss(pid);
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** A client that waits for a reply to each of its lines. */
function client(port) {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  let heard = '';
  let waiting;
  socket.on('data', (bytes) => {
    heard += bytes;
    const reply = /^(?:\d{3}-.*\r\n)*\d{3} .*\r\n/.exec(heard);
    if (!reply || !waiting) return;
    heard = heard.slice(reply[0].length);
    const done = waiting;
    waiting = undefined;
    done(reply[0].split('\r\n').at(-2));
  });
  const reply = () => new Promise((done) => (waiting = done));
  const say = (line) => {
    const answer = reply();
    socket.write(`${line}\r\n`);
    return answer;
  };
  return { socket, reply, say };
}

async function sendMany(port, count) {
  const body = `From: <me@example.org>\r\nSubject: bench\r\n\r\n${`${'x'.repeat(78)}\r\n`.repeat(124)}`;
  let left = count;
  const session = async (name) => {
    const { socket, reply, say } = client(port);
    await reply();
    await say('EHLO bench');
    for (let n = 0; left-- > 0; n++) {
      await say('MAIL FROM:<me@example.org>');
      await say(`RCPT TO:<u${name}.${n}@d${n % 50}.example.net>`);
      await say('DATA');
      await say(`Message-ID: <${name}.${n}@example.org>\r\n${body}.`);
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: 40 }, (_, name) => session(name)));
}

async function sendLarge(port, name) {
  const { socket, reply, say } = client(port);
  await reply();
  await say('EHLO bench');
  await say('MAIL FROM:<me@example.org>');
  await say(`RCPT TO:<large${name}@example.net>`);
  await say('DATA');
  socket.write(`From: <me@example.org>\r\nSubject: large ${name}\r\n\r\n`);
  const block = Buffer.from(`${'y'.repeat(76)}\r\n`.repeat(840));
  for (let sent = 0; sent < LARGE_BYTES - block.length; sent += block.length)
    if (!socket.write(block)) await new Promise((done) => socket.once('drain', done));
  const answer = await say('.');
  socket.destroy();
  return answer;
}
