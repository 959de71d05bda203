// The watch over transports with a real Redis, a fake DNS and a clock moved by hand: listed, confirmed, quarantined, back.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import type { Event } from '../../../src/model/event.ts';
import { noticeEvent, type Notice } from '../../../src/model/notice.ts';
import { transportSchema, type Transport } from '../../../src/model/settings.ts';
import { openAsk } from '../../../src/monitor/ask.ts';
import { makeBinds } from '../../../src/monitor/bind.ts';
import { monitorConfig } from '../../../src/monitor/config.ts';
import { makeCounts, type CountStore } from '../../../src/monitor/counts.ts';
import { makeFindingsStore } from '../../../src/monitor/findings.ts';
import {
  makeTransportWatch,
  type TransportsDeps,
  type TransportWatch,
} from '../../../src/monitor/transports.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { openTransportStates, type TransportStates } from '../../../src/store/transport-states.ts';
import { startFakeDns, type FakeDns } from '../../support/fake-dns.ts';
import { handClock, type HandClock } from '../../support/hand-clock.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LISTED = { a: ['127.0.0.2'] };

let server: TestRedis;
let redis: RedisConnection;
let dns: FakeDns;
let second: FakeDns;
let clock: HandClock;
let states: TransportStates;
let counts: CountStore;
let watch: TransportWatch;
let deps: TransportsDeps;
let told: Notice[];
let transports: Transport[];
let prefix: string;

const transport = (fields: Partial<Transport>): Transport =>
  transportSchema.parse({ v: 1, name: 'ip1', origin: 'command', address: '127.0.1.1', ...fields });

/** A list that works: it has its test entries, and nothing of ours. */
const working = {
  '2.0.0.127.bl.test': LISTED,
  '2.0.0.127.soft.test': LISTED,
  '1.2.0.192.in-addr.arpa': { ptr: ['out1.relay.test'] },
  'out1.relay.test': { a: ['192.0.2.1'] },
  '2.2.0.192.in-addr.arpa': { ptr: ['out2.relay.test'] },
  'out2.relay.test': { a: ['192.0.2.2'] },
};
const config = monitorConfig.parse({
  blocklists: [
    { name: 'Hard', zone: 'bl.test', quarantine: ['127.0.0.2-9'], warn: ['127.0.0.10'] },
    { name: 'Soft', zone: 'soft.test', warn: ['127.0.0.2'] },
  ],
});

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis({ url: server.url, purpose: 'events', prefix: '', log: silentLog });
  await redis.whenReady();
});
afterAll(async () => {
  await redis.close();
  await server.stop();
});
beforeEach(async () => {
  prefix = randomPrefix();
  clock = handClock();
  [dns, second] = await Promise.all([startFakeDns(working), startFakeDns(working)]);
  states = openTransportStates({ redis, prefix, clock, log: silentLog });
  counts = makeCounts({ redis, prefix, clock });
  told = [];
  transports = [
    transport({ publicAddress: '192.0.2.1', ehlo: 'out1.relay.test' }),
    transport({ name: 'ip2', address: '127.0.1.2', publicAddress: '192.0.2.2', ehlo: 'out2.relay.test' }),
  ];
  const asking = { timeout: 300, tries: 1 };
  deps = {
    config,
    hostname: 'relay.test',
    clock,
    log: silentLog,
    transports: () => transports,
    states,
    ask: openAsk({ ...asking, servers: [dns.server] }),
    confirm: openAsk({ ...asking, servers: [second.server] }),
    counts,
    binds: makeBinds({ redis, prefix, clock, owner: 'here', everyMs: MINUTE }),
    findings: makeFindingsStore({ redis, prefix }),
    isWarming: () => Promise.resolve(false),
    tell: (notice) => {
      told.push(notice);
      return Promise.resolve();
    },
  };
  await deps.binds.test(transports);
  watch = makeTransportWatch(deps);
});
afterEach(async () => {
  states.close();
  await Promise.all([dns.close(), second.close()]);
});

/** So many minutes as the role lives them: addresses are tried, a round, and looks at what is to be confirmed between. */
async function minutes(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    for (let part = 0; part < 6; part++) {
      clock.pass(MINUTE / 6);
      await watch.confirm();
    }
    await deps.binds.test(transports);
    await watch.round();
  }
}

const state = (name = 'ip1'): string => `${states.stateOf(name).state}/${states.stateOf(name).cause}`;
const changes = (): readonly string[] =>
  told.map(({ type, key, state: now, rule, over }) =>
    type === 'transport-state' ? `${key} ${now}` : `${key} ${rule}${over ? ' over' : ''}`,
  );
