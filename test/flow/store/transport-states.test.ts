// States of transports in Redis: every process knows a change at once, and nobody overwrites what another just said.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { openTransportStates, type TransportStates } from '../../../src/store/transport-states.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let prefix: string;
const open: { close(): unknown }[] = [];

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(() => {
  prefix = randomPrefix();
});
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function connect(): Promise<RedisConnection> {
  const redis = connectRedis({ url: server.url, purpose: 'events', prefix, log: silentLog });
  open.push(redis);
  await redis.whenReady();
  return redis;
}

async function states(): Promise<TransportStates> {
  const opened = openTransportStates({ redis: await connect(), prefix, clock: systemClock, log: silentLog });
  open.push(opened);
  await opened.refresh();
  return opened;
}

test('a transport that nobody has said anything of is healthy', async () => {
  const here = await states();
  expect(here.stateOf('ip1')).toEqual({ state: 'healthy', since: 0, reason: '', cause: 'none' });
  expect(here.all().size).toBe(0);
});

test('a change is seen in the same process at once and in others soon after', async () => {
  const here = await states();
  const there = await states();
  const changed = vi.fn();
  there.onChange(changed);
  const before = Date.now();
  expect(await here.set('ip1', 'quarantined', 'It is listed.', 'listing')).toMatchObject({
    state: 'healthy',
  });
  expect(here.stateOf('ip1')).toMatchObject({
    state: 'quarantined',
    reason: 'It is listed.',
    cause: 'listing',
  });
  expect(here.stateOf('ip1').since).toBeGreaterThanOrEqual(before);
  await expect.poll(() => there.stateOf('ip1').state, { timeout: 1000 }).toBe('quarantined');
  expect(changed).toHaveBeenCalledTimes(1);
});

test('a change that the channel did not carry is found by asking', async () => {
  const here = await states();
  const redis = await connect();
  const state = { state: 'degraded', since: 5, reason: 'x', cause: 'rates' };
  await redis.call('HSET', `${prefix}states`, 'ip2', JSON.stringify(state));
  await expect.poll(() => here.stateOf('ip2'), { timeout: 4000 }).toEqual(state);
});

test('what an operator said meanwhile is not overwritten by a move', async () => {
  const monitor = await states();
  const operator = await states();
  expect(await monitor.move('ip1', { state: 'degraded', reason: 'deferrals', cause: 'rates' })).toBe(true);
  const redis = await connect();
  // Behind the monitor's back, so that it believes what was.
  await redis.call(
    'HSET',
    `${prefix}states`,
    'ip1',
    JSON.stringify({ state: 'quarantined', since: 9, reason: 'by hand', cause: 'operator' }),
  );
  expect(await monitor.move('ip1', { state: 'healthy', reason: 'all is well', cause: 'none' })).toBe(false);
  expect(monitor.stateOf('ip1')).toMatchObject({ state: 'quarantined', cause: 'operator' });
  await operator.refresh();
  expect(operator.stateOf('ip1')).toMatchObject({ state: 'quarantined', cause: 'operator' });
  expect(await monitor.move('ip1', { state: 'healthy', reason: 'all is well', cause: 'none' })).toBe(true);
});

test('what cannot be read counts as unsaid; a forgotten transport is healthy again', async () => {
  const here = await states();
  const redis = await connect();
  await redis.call(
    'HSET',
    `${prefix}states`,
    'a',
    'no JSON',
    'b',
    '{"state":"purple","since":1,"reason":""}',
  );
  await here.set('c', 'degraded', 'why');
  expect([...here.all().keys()]).toEqual(['c']);
  expect(here.stateOf('a').state).toBe('healthy');
  expect(await here.move('a', { state: 'degraded', reason: '', cause: 'rates' })).toBe(true);
  await here.forget('c');
  expect(here.stateOf('c').since).toBe(0);
});
