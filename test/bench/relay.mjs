// A Postino of the bench's own: its configuration, its start and end, its memory, and a client that speaks to it.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HEAP } from '../../src/launch.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** All mail goes to `next`, a port of loopback. */
export function configuration(folder, port, next) {
  return `hostname: relay.example.org
data: ${folder}/data
smtp:
  listeners: [{ port: ${port}, tls: none, host: 127.0.0.1 }]
  maxConnectionsPerIp: 500
http: { port: 0 }
tracking: { port: 0 }
log: { level: error }
delivery: { routes: [{ domain: "*", host: 127.0.0.1, port: ${next}, tls: none }] }
transports: [{ name: bench, address: 127.0.0.1 }]
users: [{ name: bench, networks: [127.0.0.0/8], domains: [example.org] }]
`;
}

/** Starts Postino; resolves when it greets. PROF=<folder> writes a CPU profile there when it ends. */
export async function start(folder, port, roles) {
  const began = Date.now();
  const profile = process.env.PROF ? ['--cpu-prof', `--cpu-prof-dir=${process.env.PROF}`] : [];
  const args = [
    ...HEAP,
    ...profile,
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

/** Resident memory of a process, bytes. */
export const rss = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;

/** The same of the embedded Redis. */
export function redisMemory(folder) {
  const pid = Number(readFileSync(join(folder, 'data/redis/redis.pid'), 'utf8'));
  return rss(pid);
}

export function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** A client that waits for a reply to each of its lines. */
export function client(port, localAddress = '127.0.0.1') {
  const socket = connect({ port, host: '127.0.0.1', localAddress }).setNoDelay(true);
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

const TEN_KB = `Subject: bench\r\n\r\n${`${'x'.repeat(78)}\r\n`.repeat(124)}`;

/**
 * Sends `count` messages over 40 sessions, each for one recipient; `tag` tells the messages of two calls apart. `rest` is what
 * follows Message-ID and From; `localAddress` says which user sends.
 */
export async function sendMany(
  port,
  count,
  tag = '',
  { rest = TEN_KB, localAddress, domain = 'example.org', perSecond = Infinity } = {},
) {
  let left = count;
  const began = performance.now();
  const turn = async (nth) => {
    const early = began + (1000 * nth) / perSecond - performance.now();
    if (early > 0) await new Promise((done) => setTimeout(done, early));
  };
  const session = async (name) => {
    const { socket, reply, say } = client(port, localAddress);
    await reply();
    await say('EHLO bench');
    for (let n = 0; left-- > 0; n++) {
      await turn(count - left - 1);
      await say(`MAIL FROM:<me@${domain}>`);
      await say(`RCPT TO:<u${name}.${n}@d${n % 50}.example.net>`);
      await say('DATA');
      const content = typeof rest === 'function' ? rest(`${name}.${n}`) : rest;
      const reply = await say(
        `Message-ID: <${tag}${name}.${n}@${domain}>\r\nFrom: <me@${domain}>\r\n${content}.`,
      );
      if (!reply.startsWith('250')) throw new Error(reply);
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: 40 }, (_, name) => session(name)));
}
