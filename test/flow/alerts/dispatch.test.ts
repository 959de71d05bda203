import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { alertOf } from '../../../src/alerts/alert.ts';
import { alertsConfig, rulesOf } from '../../../src/alerts/config.ts';
import { makeDesk } from '../../../src/alerts/desk.ts';
import { dispatch, type DispatchDeps } from '../../../src/alerts/dispatch.ts';
import { makeUnauthorised } from '../../../src/alerts/unauthorised.ts';
import { sign } from '../../../src/lib/signature.ts';
import { readConditions, makeWatch, type Check, type Finding } from '../../../src/alerts/watch.ts';
import { isSpecial } from '../../../src/deliver/networks.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { noticeEvent, type Notice } from '../../../src/model/notice.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { handClock, type HandClock } from '../../support/hand-clock.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let redis: RedisConnection;
const hooks: Server[] = [];

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis({ url: server.url, purpose: 'events', prefix: 'x:', log: silentLog });
  await redis.whenReady();
});
afterEach(() => {
  for (const hook of hooks.splice(0)) hook.close();
});
afterAll(async () => {
  await redis.close();
  await server.stop();
});

const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 25, 12, 0, 0);

function open(config: object, clock: HandClock = handClock(START)) {
  const parsed = alertsConfig.parse(config);
  const mails: { ids: string[]; more: number; to: readonly string[]; id: string }[] = [];
  let broken: string | undefined;
  const prefix = randomPrefix();
  const deps: DispatchDeps = {
    rules: rulesOf(parsed),
    desk: makeDesk({ redis, prefix, clock }),
    clock,
    log: silentLog,
    hostname: 'mail.a.example',
    mailsPerHour: parsed.mailsPerHour,
    mail: async ({ alerts, more }, to, id) => {
      if (broken !== undefined) return { ok: false, problem: broken };
      mails.push({ ids: alerts.map((alert) => alert.id), more, to, id });
      return { ok: true };
    },
    isPrivate: isSpecial,
  };
  return {
    deps,
    mails,
    clock,
    prefix,
    break: (why: string | undefined) => (broken = why),
    tell: (rule: string, key: string, more: Partial<Notice> = {}) => {
      const notice = {
        type: 'trouble',
        at: clock.now(),
        scope: 's',
        key,
        rule: 'disk',
        reason: 'Disk.',
        ...more,
      } as const;
      const alert = alertOf(noticeEvent(notice), 'system');
      if (!alert) throw new Error('it is an alert');
      return deps.desk.collect(rule, alert);
    },
  };
}

describe('at once', () => {
  test('one mail for what came together, and nothing twice', async () => {
    const { deps, mails, tell } = open({ to: ['ops@a.example'] });
    expect(await tell('urgent', 'one')).toBe(true);
    expect(await tell('urgent', 'two')).toBe(true);
    expect(await tell('urgent', 'one')).toBe(false);
    await dispatch(deps);
    await dispatch(deps);
    expect(mails.map(({ ids, to }) => [ids.length, to])).toEqual([[2, ['ops@a.example']]]);
    // The sink sees the same events again after a crash.
    expect(await tell('urgent', 'two')).toBe(false);
    await dispatch(deps);
    expect(mails).toHaveLength(1);
  });

  test('beyond so many in an hour the rest is summed into one', async () => {
    const { deps, mails, tell, clock } = open({ to: ['ops@a.example'], mailsPerHour: 3 });
    for (let i = 0; i < 10; i++) {
      await tell('urgent', `n${i}`);
      await dispatch(deps);
    }
    expect(mails.map(({ ids }) => ids.length)).toEqual([1, 1, 1]);
    clock.pass(HOUR);
    await dispatch(deps);
    expect(mails.map(({ ids }) => ids.length)).toEqual([1, 1, 1, 7]);
  });

  test('a flood is bounded and counted', async () => {
    const { deps, mails, tell } = open({ to: ['ops@a.example'] });
    await Promise.all(Array.from({ length: 1200 }, (_, i) => tell('urgent', `n${i}`)));
    await dispatch(deps);
    expect(mails.map(({ ids, more }) => [ids.length, more])).toEqual([[500, 700]]);
  });

  test('a crash between sending and noting repeats the same batch under the same id', async () => {
    const { deps, mails, tell } = open({ to: ['ops@a.example'] });
    await tell('urgent', 'one');
    const crashing: DispatchDeps = {
      ...deps,
      desk: { ...deps.desk, done: () => Promise.reject(new Error('killed')) },
    };
    await expect(dispatch(crashing)).rejects.toThrow('killed');
    await tell('urgent', 'two');
    await dispatch(deps);
    expect(mails[1]).toEqual(mails[0]);
    await dispatch(deps);
    expect(mails).toHaveLength(3);
    expect(mails[2]?.id).not.toBe(mails[0]?.id);
  });

  test('what our own queue does not take is tried again later', async () => {
    const { deps, mails, tell, clock, ...own } = open({ to: ['ops@a.example'] });
    await tell('urgent', 'one');
    own.break('away');
    await dispatch(deps);
    own.break(undefined);
    await dispatch(deps);
    expect(mails).toHaveLength(0);
    clock.pass(10_000);
    await dispatch(deps);
    expect(mails).toHaveLength(1);
  });
});

