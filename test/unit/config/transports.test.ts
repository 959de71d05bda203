// Transports, pools and warm-up in the configuration file: what is taken, and what is refused in which words.
import { describe, expect, test } from 'vitest';
import { ConfigProblem, parseConfig } from '../../../src/config.ts';

const parse = (text: string) => parseConfig(text, { file: 'relay.yaml', environment: {} });
function problemOf(text: string): string {
  try {
    parse(text);
    return '';
  } catch (error) {
    if (error instanceof ConfigProblem) return error.message;
    throw error;
  }
}
const transport = (more: string): string => `transports: [{ name: ip1, address: 192.0.2.1, ${more} }]`;

describe('what is taken', () => {
  test('defaults', () =>
    expect(parse(transport('pool: shop'))).toMatchObject({
      transports: [{ weight: 100, pool: 'shop' }],
      warmup: {
        timeZone: 'UTC',
        providers: {},
        slip: { deferrals: 0.2, bounces: 0.05, atLeast: 20, back: 2 },
      },
    }));

  test('an upstream relay', () =>
    expect(
      parse(transport('via: { host: smtp.example.net, username: me, password: secret }')).transports[0]?.via,
    ).toEqual({
      host: 'smtp.example.net',
      port: 587,
      tls: 'required',
      verify: true,
      username: 'me',
      password: 'secret',
    }));

  test('a pool that is named as fallback by one that only transports name', () =>
    expect(
      parse(`pools: [{ name: a, fallback: b }]\ntransports: [{ name: x, address: 192.0.2.1, pool: b }]`)
        .pools[0],
    ).toEqual({ name: 'a', fallback: 'b', whenAllBad: 'use' }));

  test('curves', () =>
    expect(
      parse('warmup: { curve: [1, 2], providers: { libero: [1] }, others: [9], slip: { back: 0 } }').warmup,
    ).toMatchObject({ curve: [1, 2], providers: { libero: [1] }, others: [9], slip: { back: 0 } }));
});

describe('what is refused', () => {
  test.each([
    [transport('weight: 0'), 'transports.0.weight'],
    [transport('warm: true, warmup: { day: 2 }'), 'transports.0.warmup: and warm: true exclude each other'],
    [transport('warmup: { day: 2, since: 2026-11-25 }'), 'needs one of: since'],
    [transport('warmup: {}'), 'needs one of: since'],
    [transport('warmup: { since: 2026-02-30 }'), 'is not a day that there is'],
    [transport('timeZone: Middle/Earth'), 'must be a time zone such as Europe/Rome'],
    [transport('via: { host: smtp.example.net, username: me }'), 'username and password belong together'],
    [transport('via: { host: smtp.example.net, sealedPassword: x }'), 'is not a key we know'],
    [transport('pool: a') + '\npools: [{ name: a, fallback: a }]', 'is the pool itself'],
    [transport('pool: a') + '\npools: [{ name: a, fallback: nowhere }]', 'there is no pool nowhere'],
    [transport('pool: a') + '\ndomains: [{ name: shop.example, pool: nowhere }]', 'there is no pool nowhere'],
    ['warmup: { curve: [] }', 'warmup.curve'],
    ['warmup: { curve: [-1] }', 'warmup.curve.0'],
    ['warmup: { timeZone: Middle/Earth }', 'must be a time zone'],
    ['warmup: { slip: { bounces: 2 } }', 'warmup.slip.bounces'],
  ])('%s', (text, problem) => expect(problemOf(text)).toContain(problem));
});
