// A small check of our own throughput, which needs nothing but this checkout: client and mail host are in this process.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configuration, freePort, sendMany, start } from './relay.mjs';

const MESSAGES = Number(process.env.BENCH_MESSAGES ?? 4000);
const WARM_UP = 500;
const PATIENCE_MS = 60_000;
const TICKS_PER_SECOND = 100;

/** Prints messages per second from the first MAIL to the last dot at the mail host, and the CPU time that they cost. */
export async function measureAlone() {
  const folder = mkdtempSync(join(tmpdir(), 'postino-alone-'));
  const sink = await openSink();
  const port = await freePort();
  writeFileSync(join(folder, 'postino.yaml'), configuration(folder, port, sink.port));
  const relay = await start(folder, port, []);
  const pids = [relay.child.pid, Number(readFileSync(join(folder, 'data/redis/redis.pid'), 'utf8'))];
  const spent = () => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  try {
    await sendMany(port, WARM_UP, 'warm');
    await sink.taken(WARM_UP);
    const before = spent();
    const began = performance.now();
    await sendMany(port, MESSAGES);
    const accepted = performance.now();
    await sink.taken(WARM_UP + MESSAGES);
    const rate = (until) => Math.round(MESSAGES / ((until - began) / 1000));
    const cpu = ((spent() - before) / MESSAGES) * 1000;
    console.log(
      `${MESSAGES} messages of 10 KB over 40 sessions: ${rate(performance.now())}/s to the mail host ` +
        `(accepted ${rate(accepted)}/s), ${cpu.toFixed(2)} CPU s per 1,000 with its Redis; client and mail host share this machine`,
    );
  } finally {
    await relay.stop();
    sink.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A mail host that takes everything and counts the ends of messages. */
export async function openSink() {
  let count = 0;
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
        const line = inData ? '.' : held.slice(0, end).toUpperCase();
        held = held.slice(end + (inData ? 5 : 2));
        if (inData) count++;
        inData = line === 'DATA';
        socket.write(replyTo(line));
      }
      if (inData) held = held.slice(-4);
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const taken = async (wanted) => {
    const until = performance.now() + PATIENCE_MS;
    while (count < wanted) {
      if (performance.now() > until) throw new Error(`the mail host got ${count} of ${wanted} messages`);
      await new Promise((done) => setTimeout(done, 5));
    }
  };
  return { port: server.address().port, taken, close: () => server.close() };
}

function replyTo(line) {
  if (line.startsWith('EHLO')) return '250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n';
  if (line === 'DATA') return '354 go on\r\n';
  return line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n';
}

/** User and system time of a process so far. */
export function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
