// Idempotency-Key: a POST that a client repeats is done once, and answered the same.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type Client, type TestApi } from '../../support/api.ts';

let api: TestApi;
let shop: Client;
beforeAll(async () => {
  api = await startApi();
  shop = await api.client({ user: 'shop' });
});
afterAll(() => api.close());

const message = { from: 'me@shop.example', to: ['ann@example.net'], subject: 'Hi', text: 'Hello' };
const key = (text: string): Record<string, string> => ({ 'idempotency-key': text });
const waiting = async (): Promise<number> => (await api.base.operate.list({}, 1000)).length;

test('the same request is done once, and its answer is the same', async () => {
  const first = await shop.post('/messages', message, key('order-17'));
  const again = await shop.post('/messages', message, key('order-17'));
  expect(again.json).toEqual(first.json);
  expect(again.status).toBe(202);
  expect(first.headers.has('idempotent-replayed')).toBe(false);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(await waiting()).toBe(1);
});

test('another request with the same key is refused', async () => {
  const { status, json } = await shop.post('/messages', { ...message, subject: 'Other' }, key('order-17'));
  expect(status).toBe(422);
  expect(json.detail).toContain('make a new one');
});

test('a key is of who used it', async () => {
  const office = await api.client({ user: 'office' });
  const theirs = await office.post('/messages', { ...message, from: 'me@office.example' }, key('order-17'));
  expect(theirs.status).toBe(202);
  expect(theirs.headers.has('idempotent-replayed')).toBe(false);
});

test('of many at once one is done', async () => {
  const before = await waiting();
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => shop.post('/messages', { ...message, subject: 'Once' }, key('at-once'))),
  );
  const done = answers.filter(({ status }) => status === 202);
  expect(done.length).toBeGreaterThan(0);
  expect(new Set(done.map(({ json }) => json.id)).size).toBe(1);
  expect(answers.filter(({ status }) => status !== 202).every(({ status }) => status === 409)).toBe(true);
  expect(await waiting()).toBe(before + 1);
});

test('what was refused may be tried again with the same key', async () => {
  const refused = await shop.post('/messages', { ...message, from: 'me@office.example' }, key('again'));
  expect(refused.status).toBe(422);
  expect((await shop.post('/messages', message, key('again'))).status).toBe(202);
});

test('a message is not sent twice even where the answer was lost', async () => {
  const first = await shop.post('/messages', message, key('lost'));
  const keys = (await api.base.asking.call('KEYS', '*idempotency:*')) as string[];
  await Promise.all(keys.map((one) => api.base.asking.call('DEL', one)));
  const again = await shop.post('/messages', message, key('lost'));
  expect(again.json.id).toBe(first.json.id);
});

test('a batch is done once', async () => {
  const messages = [message, { ...message, to: ['bob@example.net'] }];
  const first = await shop.post('/messages/batch', { messages }, key('batch'));
  expect((await shop.post('/messages/batch', { messages }, key('batch'))).json).toEqual(first.json);
});

test('secrets in answers are sealed in Redis, and gone after a day', async () => {
  const admin = await api.client();
  const body = { name: 'x', scopes: ['events:read'] };
  const made = await admin.post('/keys', body, key('a-key'));
  expect((await admin.post('/keys', body, key('a-key'))).json.key).toBe(made.json.key);
  const keys = (await api.base.asking.call('KEYS', '*idempotency:*')) as string[];
  for (const one of keys) {
    expect(String(await api.base.asking.call('GET', one))).not.toContain(made.json.key.slice(4, 20));
    const left = Number(await api.base.asking.call('PTTL', one));
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(24 * 3_600_000);
  }
});

test.each(['', 'x'.repeat(256), 'ü'])('"%s" is no key', async (text) => {
  const answer = await shop.post('/messages', message, key(text)).catch(() => ({ status: 400 }));
  expect([400, 202].includes(answer.status)).toBe(true);
  if (text !== '') expect(answer.status).toBe(400);
});
