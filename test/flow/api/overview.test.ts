// The overview of the first page: what waits by pool and site, why, until when; quick with a long queue, and the same for all who look.
import { availableParallelism, loadavg } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Delivery } from '../../../src/model/delivery.ts';
import { startApi, type Client, type TestApi } from '../../support/api.ts';
import { putInQueue, takeFromQueue } from '../../support/queued.ts';

const HOUR = 3_600_000;
const config = {
  domains: [{ name: 'shop.example' }],
  transports: [
    { name: 'out1', address: '127.0.1.1', pool: 'default' },
    { name: 'out2', address: '127.0.1.2', pool: 'bulk' },
  ],
  users: [
    { name: 'shop', password: 'shop-Secret-17', domains: ['shop.example'] },
    { name: 'office', password: 'office-Secret-18', domains: ['shop.example'] },
  ],
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
type Site = Readonly<{ pool: string; domain: string; waiting: number; emptyAt?: number; why?: unknown }>;

async function sitesOf(client: Client): Promise<readonly Site[]> {
  for (;;) {
    const { status, json } = await client.get('/overview');
    expect(status).toBe(200);
    if (json.looked) return json.sites;
    await pause(100);
  }
}

/** What was counted is told for two seconds; after that it is counted anew. */
const NEWER_MS = 2200;

describe('what waits', () => {
  let api: TestApi;
  let admin: Client;
  beforeAll(async () => {
    api = await startApi({ config });
    admin = await api.client();
    const soon = Date.now() + HOUR;
    const put = (count: number, of: Partial<Delivery>) => putInQueue(api.base, count, () => of);
    await put(30, { domain: 'turn.example' });
    await put(7, { domain: 'turn.example', user: 'office', state: 'sending' });
    await put(5, { domain: 'turn.example', due: soon, attempts: 2, state: 'waiting' });
    await put(20, { domain: 'retry.example', due: soon, attempts: 1, state: 'waiting' });
    await put(18, { domain: 'later.example', due: soon + HOUR, state: 'waiting' });
    await put(16, { domain: 'warm.example', due: soon, attempts: 0, state: 'waiting', hold: 'warmup' });
    await put(14, { domain: 'stopped.example', state: 'paused' });
    await put(12, { domain: 'bulk.example', pool: 'bulk', transport: 'out2', user: 'office' });
    await put(10, { domain: 'nowhere.example', transport: '' });
    await put(99, { domain: 'turn.example', account: 'other' });
    await api.base.operate.pause('domain:stopped.example', { reason: 'their admin asked' });
    await api.base.settings.transports.change('out2', (old) => ({ ...old, paused: true }), 'switch');
  }, 60_000);
  afterAll(() => api.close());

  test('is told by pool and site, the most first, each with the reason of most and the time of the first', async () => {
    const sites = await sitesOf(admin);
    expect(sites).toMatchObject([
      { pool: 'default', domain: 'turn.example', waiting: 35, ready: 30, sending: 7 },
      { domain: 'retry.example', waiting: 20, ready: 0, why: { kind: 'retry' } },
      { domain: 'later.example', waiting: 18, why: { kind: 'later' } },
      { domain: 'warm.example', waiting: 16, why: { kind: 'hold', rule: 'warmup' } },
      {
        domain: 'stopped.example',
        waiting: 14,
        why: { kind: 'paused', scope: 'domain', name: 'stopped.example', text: 'their admin asked' },
      },
      {
        pool: 'bulk',
        domain: 'bulk.example',
        waiting: 12,
        why: { kind: 'transport', name: 'out2', state: 'paused' },
      },
      { domain: 'nowhere.example', waiting: 10, why: { kind: 'no-transport' } },
    ]);
    expect(sites[0]).not.toHaveProperty('why');
    expect(sites[0]).not.toHaveProperty('due');
    const inMs = (sites[1] as unknown as { due: number }).due - Date.now();
    expect(inMs).toBeGreaterThan(HOUR / 2);
    // Nothing has left yet, so nobody knows when it will have.
    expect(sites.every(({ emptyAt }) => emptyAt === undefined)).toBe(true);
  });

  test('of another account or of one user is told to no other', async () => {
    const other = await api.client({ account: 'other' });
    expect(await sitesOf(other)).toMatchObject([{ domain: 'turn.example', waiting: 99 }]);
    const office = await api.client({ user: 'office' });
    expect((await sitesOf(office)).map(({ domain }) => domain)).toEqual(['bulk.example', 'turn.example']);
    const { json } = await office.get('/overview');
    expect(json.queue).toMatchObject({ waiting: 12, sending: 7, paused: 0 });
  });

  test('has an end by the pace at which it leaves, each site by its own', async () => {
    const base = { state: 'parked' } as const;
    const quick = await putInQueue(api.base, 2000, () => ({ ...base, domain: 'quick.example' }));
    const slow = await putInQueue(api.base, 2000, () => ({ ...base, domain: 'slow.example' }));
    await admin.get('/overview');
    await pause(NEWER_MS);
    for (let turn = 0; turn < 6; turn++) {
      await takeFromQueue(api.base, quick.slice(turn * 200, turn * 200 + 200));
      await takeFromQueue(api.base, slow.slice(turn * 10, turn * 10 + 10));
      await pause(NEWER_MS - 200);
      await admin.get('/overview');
    }
    await pause(NEWER_MS);
    const sites = await sitesOf(admin);
    const end = (wanted: string): number =>
      ((sites.find(({ domain }) => domain === wanted)?.emptyAt ?? Number.NaN) - Date.now()) / 1000;
    console.log(
      `Ends: quick ${end('quick.example').toFixed(0)} s, slow ${end('slow.example').toFixed(0)} s.`,
    );
    // 800 are left at about 90 a second; 1,940 at about 4.5.
    expect(end('quick.example')).toBeGreaterThan(3);
    expect(end('quick.example')).toBeLessThan(40);
    expect(end('slow.example')).toBeGreaterThan(200);
    expect(end('slow.example')).toBeLessThan(2000);
    // Nothing left for a site that is stopped, so that nothing is promised.
    expect(end('stopped.example')).toBeNaN();
  }, 60_000);
});

describe('with 100,000 that wait', () => {
  let api: TestApi;
  let admin: Client;
  beforeAll(async () => {
    api = await startApi({ config });
    admin = await api.client();
    await putInQueue(api.base, 100_000, (n) => ({
      domain: `d${n % 2000}.example`,
      user: n % 3 === 0 ? 'office' : 'shop',
      pool: n % 2 === 0 ? 'default' : 'bulk',
      transport: n % 2 === 0 ? 'out1' : 'out2',
      state: 'waiting',
      due: n % 4 === 0 ? Date.now() + HOUR : Date.now() - HOUR,
    }));
  }, 120_000);
  afterAll(() => api.close());

  test('answers under 100 ms, and Redis serves others meanwhile', async () => {
    const took: number[] = [];
    const pings: number[] = [];
    let over = false;
    const ping = (async () => {
      while (!over) {
        const began = performance.now();
        await api.base.asking.call('PING');
        pings.push(performance.now() - began);
        await pause(5);
      }
    })();
    let wholeAfter = 0;
    for (let look = 0; look < 40; look++) {
      const began = performance.now();
      const { json } = await admin.get('/overview');
      took.push(performance.now() - began);
      if (!json.looked) wholeAfter = look + 1;
      await pause(100);
    }
    over = true;
    await ping;
    const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1] ?? 0;
    console.log(
      `Overview with 100,000 queued: the first ${took[0]?.toFixed(0)} ms, then median ${median(took).toFixed(1)} ms, worst ${Math.max(...took.slice(1)).toFixed(0)} ms; ` +
        `counted after ${wholeAfter} looks; load ${(loadavg()[0] ?? 0).toFixed(0)}; PING meanwhile: median ${median(pings).toFixed(1)} ms, worst ${Math.max(...pings).toFixed(0)} ms.`,
    );
    // Others may be at work on this machine, too.
    expect(median(took)).toBeLessThan(100 * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism()));
    const sites = await sitesOf(admin);
    expect(sites).toHaveLength(20);
    expect(sites.every(({ waiting }) => waiting === 50)).toBe(true);
  }, 60_000);
});
