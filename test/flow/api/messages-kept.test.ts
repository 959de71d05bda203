// A message after its last delivery: its source and look from the archive, as it was sent, and sending it again.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resendCommands } from '../../../src/cli/message-resend.ts';
import { readBody } from '../../../src/roles/archive.ts';
import { openSubmit } from '../../../src/roles/backlog.ts';
import { openDoor } from '../../../src/roles/door.ts';
import { openResent } from '../../../src/store/archive/resent.ts';
import { startApi, type Client, type TestApi } from '../../support/api.ts';
import { fieldsOf } from '../../support/arrival.ts';
import { until } from '../../support/until.ts';
import { startSmallWorld, type World } from '../../support/world.ts';

let world: World<'one' | 'two'>;
let api: TestApi;
let client: Client;

beforeAll(async () => {
  world = await startSmallWorld();
  const user = (name: string, more: object = {}) => ({
    name,
    password: 'long-Secret-17',
    domains: [`${name}.example`],
    ...more,
  });
  api = await startApi({
    roles: ['http', 'delivery'],
    dns: world.dns.server,
    config: {
      delivery: { mxPort: world.mxPort },
      tracking: { host: '127.0.0.1', port: 0, url: 'http://click.test:8081' },
      transports: [{ name: 'ip1', address: '127.0.0.1', pool: 'default' }],
      domains: [{ name: 'shop.example' }],
      users: [
        user('shop', { archive: '30d', defaults: { opens: true, clicks: 'html' } }),
        user('drops', { archive: '30d', suppressed: 'drop' }),
        user('office'),
      ],
    },
  });
  client = await api.client();
}, 60_000);
afterAll(async () => {
  await api.close();
  await world.close();
});

async function send(more: object = {}): Promise<string> {
  const sent = await client.post('/messages', {
    user: 'shop',
    from: 'orders@shop.example',
    to: ['ann@one.test', 'bob@two.test'],
    subject: 'Hello [name]',
    html: '<p>Dear [name], <a href="https://shop.example/pay?o=1">pay</a></p><script>alert(1)</script>',
    recipientData: { 'ann@one.test': { name: 'Ann' }, 'bob@two.test': { name: 'Bob' } },
    ...more,
  });
  expect(sent.status, sent.text).toBeLessThan(300);
  return String(sent.json.id);
}

const arrived = (address: string, count: number) => async (): Promise<boolean> =>
  [...world.mx.one.messages, ...world.mx.two.messages].filter(({ to }) => to === address).length >= count;
const lettersTo = (address: string) =>
  [...world.mx.one.messages, ...world.mx.two.messages].filter(({ to }) => to === address);

async function archived(id: string): Promise<void> {
  await until(async () => (await client.get(`/messages/${id}/kept`)).json?.where === 'archive', 20_000);
}

test('after its delivery its source is byte for byte what its recipient got, and its look leads to no tracked link', async () => {
  const id = await send();
  await archived(id);
  const [letter] = lettersTo('ann@one.test');
  const source = await client.get(`/messages/${id}-1/source`);
  expect(source.headers.get('x-postino-shown')).toBe('sent');
  // The end of the data has a line end of its own where the message has none.
  expect(source.text.trimEnd()).toBe(letter?.data.toString().trimEnd());
  expect(source.text).toContain('http://click.test:8081/t/');
  const view = await client.get(`/messages/${id}-2/view`);
  expect(view.headers.get('x-postino-shown')).toBe('sent');
  expect(view.text).toContain('Dear Bob, <a href="https://shop.example/pay?o=1">');
  expect(view.text).not.toContain('click.test');
  expect(view.headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox/);
  // Of the whole message, what was accepted.
  const whole = await client.get(`/messages/${id}/source`);
  expect(whole.headers.get('x-postino-shown')).toBe('accepted');
  expect(whole.text).toContain('Hello [name]');
  const kept = await client.get(`/messages/${id}/kept`);
  expect(kept.json.until).toBeGreaterThan(Date.now() + 29 * 86_400_000);
}, 60_000);

