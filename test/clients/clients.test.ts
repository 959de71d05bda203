// Real mail clients send a real letter through a whole relay to two mail hosts, where everything about it is checked.
import { mkdirSync, mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import type { FakeMx, MxMessage } from '../support/fake-mx.ts';
import { relayUsers, startRelay, type Relay } from '../support/relay.ts';
import { startWorld, type World } from '../support/world.ts';
import {
  expectClean,
  expectReadable,
  expectReceived,
  expectSameBytes,
  expectSigned,
  expectTransport,
} from './arrival.ts';
import { lackOf, type Client, type Errand, type Sent } from './client.ts';
import { commands } from './commands.ts';
import { makeLetter, metadata } from './letter.ts';
import { libraries, sendByPool } from './libraries.ts';
import { servers } from './servers.ts';
import { sayTable, type Row } from './table.ts';

const clients: readonly Client[] = [...libraries, ...commands, ...servers];
const ARRIVES_MS = 15_000;

let world: World<'one' | 'backup' | 'two' | 'old'>;
let relay: Relay;
let folder = '';
const dkim: Record<string, string> = {};
const rows: Row[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postino-clients-'));
  chmodSync(folder, 0o755); // Postfix and Exim work in it as users of their own
  world = await startWorld(
    {
      one: { name: 'mx1.one.test', host: '127.0.0.41', starttls: true },
      backup: { name: 'mx2.one.test', host: '127.0.0.43' },
      two: { name: 'mx2.two.test', host: '127.0.0.42' },
      old: { name: 'mx.old.test', host: '127.0.0.44', keywords: ['SIZE 36000000'] },
    },
    {
      'one.test': {
        mx: [
          [20, 'mx2.one.test'],
          [10, 'mx1.one.test'],
        ],
      },
      'mx1.one.test': { a: ['127.0.0.41'] },
      'mx2.one.test': { a: ['127.0.0.43'] },
      // Nobody listens at the first: the second must be tried at once.
      'two.test': {
        mx: [
          [10, 'mx1.two.test'],
          [20, 'mx2.two.test'],
        ],
      },
      'mx1.two.test': { a: ['127.0.0.49'] },
      'mx2.two.test': { a: ['127.0.0.42'] },
      'old.test': { mx: [[10, 'mx.old.test']] },
      'mx.old.test': { a: ['127.0.0.44'] },
    },
  );
  relay = await startRelay({ world });
  for (const { domain } of Object.values(relayUsers)) Object.assign(dkim, await relay.dkimRecords(domain));
}, 120_000);

afterAll(async () => {
  await relay?.close();
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`${sayTable(rows)}\n`);
});

