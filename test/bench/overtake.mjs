// A message of priority 1 behind 100,000 others, over SMTP and to a slow mail host: how long until it is on the wire?
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { client, configuration, freePort, start } from './relay.mjs';

const QUEUED = Number(process.env.OVERTAKE_QUEUED ?? 100_000);
const PER_MESSAGE = 500;
/** Ten connections at this pace: fifty messages a second, so that the queue is good for half an hour. */
const SLOW_MS = 200;
const URGENT = 10;
const LIMIT_MS = 2_000;
const PATIENCE_MS = 60_000;

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Prints the time from MAIL at our door to MAIL at the mail host; exit code 1 where it is over two seconds. */
export async function measureOvertaking() {
  const folder = mkdtempSync(join(tmpdir(), 'postino-overtake-'));
  const sink = await openSlowSink();
  const port = await freePort();
  writeFileSync(join(folder, 'postino.yaml'), configuration(folder, port, sink.port));
  try {
    const relay = await start(folder, port, []);
    command(folder, 'transport', 'pause', 'bench');
    await load(port);
    command(folder, 'transport', 'resume', 'bench');
    await sink.awake();
    judge('in the queue of a transport that goes on again', await sendUrgent(port, sink, 'fresh'));
    await settle(sink);
    judge('in the list of a full lane', await sendUrgent(port, sink, 'listed'));
    // An account with a suppression asks Redis about each recipient: its mail is not handed over in memory.
    command(folder, 'suppression', 'add', 'nobody@example.net');
    judge('there, and it comes by the queue', await sendUrgent(port, sink, 'queued'));
    console.log(`         ${sink.count()} of ${QUEUED + 3 * URGENT} were sent meanwhile`);
    await relay.stop();
  } finally {
    sink.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function load(port) {
  const began = performance.now();
  let left = QUEUED / PER_MESSAGE;
  const session = async () => {
    const { socket, reply, say } = client(port);
    await reply();
    await say('EHLO bench');
    while (left-- > 0) {
      await say('MAIL FROM:<me@example.org>');
      for (let n = 0; n < PER_MESSAGE; n++) await say(`RCPT TO:<u${left}.${n}@d${n % 50}.example.net>`);
      await deliverText(say, 'bulk');
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: 8 }, session));
  const seconds = (performance.now() - began) / 1000;
  console.log(`         ${QUEUED} deliveries taken in ${seconds.toFixed(1)} s`);
}

/** Sends urgent messages one by one; resolves to the milliseconds that each took to the mail host. */
async function sendUrgent(port, sink, tag) {
  const { socket, reply, say } = client(port);
  await reply();
  await say('EHLO bench');
  const times = [];
  for (let n = 0; n < URGENT; n++) {
    const to = `${tag}${n}@urgent.example.net`;
    const began = performance.now();
    await say('MAIL FROM:<me@example.org>');
    await say(`RCPT TO:<${to}>`);
    await deliverText(say, 'urgent', 'X-Postino-Priority: 1\r\n');
    times.push((await sink.seen(to)) - began);
  }
  socket.destroy();
  return times;
}

async function deliverText(say, subject, more = '') {
  await say('DATA');
  const answer = await say(`From: <me@example.org>\r\nSubject: ${subject}\r\n${more}\r\nText.\r\n.`);
  if (!answer.startsWith('250')) throw new Error(answer);
}

function command(folder, ...words) {
  const node = join(root, 'node_modules/.bin/node');
  const main = join(root, 'src/main.ts');
  execFileSync(node, [main, ...words, '--config', join(folder, 'postino.yaml')], { stdio: 'ignore' });
}

/** Waits until the process has looked through its queue and only works its lane. */
async function settle(sink) {
  const before = sink.count();
  await new Promise((done) => setTimeout(done, Math.max(5_000, QUEUED / 2)));
  if (sink.count() === before) throw new Error('nothing is sent any more');
}

function judge(what, times) {
  const worst = Math.max(...times);
  const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
  const reached = worst < LIMIT_MS;
  if (!reached) process.exitCode = 1;
  console.log(
    `${reached ? 'reached' : 'MISSED '}  past ${QUEUED} that wait ${what}: ` +
      `${Math.round(median)} ms, at most ${Math.round(worst)} ms (limit ${LIMIT_MS} ms)`,
  );
}

/** A mail host that takes its time over each message, and notes when it heard of which recipient. */
async function openSlowSink() {
  const heard = new Map();
  const waiting = new Map();
  let wake;
  const awake = new Promise((done) => (wake = done));
  let count = 0;
  const note = (to) => {
    heard.set(to, performance.now());
    waiting.get(to)?.(performance.now());
  };
  const server = createServer({ noDelay: true }, (socket) => {
    let inData = false;
    let held = '';
    socket.write('220 sink ESMTP\r\n');
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      held += bytes.toString('latin1');
      for (;;) {
        const end = held.indexOf(inData ? '\r\n.\r\n' : '\r\n');
        if (end < 0) break;
        const line = inData ? '.' : held.slice(0, end);
        held = held.slice(end + (inData ? 5 : 2));
        if (inData) count++;
        wake();
        const to = /^RCPT TO:<([^>]*)>/.exec(line)?.[1];
        if (to?.includes('@urgent')) note(to);
        inData = line === 'DATA';
        answer(socket, line);
      }
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const seen = (to) =>
    heard.has(to)
      ? Promise.resolve(heard.get(to))
      : new Promise((done, fail) => {
          waiting.set(to, done);
          setTimeout(() => fail(new Error(`${to} was not seen in a minute`)), PATIENCE_MS).unref();
        });
  return {
    port: server.address().port,
    seen,
    /** Resolves when the first connection was made. */
    awake: () => awake,
    count: () => count,
    close: () => server.close(),
  };
}

function answer(socket, line) {
  const say = (reply) => socket.writable && socket.write(`${reply}\r\n`);
  if (line === '.') return setTimeout(() => say('250 ok'), SLOW_MS);
  if (line.startsWith('EHLO')) return say('250-sink\r\n250-PIPELINING\r\n250 8BITMIME');
  return say(line === 'DATA' ? '354 go on' : line === 'QUIT' ? '221 bye' : '250 ok');
}
