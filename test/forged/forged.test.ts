// A hundred thousand forged bounces and complaints over real sockets: they change nothing and cost bounded memory.
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { embeddedSocket } from '../../src/embedded.ts';
import { newId } from '../../src/lib/ids.ts';
import { arrivalOf } from '../support/arrival.ts';
import { randomFrom } from '../support/random.ts';
import { relayUsers, startRelay, type Relay } from '../support/relay.ts';
import { freePorts } from '../support/relay-process.ts';
import { bounceReport, complaintReport } from '../support/reports.ts';
import { message, sendMail } from '../support/sender.ts';
import { until } from '../support/until.ts';
import { startWorld, type World } from '../support/world.ts';
import { Forger, type Tally } from './client.ts';

const DOMAIN = 'bounces.relay.test';
const { shop } = relayUsers;
/** Of the forged ones: wrong addresses at RCPT, and whole messages. */
const TIMES = Number(process.env['FORGED_TIMES'] ?? 1);
const ADDRESSES = 70_000 * TIMES;
const MESSAGES = 30_000 * TIMES;
const CONNECTIONS = 12;
/** Refused recipients that one transaction may have. */
const A_TRANSACTION = 20;
const MAX_GROWTH = 128 * 1024 * 1024;

let world: World<'one' | 'shop'>;
let relay: Relay;
let redis: Redis;
let port = 0;

beforeAll(async () => {
  world = await startWorld(
    {
      one: { name: 'mx.one.test', host: '127.0.0.41' },
      shop: { name: 'mx.shop.example', host: '127.0.0.42' },
    },
    {
      'one.test': { mx: [[10, 'mx.one.test']] },
      'mx.one.test': { a: ['127.0.0.41'] },
      'shop.example': { mx: [[10, 'mx.shop.example']] },
      'mx.shop.example': { a: ['127.0.0.42'] },
    },
  );
  [port = 0] = await freePorts(1);
  relay = await startRelay({
    world,
    config: { feedback: { domain: DOMAIN, listeners: [{ host: '127.0.0.1', port }] } },
  });
  redis = new Redis({ path: embeddedSocket(relay.data) ?? '' });
}, 60_000);
afterAll(async () => {
  redis.disconnect();
  await relay.close();
  await world.close();
});

type Figures = Readonly<{
  rss: number;
  keys: number;
  redisBytes: number;
  events: number;
  suppressed: number;
}>;

async function figures(): Promise<Figures> {
  const lists = await redis.keys('postino:suppressed:*');
  const sizes = await Promise.all(lists.map((key) => redis.hlen(key)));
  return {
    rss: rss(),
    keys: await redis.dbsize(),
    redisBytes: Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]),
    // About mail of users: a few answers were forwarded to the sender by ourselves.
    events: relay.events().filter(({ account, delivery }) => account !== 'system' && delivery !== '').length,
    suppressed: sizes.reduce((sum, size) => sum + size, 0),
  };
}

