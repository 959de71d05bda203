// Names of receivers: asked of the DNS of the configuration, and a name server that says nothing holds up nobody.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config.ts';
import { makeCaller } from '../../../src/lib/call-out.ts';
import { rulesOf } from '../../../src/roles/webhooks.ts';
import { startFakeDns, type FakeDns } from '../../support/fake-dns.ts';
import { openReceiver, type Receiver } from '../../support/webhooks.ts';

let dns: FakeDns;
let receiver: Receiver;
beforeAll(async () => {
  dns = await startFakeDns({});
  receiver = await openReceiver();
});
afterAll(async () => {
  receiver.close();
  await dns.close();
});

const portOf = (): number => Number(new URL(receiver.url).port);

function callerTo(networks: readonly string[]) {
  const webhooks = { http: true, ports: [portOf()], networks };
  const config = { webhooks, dns: { servers: [dns.server], timeout: '2s', tries: 2 } };
  const caller = makeCaller(
    rulesOf(parseConfig(JSON.stringify(config), { file: undefined, environment: {} })),
    'closed',
  );
  return (host: string) =>
    caller.call({ url: `http://${host}:${portOf()}/`, method: 'POST', headers: {}, body: '{}' });
}

test.each([[[]], [['127.0.0.0/8']]])(
  '100 names that nobody answers for delay no other one, with %j',
  async (networks) => {
    dns.table.set('living.test', { a: ['127.0.0.1'] });
    const call = callerTo(networks);
    const dead = Array.from({ length: 100 }, (_, i) => {
      dns.table.set(`dead${i}.test`, { fail: 'drop' });
      return call(`dead${i}.test`);
    });
    const began = performance.now();
    const living = await call('living.test');
    expect(performance.now() - began).toBeLessThan(1500);
    expect(living).toMatchObject(
      networks.length > 0
        ? { ok: true, status: 200 }
        : { ok: false, problem: expect.stringContaining('private') },
    );
    for (const called of await Promise.all(dead)) expect(called).toMatchObject({ ok: false });
  },
);

test('a name that leads to the public first and to this host then is looked at each time', async () => {
  const call = callerTo([]);
  dns.table.set('rebinding.test', { a: ['127.0.0.1'], ttl: 0 });
  expect(await call('rebinding.test')).toMatchObject({
    ok: false,
    problem: expect.stringContaining('private'),
  });
  dns.table.set('rebinding.test', { a: ['93.184.216.34', '127.0.0.1'], aaaa: ['::1'], ttl: 0 });
  expect(await call('rebinding.test')).toMatchObject({
    ok: false,
    problem: expect.stringContaining('private'),
  });
  dns.table.set('alias.test', { cname: 'rebinding.test' });
  expect(await call('alias.test')).toMatchObject({ ok: false });
  expect(await call('[::ffff:7f00:1]')).toMatchObject({ ok: false });
});

test('where private networks are meant, so are names that only this host knows', async () => {
  const call = callerTo(['127.0.0.0/8', '::1/128']);
  expect(await call('localhost')).toMatchObject({ ok: true });
});
