// Questions over our own sockets: hostile datagrams are passed over, servers are tried in turn, nothing takes too long.
import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, test } from 'vitest';
import { makeWireAsk, placeOf } from '../../../src/deliver/security/wire.ts';
import { openStsStore } from '../../../src/deliver/security/sts-store.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { connectRedis } from '../../../src/store/redis.ts';
import { startFakeDns } from '../../support/fake-dns.ts';
import { randomFrom } from '../../support/random.ts';
import { randomPrefix, startRedis } from '../../support/redis.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const deps = (...servers: readonly string[]) => ({ servers, timeout: 200, tries: 1, clock: systemClock });

/** A UDP server that gives what `answer` makes of a question, in order. */
async function startLiar(answer: (question: Buffer) => readonly Buffer[]): Promise<string> {
  const socket: Socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    for (const bytes of answer(question)) socket.send(bytes, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  ends.push(() => new Promise((resolve) => socket.close(() => resolve())));
  return `127.0.0.1:${socket.address().port}`;
}

/** The question as its own answer: no records, and validated. */
function echo(question: Buffer, change: (bytes: Buffer) => void = () => {}): Buffer {
  const bytes = Buffer.from(question);
  bytes.writeUInt16BE(0x81a0, 2);
  change(bytes);
  return bytes;
}

test.each([
  ['127.0.0.1', { host: '127.0.0.1', port: 53 }],
  ['192.0.2.53:5353', { host: '192.0.2.53', port: 5353 }],
  ['[::1]:5353', { host: '::1', port: 5353 }],
  ['[2001:db8::1]', { host: '2001:db8::1', port: 53 }],
  ['::1', { host: '::1', port: 53 }],
])('the server %s is %o', (text, want) => {
  expect(placeOf(text)).toEqual(want);
});

describe('what is no answer to the question is passed over', () => {
  test.each([
    ['another id', (bytes: Buffer) => void bytes.writeUInt16BE(bytes.readUInt16BE(0) ^ 1, 0)],
    ['a question', (bytes: Buffer) => void bytes.writeUInt16BE(0x0100, 2)],
    ['another name', (bytes: Buffer) => void bytes.writeUInt8(0x7a, 13)],
    ['another type', (bytes: Buffer) => void bytes.writeUInt16BE(1, bytes.length - 15)],
    ['noise', (bytes: Buffer) => void bytes.fill(0xff, 4)],
  ])('%s', async (_name, change) => {
    const only = await startLiar((question) => [echo(question, change)]);
    expect(await makeWireAsk(deps(only))('a.test', 'MX')).toEqual({
      kind: 'failed',
      why: 'the resolver did not answer in time',
    });
    const then = await startLiar((question) => [
      echo(question, change),
      Buffer.alloc(0),
      Buffer.alloc(3),
      echo(question),
    ]);
    expect(await makeWireAsk(deps(then))('a.test', 'MX')).toEqual({ kind: 'none', secure: true });
  });

  test('whatever is broken in it', async () => {
    const random = randomFrom(1035);
    const liar = await startLiar((question) => {
      const broken = Array.from({ length: 20 }, () =>
        echo(question, (bytes) => {
          // A count of answers that are not there, and bytes turned over behind it.
          bytes.writeUInt16BE(1 + random(9), 6);
          for (let i = 0; i < 4; i++) bytes[12 + random(bytes.length - 12)] = random(256);
        }),
      );
      return [...broken, echo(question)];
    });
    const ask = makeWireAsk(deps(liar));
    for (let round = 0; round < 50; round++)
      expect(['none', 'failed', 'found']).toContain((await ask('a.test', 'TLSA')).kind);
  });
});

test('the next server is asked where one is dead or fails, each for its time', async () => {
  const silent = await startLiar(() => []);
  const failing = await startFakeDns({ 'a.test': { fail: 'servfail' } });
  const good = await startFakeDns({ 'a.test': { mx: [[10, 'mx.a.test']] } });
  ends.push(failing.close, good.close);
  const since = performance.now();
  const answer = await makeWireAsk(deps(silent, '127.0.0.1:9', failing.server, good.server))('a.test', 'MX');
  expect(answer).toMatchObject({ kind: 'found', secure: false });
  expect(performance.now() - since).toBeLessThan(2000);
});

test('policies are shared over Redis for as long as they last', async () => {
  const server = await startRedis();
  const redis = connectRedis({ url: server.url, purpose: 'events', prefix: '', log: silentLog });
  ends.push(redis.close, server.stop);
  await redis.whenReady();
  const at = { redis, prefix: randomPrefix(), log: silentLog };
  const [one, other] = [openStsStore(at), openStsStore(at)];
  const policy = { mode: 'enforce', mx: ['mx.a.test'], maxAgeMs: 60_000, lines: ['version: STSv1'] } as const;
  await one.save('a.test', { id: '1', fetchedAt: 5, policy });
  expect(await other.load('a.test')).toEqual({ id: '1', fetchedAt: 5, policy });
  expect(await other.load('b.test')).toBeUndefined();
  const left = Number(await redis.call('PTTL', `${at.prefix}sts:a.test`));
  expect(left).toBeGreaterThan(50_000);
  expect(left).toBeLessThanOrEqual(60_000);
  await redis.call('SET', `${at.prefix}sts:b.test`, '{"id":1}');
  await redis.call('SET', `${at.prefix}sts:c.test`, 'nonsense');
  expect([await other.load('b.test'), await other.load('c.test')]).toEqual([undefined, undefined]);
  await server.kill9();
  expect(await other.load('a.test')).toBeUndefined();
  await one.save('a.test', { id: '2', fetchedAt: 5, policy });
});