const slugOf = (client: Client): string =>
  `${client.name} ${client.tls} ${client.auth}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
const wayOf = ({ tls, auth }: Client): string =>
  `${{ none: 'no TLS', starttls: 'STARTTLS', implicit: 'implicit TLS' }[tls]}, ${auth}`;
const titleOf = (client: Client): string => {
  const lack = lackOf(client);
  return `${client.name} (${wayOf(client)})${lack === undefined ? '' : ` is skipped: there is no ${lack}`}`;
};

function errandFor(client: Pick<Client, 'user'>, what: Partial<Errand> & Readonly<{ slug: string }>): Errand {
  const user = relayUsers[client.user];
  const own = join(folder, what.slug);
  mkdirSync(own, { mode: 0o755 });
  return {
    relay,
    user,
    from: `orders@${user.domain}`,
    to: `${what.slug}@one.test`,
    bcc: `${what.slug}@two.test`,
    letter: makeLetter(what.slug),
    folder: own,
    ...what,
  };
}

async function arrivalAt(host: FakeMx, address: string, sent: Sent): Promise<MxMessage> {
  const deadline = performance.now() + ARRIVES_MS;
  for (;;) {
    const message = host.messages.find(({ to }) => to === address);
    if (message) return message;
    if (performance.now() > deadline)
      throw new Error(
        `nothing for ${address} came to ${host.host}; the client said: ${sent.said.slice(-3000)}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.each(clients.map((client) => [titleOf(client), client] as const))('%s', (_, client) => {
  const missing = lackOf(client) !== undefined;

  test.skipIf(missing)(
    'is told the id, and its letter arrives whole, signed, from the right address',
    async () => {
      const errand = errandFor(client, { slug: slugOf(client) });
      const sent = await client.send(errand);
      const id = /(?:queued as|transaction) ([0-9A-Z]{26})/.exec(sent.said)?.[1] ?? '';
      expect(id, sent.said).not.toBe('');
      for (const [host, address] of [
        [world.mx.one, errand.to],
        [world.mx.two, errand.bcc],
      ] as const) {
        const message = await arrivalAt(host, address, sent);
        expectTransport(message, errand.user, host === world.mx.one);
        expectSameBytes(sent.raw ?? Buffer.alloc(0), message);
        expectClean(message, errand.bcc);
        expectReceived(message, client, id);
        await expectReadable(message, errand.letter, errand.from);
        const verdicts = await expectSigned(message, errand.user, dkim);
        const mx = host === world.mx.one ? 'mx1.one.test' : 'mx2.two.test';
        rows.push({ client: client.name, way: wayOf(client), mx, message, verdicts });
      }
      const told = (): Event | undefined => relay.events().find(({ submission }) => submission === id);
      await vi.waitFor(() => expect(told()).toMatchObject({ tags: ['invoices'], metadata }), ARRIVES_MS);
    },
  );

  test.skipIf(missing)('shows its user why a sender that is not its own was refused', async () => {
    const slug = `refused-${slugOf(client)}`;
    const from = `${slug}-boss@one.test`;
    const errand = errandFor(client, { slug, from });
    const sent = await client.send(errand);
    const said = sent.said.replace(/\s+/g, ' ');
    expect(said).toContain('550');
    expect(said).toContain('5.7.1');
    expect(said).toContain(`This user may not send as ${from}`);
    expect(world.mx.one.messages.filter(({ to }) => to === errand.to)).toEqual([]);
    if (!client.isServer) return;
    // The mail server's own bounce goes out through us, and carries our sentence.
    const bounce = await arrivalAt(world.mx.one, from, sent);
    expect(bounce.from).toBe('');
    expect(bounce.data.toString('latin1').replace(/\s+/g, ' ')).toContain(
      `This user may not send as ${from}`,
    );
  });
});

const forOld = commands.find(({ name, tls }) => name === 'curl' && tls === 'starttls');

test.skipIf(!forOld || lackOf(forOld) !== undefined)(
  'a letter with 8-bit parts is readable and signed at a host that takes 7 bits only',
  async () => {
    if (!forOld) return;
    const errand = errandFor(forOld, { slug: 'seven', to: 'seven@old.test' });
    const sent = await forOld.send(errand);
    const message = await arrivalAt(world.mx.old, errand.to, sent);
    expect(message.data.every((byte) => byte < 128)).toBe(true);
    await expectReadable(message, errand.letter, errand.from);
    await expectSigned(message, errand.user, dkim);
  },
);

test('a pool of three connections sends thirty letters, each of which arrives once', async () => {
  const errand = errandFor({ user: 'shop' }, { slug: 'pool' });
  const addresses = Array.from({ length: 30 }, (_, n) => `pool-${n}@${n % 2 ? 'one' : 'two'}.test`);
  const replies = await sendByPool(errand, addresses);
  expect(new Set(replies).size).toBe(30);
  for (const [n, address] of addresses.entries()) {
    const host = n % 2 ? world.mx.one : world.mx.two;
    await arrivalAt(host, address, { raw: undefined, said: replies.join('\n') });
    expect(host.messages.filter(({ to }) => to === address)).toHaveLength(1);
  }
});

test('every letter went to the preferred host at the first attempt, once, and is in the record', async () => {
  expect(world.mx.backup.messages).toEqual([]);
  const delivered = (): readonly Event[] => relay.events().filter(({ type }) => type === 'delivered');
  await vi.waitUntil(() => rows.every(({ message }) => eventFor(delivered(), message)), 10_000);
  for (const { mx, message } of rows) {
    const event = eventFor(delivered(), message);
    expect({ host: event?.host, attempt: event?.attempt }).toEqual({ host: mx, attempt: 1 });
    const all = [...world.mx.one.messages, ...world.mx.two.messages];
    expect(all.filter(({ to }) => to === message.to)).toHaveLength(1);
  }
});

function eventFor(events: readonly Event[], { to }: MxMessage): Event | undefined {
  return events.find(({ recipient }) => recipient === to);
}