const rss = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${relay.pid()}/status`, 'utf8'))?.[1]) * 1024;
const mb = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

/** Runs work over all connections; resolves with how long it took, and the most memory seen meanwhile. */
async function storm(
  { count, step }: Readonly<{ count: number; step: number }>,
  tally: Tally,
  work: (forger: Forger, n: number) => Promise<unknown>,
): Promise<Readonly<{ seconds: number; peak: number }>> {
  let [sent, peak] = [0, rss()];
  const watch = setInterval(() => (peak = Math.max(peak, rss())), 250);
  const began = performance.now();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, i) => {
      const open = (): Promise<Forger> => Forger.open(port, `127.0.0.${100 + i}`, tally);
      let forger = await open();
      while (sent < count) {
        if (forger.isClosed) forger = await open();
        const n = sent;
        sent += step;
        if ((await work(forger, n)) === 'closed') sent -= step;
      }
      forger.close();
    }),
  );
  clearInterval(watch);
  return { seconds: (performance.now() - began) / 1000, peak };
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Addresses that look like ours: of a delivery that there is, of ids that could be, of loops, and of nobody. */
function forgedAddresses(real: string): (n: number) => string {
  const random = randomFrom(4);
  const chars = (length: number): string => Array.from({ length }, () => ALPHABET[random(32)]).join('');
  const [local = '', domain = ''] = real.split('@');
  const makers = [
    () => `${local.slice(0, -14)}${chars(14)}@${domain}`,
    () => `${local.slice(0, 20)}${chars(local.length - 20)}@${domain}`,
    () => `b${chars(2)}${newId(Date.now() - random(86_400_000)).toLowerCase()}1${chars(14)}@${domain}`,
    () => `b${chars(43 + random(4))}@${domain}`,
    () => `fbl-${chars(18)}@${domain}`,
    () => `${local}@other.test`,
    () => `${chars(1 + random(60))}@${domain}`,
  ];
  return (n) => (makers[n % makers.length] ?? makers[0])?.() ?? '';
}

/** Texts that are no bounce of this recipient: garbage, halves of reports, complaints about nobody, delays. */
function forgedMessages(): (n: number) => string {
  const random = randomFrom(5);
  const bytes = (length: number): string =>
    Array.from({ length }, () => String.fromCharCode(32 + random(95))).join('');
  // A whole complaint to a right return path would be one: that is what the address says.
  const report = complaintReport(
    [`Message-ID: <${newId(Date.now())}@relay.test>`],
    ['Original-Rcpt-To: v@one.test'],
  );
  const makers = [
    () => bytes(200 + random(2000)),
    () => bounceReport('victim@one.test', { action: 'delayed', status: '4.4.1', said: '451 4.4.1 later' }),
    () => bounceReport('victim@one.test', { action: 'relayed', status: '2.0.0', said: '250 ok' }),
    () => report.replace('Feedback-Type: abuse', 'Feedback-Type: not-spam'),
    () => report.slice(0, 50 + random(100)),
    () => message(['Subject: x', 'Content-Type: multipart/mixed; boundary=a'], '--a\r\n'.repeat(200)),
  ];
  return (n) => (makers[n % makers.length] ?? makers[0])?.() ?? '';
}

test('change nothing', { timeout: 900_000 }, async () => {
  await sendMail({
    port: relay.ports.plain,
    user: shop,
    mail: 'news@shop.example',
    rcpt: ['anna@one.test'],
    data: message(['From: news@shop.example', 'Subject: News']),
  });
  const real = (await arrivalOf(world.mx.one, 'anna@one.test')).from;
  await until(() => relay.events().some(({ type }) => type === 'delivered'));
  const secret = /fbl-[0-9a-z]+@\S+/.exec((await relay.cli(['feedback', 'show'])).stdout)?.[0] ?? '';

  // What is warm after the first ones is no growth.
  const address = forgedAddresses(real);
  const text = forgedMessages();
  const rcpts = (forger: Forger, n: number): Promise<unknown> => {
    const to = Array.from({ length: A_TRANSACTION }, (_, i) => `RCPT TO:<${address(n + i)}>`);
    return forger.say(['MAIL FROM:<>', ...to, 'RSET'], A_TRANSACTION + 2);
  };
  const unproved = complaintReport(
    [`Message-ID: <${newId(Date.now() - 3_600_000)}@relay.test>`],
    ['Original-Rcpt-To: anna@one.test'],
  );
  const targets = [real, secret, `abuse@${DOMAIN}`, `postmaster@${DOMAIN}`];
  const whole = async (forger: Forger, n: number): Promise<string> => {
    const to = targets[Math.floor(n / 7) % targets.length] ?? real;
    await forger.say(['MAIL FROM:<>', `RCPT TO:<${to}>`, 'DATA'], 3);
    const body = to !== real && n % 2 === 0 ? unproved : text(n);
    return forger.say([body.replace(/^\./gm, '..'), '.'], 1);
  };
  await storm({ count: 2000, step: A_TRANSACTION }, new Map(), rcpts);
  await storm({ count: 500, step: 1 }, new Map(), whole);
  await new Promise((resolve) => setTimeout(resolve, 3000));

  const before = await figures();
  const refused: Tally = new Map();
  const taken: Tally = new Map();
  const first = await storm({ count: ADDRESSES, step: A_TRANSACTION }, refused, rcpts);
  const second = await storm({ count: MESSAGES, step: 1 }, taken, whole);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const after = await figures();

  const peak = Math.max(first.peak, second.peak);
  console.log(
    [
      `${ADDRESSES} forged recipients: ${Math.round(ADDRESSES / first.seconds)} a second; replies ${say(refused)}`,
      `${MESSAGES} forged messages to right addresses: ${Math.round(MESSAGES / second.seconds)} a second; replies ${say(taken)}`,
      `memory of the relay: ${mb(before.rss)} before, ${mb(peak)} at most, ${mb(after.rss)} after`,
      `Redis: ${before.keys} keys and ${mb(before.redisBytes)} before, ${after.keys} and ${mb(after.redisBytes)} after`,
      `forwarded to the sender: ${world.mx.shop.messages.length}`,
      `events: ${before.events} before, ${after.events} after; suppressed: ${before.suppressed} and ${after.suppressed}`,
    ].join('\n'),
  );
  const no = [...refused].reduce((sum, [kind, n]) => sum + (/^[45]/.test(kind) ? n : 0), 0);
  expect(no).toBeGreaterThanOrEqual(ADDRESSES);
  const forwarded = world.mx.shop.messages.length;
  expect(forwarded).toBeLessThanOrEqual(5);
  expect(after.suppressed).toBe(0);
  expect(after.events).toBe(before.events);
  // The monitor may say that the machine is busy; it says nothing of senders.
  expect(relay.events().filter(({ type }) => type === 'sender-state')).toEqual([]);
  expect(relay.events().filter(({ type }) => type === 'bounced' || type === 'complained')).toEqual([]);
  expect(Math.abs(after.keys - before.keys)).toBeLessThan(20);
  expect(peak - before.rss).toBeLessThan(MAX_GROWTH);

  // The right one still works, once.
  const forger = await Forger.open(port, '127.0.0.100', new Map());
  for (let i = 0; i < 1000; i++) {
    await forger.say(['MAIL FROM:<>', `RCPT TO:<${real}>`, 'DATA'], 3);
    await forger.say([bounceReport('anna@one.test'), '.'], 1);
  }
  forger.close();
  await until(() => relay.events().some(({ type }) => type === 'bounced'));
  await new Promise((resolve) => setTimeout(resolve, 2000));
  expect(relay.events().filter(({ type }) => type === 'bounced')).toHaveLength(1);
  await until(async () => (await figures()).suppressed === 1);
});

const say = (tally: Tally): string => [...tally].map(([kind, count]) => `${kind}: ${count}`).join(', ');