test('where the letter cannot be made again, what was accepted is shown and this is said', async () => {
  const id = await send({ to: ['tom@one.test'] });
  await archived(id);
  const { domains } = api.base.settings;
  const keys = (await domains.get('shop.example'))?.keys ?? [];
  await domains.change('shop.example', (domain) => ({ ...domain, keys: [] }), 'file');
  const view = await client.get(`/messages/${id}-1/view`);
  expect(view.headers.get('x-postino-shown')).toBe('accepted');
  expect(view.text).toContain('Dear [name]');
  await domains.change('shop.example', (domain) => ({ ...domain, keys }), 'file');
}, 60_000);

test('who may not see it is told that there is none', async () => {
  const id = await send();
  await archived(id);
  for (const stranger of [await api.client({ user: 'office' }), await api.client({ account: 'other' })]) {
    for (const path of ['source', 'view', 'kept'])
      expect((await stranger.get(`/messages/${id}-1/${path}`)).status).toBe(404);
    expect((await stranger.post(`/messages/${id}-1/resend`, {})).status).toBe(404);
  }
  const own = await api.client({ user: 'shop' });
  expect((await own.get(`/messages/${id}-1/view`)).status).toBe(200);
  const reader = await api.client({ scopes: ['messages:read'] });
  expect((await reader.post(`/messages/${id}-1/resend`, {})).status).toBe(403);
}, 60_000);

test('a delivery is sent again as a new message with the same letter, and both stories say so', async () => {
  const id = await send({
    to: ['cy@one.test', 'dan@two.test'],
    recipientData: { 'cy@one.test': { name: 'Cy' } },
  });
  await archived(id);
  const again = await client.post(`/messages/${id}-1/resend`, {});
  expect(again.status, again.text).toBe(202);
  expect(again.json).toMatchObject({ accepted: ['cy@one.test'], refused: [] });
  expect(again.headers.get('location')).toContain(again.json.id);
  await until(arrived('cy@one.test', 2), 20_000);
  const [first, second] = lettersTo('cy@one.test');
  if (!first || !second) throw new Error('two letters');
  expect(fieldsOf(second, 'Subject')).toEqual(fieldsOf(first, 'Subject'));
  expect(fieldsOf(first, 'Subject')).toEqual(['Hello Cy']);
  expect(second.data.toString()).toContain('Dear Cy');
  expect(fieldsOf(second, 'Message-ID')).not.toEqual(fieldsOf(first, 'Message-ID'));
  expect(lettersTo('dan@two.test')).toHaveLength(1);
  await until(async () => (await client.get(`/messages/${again.json.id}`)).status === 200, 20_000);
  const story = await client.get(`/messages/${again.json.id}`);
  expect(story.json.deliveries[0].events[0]).toMatchObject({ type: 'accepted', resendOf: `${id}-1` });
  const old = await client.get(`/messages/${id}-1/kept`);
  expect(old.json.resent).toMatchObject([{ id: again.json.id, of: `${id}-1` }]);
  expect((await client.get(`/messages/${id}-2/kept`)).json.resent).toEqual([]);
}, 60_000);

test('the whole message goes to all again; one delivery to somebody else, with the values of its recipient', async () => {
  const id = await send({
    to: ['eve@one.test', 'fay@two.test'],
    recipientData: { 'eve@one.test': { name: 'Eve' } },
  });
  await archived(id);
  const all = await client.post(`/messages/${id}/resend`, {});
  expect(all.json.accepted).toEqual(['eve@one.test', 'fay@two.test']);
  await until(arrived('fay@two.test', 2), 20_000);
  const which = await client.post(`/messages/${id}/resend`, { to: 'gil@one.test' });
  expect(which.status).toBe(422);
  expect(which.json.detail).toContain('several recipients');
  const other = await client.post(`/messages/${id}-1/resend`, { to: 'gil@one.test' });
  expect(other.json.accepted).toEqual(['gil@one.test']);
  await until(arrived('gil@one.test', 1), 20_000);
  expect(lettersTo('gil@one.test')[0]?.data.toString()).toContain('Dear Eve');
  for (const to of ['no address', 'a@b@c', '<x@y.z>', 'x@y.z\r\nRCPT TO:<a@b.c>'])
    expect((await client.post(`/messages/${id}-1/resend`, { to })).status, to).toBe(422);
}, 60_000);

