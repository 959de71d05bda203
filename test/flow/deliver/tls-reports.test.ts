// Reports about TLS from the first session to the receiver: counted in Redis, sent once, tried again, dropped when late.
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dnsConfig } from '../../../src/deliver/config.ts';
import { makeDns } from '../../../src/deliver/resolve.ts';
import { makeHttps } from '../../../src/deliver/security/https.ts';
import type { TlsResult } from '../../../src/deliver/security/results.ts';
import { makeTlsCounts, type TlsCounts } from '../../../src/deliver/security/tls-counts.ts';
import { dueAt, makeTlsReporter, type TlsReporter } from '../../../src/deliver/security/tls-reporter.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { makeAuthority } from '../../support/certificates.ts';
import { startFakeDns, type FakeDns } from '../../support/fake-dns.ts';
import { handClock, type HandClock } from '../../support/hand-clock.ts';
import { startPolicyHost, type PolicyHost } from '../../support/policy-host.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

const HOUR = 3_600_000;
const DAY = '2026-01-01'; // where the hand clock begins

let server: TestRedis;
let redis: RedisConnection;
let dns: FakeDns;
let host: PolicyHost;
let clock: HandClock;
let counts: TlsCounts;
let reporter: TlsReporter;
let mails: string[];
let problem: string | undefined;

beforeAll(async () => {
  const authority = await makeAuthority();
  host = await startPolicyHost('127.0.0.82', await authority.leafFor('reports.example.test'));
  server = await startRedis();
  redis = connectRedis({ url: server.url, purpose: 'events', prefix: '', log: silentLog });
  await redis.whenReady();
});
afterAll(async () => {
  await redis.close();
  await server.stop();
  await host.close();
});
beforeEach(async () => {
  dns = await startFakeDns({
    '_smtp._tls.mail.test': { txt: ['v=TLSRPTv1; rua=mailto:tls@mail.test'] },
    '_smtp._tls.post.test': { txt: [`v=TLSRPTv1; rua=https://reports.example.test:${host.port}/v1`] },
    'reports.example.test': { a: ['127.0.0.82'] },
    'slow.test': { fail: 'drop' },
  });
  clock = handClock();
  mails = [];
  problem = undefined;
  Object.assign(host.answer, { status: 200 });
  host.bodies.length = host.asked.length = 0;
  open();
});
afterEach(() => dns.close());

function open(): void {
  const resolver = makeDns(dnsConfig.parse({ servers: [dns.server], timeout: '250ms', tries: 1 }), clock);
  const shared = { dns: resolver, clock, log: silentLog };
  counts = makeTlsCounts({ ...shared, redis, prefix: randomPrefix() });
  const https = makeHttps({ dns: resolver, clock: systemClock, allowPrivateAddresses: true });
  const us = { organization: 'Relay', contact: 'tls@relay.test', submitter: 'relay.test' };
  const submit = async (_mail: unknown, to: string, id: string): Promise<string | undefined> => {
    if (problem === undefined) mails.push(`${to} ${id}`);
    return problem;
  };
  reporter = makeTlsReporter({ ...shared, ...us, counts, https, submit });
}

const session = (domain: string, more: Partial<TlsResult> = {}): TlsResult => ({
  domain,
  policy: 'no-policy-found',
  lines: [],
  mx: [],
  host: `mx.${domain}`,
  address: '192.0.2.1',
  localAddress: '198.51.100.1',
  ...more,
});
const round = () => reporter.round(() => true);
const passTo = (at: number) => clock.pass(at - clock.now());

async function countDay(...domains: readonly string[]): Promise<void> {
  for (const domain of domains) counts.count(session(domain));
  await counts.flush();
}