describe('a digest', () => {
  test('comes by the clock, once, with all of its time', async () => {
    const { deps, mails, tell, clock, prefix } = open({ to: ['ops@a.example'] });
    await tell('hourly', 'one');
    clock.pass(HOUR / 2);
    await tell('hourly', 'two');
    await dispatch(deps);
    expect(mails).toHaveLength(0);
    clock.pass(HOUR / 2);
    // A process that starts anew knows all of it.
    await dispatch({ ...deps, desk: makeDesk({ redis, prefix, clock }) });
    await dispatch(deps);
    expect(mails.map(({ ids }) => ids.length)).toEqual([2]);
  });
});

type Hit = { headers: Record<string, unknown>; body: string };

async function hook(answers: readonly number[]): Promise<Readonly<{ url: string; hits: Hit[] }>> {
  const hits: Hit[] = [];
  const made = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      hits.push({ headers: request.headers, body });
      response.writeHead(answers[Math.min(hits.length - 1, answers.length - 1)] ?? 200, {
        location: 'http://127.0.0.1:1/',
      });
      response.end('x'.repeat(200_000));
    });
  });
  hooks.push(made);
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(made.address() as AddressInfo).port}/alerts`, hits };
}

describe('a webhook', () => {
  const rule = { name: 'page', when: ['disk'], secret: 'a-secret-of-16-characters' };

  test('is signed, and tried again under the same id until it is taken', async () => {
    const { url, hits } = await hook([500, 302, 204]);
    const { deps, tell, clock } = open({ rules: [{ ...rule, webhook: url, allowPrivate: true }] });
    await tell('page', 'one');
    for (let i = 0; i < 5; i++) {
      await dispatch(deps);
      clock.pass(60_000);
    }
    expect(hits).toHaveLength(3);
    const ids = new Set(hits.map(({ headers }) => String(headers['webhook-id'])));
    expect(ids.size).toBe(1);
    for (const { headers, body } of hits) {
      const at = Number(headers['webhook-timestamp']) * 1000;
      expect(headers['webhook-signature']).toBe(sign(rule.secret, { id: [...ids][0] ?? '', at, body }));
      expect(JSON.parse(body)).toMatchObject({
        data: { rule: 'page', hostname: 'mail.a.example', alerts: [{ key: 'one' }] },
      });
    }
  });

  test('does not go to private addresses, by number or by name, unless the rule says so', async () => {
    const { url, hits } = await hook([200]);
    for (const bad of [
      url,
      url.replace('127.0.0.1', 'localhost'),
      url.replace('127.0.0.1', '[::ffff:127.0.0.1]'),
      url.replace('127.0.0.1', '2130706433'),
    ]) {
      const { deps, tell } = open({ rules: [{ ...rule, webhook: bad }] });
      await tell('page', 'one');
      await dispatch(deps);
      expect((await deps.desk.batch('page'))?.tries, bad).toBe(1);
    }
    expect(hits).toHaveLength(0);
  });

  test('that never answers is given up in the end, and others go on', async () => {
    const { deps, tell, clock, mails } = open({
      rules: [
        { ...rule, webhook: 'http://127.0.0.1:1/', allowPrivate: true },
        { name: 'mail', when: ['disk'], to: ['ops@a.example'] },
      ],
    });
    await tell('page', 'one');
    await tell('mail', 'one');
    for (let i = 0; i < 20; i++) {
      await dispatch(deps);
      clock.pass(20 * 60_000);
    }
    expect(await deps.desk.batch('page')).toBeUndefined();
    expect(mails).toHaveLength(1);
  });
});

describe('the watch', () => {
  function watch(clock: HandClock, prefix: string, findings: () => readonly Finding[]) {
    const told: Notice[] = [];
    const check: Check = { kind: 'disk', everyMs: 60_000, calm: 2, look: () => Promise.resolve(findings()) };
    const made = makeWatch({
      source: 'all',
      checks: [check],
      redis,
      prefix,
      clock,
      log: silentLog,
      remindMs: 24 * HOUR,
      tell: async (notice) => void told.push(notice),
    });
    const rounds = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        await made.round();
        clock.pass(60_000);
      }
    };
    return { told, rounds };
  }

  test('tells once when it begins, once a day, and once when it is over', async () => {
    const clock = handClock(START);
    const prefix = randomPrefix();
    let state: Finding['state'] = 'bad';
    const one = watch(clock, prefix, () => [{ key: 'host', state, reason: `It is ${state}.` }]);
    await one.rounds(10);
    expect(one.told.map(({ over, at }) => [over, at])).toEqual([[undefined, START]]);
    // It goes up and down: neither over nor begun anew.
    for (const next of ['fine', 'bad', 'unknown', 'bad', 'fine', 'bad'] as const) {
      state = next;
      await one.rounds(1);
    }
    expect(one.told).toHaveLength(1);
    expect((await readConditions(redis, prefix)).size).toBe(1);
    clock.pass(24 * HOUR);
    await one.rounds(2);
    expect(one.told).toHaveLength(2);
    expect(one.told[1]?.reason).toContain('Still, for 1d');
    state = 'fine';
    await one.rounds(5);
    expect(one.told.map(({ over }) => over)).toEqual([undefined, undefined, true]);
    expect((await readConditions(redis, prefix)).size).toBe(0);
  });

  test('a process that starts anew does not tell it again', async () => {
    const clock = handClock(START);
    const prefix = randomPrefix();
    const find = (): readonly Finding[] => [{ key: 'host', state: 'bad', reason: 'Bad.' }];
    const first = watch(clock, prefix, find);
    await first.rounds(2);
    const second = watch(clock, prefix, find);
    await second.rounds(2);
    expect([first.told.length, second.told.length]).toEqual([1, 0]);
  });

  test('what is not there any more is over', async () => {
    const clock = handClock(START);
    let gone = false;
    const one = watch(clock, randomPrefix(), () =>
      gone ? [] : [{ key: 'host', state: 'bad', reason: 'Bad.' }],
    );
    await one.rounds(1);
    gone = true;
    await one.rounds(1);
    expect(one.told.map(({ over }) => over)).toEqual([undefined, true]);
  });
});

test('what nobody looks at any more is over: its host is gone', async () => {
  const clock = handClock(START);
  const prefix = randomPrefix();
  const told: Notice[] = [];
  const common = {
    redis,
    prefix,
    clock,
    log: silentLog,
    remindMs: 24 * HOUR,
    tell: async (notice: Notice) => void told.push(notice),
  };
  const bad: Finding = { key: 'host-1', state: 'bad', reason: 'Full.' };
  const check: Check = { kind: 'disk', everyMs: 60_000, calm: 2, look: async () => [bad] };
  const host = makeWatch({ ...common, source: 'host-1', checks: [check] });
  const all = makeWatch({ ...common, source: 'all', checks: [], cleans: true });
  for (let hours = 0; hours < 10; hours++) {
    await host.round();
    await all.round();
    clock.pass(HOUR);
  }
  expect(told).toHaveLength(1);
  clock.pass(6 * HOUR);
  await all.round();
  expect(told.map(({ over }) => over)).toEqual([undefined, true]);
});

test('who tries to send as others is told once an hour, however often and by whatever process', async () => {
  const clock = handClock(START);
  const prefix = randomPrefix();
  const told: Notice[] = [];
  const deps = {
    redis,
    prefix,
    clock,
    log: silentLog,
    tell: async (notice: Notice) => void told.push(notice),
  };
  const [one, two] = [makeUnauthorised(deps), makeUnauthorised(deps)];
  const user = { name: 'shop', account: 'default' };
  for (let i = 0; i < 1000; i++) one.note(user, 'boss@bank.example');
  two.note(user, 'boss@bank.example');
  await one.flush();
  await two.flush();
  expect(told).toHaveLength(1);
  expect(told[0]?.reason).toContain('1000 times to send as boss@bank.example');
  clock.pass(HOUR);
  one.note(user, 'boss@bank.example');
  await one.flush();
  expect(told).toHaveLength(2);
  expect(told[1]?.reason).toContain('1001 times in the hour before');
  one.stop();
  two.stop();
});
