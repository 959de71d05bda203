// The history as people meet it: a running relay, mail that is delivered, and the commands that find and count it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { messageCommands } from '../../../src/cli/message.ts';
import { historyCommands } from '../../../src/cli/history.ts';
import { statsCommands } from '../../../src/cli/stats.ts';
import type { Values } from '../../../src/cli/command.ts';
import { startInside, type InsideRelay } from '../../support/inside-relay.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { message, sendMail } from '../../support/sender.ts';

let redis: TestRedis;
let relay: InsideRelay;

beforeAll(async () => {
  redis = await startRedis();
  relay = await startInside({
    redis: redis.url,
    roles: ['submission', 'delivery'],
    world: { dns: { server: '127.0.0.1:9' }, mxPort: 9 } as never,
    config: {
      domains: [{ name: 'shop.example' }],
      transports: [{ name: 'box', kind: 'sandbox', pool: 'default' }],
      users: [{ name: 'shop', domains: ['shop.example'], networks: ['127.0.0.65/32'] }],
    },
  });
}, 120_000);
afterAll(async () => {
  await relay.close();
  await redis.stop();
});

async function cli(words: string, options: Values = {}, id = '') {
  const { base } = relay;
  const context = {
    ...base,
    write: () => undefined,
    signal: new AbortController().signal,
    openHistory: () => undefined,
    rebuildHistory: () => Promise.reject(new Error('not here')),
  };
  const all = [...messageCommands, ...statsCommands, ...historyCommands];
  const command = all.find((one) => one.words.startsWith(words));
  if (!command) throw new Error(words);
  const result = await command.run(context, { id }, options);
  // oxlint-disable-next-line no-explicit-any -- tests look into answers of every command
  return { ...result, data: result.data as any };
}

test('mail is found, told and counted a moment after it was delivered', async () => {
  await sendMail({
    port: relay.port,
    from: '127.0.0.65',
    mail: 'shop@shop.example',
    rcpt: ['rossi@example.net'],
    data: message(
      ['From: <shop@shop.example>', 'To: <rossi@example.net>', 'Subject: La fattura 77'],
      'body\r\n',
    ),
  });
  const { base } = relay;
  for (let tries = 0; tries < 300; tries++) {
    const page = await base.history?.search({
      recipient: 'rossi@example.net',
      status: 'delivered',
      limit: 5,
    });
    if (page?.items.length === 1) break;
    await base.clock.sleep(100);
  }
  const found = await cli('message search', { subject: 'fattura' });
  expect(found.text).toMatch(/delivered .* rossi@example\.net .* La fattura 77/);
  const [row] = found.data;
  const told = await cli('message show', {}, row.submission);
  expect(told.text).toContain('rossi@example.net');
  expect(told.data.map((event: { type: string }) => event.type)).toEqual(['accepted', 'delivered']);
  const counted = await cli('stats', { by: 'user', since: '1h' });
  expect(counted.data.rows).toMatchObject([{ key: 'shop', accepted: 1, delivered: 1 }]);
  expect(counted.text).toMatch(/USER +ACCEPTED +DELIVERED +BOUNCED +P50 +P95\nshop +1 +1 +0/);
  expect((await cli('stats', { by: 'nothing' })).code).toBe(2);
  expect((await cli('history status')).data).toMatchObject({ kind: 'sqlite', deliveries: 1 });
}, 120_000);