describe('counts', () => {
  test('are kept of domains that want reports, and of no others', async () => {
    counts.count(session('mail.test'));
    counts.count(session('mail.test', { failure: 'certificate-expired' }));
    counts.count(session('none.test'));
    await counts.flush();
    await countDay('mail.test');
    expect(await counts.domains(DAY)).toEqual(['mail.test']);
    const read = await counts.read(DAY, 'mail.test');
    expect(read.get('ok no-policy-found')).toBe('2');
    expect([...read.keys()].filter((name) => name.startsWith('no '))).toHaveLength(1);
  });

  test('of the last moment are written down at a stop, whatever the DNS does', async () => {
    dns.table.set('_smtp._tls.slow.test', { fail: 'drop' });
    await countDay('none.test');
    counts.count(session('slow.test'));
    const asking = counts.flush();
    counts.count(session('mail.test'));
    counts.count(session('none.test'));
    const since = performance.now();
    await counts.close();
    expect(performance.now() - since).toBeLessThan(200);
    expect((await counts.domains(DAY)).toSorted()).toEqual(['mail.test', 'slow.test']);
    await asking;
  });

  test('go to the day that they are of', async () => {
    await countDay('mail.test');
    clock.pass(24 * HOUR);
    await countDay('mail.test');
    expect((await counts.read(DAY, 'mail.test')).get('ok no-policy-found')).toBe('1');
    expect(await counts.domains('2026-01-02')).toEqual(['mail.test']);
  });

  test('of a hostile domain stay few', async () => {
    for (let i = 0; i < 5000; i++)
      counts.count(session('mail.test', { failure: 'validation-failure', reason: `reason ${i}` }));
    await counts.flush();
    for (let i = 0; i < 500; i++)
      counts.count(session('mail.test', { failure: 'validation-failure', reason: `more ${i}` }));
    await counts.flush();
    expect((await counts.read(DAY, 'mail.test')).size).toBeLessThanOrEqual(200);
  });
});

describe('a report', () => {
  test('goes by mail once, in the hours after the day', async () => {
    await countDay('mail.test');
    await round();
    passTo(dueAt(DAY, 'mail.test') - 1000);
    await round();
    expect(mails).toEqual([]);
    clock.pass(2000);
    await round();
    await round();
    expect(mails).toEqual(['tls@mail.test tlsrpt.2026-01-01.mail.test@relay.test.tls@mail.test']);
    expect(await counts.domains(DAY)).toEqual([]);
  });

  test('goes by HTTPS, gzipped', async () => {
    await countDay('post.test');
    passTo(dueAt(DAY, 'post.test'));
    await round();
    expect(host.asked).toEqual(['POST reports.example.test /v1']);
    expect(host.bodies[0]?.type).toBe('application/tlsrpt+gzip');
    expect(JSON.parse(gunzipSync(host.bodies[0]?.body ?? '').toString())).toMatchObject({
      'report-id': '2026-01-01.post.test@relay.test',
      policies: [
        { policy: { 'policy-type': 'no-policy-found' }, summary: { 'total-successful-session-count': 1 } },
      ],
    });
  });

  test.each(['post.test', 'mail.test'])(
    'to %s that fails is tried each hour, and no more after a day',
    async (domain) => {
      await countDay(domain);
      Object.assign(host.answer, { status: 503 });
      problem = 'no room';
      passTo(dueAt(DAY, domain));
      for (let half = 0; half < 10; half++) {
        await round();
        clock.pass(HOUR / 2);
      }
      if (domain === 'post.test') expect(host.asked).toHaveLength(5);
      expect(await counts.domains(DAY)).toEqual([domain]);
      clock.pass(20 * HOUR);
      await round();
      expect(await counts.domains(DAY)).toEqual([]);
      expect(mails).toEqual([]);
    },
  );

  test('that nobody wants any more is dropped', async () => {
    await countDay('mail.test');
    dns.table.delete('_smtp._tls.mail.test');
    passTo(dueAt(DAY, 'mail.test'));
    await round();
    expect([mails, await counts.domains(DAY)]).toEqual([[], []]);
  });

  test('waits for the DNS', async () => {
    await countDay('mail.test');
    dns.table.set('_smtp._tls.mail.test', { fail: 'servfail' });
    passTo(dueAt(DAY, 'mail.test'));
    await round();
    expect(await counts.domains(DAY)).toEqual(['mail.test']);
  });

  test('is not begun by a process that has lost the lease', async () => {
    await countDay('mail.test');
    passTo(dueAt(DAY, 'mail.test'));
    await reporter.round(() => false);
    expect(mails).toEqual([]);
  });
});

test('reports are spread over four hours', () => {
  const starts = Array.from({ length: 200 }, (_, i) => dueAt(DAY, `d${i}.test`) - Date.UTC(2026, 0, 2));
  expect(Math.min(...starts)).toBeGreaterThanOrEqual(15 * 60_000);
  expect(Math.max(...starts)).toBeLessThan(4.25 * HOUR);
  expect(Math.max(...starts) - Math.min(...starts)).toBeGreaterThan(3 * HOUR);
});
