// Events over HTTP: page by page, as a stream that goes on where it was, for 500 viewers at a time.
import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Event } from '../../../src/model/event.ts';
import { startApi, type Client, type TestApi } from '../../support/api.ts';
import { until } from '../../support/until.ts';

let api: TestApi;
let all: Client;
beforeAll(async () => {
  api = await startApi({ roles: ['http', 'delivery'] });
  all = await api.client();
});
afterAll(() => api.close());

type Shown = Event & { cursor: string };

const send = async (user: string, to: readonly string[]): Promise<string> =>
  (await all.post('/messages', { user, from: `me@${user}.example`, to, subject: 'Hi', text: 'Hello' })).json
    .id;

/** Events that a query finds, once there are so many. */
async function found(client: Client, query: string, count: number): Promise<Shown[]> {
  for (let tries = 0; tries < 200; tries++) {
    const items: Shown[] = (await client.get(`/events?${query}`)).json.items;
    if (items.length >= count) return items;
    await api.base.clock.sleep(25);
  }
  throw new Error(`not ${count} events for ${query} within 5 s`);
}

type Stream = Readonly<{ answer: IncomingMessage; text(): string; ended: Promise<void>; close(): void }>;

function open(query: string, headers: Record<string, string>): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const request = get(`${api.url}/api/v1/events/stream?${query}`, { headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('error', () => undefined);
      const ended = new Promise<void>((done) => answer.once('close', done));
      resolve({ answer, text: () => text, ended, close: () => request.destroy() });
    });
    request.on('error', reject);
  });
}

const bearer = ({ secret }: Client): Record<string, string> => ({ authorization: `Bearer ${secret}` });

test('a list is filtered, paged, and goes on where it ended', async () => {
  const id = await send('shop', ['a@example.net', 'b@example.net', 'c@example.net']);
  const events = await found(all, `id=${id}`, 6);
  expect(events.map(({ type }) => type).sort()).toEqual([
    ...Array(3).fill('accepted'),
    ...Array(3).fill('delivered'),
  ]);
  const accepted = await found(all, `id=${id}&type=accepted&type=bounced`, 3);
  expect(accepted.every(({ type }) => type === 'accepted')).toBe(true);
  expect(await found(all, `id=${id}&recipient=b@example.net`, 2)).toHaveLength(2);
  const seen: string[] = [];
  let next: string | undefined;
  do {
    const page = (await all.get(`/events?id=${id}&limit=2${next === undefined ? '' : `&cursor=${next}`}`))
      .json;
    expect(page.items.length).toBeLessThanOrEqual(2);
    seen.push(...page.items.map((one: Shown) => one.id));
    next = page.next;
  } while (next !== undefined);
  expect(seen).toEqual(events.map((one) => one.id));
  const later = (await all.get(`/events?id=${id}&cursor=${events.at(-1)?.cursor}`)).json;
  expect(later.items).toEqual([]);
  expect((await all.get('/events?cursor=nonsense')).status).toBe(422);
  expect((await all.get('/events?type=none')).status).toBe(422);
});

test("nobody sees another user's or account's events", async () => {
  const [mine, theirs] = [await send('shop', ['x@example.net']), await send('office', ['x@example.net'])];
  await found(all, `id=${theirs}`, 2);
  const shop = await api.client({ user: 'shop' });
  expect(await found(shop, `id=${mine}`, 2)).toHaveLength(2);
  expect((await shop.get(`/events?id=${theirs}`)).json.items).toEqual([]);
  expect((await shop.get('/events?user=office')).json.items).toEqual([]);
  const everything: Shown[] = (await shop.get('/events?limit=500')).json.items;
  expect(everything.every(({ user, submission }) => user === 'shop' && submission !== '')).toBe(true);
  const other = await api.client({ account: 'other', scopes: ['events:read'] });
  expect((await other.get('/events?limit=500')).json.items).toEqual([]);
});

test('a stream tells what happens, and goes on where it was', async () => {
  const shop = await api.client({ user: 'shop' });
  const stream = await open('type=delivered', bearer(shop));
  expect(stream.answer.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  await send('office', ['no@example.net']);
  const id = await send('shop', ['a@example.net', 'b@example.net']);
  await until(() => stream.text().split(id).length > 4);
  expect(stream.text()).not.toContain('no@example.net');
  const first = /^id: (\S+)\nevent: delivered\ndata: (\{.*\})$/m.exec(stream.text());
  expect(JSON.parse(first?.[2] ?? '')).toMatchObject({ submission: id, recipient: 'a@example.net' });
  stream.close();
  const again = await open('type=delivered', { ...bearer(shop), 'last-event-id': first?.[1] ?? '' });
  await until(() => again.text().includes('b@example.net'));
  expect(again.text()).not.toContain('a@example.net');
  again.close();
});

test('a stream ends when its key is removed', async () => {
  const client = await api.client({ scopes: ['events:read'] });
  const stream = await open('', bearer(client));
  await all.delete(`/keys/${client.secret.split('_')[1]}`);
  const begun = performance.now();
  await stream.ended;
  expect(performance.now() - begun).toBeLessThan(3000);
});

test('500 viewers see the same, one more is told to come back, and memory stays small', async () => {
  const before = process.memoryUsage().rss;
  const streams: Stream[] = [];
  for (let i = 0; i < 500; i += 50)
    streams.push(
      ...(await Promise.all(Array.from({ length: 50 }, () => open('type=delivered', bearer(all))))),
    );
  const more = await all.get('/events/stream');
  expect(more.status).toBe(503);
  expect(more.headers.get('retry-after')).toBe('30');
  const ids: string[] = [];
  for (let i = 0; i < 20; i++) ids.push(await send('shop', [`n${i}@example.net`]));
  await until(() => streams.every((stream) => ids.every((id) => stream.text().includes(id))));
  // Both ends of 500 connections are in this process.
  const grown = (process.memoryUsage().rss - before) / 1024 / 1024;
  console.log(`500 viewers, both ends: ${Math.round(grown)} MiB`);
  expect(grown).toBeLessThan(250);
  for (const stream of streams) stream.close();
  await api.base.clock.sleep(200);
  const again = await open('', bearer(all));
  again.close();
}, 120_000);