function list(name: string, records: object = LISTED, on: readonly FakeDns[] = [dns, second]): void {
  for (const one of on) one.table.set(name, records);
}
function unlist(name: string): void {
  for (const one of [dns, second]) one.table.delete(name);
}

test('a listing is confirmed after 60 s by the second resolver, quarantines at once, and is over after three clean checks', async () => {
  await watch.round();
  expect(state()).toBe('healthy/none');
  list('1.2.0.192.bl.test');
  await minutes(9);
  expect(state()).toBe('healthy/none');
  await minutes(1); // lists are asked every ten minutes
  expect(second.questions).toEqual([]);
  expect(state()).toBe('healthy/none');
  clock.pass(50_000);
  await watch.confirm();
  expect(state()).toBe('healthy/none');
  clock.pass(10_000);
  await watch.confirm();
  expect(second.questions).toContain('A 1.2.0.192.bl.test');
  expect(state()).toBe('quarantined/listing');
  expect(states.stateOf('ip1').reason).toBe('192.0.2.1 is listed by Hard (127.0.0.2).');
  expect(state('ip2')).toBe('healthy/none');
  expect(changes()).toEqual(['ip1 Hard', 'ip1 quarantined']);

  unlist('1.2.0.192.bl.test');
  await minutes(28);
  expect(state()).toBe('quarantined/listing');
  await minutes(3);
  expect(state()).toBe('healthy/none');
  expect(changes().slice(2)).toEqual(['ip1 Hard over', 'ip1 healthy']);
});

test('what the second resolver denies never happened; what it does not know is asked again', async () => {
  list('1.2.0.192.bl.test', LISTED, [dns]);
  await watch.round();
  await minutes(2);
  expect(state()).toBe('healthy/none');
  second.table.set('1.2.0.192.bl.test', { fail: 'servfail' });
  await minutes(20);
  expect(state()).toBe('healthy/none');
  second.table.set('1.2.0.192.bl.test', LISTED);
  await minutes(2);
  expect(state()).toBe('quarantined/listing');
});

describe('answers that say nothing', () => {
  const answers: readonly (readonly [string, object])[] = [
    ['an open resolver is refused', { a: ['127.255.255.254'] }],
    ['SERVFAIL', { fail: 'servfail' }],
    ['no answer', { fail: 'drop' }],
    ['an invented address', { a: ['203.0.113.1'] }],
  ];
  for (const [name, records] of answers)
    test(`${name}: neither listed nor cleared`, async () => {
      list('1.2.0.192.bl.test', records);
      await watch.round();
      await minutes(3);
      expect(state()).toBe('healthy/none');
      list('1.2.0.192.bl.test');
      await minutes(13);
      expect(state()).toBe('quarantined/listing');
      list('1.2.0.192.bl.test', records);
      await minutes(45);
      expect(state()).toBe('quarantined/listing');
    });

  test('a list that lists everything, as lists do that are shut down', async () => {
    list('1.2.0.192.bl.test');
    list('2.2.0.192.bl.test');
    list('1.0.0.127.bl.test');
    await watch.round();
    await minutes(12);
    expect([state(), state('ip2')]).toEqual(['healthy/none', 'healthy/none']);
    const found = (await deps.findings.all()).get('ip1');
    expect(found?.listings[0]?.last).toEqual({ kind: 'unknown', why: 'the list lists everything' });
  });

  test('a list that went silent does not clear us', async () => {
    list('1.2.0.192.bl.test');
    await watch.round();
    await minutes(2);
    expect(state()).toBe('quarantined/listing');
    unlist('1.2.0.192.bl.test');
    unlist('2.0.0.127.bl.test');
    await minutes(60);
    expect(state()).toBe('quarantined/listing');
  });
});

test('an entry that only warns degrades, and so do names that do not fit', async () => {
  list('1.2.0.192.soft.test');
  dns.table.set('2.2.0.192.in-addr.arpa', { ptr: ['host.isp.test'] });
  await watch.round();
  await minutes(2);
  expect(state()).toBe('degraded/listing');
  expect(state('ip2')).toBe('degraded/identity');
  expect(states.stateOf('ip2').reason).toMatch(/host\.isp\.test, which does not lead back/);
  dns.table.set('2.2.0.192.in-addr.arpa', { ptr: ['out2.relay.test'] });
  unlist('1.2.0.192.soft.test');
  await minutes(75);
  expect([state(), state('ip2')]).toEqual(['healthy/none', 'healthy/none']);
});

