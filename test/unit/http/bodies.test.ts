// Room for large bodies: bounded in all and for each address, and given back when the request has ended.
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { bodyRoom } from '../../../src/http/bodies.ts';

const MIB = 1024 * 1024;
const request = (bytes: number, remoteAddress: string, more = {}) => ({
  headers: { 'content-length': String(bytes), ...more },
  socket: { remoteAddress },
});

test('one address gets half of the room, all together the whole', () => {
  const room = bodyRoom();
  const open: EventEmitter[] = [];
  const take = (bytes: number, address: string, more = {}): boolean => {
    const response = new EventEmitter();
    const isIn = room(request(bytes, address, more), response, 50 * MIB);
    if (isIn) open.push(response);
    return isIn;
  };
  expect([40, 40, 40].map((n) => take(n * MIB, 'a'))).toEqual([true, true, true]);
  expect(take(40 * MIB, 'a')).toBe(false);
  expect(take(1000, 'a')).toBe(true);
  // Without a length it may become as long as it may be.
  expect(take(0, 'a', { 'transfer-encoding': 'chunked' })).toBe(false);
  expect([50, 50].map((n) => take(n * MIB, 'b'))).toEqual([true, true]);
  expect(take(50 * MIB, 'c')).toBe(false);
  for (const response of open) response.emit('close');
  expect(take(50 * MIB, 'c')).toBe(true);
  expect(take(50 * MIB, 'a')).toBe(true);
});
