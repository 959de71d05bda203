// How MTA-STS policies are kept: asked for once, looked at again beside the mail, and valid until they are over.
import { beforeEach, describe, expect, test } from 'vitest';
import type { HttpsAnswer } from '../../../../src/deliver/security/https.ts';
import { makeSts, type Sts } from '../../../../src/deliver/security/sts.ts';
import type { StoredPolicy, StsStore } from '../../../../src/deliver/security/sts-store.ts';
import type { Answer } from '../../../../src/deliver/resolve.ts';
import { handClock, type HandClock } from '../../../support/hand-clock.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let clock: HandClock;
let txt: Answer<string> | 'never';
let file: HttpsAnswer | 'never';
let stored: Map<string, StoredPolicy>;
let questions: number;
let fetches: number;
let sts: Sts;

const policy = (mode: string, maxAge: number): HttpsAnswer => ({
  kind: 'answered',
  status: 200,
  type: 'text/plain',
  text: `version: STSv1\nmode: ${mode}\nmx: mx.example.test\nmax_age: ${maxAge}\n`,
});
const record = (id: string): Answer<string> => ({ kind: 'found', records: [`v=STSv1; id=${id}`] });
const never = new Promise<never>(() => {});

beforeEach(() => {
  clock = handClock();
  txt = record('1');
  file = policy('enforce', 7 * 86_400);
  stored = new Map();
  questions = fetches = 0;
  open();
});

function open(): void {
  const store: StsStore = {
    load: async (domain) => stored.get(domain),
    save: async (domain, one) => void stored.set(domain, one),
  };
  sts = makeSts({
    dns: {
      txt: () => {
        questions++;
        return txt === 'never' ? never : Promise.resolve(txt);
      },
    },
    https: () => {
      fetches++;
      return file === 'never' ? never : Promise.resolve(file);
    },
    store,
    clock,
    port: 443,
  });
}

const mode = async (): Promise<string | undefined> => (await sts.of('example.test')).policy?.mode;
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** A message after `ms`, which only makes the look go on, and then another. */
const later = async (ms: number): Promise<string | undefined> => {
  clock.pass(ms);
  await mode();
  await settle();
  return mode();
};

test('a policy is asked for once, and not again for ten minutes', async () => {
  expect([await mode(), await mode(), await mode()]).toEqual(['enforce', 'enforce', 'enforce']);
  expect([questions, fetches]).toEqual([1, 1]);
  expect(await later(11 * MINUTE)).toBe('enforce');
  expect([questions, fetches]).toEqual([2, 1]);
});

test('a domain without one is asked for once, and not again for ten minutes', async () => {
  txt = { kind: 'nxdomain' };
  expect([await mode(), await mode()]).toEqual([undefined, undefined]);
  expect([questions, fetches]).toEqual([1, 0]);
});

test('another id brings another policy; what was known holds until it is there', async () => {
  await mode();
  txt = record('2');
  file = policy('testing', 86_400);
  clock.pass(11 * MINUTE);
  expect(await mode()).toBe('enforce');
  await settle();
  expect(await mode()).toBe('testing');
});

test.each([
  ['the record is gone', () => (txt = { kind: 'nxdomain' })],
  ['the DNS fails', () => (txt = { kind: 'failed', code: 'ESERVFAIL' })],
  ['the file is gone', () => ((txt = record('2')), (file = { kind: 'failed', why: 'x' }))],
  [
    'the file is none',
    () => (
      (txt = record('2')),
      (file = { ...policy('x', 1), kind: 'answered', status: 200, type: 'text/plain', text: 'x' })
    ),
  ],
  ['the certificate is wrong', () => ((txt = record('2')), (file = { kind: 'certificate', why: 'x' }))],
])('a policy holds until it is over where %s', async (_name, change) => {
  await mode();
  change();
  expect(await later(DAY)).toBe('enforce');
  expect(await later(5 * DAY)).toBe('enforce');
  expect(await later(DAY)).toBe(undefined);
});

test('a policy is fetched again before it is over although its id is the same, also without mail', async () => {
  await mode();
  for (let hour = 0; hour < 30; hour++) {
    clock.pass(60 * MINUTE);
    await settle();
  }
  expect(fetches).toBe(2);
  for (let day = 0; day < 20; day++) {
    for (let hour = 0; hour < 24; hour++) {
      clock.pass(60 * MINUTE);
      await settle();
    }
  }
  txt = 'never';
  expect(await mode()).toBe('enforce');
});

test('a file that cannot be had is not asked for again within five minutes', async () => {
  file = { kind: 'failed', why: 'x' };
  expect(await mode()).toBeUndefined();
  expect(await later(4 * MINUTE)).toBeUndefined();
  expect(fetches).toBe(1);
  file = policy('enforce', 86_400);
  expect(await later(2 * MINUTE)).toBe('enforce');
});

describe('mail waits once, and not for long', () => {
  test.each(['the DNS', 'the file'] as const)('for %s', async (slow) => {
    if (slow === 'the DNS') txt = 'never';
    else file = 'never';
    let told = false;
    const first = sts.of('example.test').then(() => (told = true));
    await settle();
    clock.pass(9000);
    await settle();
    expect(told).toBe(false);
    clock.pass(1001);
    await first;
    expect(await mode()).toBeUndefined();
  });
});

describe('what other processes know', () => {
  beforeEach(async () => {
    await mode();
    open();
  });

  test('counts at once', async () => {
    txt = 'never';
    expect(await mode()).toBe('enforce');
    expect(fetches).toBe(1);
  });

  test('does not count when it is over', async () => {
    clock.pass(8 * DAY);
    file = policy('testing', 86_400);
    expect(await mode()).toBe('testing');
  });
});

test('a policy that holds for no time is none', async () => {
  file = policy('enforce', 0);
  expect(await mode()).toBeUndefined();
  expect(await mode()).toBeUndefined();
  expect(fetches).toBe(1);
});

test('fifty files are fetched at a time, and the others after them', async () => {
  const ends: (() => void)[] = [];
  let most = 0;
  sts = makeSts({
    dns: { txt: () => Promise.resolve(record('1')) },
    https: () => {
      most = Math.max(most, ends.length + 1);
      return new Promise((resolve) => ends.push(() => resolve(policy('enforce', 86_400))));
    },
    store: { load: async () => undefined, save: async () => {} },
    clock,
    port: 443,
  });
  const found = Array.from({ length: 120 }, (_, i) => sts.of(`d${i}.test`));
  for (let round = 0; round < 200; round++) {
    await settle();
    ends.shift()?.();
  }
  expect((await Promise.all(found)).every(({ policy: one }) => one?.mode === 'enforce')).toBe(true);
  expect(most).toBe(50);
});
