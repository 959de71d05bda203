import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Order } from '../../../src/backlog/attempt.ts';
import { makeQuarantine, putInQuarantine } from '../../../src/backlog/quarantine.ts';
import { makeVerdicts } from '../../../src/backlog/verdicts.ts';
import { quarantineCommands } from '../../../src/cli/quarantine.ts';
import { queueCommands } from '../../../src/cli/queue.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import type { Notice } from '../../../src/model/notice.ts';
import type { Outcome } from '../../../src/model/outcome.ts';
import { scanConfig } from '../../../src/scan/config.ts';
import { makeExamine } from '../../../src/scan/examine.ts';
import { makeAsk, type Message } from '../../../src/scan/rspamd.ts';
import { makeTrouble } from '../../../src/scan/trouble.ts';
import { deferred, delivered, request, type Send } from '../../support/backlog.ts';
import { startFakeRspamd, type FakeRspamd } from '../../support/fake-rspamd.ts';
import { oneBacklogATest, type BacklogOptions } from '../../support/one-backlog.ts';
import { until } from '../../support/until.ts';

const tests = oneBacklogATest();
let rspamd: FakeRspamd;
beforeEach(async () => {
  rspamd = await startFakeRspamd(20);
});
afterEach(() => rspamd.stop());

const BODY = request([]).body;

async function begin(
  config: object = {},
  {
    send = async () => delivered,
    body = BODY,
    ...options
  }: BacklogOptions & { send?: Send; body?: Message['body'] } = {},
) {
  const notices: Notice[] = [];
  const orders: Order[] = [];
  const backlog = await tests.begin(
    async (order): Promise<Outcome> => {
      orders.push(order);
      return send(order);
    },
    {
      steps: [50],
      ...options,
      scan: ({ redis, keys, clock }) => {
        const parsed = scanConfig.parse({ url: rspamd.url, timeout: '500ms', again: '300ms', ...config });
        return {
          examine: makeExamine({
            config: parsed,
            ask: makeAsk(parsed),
            verdicts: makeVerdicts({ redis, keys }),
            loadBody: async () => body,
            trouble: makeTrouble({ clock, tell: async (notice) => void notices.push(notice) }),
            clock,
            log: silentLog,
            own: 'system',
          }),
          quarantine: (subject, why) => putInQuarantine({ redis, keys, clock }, subject, why),
        };
      },
    },
  );
  const { redis, keys, operate } = backlog;
  const quarantine = makeQuarantine({
    redis,
    keys,
    clock: systemClock,
    operate,
    verdicts: makeVerdicts({ redis, keys }),
  });
  const types = async (): Promise<string[]> =>
    (await backlog.events()).map(({ type }) => type).filter((type) => type !== 'accepted');
  return { ...backlog, notices, orders, quarantine, types };
}

const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `r${i}@example.net`);

