// A report about TLS, from yesterday's counts to the receiver's mail host: signed, gzipped, once, and whatever the TLS is like.
import { simpleParser } from 'mailparser';
import { Redis } from 'ioredis';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dueAt } from '../../../src/deliver/security/tls-reporter.ts';
import { verify } from '../../support/letters.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { relayUsers, startRelay, type Relay } from '../../support/relay.ts';
import { startSmallWorld, type World } from '../../support/world.ts';

const HOUR = 3_600_000;
const { shop } = relayUsers;
const now = Date.now();
const day = new Date(now - 24 * HOUR).toISOString().slice(0, 10);
/** The domain whose turn comes first after midnight. */
const domain =
  Array.from({ length: 4000 }, (_, i) => `r${i}.test`).toSorted((a, b) => dueAt(day, a) - dueAt(day, b))[0] ??
  '';

let server: TestRedis;
let world: World<'one' | 'two'>;
let relay: Relay;

// In the first quarter of an hour of a day (UTC) nothing is due.
describe.skipIf(dueAt(day, domain) > now)('a report', () => {
  beforeAll(async () => {
    server = await startRedis();
    world = await startSmallWorld();
    world.dns.table.set(`_smtp._tls.${domain}`, { txt: ['v=TLSRPTv1; rua=mailto:tls@two.test'] });
    // That domain enforces what its host, which knows no TLS, cannot do: reports come all the same.
    world.dns.table.set('_mta-sts.two.test', { txt: ['v=STSv1; id=1'] });
    const redis = new Redis({ path: server.socket });
    const policy = { mode: 'enforce', mx: ['mx.two.test'], maxAgeMs: 24 * HOUR, lines: [] };
    await redis.set('postino:sts:two.test', JSON.stringify({ id: '1', fetchedAt: now, policy }));
    await redis.sadd(`postino:tlsrpt:${day}`, domain);
    await redis.hset(`postino:tlsrpt:${day}:${domain}`, { 'ok no-policy-found': '7' });
    redis.disconnect();
    relay = await startRelay({
      world,
      redis: server.url,
      config: {
        delivery: { tlsReports: { contact: 'tls@shop.example', organization: 'The Shop' } },
        system: { pool: 'shop', domain: shop.domain },
      },
    });
  });
  afterAll(async () => {
    await relay.close();
    await world.close();
    await server.stop();
  });

  test('comes to the address that the record names', async () => {
    const [came] = await world.mx.two.taken(1);
    if (!came) throw new Error('nothing came');
    expect(came).toMatchObject({ from: `tls-reports@${shop.domain}`, to: 'tls@two.test' });
    expect(came.tls).toBeUndefined();
    const read = await simpleParser(came.data);
    const report: unknown = JSON.parse(gunzipSync(read.attachments[0]?.content ?? '').toString());
    expect(report).toMatchObject({
      'organization-name': 'The Shop',
      'contact-info': 'tls@shop.example',
      policies: [{ policy: { 'policy-domain': domain }, summary: { 'total-successful-session-count': 7 } }],
    });
    const redis = new Redis({ path: server.socket });
    const stored: { keys?: readonly { selector: string; algorithm: string; publicKey: string }[] } =
      JSON.parse((await redis.hget('postino:domains', shop.domain)) ?? '{}');
    expect(await redis.exists(`postino:tlsrpt:${day}:${domain}`)).toBe(0);
    redis.disconnect();
    const records = (stored.keys ?? []).map(({ selector, algorithm, publicKey }) => [
      `${selector}._domainkey.${shop.domain}`,
      `v=DKIM1; k=${algorithm.split('-')[0]}; p=${publicKey}`,
    ]);
    const verdicts = await verify(came.data, Object.fromEntries(records));
    expect(verdicts.length).toBeGreaterThan(0);
    for (const verdict of verdicts) expect(verdict).toMatchObject({ result: 'pass', domain: shop.domain });
  });

  test('is one that "postino check" is content with', async () => {
    const { stdout } = await relay.cli(['check']);
    expect(stdout).toContain(`tls reports: Reports about TLS are signed for ${shop.domain}.`);
  });
});
