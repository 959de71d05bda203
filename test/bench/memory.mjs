// Memory and start-up: 100,000 queued deliveries of 10 KB, and 50 clients that send 36 MB each at the same time.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { client, configuration, freePort, redisMemory, rss, sendMany, start } from './relay.mjs';

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
    // Mail goes nowhere: the route leads to a port where nobody listens.
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
