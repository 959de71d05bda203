// Dot stuffing: the same bytes for every way to cut a message into blocks, undone by the plain rule.
import { expect, test } from 'vitest';
import { atStart, ending, stuff } from '../../../src/deliver/stuff.ts';
import { randomFrom, rounds } from '../../support/random.ts';

function overTheWire(blocks: readonly Buffer[]): string {
  const out: Buffer[] = [];
  let place = atStart;
  for (const block of blocks) place = stuff(block, place, out);
  return Buffer.concat([...out, ending(place)]).toString('latin1');
}

test.each([
  ['', '.\r\n'],
  ['a', 'a\r\n.\r\n'],
  ['a\r\n', 'a\r\n.\r\n'],
  ['.', '..\r\n.\r\n'],
  ['.\r\n', '..\r\n.\r\n'],
  ['a\r\n.\r\nb\r\n', 'a\r\n..\r\nb\r\n.\r\n'],
  ['..\r\n..', '...\r\n...\r\n.\r\n'],
  ['a.b\r\n', 'a.b\r\n.\r\n'],
  ['a\r', 'a\r\r\n.\r\n'],
  ['a\n.\n', 'a\n..\n\r\n.\r\n'],
])('%j goes out as %j', (message, wire) => {
  expect(overTheWire([Buffer.from(message)])).toBe(wire);
});

test('blocks may be cut anywhere', () => {
  const random = randomFrom(1);
  const pieces = ['\r\n', '.', 'a', '..', '\r\n.', '\r', 'bc'];
  for (let round = 0; round < rounds(2000); round++) {
    const message = Buffer.from(
      Array.from({ length: random(12) }, () => pieces[random(pieces.length)]).join(''),
    );
    const whole = overTheWire([message]);
    const first = random(message.length + 1);
    const second = first + random(message.length - first + 1);
    const cut = [message.subarray(0, first), message.subarray(first, second), message.subarray(second)];
    expect(overTheWire(cut)).toBe(whole);
    expect(overTheWire([...message].map((byte) => Buffer.from([byte])))).toBe(whole);
    const inner = whole.slice(0, -3).replace(/(^|\n)\./g, '$1');
    const text = message.toString();
    expect(inner).toBe(text === '' || text.endsWith('\r\n') ? text : `${text}\r\n`);
  }
});
