// Deliver over real sockets: what the mail host gets, and what we make of what it says.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/model/outcome.ts';
import { makeBench, orderFor, TEXT, type Bench, type OrderOptions } from '../../support/deliver.ts';

let bench: Bench;

const records = {
  'example.test': { mx: [[10, 'mx.example.test']] },
  'mx.example.test': { a: ['127.0.0.21'] },
} as const;
const shortTimes = {
  timeouts: { envelope: '300ms', data: '300ms', dot: '500ms', greeting: '300ms', connect: '300ms' },
};

const send = (to: string, options: Partial<OrderOptions> = {}): Promise<Outcome> =>
  bench.deliver.send(orderFor({ to, ...options }));

const brief = (outcome: Outcome) =>
  outcome.kind === 'deferred' || outcome.kind === 'bounced'
    ? `${outcome.kind} ${outcome.cause.phase} ${outcome.cause.class} ${outcome.cause.status}${outcome.cause.ambiguous ? ' ambiguous' : ''}`
    : outcome.kind;

beforeEach(async () => {
  bench = await makeBench(records, shortTimes);
});

afterEach(() => bench.close());

describe('a message', () => {
  test("arrives byte for byte, from the transport's address, under its EHLO name", async () => {
    const mx = await bench.mx({ host: '127.0.0.21' });
    const outcome = await send('ok@example.test');
    expect(outcome).toMatchObject({
      kind: 'delivered',
      reply: { code: 250, status: '2.0.0', text: 'queued as 1.1' },
      via: {
        transport: 'ip1',
        site: 'mx:mx.example.test',
        host: 'mx.example.test',
        localAddress: '127.0.0.11',
      },
    });
    expect(mx.messages[0]).toMatchObject({
      from: 'sender@shop.test',
      to: 'ok@example.test',
      peer: '127.0.0.11',
      ehlo: 'ip1.relay.test',
    });
    expect(mx.messages[0]?.data.toString()).toBe(TEXT);
  });

  test("leaves from each transport's own address, also when both send at once", async () => {
    const mx = await bench.mx({ host: '127.0.0.21' });
    await Promise.all(
      ['ip1', 'ip2', 'ip1', 'ip2'].map((transport) =>
        send('ok@example.test', { transport, from: `${transport}@shop.test` }),
      ),
    );
    const seen = mx.messages.map(({ from, peer, ehlo }) => `${from} ${peer} ${ehlo}`).sort();
    expect(new Set(seen)).toEqual(
      new Set(['ip1@shop.test 127.0.0.11 ip1.relay.test', 'ip2@shop.test 127.0.0.12 ip2.relay.test']),
    );
  });

  test('waits and is never sent from another address when its own cannot be bound', async () => {
    const mx = await bench.mx({ host: '127.0.0.21' });
    const ip1 = bench.transports.get('ip1');
    if (ip1) bench.transports.set('ip1', { ...ip1, address: '198.51.100.77' });
    const outcome = await send('ok@example.test');
    expect(brief(outcome)).toBe('deferred connect local 4.3.0');
    expect(mx.connections().total).toBe(0);
  });

  test('has MAIL, RCPT and DATA in one write, then the message and the dot in one', async () => {
    const mx = await bench.mx({ host: '127.0.0.21' });
    await send('ok@example.test');
    const commands = mx.chunks.find((chunk) => chunk.startsWith('MAIL'));
    expect(commands).toBe(
      `MAIL FROM:<sender@shop.test> SIZE=${TEXT.length}\r\nRCPT TO:<ok@example.test>\r\nDATA\r\n`,
    );
    expect(mx.chunks.at(-1)).toMatch(/^From: .*\.\.dot\r\nbody\r\n\.\.\.two\r\n\.\r\n$/s);
  });

  test('goes command by command to a host without PIPELINING, and without what it does not offer', async () => {
    const mx = await bench.mx({ host: '127.0.0.21', keywords: [] });
    const dsn = { ret: 'HDRS', envid: 'abc', notify: ['SUCCESS'], orcpt: 'rfc822;ok@example.test' } as const;
    const outcome = await send('ok@example.test', { letter: { dsn } });
    expect(outcome.kind).toBe('delivered');
    expect(mx.chunks).toContain('MAIL FROM:<sender@shop.test>\r\n');
    expect(mx.chunks).toContain('RCPT TO:<ok@example.test>\r\n');
  });

  test('passes DSN, 8BITMIME and SMTPUTF8 on where they are offered', async () => {
    const mx = await bench.mx({ host: '127.0.0.21' });
    const dsn = {
      ret: 'HDRS',
      envid: 'abc+2B',
      notify: ['SUCCESS', 'FAILURE'],
      orcpt: 'rfc822;ok@example.test',
    } as const;
    await send('õk@example.test', { letter: { dsn, eightBit: true, smtputf8: true } });
    expect(mx.messages[0]?.mail).toBe(
      `MAIL FROM:<sender@shop.test> SIZE=${TEXT.length} BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=abc+2B`,
    );
    expect(mx.messages[0]?.rcpt).toBe(
      'RCPT TO:<õk@example.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;ok@example.test',
    );
  });

  test('is rendered for what the host says it can take', async () => {
    await bench.mx({ host: '127.0.0.21', keywords: ['PIPELINING', 'DSN'] });
    const seen: unknown[] = [];
    await send('ok@example.test', { onRender: (capabilities) => seen.push(capabilities) });
    expect(seen).toEqual([{ eightBitMime: false, smtputf8: false, dsn: true }]);
  });

  test('that the host cannot take bounces with the status that says so', async () => {
    await bench.mx({ host: '127.0.0.21', keywords: ['SIZE 10'] });
    expect(brief(await send('ok@example.test'))).toBe('bounced mail message-too-big 5.3.4');
    expect(brief(await send('ok@example.test', { letter: { eightBit: true } }))).toBe(
      'bounced mail unsupported 5.6.3',
    );
    expect(brief(await send('õ@example.test'))).toBe('bounced mail unsupported 5.6.7');
  });

  test('that compose refuses ends with its cause, and the connection is kept', async () => {
    const mx = await bench.mx({ host: '127.0.0.21' });
    const cause = {
      phase: 'compose',
      class: 'unsupported',
      status: '5.6.3',
      detail: 'signed and 8-bit',
    } as const;
    expect(await send('ok@example.test', { render: async () => ({ refusal: cause }) })).toMatchObject({
      kind: 'bounced',
      cause,
    });
    expect((await send('ok@example.test')).kind).toBe('delivered');
    expect(mx.connections().total).toBe(1);
  });

  test('of five megabytes, partly from a file, arrives byte for byte', async () => {
    const mx = await bench.mx({ host: '127.0.0.21' });
    const folder = mkdtempSync(join(tmpdir(), 'postino-deliver-'));
    try {
      const file = join(folder, 'body');
      const body = Buffer.from('.line that begins with a dot\r\n'.repeat(90_000));
      writeFileSync(file, Buffer.concat([Buffer.from('skipped'), body]));
      const head = Buffer.concat([Buffer.from('Subject: x\r\n\r\n'), Buffer.from('..\r\n'.repeat(600_000))]);
      const parts = [head, { file, start: 7, size: body.length }];
      expect((await send('ok@example.test', { parts })).kind).toBe('delivered');
      expect(mx.messages[0]?.data.equals(Buffer.concat([head, body]))).toBe(true);
      const short = [{ file, start: 7, size: body.length + 1 }];
      expect(brief(await send('ok@example.test', { parts: short }))).toBe('deferred data local 4.3.0');
      expect(mx.messages.length).toBe(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('in the sandbox is caught and goes nowhere', async () => {
    const outcome = await send('ok@example.test', { transport: 'box' });
    expect(outcome).toMatchObject({
      kind: 'delivered',
      reply: { code: 250, text: 'caught in the sandbox as caught-1' },
    });
    expect(bench.caught[0]?.to).toBe('ok@example.test');
    expect(await bench.deliver.locate('box', 'example.test')).toEqual({ lane: 'sandbox', limit: 20 });
  });
});

const answers: readonly (readonly [string, string])[] = [
  ['busy', 'deferred rcpt busy 4.2.1'],
  ['missing', 'bounced rcpt bad-mailbox 5.1.1'],
  ['greylist', 'deferred rcpt greylisted 4.7.1'],
  ['full', 'deferred rcpt mailbox-full 4.2.2'],
  ['old-full', 'deferred rcpt busy 4.0.0'],
  ['closing-at-rcpt', 'deferred rcpt busy 4.3.2'],
  ['spam', 'bounced dot spam 5.7.1'],
  ['later', 'deferred dot busy 4.3.0'],
  ['drop-in-data', 'deferred dot connection 4.4.2 ambiguous'],
  ['drop-after-dot', 'deferred dot connection 4.4.2 ambiguous'],
  ['two-fifty', 'deferred data protocol 4.5.0'],
  ['twice', 'deferred data protocol 4.5.0'],
  ['odd', 'deferred dot protocol 4.5.0 ambiguous'],
];

describe.each([
  ['with PIPELINING', undefined],
  ['without PIPELINING', ['8BITMIME', 'SIZE']],
] as const)('a host %s', (_name, keywords) => {
  test.each(answers)('that answers %s@ gives: %s', async (local, wanted) => {
    const mx = await bench.mx({ host: '127.0.0.21', ...(keywords && { keywords }) });
    const outcome = await send(`${local}@example.test`);
    expect(brief(outcome)).toBe(wanted);
    expect((await send('ok@example.test')).kind, 'the next message goes through').toBe('delivered');
    expect(mx.messages.filter(({ to }) => to === 'ok@example.test').length).toBe(1);
  });

  test('that greylists takes it the second time', async () => {
    await bench.mx({ host: '127.0.0.21', ...(keywords && { keywords }) });
    expect((await send('greylist-2@example.test')).kind).toBe('deferred');
    expect((await send('greylist-2@example.test')).kind).toBe('delivered');
  });

  test.each(['MAIL', 'RCPT', 'DATA'])('that says 421 at %s defers and closes', async (verb) => {
    await bench.mx({
      host: '127.0.0.21',
      replies: { [verb]: '421 4.3.2 closing' },
      ...(keywords && { keywords }),
    });
    const outcome = await send('ok@example.test');
    expect(brief(outcome)).toBe(`deferred ${verb.toLowerCase()} busy 4.3.2`);
    expect(bench.deliver.connections()).toEqual([]);
  });
});

test('a host that wants the message of a refused recipient is given none, not even an empty one', async () => {
  const mx = await bench.mx({ host: '127.0.0.21' });
  expect(brief(await send('eager@example.test'))).toBe('bounced rcpt bad-mailbox 5.1.1');
  expect(mx.messages).toEqual([]);
  expect(bench.deliver.connections()).toEqual([]);
});

test('sixty attempts may hang on one signal', async () => {
  await bench.mx({ host: '127.0.0.21' });
  const { signal } = new AbortController();
  const outcomes = await Promise.all(Array.from({ length: 60 }, () => send('ok@example.test', { signal })));
  expect(outcomes.every((outcome) => outcome.kind === 'delivered')).toBe(true);
  expect(bench.deliver.connections()[0]?.idle).toBeLessThanOrEqual(10);
});

describe('the lease', () => {
  test('lost before MAIL keeps us from beginning', async () => {
    const mx = await bench.mx({ host: '127.0.0.21' });
    const outcome = await send('ok@example.test', { mayProceed: () => false });
    expect(brief(outcome)).toBe('deferred mail local 4.3.2');
    expect(mx.lines.some((line) => line.includes('MAIL'))).toBe(false);
  });

  test('lost before the dot keeps us from ending the message', async () => {
    const mx = await bench.mx({ host: '127.0.0.21' });
    let asked = 0;
    const outcome = await send('ok@example.test', { mayProceed: () => ++asked < 2 });
    expect(brief(outcome)).toBe('deferred data local 4.3.2');
    expect(mx.messages).toEqual([]);
  });
});

describe('a slow or hostile host', () => {
  test('that never answers the dot is ambiguous after the time limit', async () => {
    await bench.mx({ host: '127.0.0.21', slowMs: 5000 });
    expect(brief(await send('slow@example.test'))).toBe('deferred dot connection 4.4.2 ambiguous');
  });

  test('that says nothing at all is given up', async () => {
    await bench.mx({ host: '127.0.0.21', silent: true });
    expect(brief(await send('ok@example.test'))).toBe('deferred greeting connection 4.4.2');
  });

  test('that drips an endless reply is ended by the signal', async () => {
    await bench.mx({ host: '127.0.0.21', dripMs: 20 });
    const outcome = await send('ok@example.test', { signal: AbortSignal.timeout(200) });
    expect(brief(outcome)).toBe('deferred ehlo local 4.3.2');
  });

  test('that floods a reply is cut off', async () => {
    await bench.mx({ host: '127.0.0.21', replies: { RCPT: '250-x'.concat('y'.repeat(100_000)) } });
    expect(brief(await send('ok@example.test'))).toBe('deferred rcpt protocol 4.5.0');
  });

  test('whose reply is long and full of control characters is kept short and clean', async () => {
    await bench.mx({
      host: '127.0.0.21',
      replies: { RCPT: `550 5.1.1 \u001b[31mno\u0000 ${'x'.repeat(3000)}` },
    });
    const outcome = await send('ok@example.test');
    if (outcome.kind !== 'bounced') throw new Error(brief(outcome));
    expect(outcome.cause.reply?.text).toMatch(/^\[31mno +x+…$/);
    expect(outcome.cause.reply?.text.length).toBeLessThanOrEqual(1024);
    expect(Buffer.byteLength(outcome.conversation)).toBeLessThanOrEqual(4096);
  });

  test('that refuses the message before its end is believed', async () => {
    await bench.mx({ host: '127.0.0.21' });
    const outcome = await send('early@example.test');
    expect(outcome.kind === 'bounced' || outcome.kind === 'deferred').toBe(true);
    expect(brief(outcome)).toMatch(/message-too-big|connection|protocol/);
  });

  test('is cut off by our own stop, even after the dot', async () => {
    await bench.mx({ host: '127.0.0.21', slowMs: 5000 });
    const outcome = await send('slow@example.test', { signal: AbortSignal.timeout(150) });
    expect(brief(outcome)).toBe('deferred dot local 4.3.2 ambiguous');
  });
});
