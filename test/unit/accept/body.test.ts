// The wire and the body: however bytes are cut into packets, the same message comes out.
import { describe, expect, test } from 'vitest';
import { Body, makeBudget, type Received, type Spill } from '../../../src/accept/body.ts';
import type { Reply } from '../../../src/accept/replies.ts';
import { Wire } from '../../../src/accept/wire.ts';
import { randomFrom } from '../../support/random.ts';

const noSpill = (): Promise<never> => Promise.reject(new Error('no spill here'));

/** Feeds `message` through wire and body in packets of `size` bytes, as after DATA. */
async function receive(
  message: string,
  size: number,
  maxBytes = 1_000_000,
): Promise<Received | Reply | 'unfinished'> {
  const budget = makeBudget(10_000_000);
  const body = new Body({ maxBytes, memoryBytes: 500_000 }, budget, noSpill);
  const commands: string[] = [];
  let ended: Received | Reply | 'unfinished' = 'unfinished';
  const wire = new Wire({
    command: (line) => {
      commands.push(line.toString('latin1'));
      if (commands.length > 1) return;
      wire.startData({
        write: (chunk) => body.write(chunk),
        end: async () => void (ended = await body.finish()),
      });
    },
    lineTooLong: () => commands.push('too long'),
    caughtUp: () => undefined,
  });
  const bytes = Buffer.from(`DATA\r\n${message}NEXT\r\n`, 'latin1');
  for (let at = 0; at < bytes.length; at += size) await wire.feed(Buffer.from(bytes.subarray(at, at + size)));
  expect(commands).toEqual(ended === 'unfinished' ? ['DATA'] : ['DATA', 'NEXT']);
  return ended;
}

const textOf = (received: Received | Reply | 'unfinished'): string =>
  received === 'unfinished'
    ? received
    : 'bytes' in received
      ? `${received.bytes?.toString('latin1')}`
      : `${'code' in received && received.code}`;

describe.each([1, 2, 3, 4, 5, 7, 64, 100_000])('in packets of %i bytes', (size) => {
  test.each<[string, string, string]>([
    ['a plain message', 'A: b\r\n\r\nhello\r\n.\r\n', 'A: b\r\n\r\nhello\r\n'],
    ['an empty message', '.\r\n', ''],
    ['dots that were doubled', '..\r\n..a\r\n...\r\n.\r\n', '.\r\n.a\r\n..\r\n'],
    ['a dot that was not doubled', '.a\r\n.\r\n', 'a\r\n'],
    ['bare line feeds', 'A: b\n\nhello\n..x\n.y\r\n.\r\n', 'A: b\r\n\r\nhello\r\n.x\r\n.y\r\n'],
    ['a dot between bare line feeds', 'a\n.\nb\r\n.\r\n', 'a\r\n.\r\nb\r\n'],
    ['a dot before CRLF after a bare line feed', 'a\n.\r\nb\r\n.\r\n', 'a\r\n.\r\nb\r\n'],
    ['a dot before a bare line feed', 'a\r\n.\nb\r\n.\r\n', 'a\r\n\r\nb\r\n'],
    ['bytes over 127', 'A: \xe9\r\n\r\n\xff\r\n.\r\n', 'A: \xe9\r\n\r\n\xff\r\n'],
    ['a bare CR', 'a\rb\r\n.\r\n', '554'],
    ['a bare CR before the line end', 'a\r\r\n.\r\n', '554'],
    ['a bare CR after a dot', 'a\r\n.\r\r\nb\r\n.\r\n', '554'],
    ['a NUL', 'a\0b\r\n.\r\n', '554'],
    ['no end', 'a\r\n.', 'unfinished'],
  ])('%s', async (_, message, want) => expect(textOf(await receive(message, size))).toBe(want));

  test('a message over the limit is refused when it ended', async () => {
    expect(await receive(`${'x'.repeat(60)}\r\n.\r\n`, size, 50)).toMatchObject({
      code: 552,
      status: '5.3.4',
    });
  });
});