test('names that the DNS does not know now change nothing, and are asked again sooner', async () => {
  dns.table.set('1.2.0.192.in-addr.arpa', { fail: 'servfail' });
  await watch.round();
  expect(state()).toBe('healthy/none');
  dns.questions.length = 0;
  await minutes(6);
  expect(dns.questions).toContain('PTR 1.2.0.192.in-addr.arpa');
});

test('an address that no process can bind degrades, and heals when it is there again', async () => {
  await watch.round();
  transports[0] = transport({ address: '192.0.2.77', publicAddress: '192.0.2.1', ehlo: 'out1.relay.test' });
  await minutes(4);
  expect(state()).toBe('degraded/bind');
  expect(states.stateOf('ip1').reason).toMatch(/192\.0\.2\.77: E/);
  transports[0] = transport({ publicAddress: '192.0.2.1', ehlo: 'out1.relay.test' });
  await minutes(10);
  expect(state()).toBe('healthy/none');
});

const blank = noticeEvent({ type: 'trouble', at: 0, scope: '', key: '', reason: '' });
const blocks = (n: number): readonly Event[] =>
  Array.from({ length: n }, () => ({
    ...blank,
    type: 'deferred',
    class: 'blocked',
    at: clock.now(),
    user: 'shop',
    transport: 'ip1',
    provider: 'yahoo',
    reply: { code: 421, text: 'no' },
  }));

test('replies that refuse our address degrade, then quarantine for four hours, then it is tried again', async () => {
  await watch.round();
  await counts.record(blocks(20));
  await minutes(2);
  expect(state()).toBe('healthy/none');
  await minutes(1);
  expect(state()).toBe('degraded/rates');
  await counts.record(blocks(80));
  await minutes(3);
  expect(state()).toBe('quarantined/rates');
  clock.pass(238 * MINUTE);
  await minutes(1);
  expect(state()).toBe('quarantined/rates');
  await minutes(3);
  expect(state()).toBe('degraded/rates');
  await minutes(10);
  expect(state()).toBe('healthy/none');
});

describe('operators', () => {
  test('a release outlives the entry that it was given for, which then only degrades; a new one counts', async () => {
    list('1.2.0.192.bl.test');
    await watch.round();
    await minutes(2);
    expect(state()).toBe('quarantined/listing');
    await states.set('ip1', 'healthy', 'We know better.', 'operator');
    await minutes(30);
    expect(state()).toBe('degraded/listing');
    unlist('1.2.0.192.bl.test');
    await minutes(50);
    expect(state()).toBe('healthy/none');
    list('1.2.0.192.bl.test');
    await minutes(12);
    expect(state()).toBe('quarantined/listing');
  });

  test('a quarantine by hand stays', async () => {
    await states.set('ip1', 'quarantined', 'It is ours.', 'operator');
    await watch.round();
    await minutes(60);
    expect(state()).toBe('quarantined/operator');
    expect(told).toEqual([]);
  });
});

test('another process that takes over goes on where the first one was', async () => {
  list('1.2.0.192.bl.test');
  await watch.round();
  watch = makeTransportWatch(deps);
  await minutes(2);
  expect(state()).toBe('quarantined/listing');
  watch = makeTransportWatch(deps);
  await minutes(30);
  expect(changes()).toEqual(['ip1 Hard', 'ip1 quarantined']);
});

test('what was found may be lost: a quarantine stays while the entry is confirmed anew', async () => {
  list('1.2.0.192.bl.test');
  await watch.round();
  await minutes(2);
  expect(state()).toBe('quarantined/listing');
  await deps.findings.forget('ip1');
  watch = makeTransportWatch(deps);
  await watch.round();
  expect(state()).toBe('quarantined/listing');
  await minutes(2);
  unlist('1.2.0.192.bl.test');
  await minutes(32);
  expect(state()).toBe('healthy/none');
  expect(changes().filter((change) => change.includes('ip1 h'))).toEqual(['ip1 healthy']);
});

test('a transport that is removed leaves nothing behind', async () => {
  await states.set('ip1', 'degraded', 'x');
  await watch.round();
  transports.shift();
  await minutes(1);
  expect([...states.all().keys()]).not.toContain('ip1');
  expect([...(await deps.findings.all()).keys()]).toEqual(['ip2']);
});

test('addresses that only we can see are asked of nobody', async () => {
  transports = [transport({})];
  await watch.round();
  await minutes(HOUR / MINUTE + 2);
  expect(dns.questions).toEqual([]);
  expect(state()).toBe('healthy/none');
});
