// The small pure files of deliver: choosing a transport, EHLO offers, the record, networks, configuration.
import { describe, expect, test } from 'vitest';
import { deliveryConfig, dnsConfig } from '../../../src/deliver/config.ts';
import { Conversation } from '../../../src/deliver/conversation.ts';
import { isSpecial } from '../../../src/deliver/networks.ts';
import { readOffer } from '../../../src/deliver/offer.ts';
import { chooseTransport } from '../../../src/deliver/transports/choose.ts';
import { canBind, ownAddresses, sourceFor } from '../../../src/deliver/transports/source.ts';
import { judge } from '../../../src/deliver/trouble.ts';
import { transportSchema, type Transport } from '../../../src/model/settings.ts';
import { rules } from '../../support/deliver.ts';

const transport = (name: string, more: Partial<Transport> = {}): Transport => ({
  ...transportSchema.parse({ v: 1, name, address: '192.0.2.1', origin: 'file' }),
  ...more,
});

describe('the choice of a transport', () => {
  const pool = ['ip1', 'ip2', 'ip3', 'ip4'].map((name) => transport(name));
  const keys = Array.from({ length: 4000 }, (_, i) => [`user${i % 7}`, `domain${i}.test`] as const);

  test('is none in an empty pool, and does not hang on the order', () => {
    expect(chooseTransport([], 'u', 'd.test')).toBeUndefined();
    for (const [user, domain] of keys.slice(0, 50))
      expect(chooseTransport(pool.toReversed(), user, domain)).toBe(chooseTransport(pool, user, domain));
  });

  test('spreads evenly', () => {
    const counts = new Map<string, number>();
    for (const [user, domain] of keys) {
      const name = chooseTransport(pool, user, domain)?.name ?? '';
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  test('stays when another transport goes', () => {
    for (const [user, domain] of keys) {
      const before = chooseTransport(pool, user, domain)?.name;
      const after = chooseTransport(pool.slice(0, 3), user, domain)?.name;
      if (before !== 'ip4') expect(after).toBe(before);
    }
  });
});

describe('source addresses', () => {
  test('go with the family of the peer and are never made up', () => {
    const both = transport('a', { address6: '2001:db8::1' });
    expect(sourceFor(both, '8.8.8.8')).toBe('192.0.2.1');
    expect(sourceFor(both, '2a00::1')).toBe('2001:db8::1');
    expect(sourceFor(transport('b'), '2a00::1')).toBeUndefined();
    expect(sourceFor(transport('c', { address: '2001:db8::2' }), '8.8.8.8')).toBeUndefined();
  });

  test("can be bound when they are this host's", () => {
    expect(canBind('127.9.9.9')).toBe(true);
    expect(canBind('198.51.100.77')).toBe(false);
    expect(canBind('127.example')).toBe(false);
    const hasIpv6 = ownAddresses().includes('::1');
    expect(canBind('0:0:0:0:0:0:0:1')).toBe(hasIpv6);
  });
});

test('an EHLO reply is read keyword by keyword, in any case', () => {
  const offer = readOffer(
    '250-mx.test PIPELINING\n250-size 1000\n250-8bitmime\n250-SMTPUTF8\n250-RequireTLS\n250 X-DSN',
  );
  expect(offer).toEqual({
    pipelining: false,
    eightBitMime: true,
    smtputf8: true,
    dsn: false,
    requireTls: true,
    size: true,
    maxBytes: 1000,
  });
  expect(readOffer('250-x\n250 SIZE')).toMatchObject({ size: true, maxBytes: 0 });
});

describe('the record of a conversation', () => {
  test('has a line for each step', () => {
    const record = new Conversation();
    record.note('connect mx.test (192.0.2.1:25) from 192.0.2.2 → open (3 ms)');
    record.heard('MAIL FROM:<a@b.test>', { code: 250, status: '2.1.0', text: 'Ok' }, 1.4);
    record.heard('DATA', { code: 354, text: 'go' }, 0);
    expect(record.text().split('\n').slice(1)).toEqual([
      'MAIL FROM:<a@b.test> → 250 2.1.0 Ok (1 ms)',
      'DATA → 354 go (0 ms)',
    ]);
  });

  test('stays under 4 KiB and keeps its beginning and its end', () => {
    const record = new Conversation();
    for (let i = 0; i < 500; i++) record.note(`step ${i} ${'è'.repeat(i % 900)}`);
    const text = record.text();
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
    expect(text).toMatch(/^step 0 /);
    expect(text).toContain('steps left out');
    expect(text.split('\n').at(-1)).toMatch(/^step 499 /);
  });
});

test.each([
  ['127.0.0.1', true],
  ['::ffff:10.0.0.1', true],
  ['100.64.0.1', true],
  ['192.0.2.1', true],
  ['fd00::1', true],
  ['64:ff9b::7f00:1', true],
  ['no address', true],
  ['8.8.8.8', false],
  ['172.32.0.1', false],
  ['2a00:1450::1', false],
  ['2001:10::1', true],
  ['2001:2::1', true],
  ['2001:4860::1', false],
  ['3fff::1', true],
  ['100:0:0:1::1', true],
  ['1fff::1', true],
  ['192.88.99.1', true],
])('%s: not a public address: %s', (address, special) => {
  expect(isSpecial(address)).toBe(special);
});

describe('trouble', () => {
  test('without a reply is never final', () => {
    for (const kind of ['lost', 'timeout', 'protocol', 'tls', 'local', 'withdrawn', 'aborted'] as const) {
      const { cause, permanent } = judge(rules, { kind, phase: 'dot', detail: 'x' }, 'mx.test', true);
      expect(permanent).toBe(false);
      expect(cause.status).toMatch(/^4\./);
      expect(cause.ambiguous).toBe(true);
    }
  });

  test('with a reply says what the host said and to what', () => {
    const reply = { code: 550, status: '5.1.1', text: 'no such user' };
    const { cause } = judge(rules, { kind: 'refused', phase: 'rcpt', detail: '', reply }, 'mx.test', false);
    expect(cause.detail).toBe('mx.test refused the recipient: 550 5.1.1 no such user');
  });
});

describe('the configuration', () => {
  test('has the defaults of the design', () => {
    const config = deliveryConfig.parse({});
    expect(config.retry.steps.map((ms) => ms / 60_000)).toEqual([2, 5, 15, 30, 60, 120, 240]);
    expect(config).toMatchObject({
      connectionsPerLane: 10,
      messagesPerConnection: 100,
      idle: 60_000,
      mxPort: 25,
    });
    expect(config.timeouts.dot).toBe(600_000);
    expect(dnsConfig.parse({})).toMatchObject({ servers: [] });
  });

  test('tells all that is wrong', () => {
    const wrong = {
      retry: { steps: ['soon'] },
      idle: '0s',
      mxport: 1,
      routes: [{ domain: 'a.test', host: 'h', username: 'u' }],
    };
    const paths = deliveryConfig.safeParse(wrong).error?.issues.map((issue) => issue.path.join('.'));
    expect(paths?.sort()).toEqual(['', 'idle', 'retry.steps.0', 'routes.0.username']);
  });
});