describe('a message', () => {
  test.each([true, false])(
    'is scanned once for all its recipients, with what a scanner wants to know (handover: %s)',
    async (handover) => {
      const { submit, types, orders } = await begin({}, { handover });
      const sent = request(many(30), { from: 'bücher@shop.example' });
      await submit(sent);
      await until(async () => (await types()).filter((type) => type === 'delivered').length === 30);
      expect(rspamd.seen).toHaveLength(1);
      const [scanned] = rspamd.seen;
      expect(scanned?.path).toBe('/checkv2');
      expect(scanned?.body).toEqual(BODY);
      expect(scanned?.headers).toMatchObject({
        ip: '127.0.0.1',
        helo: 'client',
        user: 'shop',
        'queue-id': sent.submission.id,
        'content-length': String(BODY.length),
      });
      expect(Buffer.from(String(scanned?.headers['from']), 'latin1').toString()).toBe('bücher@shop.example');
      expect(orders.every(({ submission }) => submission.scan?.verdict === 'clean')).toBe(true);
    },
  );

  test('is not scanned again by its retries, which send the same fields', async () => {
    let tries = 0;
    const { submit, types, redis, keys, orders } = await begin(
      {},
      { send: async () => (++tries < 4 ? deferred : delivered) },
    );
    rspamd.answer(() => ({ action: 'add header', milter: { add_headers: { 'X-Score': { value: '7' } } } }));
    const sent = request(['a@example.net']);
    await submit(sent);
    await until(async () => (await types()).includes('delivered'));
    expect(rspamd.seen).toHaveLength(1);
    const added = [
      ['X-Spam', 'Yes'],
      ['X-Score', '7'],
    ];
    expect(orders.map(({ submission }) => submission.scan?.add)).toEqual([added, added, added, added]);
    expect(await redis.call('EXISTS', keys.submission('default', sent.submission.id))).toBe(0);
  });

  test('of our own, or of a user that is left out, is not scanned', async () => {
    const { submit, types } = await begin({ except: ['office'] });
    await submit(request(['a@example.net'], { user: 'office' }));
    await submit(request(['a@example.net'], { account: 'system', user: 'system' }));
    await until(async () => (await types()).length === 2);
    expect(rspamd.seen).toHaveLength(0);
  });

  test('that is too large goes unscanned, and the event says so', async () => {
    const { submit, orders } = await begin({ maxSize: 10 });
    await submit(request(['a@example.net']));
    await until(() => orders.length === 1);
    expect(rspamd.seen).toHaveLength(0);
    expect(orders[0]?.submission.scan?.verdict).toBe('unscanned');
  });

  test('from a file is streamed whole', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postino-scan-'));
    const file = join(folder, 'body');
    const bytes = Buffer.alloc(8_000_000, 'Lorem ipsum dolor sit amet\r\n');
    writeFileSync(file, bytes);
    const { submit, orders } = await begin({ timeout: '10s' }, { body: { file, size: bytes.length } });
    await submit(request(['a@example.net']));
    await until(() => orders.length === 1);
    const digest = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
    expect(digest(rspamd.seen[0]?.body ?? Buffer.alloc(0))).toBe(digest(bytes));
    rmSync(folder, { recursive: true });
  });

  test('softly rejected is deferred for all, and scanned again later', async () => {
    const { submit, types, events } = await begin({ again: '200ms' }, { steps: [300] });
    let scans = 0;
    rspamd.answer(() =>
      ++scans === 1 ? { action: 'soft reject', messages: { smtp_message: 'Wait' } } : { action: 'no action' },
    );
    await submit(request(many(5)));
    await until(async () => (await types()).filter((type) => type === 'delivered').length === 5);
    expect(rspamd.seen).toHaveLength(2);
    const first = (await events()).find(({ type }) => type === 'deferred');
    expect(first).toMatchObject({ phase: 'policy', reason: expect.stringContaining('"soft reject"') });
    expect(first?.reason).toContain('Wait');
  });

  test('refused with "bounce" bounces once for each recipient, after one scan', async () => {
    const { submit, types, orders, failures } = await begin({ onReject: 'bounce' });
    rspamd.answer(() => ({ action: 'reject', score: 20 }));
    await submit(request(many(5)));
    await until(async () => (await types()).length === 5);
    expect(new Set(await types())).toEqual(new Set(['bounced']));
    expect(failures).toHaveLength(5);
    expect([rspamd.seen.length, orders.length]).toEqual([1, 0]);
  });

  test('many at a time are no more scans at a time than allowed', async () => {
    const { submit, types } = await begin({ atOnce: 2, timeout: '5s' });
    await Promise.all(Array.from({ length: 20 }, () => submit(request(['a@example.net']))));
    await until(async () => (await types()).length === 20);
    expect(rspamd.most()).toBe(2);
  });

  test('of two processes is scanned by one', async () => {
    const { submit, deps, transitions, redis, keys } = await begin({}, { carrying: false });
    const sent = request(['a@example.net']);
    await submit(sent);
    const ref = `default:${sent.submission.id}-1`;
    const delivery = await transitions.read(ref);
    if (!delivery || delivery === 'unknown') throw new Error('it is there');
    const other = makeExamine({
      config: scanConfig.parse({ url: rspamd.url }),
      ask: makeAsk({ url: rspamd.url, timeout: 1000 }),
      verdicts: makeVerdicts({ redis, keys }),
      loadBody: async () => BODY,
      trouble: makeTrouble({ clock: systemClock, tell: async () => undefined }),
      clock: systemClock,
      log: silentLog,
      own: 'system',
    });
    const { signal } = new AbortController();
    const both = await Promise.all([
      deps.examine?.(sent.submission, delivery, signal),
      other(sent.submission, delivery, signal),
    ]);
    expect(both.map((one) => one?.kind)).toEqual(['pass', 'pass']);
    expect(rspamd.seen).toHaveLength(1);
  });
});

test('a stop in the middle of a scan lets nothing pass, and costs no attempt', async () => {
  const { submit, carriers, carryHere, operate, orders, types, transitions } = await begin({
    timeout: '20s',
    onTrouble: 'accept',
  });
  rspamd.answer(() => 'silent');
  const sent = request(['a@example.net']);
  await submit(sent);
  await until(() => rspamd.seen.length === 1);
  await carriers[0]?.stop(50);
  const [waiting] = await operate.list({}, 1);
  expect([waiting?.state, waiting?.attempts]).toEqual(['waiting', 0]);
  const stored = await transitions.readSubmissionOf(`default:${sent.submission.id}-1`);
  expect(stored?.scan).toBeUndefined();
  rspamd.answer(() => ({ action: 'no action' }));
  carriers.push(carryHere('p2'));
  await until(async () => (await types()).includes('delivered'), 30_000);
  expect(orders.map(({ submission }) => submission.scan?.verdict)).toEqual(['clean']);
});