test('footers of today do not get into yesterday’s message', async () => {
  const { users } = api.base.settings;
  await users.change('shop', (user) => ({ ...user, footer: { html: '<p>OLD FOOTER</p>' } }), 'file');
  const id = await send({ to: ['hal@one.test'], footer: true });
  await archived(id);
  await users.change('shop', (user) => ({ ...user, footer: { html: '<p>NEW FOOTER</p>' } }), 'file');
  await client.post(`/messages/${id}-1/resend`, {});
  await until(arrived('hal@one.test', 2), 20_000);
  expect(lettersTo('hal@one.test')[1]?.data.toString()).toContain('OLD FOOTER');
}, 60_000);

test('a key makes it once', async () => {
  const id = await send({ to: ['ida@one.test'] });
  await archived(id);
  const key = { 'idempotency-key': 'again-1' };
  const first = await client.post(`/messages/${id}-1/resend`, {}, key);
  const second = await client.post(`/messages/${id}-1/resend`, {}, key);
  expect(second.json.id).toBe(first.json.id);
  const third = await client.post(`/messages/${id}-1/resend`, {});
  expect(third.json.id).not.toBe(first.json.id);
}, 60_000);

test('suppressions and rights are those of now', async () => {
  const id = await send({ to: ['joe@one.test'] });
  await archived(id);
  await api.base.suppressions.add('default', 'joe@one.test', 'hard', {});
  const refused = await client.post(`/messages/${id}-1/resend`, {});
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('suppress');
  await api.base.suppressions.remove('default', 'joe@one.test', {});
  const { users } = api.base.settings;
  await users.change('shop', (user) => ({ ...user, domains: ['elsewhere.example'] }), 'file');
  const foreign = await client.post(`/messages/${id}-1/resend`, {});
  expect(foreign.status).toBe(422);
  await users.change('shop', (user) => ({ ...user, domains: ['shop.example'] }), 'file');
  expect((await client.post(`/messages/${id}-1/resend`, {})).status).toBe(202);
}, 60_000);

test('what is still queued is sent again from the queue; what is gone, in one sentence, not at all', async () => {
  await api.base.operate.pause('domain:one.test', { by: 'test' });
  const waiting = await send({
    user: 'office',
    from: 'me@office.example',
    to: ['kim@one.test'],
    recipientData: {},
  });
  const again = await client.post(`/messages/${waiting}-1/resend`, { to: 'kim@two.test' });
  expect(again.status, again.text).toBe(202);
  await api.base.operate.resume('domain:one.test');
  await until(arrived('kim@two.test', 1), 20_000);
  await until(arrived('kim@one.test', 1), 20_000);
  await until(
    async () => (await client.get(`/messages/${waiting}-1/kept`)).json?.where === undefined,
    20_000,
  );
  const gone = await client.post(`/messages/${waiting}-1/resend`, {});
  expect(gone.status).toBe(404);
  expect(gone.json.detail).toContain('set "archive" of the user, such as 30d');
  expect((await client.get(`/messages/${waiting}-1/view`)).json.detail).toBe(gone.json.detail);
  expect((await client.post('/messages/01KATM1V6J3Q5Z8W9X7Y6T5R4E/resend', {})).status).toBe(404);
}, 60_000);

test('the command does the same, and says what it did', async () => {
  const { base } = api;
  const run = (id: string, options: Record<string, string> = {}) =>
    resendCommands[0]?.run(
      {
        ...base,
        readBody: (submission) => readBody(base, submission),
        resent: openResent({ redis: base.asking, prefix: base.prefix }),
        openDoor: async () => openDoor(base, await openSubmit(base, () => undefined, false)),
      },
      { id },
      options,
    );
  const id = await send({ to: ['lea@one.test'] });
  await archived(id);
  const again = await run(`${id.toLowerCase()}-1`, { to: 'max@two.test' });
  expect(again?.text).toMatch(/^Queued as \S+, to max@two\.test\. "postino message show/);
  await until(arrived('max@two.test', 1), 20_000);
  const none = await run('01KATM1V6J3Q5Z8W9X7Y6T5R4E');
  expect(none?.code).toBe(1);
  expect(none?.text).toContain('no such message');
}, 60_000);
