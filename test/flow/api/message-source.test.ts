// A message itself over the API: while it waits its source and its look are there, for whom it belongs to and nobody else.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

test('its source and its look, which runs and loads nothing, are there while it waits', async () => {
  const client = await api.client();
  const html = '<h1>Invoice</h1><script>top.pwned = 1</script><img src="https://evil.example/x.gif">';
  const sent = await client.post('/messages', {
    user: 'shop',
    from: 'orders@shop.example',
    to: ['ann@example.net'],
    subject: 'Invoice 1182',
    html,
  });
  expect(sent.status).toBeLessThan(300);
  const id = /[0-7][0-9A-HJKMNP-TV-Z]{25}/.exec(sent.text)?.[0] ?? '';
  const source = await client.get(`/messages/${id}/source`);
  expect(source.status).toBe(200);
  expect(source.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(source.text).toContain('Subject: Invoice 1182');
  const view = await client.get(`/messages/${id}-1/view`);
  expect(view.text).toContain('<h1>Invoice</h1>');
  const policy = view.headers.get('content-security-policy');
  expect(policy).toMatch(/default-src 'none'.*frame-ancestors 'self'; sandbox/);
  expect(policy).not.toContain('script');

  const own = await api.client({ user: 'shop' });
  expect((await own.get(`/messages/${id}/source`)).status).toBe(200);
  for (const stranger of [await api.client({ user: 'office' }), await api.client({ account: 'other' })])
    for (const path of ['source', 'view'])
      expect((await stranger.get(`/messages/${id}/${path}`)).status).toBe(404);
  const without = await api.client({ scopes: ['statistics:read'] });
  expect((await without.get(`/messages/${id}/source`)).status).toBe(403);
}, 60_000);

test('a message that lies on disk is read to its end, and not beyond it', async () => {
  const client = await api.client();
  const html = `<p>first ${'x'.repeat(300_000)} last</p>`;
  const message = {
    user: 'shop',
    from: 'orders@shop.example',
    to: ['ann@example.net'],
    subject: 'Large',
    html,
  };
  const sent = await client.post('/messages', message);
  const source = await client.get(`/messages/${sent.json.id}/source`);
  expect([source.status, source.text.length]).toEqual([200, 256 * 1024]);
  expect(source.text).toContain('Subject: Large');
  const view = await client.get(`/messages/${sent.json.id}/view`);
  expect(view.text).toContain(' last</p>');
}, 60_000);

test('what never was, or is gone, is not found', async () => {
  const client = await api.client();
  for (const id of ['01KATM1V6J3Q5Z8W9X7Y6T5R4E', '01KATM1V6J3Q5Z8W9X7Y6T5R4E-3', 'x:y', '..%2f..'])
    expect((await client.get(`/messages/${id}/source`)).status).toBe(404);
}, 60_000);