describe('the quarantine', () => {
  const refuse = async (count: number, more: Parameters<typeof begin>[1] = {}) => {
    const made = await begin({}, more);
    rspamd.answer(() => ({ action: 'reject', score: 20, symbols: { BAD_URL: { score: 19 } } }));
    const sent = request(many(count));
    await made.submit(sent);
    await until(async () => (await made.types()).length === count);
    const context = {
      operate: made.operate,
      clock: systemClock,
      quarantine: made.quarantine,
      settingsNow: () => expect.fail(),
      readSource: async () => 'Subject: hello',
    };
    const run = (words: string, id = '', options = {}) => {
      const command = quarantineCommands.find((one) => one.words.startsWith(words));
      if (!command) throw new Error(words);
      return command.run(context, { id }, options);
    };
    return { ...made, sent, context, run };
  };

  test('keeps what is refused: nothing is sent, nothing is counted, and everybody can see why', async () => {
    const { orders, operate, events, reports, run, context, sent } = await refuse(3);
    expect(orders).toHaveLength(0);
    expect(reports).toHaveLength(0);
    const waiting = await operate.list({}, 10);
    expect(waiting.map(({ state, attempts }) => [state, attempts])).toEqual([
      ['paused', 0],
      ['paused', 0],
      ['paused', 0],
    ]);
    expect((await events()).filter((event) => event.class === 'quarantined')).toHaveLength(3);
    const list = queueCommands.find(({ words }) => words === 'queue list');
    expect((await list?.run(context, {}, {}))?.text).toContain(
      'quarantined: The scanner said "reject", 20 of 15 points',
    );
    expect((await run('quarantine list')).text).toContain(sent.submission.id);
    const shown = await run('quarantine show', `${sent.submission.id}-2`, { source: true });
    expect(shown.text).toMatch(/BAD_URL 19[\s\S]*recipients +3[\s\S]*Subject: hello/);
  });

  test('lets a message go, past the scanner', async () => {
    const { orders, types, run, sent, quarantine } = await refuse(3);
    expect((await run('quarantine release', sent.submission.id.toLowerCase())).data).toMatchObject({
      changed: 3,
    });
    await until(async () => (await types()).filter((type) => type === 'delivered').length === 3);
    expect(rspamd.seen).toHaveLength(1);
    expect(orders[0]?.submission.scan?.verdict).toBe('released');
    expect(await quarantine.size()).toBe(0);
    expect((await run('quarantine release', sent.submission.id)).code).toBe(1);
  });

  test('deletes a message: cancelled, not sent, and no report to its sender', async () => {
    const { orders, events, run, sent, redis, keys, quarantine, reports } = await refuse(2);
    await run('quarantine delete', sent.submission.id);
    const ends = (await events()).filter(({ type }) => type === 'cancelled');
    expect(ends.map(({ reason }) => reason?.startsWith('It was deleted from the quarantine.'))).toEqual([
      true,
      true,
    ]);
    expect([orders.length, reports.length, await quarantine.size()]).toEqual([0, 0, 0]);
    expect(await redis.call('EXISTS', keys.submission('default', sent.submission.id))).toBe(0);
    expect(await redis.call('EXISTS', keys.shelf(`message:${sent.submission.id}`))).toBe(0);
  });

  test('forgets what was cancelled in another way', async () => {
    const { operate, sent, quarantine } = await refuse(2);
    await operate.cancel({ id: sent.submission.id }, 'x');
    expect(await quarantine.sweep()).toBe(1);
    expect(await quarantine.list()).toEqual([]);
  });
});

describe('a scanner in trouble', () => {
  const wrong = [
    ['that says nothing', 'silent'],
    ['that has an error', { status: 500, text: 'oops' }],
    ['that is no scanner', { status: 200, text: '<html>' }],
    ['that sends us elsewhere', { status: 302, text: '' }],
  ] as const;
  test.each(wrong)('%s: accepted and said, with onTrouble accept', async (_, reply) => {
    const { submit, events } = await begin({ onTrouble: 'accept' });
    rspamd.answer(() => reply);
    await submit(request(['a@example.net']));
    await until(async () => (await events()).some(({ type }) => type === 'delivered'));
  });

  test('held: no attempt is counted, and it goes once the scanner is back', async () => {
    const { submit, types, orders, operate } = await begin({ onTrouble: 'hold', again: '200ms' });
    rspamd.answer(() => ({ status: 503, text: '' }));
    await submit(request(['a@example.net']));
    await until(() => rspamd.seen.length >= 2);
    expect((await operate.list({}, 1))[0]?.attempts ?? 0).toBeLessThanOrEqual(1);
    rspamd.answer(() => ({ action: 'no action' }));
    await until(async () => (await types()).includes('delivered'));
    expect(await types()).toEqual(['delivered']);
    expect(orders[0]?.delivery.attempts).toBe(1);
  });

  test('deferred: like a server that said so', async () => {
    const { submit, types } = await begin({ onTrouble: 'defer' }, { steps: [100] });
    let scans = 0;
    rspamd.answer(() => (++scans < 3 ? { status: 503, text: '' } : { action: 'no action' }));
    await submit(request(['a@example.net']));
    await until(async () => (await types()).includes('delivered'));
    expect(await types()).toEqual(['deferred', 'deferred', 'delivered']);
  });

  test('gets a rest, and operators hear of it once', async () => {
    const { submit, types, notices } = await begin({ onTrouble: 'accept' });
    await rspamd.stop();
    for (let i = 0; i < 10; i++) await submit(request(['a@example.net']));
    await until(async () => (await types()).length === 10);
    expect(notices.map(({ rule, over }) => [rule, over])).toEqual([['scanner', undefined]]);
  });
});
