// A connection to a mail host that says more than it was asked, between messages too: nothing of it is kept.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { noOffer } from '../../../src/deliver/offer.ts';
import { Peer, type PeerFacts } from '../../../src/deliver/peer.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { until } from '../../support/until.ts';

const facts: PeerFacts = {
  host: 'mx.test',
  address: '127.0.0.1:25',
  localAddress: '127.0.0.1',
  ehlo: 'relay.test',
  protection: { encrypted: false, verified: false },
  offer: noOffer,
  identity: 'x',
};

let close: () => Promise<void> = () => Promise.resolve();
afterEach(() => close());

/** Connected to a host that does `task` when the connection is open. */
async function peerTo(task: (socket: Socket) => void): Promise<Peer> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    task(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  close = () => {
    socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  await new Promise((resolve) => socket.once('connect', resolve));
  return new Peer(socket, facts, systemClock);
}

test('a host that goes on answering is given up', async () => {
  let sent = 0;
  const peer = await peerTo((socket) => {
    const go = (): void => {
      while (!socket.destroyed && socket.write('250 2.0.0 Ok\r\n'.repeat(1000))) sent++;
    };
    socket.on('drain', go);
    go();
  });
  await until(() => peer.broken !== undefined, 5_000);
  expect(peer.broken).toMatchObject({ kind: 'protocol', detail: expect.stringContaining('nobody asked') });
  expect(sent).toBeLessThan(1000);
});

test('what is said in one packet with what was asked for is read, and the connection is not quiet', async () => {
  const peer = await peerTo((socket) => socket.write('250 one\r\n250 two\r\n421 bye\r\n'));
  expect(await peer.read(1_000)).toMatchObject({ code: 250, text: 'one' });
  expect(peer.quiet).toBe(false);
  expect(peer.broken).toBeUndefined();
});
