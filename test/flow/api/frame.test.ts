// The API's frame: who may come in, what is told of mistakes, pages of lists.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

test('without a key nobody comes in', async () => {
  const { status, json, headers } = await api.stranger.get('/limits');
  expect(status).toBe(401);
  expect(json).toMatchObject({ type: 'about:blank', status: 401, title: 'Not logged in' });
  expect(headers.get('content-type')).toContain('application/problem+json');
  expect(headers.get('www-authenticate')).toContain('Bearer');
});

test('a key opens what it was made for, and nothing else', async () => {
  const reader = await api.client({ scopes: ['transports:read'] });
  expect((await reader.get('/limits')).json).toEqual({ items: [] });
  const refused = await reader.delete('/limits/none');
  expect(refused.status).toBe(403);
  expect(refused.json.detail).toContain('transports:write');
  const writer = await api.client({ scopes: ['transports:write'] });
  expect((await writer.delete('/limits/none')).status).toBe(404);
});

test('a limit is told, page by page, and lifted', async () => {
  const client = await api.client();
  await api.base.operate.pause('domain:one.example', { by: 'test', reason: 'because' });
  await api.base.operate.pause('domain:two.example', { by: 'test' });
  const first = await client.get('/limits?limit=1');
  expect(first.json.items).toMatchObject([{ id: 'domain:one.example', why: 'because' }]);
  const second = await client.get(`/limits?limit=1&cursor=${first.json.next}`);
  expect(second.json.items).toMatchObject([{ id: 'domain:two.example' }]);
  expect(second.json.next).toBeUndefined();
  expect((await client.get('/limits/domain%3Aone.example')).json).toMatchObject({ scope: 'domain' });
  expect((await client.delete('/limits/domain%3Aone.example')).status).toBe(204);
  expect((await client.get('/limits/domain%3Aone.example')).status).toBe(404);
});

test('what is wrong with a request is told with its place', async () => {
  const client = await api.client();
  const { status, json } = await client.get('/limits?limit=many');
  expect(status).toBe(422);
  expect(json.errors).toMatchObject([{ path: 'query.limit' }]);
});

test.each([
  ['/statistics', undefined, { 'query.since': 'is missing' }],
  ['/messages?cursor=none', undefined, { 'query.cursor': 'must be the "next" of a page of the same list' }],
  ['/messages', { subject: 5 }, { 'body.subject': 'must be a text' }],
  ['/messages', { to: 'ann' }, { 'body.to': 'must be a list' }],
  ['/messages', [], { body: 'must be an object' }],
  ['/messages', { headers: { Bcc: 'x' } }, { 'body.headers.Bcc': 'has its own place, or is ours to write' }],
  ['/keys', { name: 'x' }, { 'body.scopes': 'is missing' }],
])('%s %j is told in words of JSON', async (path, body, faults) => {
  const client = await api.client();
  const { status, json } = await (body === undefined ? client.get(path) : client.post(path, body));
  expect(status).toBe(422);
  const told = json.errors.map(({ path: at, message }: { path: string; message: string }) => [at, message]);
  expect(Object.fromEntries(told)).toMatchObject(faults);
});

test('an address that cannot be decoded is told as everything is, and under the same headers', async () => {
  const answer = await fetch(`${api.url}/api/v1/users/%E0%A4%A`);
  expect(answer.status).toBe(400);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await answer.json()).toMatchObject({ status: 400, title: 'Bad request' });
});