test('random messages come out the same however they are cut', async () => {
  const alphabet = ['\r\n', '.', 'x', '\r\n.', '\n', '..'];
  const random = randomFrom(7);
  for (let round = 0; round < 300; round++) {
    let message = '';
    for (let i = 0; i < 12; i++) message += alphabet[random(alphabet.length)];
    const end = `${message}\r\n.\r\n`;
    const first = `${end}`.search(/(?:^|\r\n)\.\r\n/);
    if (first + (first === 0 && end.startsWith('.') ? 0 : 2) !== end.length - 3) continue; // it ends earlier
    expect(textOf(await receive(end, 1 + random(4))), JSON.stringify(end)).toBe(
      textOf(await receive(end, 100_000)),
    );
  }
});

describe('a body', () => {
  test('knows its size, digest, header and whether it is 8-bit', async () => {
    const received = await receive('A: b\r\nC: d\r\n\r\nhell\xf6\r\n.\r\n', 100);
    expect(received).toMatchObject({ size: 21, eightBit: true, block: { size: 14, complete: true } });
    expect(await receive('A: b\r\n\r\nhello\r\n.\r\n', 3)).toMatchObject({ eightBit: false });
  });

  test('sent byte by byte costs little more memory than its bytes', async () => {
    const body = new Body({ maxBytes: 1e6, memoryBytes: 1e6 }, makeBudget(1e6), noSpill);
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 200_000; i++) void body.write(Buffer.from(i % 50 === 49 ? '\n' : 'x'));
    globalThis.gc?.();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(60_000_000);
    expect(await body.finish()).toMatchObject({ code: 552, text: expect.stringContaining('header') });
  });

  test('gives its memory back whatever comes of it', async () => {
    const budget = makeBudget(100);
    const open = (): Body => new Body({ maxBytes: 1000, memoryBytes: 1000 }, budget, noSpill);
    const first = open();
    await first.write(Buffer.from('x'.repeat(80)));
    const second = open();
    await second.write(Buffer.from('x'.repeat(80)));
    expect(await second.finish()).toMatchObject({ code: 452, status: '4.3.1' });
    first.release();
    first.release();
    const third = open();
    await third.write(Buffer.from('x'.repeat(80)));
    await third.drop();
    expect(budget.take(100)).toBe(true);
    expect(budget.take(1)).toBe(false);
  });

  test('leaves no file when the client goes away while the file is opened', async () => {
    let state = 'none';
    let opened: (spill: Spill) => void = () => undefined;
    const pending = new Promise<Spill>((resolve) => (opened = resolve));
    const body = new Body({ maxBytes: 1000, memoryBytes: 10 }, makeBudget(1000), () => pending);
    const writing = body.write(Buffer.from('A: b\r\n\r\n long enough'));
    await body.drop();
    opened({
      write: async () => void (state = 'written'),
      commit: async () => 'file:x',
      discard: async () => void (state = 'discarded'),
    });
    await writing;
    expect(state).toBe('discarded');
  });

  test('that the disk cannot take is refused for now', async () => {
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    for (const [error, code] of [
      [full, 452],
      [new Error('broken'), 451],
    ] as const) {
      const body = new Body({ maxBytes: 1000, memoryBytes: 10 }, makeBudget(1000), () =>
        Promise.reject(error),
      );
      await body.write(Buffer.from('A: b\r\n\r\n long enough'));
      expect(await body.finish()).toMatchObject({ code });
    }
  });
});

describe('the wire', () => {
  test('cuts lines at LF, with or without CR, and says when more has come already', async () => {
    const lines: [string, boolean][] = [];
    const wire = new Wire({
      command: (line, more) => void lines.push([line.toString(), more]),
      lineTooLong: () => void lines.push(['too long', false]),
      caughtUp: () => undefined,
    });
    await wire.feed(Buffer.from('EHLO a\r\nNO'));
    await wire.feed(Buffer.from('OP\n\r\nx'));
    await wire.feed(Buffer.from('y'.repeat(13_000)));
    expect(lines).toEqual([
      ['EHLO a', true],
      ['NOOP', true],
      ['', true],
      ['too long', false],
    ]);
  });
});
