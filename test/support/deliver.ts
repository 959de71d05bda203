// What tests of deliver share: a stage in front of fake mail hosts and a fake DNS, orders to send, and their clean-up.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { bounceRules } from '../../src/model/classify.ts';
import { deliveryConfig, dnsConfig } from '../../src/deliver/config.ts';
import { makeDeliver, type Deliver, type DeliverDeps, type Order } from '../../src/deliver/deliver.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import type { Capabilities, Letter, Part, Render } from '../../src/model/letter.ts';
import type { Instructions } from '../../src/model/instructions.ts';
import { transportSchema, type Transport } from '../../src/model/settings.ts';
import { startFakeDns, type FakeDns, type Records } from './fake-dns.ts';
import { startFakeMx, type FakeMx, type MxOptions } from './fake-mx.ts';

/** config/bounces.yaml as the relay reads it. */
export const rules = bounceRules.parse(
  parse(readFileSync(new URL('../../config/bounces.yaml', import.meta.url), 'utf8')),
);

export type Bench = Readonly<{
  deliver: Deliver;
  dns: FakeDns;
  caught: Letter[];
  transports: Map<string, Transport>;
  /** The port that MX hosts have here. */
  port: number;
  /** Starts a mail host that the bench ends, on `port` unless the options say otherwise: give each its own address. */
  mx(options?: MxOptions): Promise<FakeMx>;
  close(): Promise<void>;
}>;

/**
 * A stage with transport ip1 (127.0.0.11, EHLO ip1.relay.test), ip2 (127.0.0.12), and a sandbox transport. `delivery` is
 * that part of the configuration; private addresses are allowed unless it says otherwise.
 */
export async function makeBench(
  records: Readonly<Record<string, Records>>,
  delivery: Readonly<Record<string, unknown>> = {},
  more: Partial<DeliverDeps> = {},
): Promise<Bench> {
  const dns = await startFakeDns(records);
  const anchor = await startFakeMx({ host: '127.0.0.250' });
  const caught: Letter[] = [];
  const hosts: FakeMx[] = [anchor];
  const transports = new Map(
    [
      { v: 1, name: 'ip1', address: '127.0.0.11', ehlo: 'ip1.relay.test', origin: 'file' },
      { v: 1, name: 'ip2', address: '127.0.0.12', ehlo: 'ip2.relay.test', origin: 'file' },
      { v: 1, name: 'box', kind: 'sandbox', origin: 'file' },
    ].map((entry) => [entry.name, transportSchema.parse(entry)]),
  );
  const deliver = makeDeliver({
    config: {
      delivery: deliveryConfig.parse({ allowPrivateAddresses: true, mxPort: anchor.port, ...delivery }),
      dns: dnsConfig.parse({ servers: [dns.server], timeout: '400ms', tries: 1 }),
    },
    hostname: 'relay.test',
    transports: () => transports,
    catchLetter: async (letter) => `caught-${caught.push(letter)}`,
    clock: systemClock,
    log: silentLog,
    bounceRules: rules,
    ...more,
  });
  return {
    deliver,
    port: anchor.port,
    dns,
    caught,
    transports,
    mx: async (options) => {
      const host = await startFakeMx({ port: anchor.port, ...options });
      hosts.push(host);
      return host;
    },
    close: async () => {
      await deliver.close(0);
      await Promise.all(hosts.map((host) => host.close()));
      await dns.close();
    },
  };
}

export type OrderOptions = Readonly<{
  to: string;
  from?: string;
  transport?: string;
  parts?: readonly Part[];
  letter?: Partial<Letter>;
  render?: Render;
  signal?: AbortSignal;
  mayProceed?: () => boolean;
  instructions?: Instructions;
  /** Told what the peer can take each time a letter is rendered. */
  onRender?: (capabilities: Capabilities) => void;
}>;

export const TEXT =
  'From: a@shop.test\r\nTo: b@example.test\r\nSubject: Hello\r\n\r\n.dot\r\nbody\r\n..two\r\n';

/** An order for one letter, TEXT unless said otherwise. */
export function orderFor(options: OrderOptions): Order {
  const parts = options.parts ?? [Buffer.from(TEXT)];
  const size = parts.reduce((sum, part) => sum + (Buffer.isBuffer(part) ? part.length : part.size), 0);
  const from = options.from ?? 'sender@shop.test';
  const letter: Letter = {
    from,
    to: options.to,
    smtputf8: false,
    eightBit: false,
    dsn: {},
    parts,
    size,
    ...options.letter,
  };
  const recipient = { address: options.to };
  const domain = options.to.slice(options.to.lastIndexOf('@') + 1);
  const ids = { account: 'default', submission: 'S1', user: 'shop' };
  return {
    submission: {
      v: 1,
      id: 'S1',
      account: 'default',
      user: 'shop',
      at: 0,
      from,
      size,
      headerSize: 60,
      body: 'redis:',
      smtputf8: false,
      eightBit: false,
      messageId: '<m@shop.test>',
      subject: 'Hello',
      headerFrom: from,
      received: { helo: 'client', address: '127.0.0.1', protocol: 'ESMTPA' },
      instructions: options.instructions ?? {},
    },
    delivery: {
      v: 1,
      id: 'S1-1',
      ...ids,
      recipient,
      domain,
      pool: 'default',
      transport: options.transport ?? 'ip1',
      priority: 3,
      state: 'sending',
      run: 1,
      attempts: 1,
      ambiguous: 0,
      due: 0,
      expiresAt: 1e15,
    },
    render:
      options.render ??
      (async (capabilities) => {
        options.onRender?.(capabilities);
        return { letter };
      }),
    signal: options.signal ?? new AbortController().signal,
    mayProceed: options.mayProceed ?? (() => true),
  };
}
