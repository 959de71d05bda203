// Templates over the API and by command: filled in for somebody as a message would be, shown to nobody else, and nothing is sent.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { templateCommands } from '../../../src/cli/template.ts';
import { startApi, type Client, type TestApi } from '../../support/api.ts';

let api: TestApi;
let client: Client;
const html = '<p>Dear [name|friend], your order [order] from [city]</p><a href="[unsubscribe_url]">stop</a>';

beforeAll(async () => {
  api = await startApi();
  client = await api.client();
  await client.put('/templates/order', { subject: 'Order [order]', html, text: 'Order [order], [name]' });
  await client.patch('/recipients/anna%40example.net', { name: 'Anna Rossi', fields: { city: 'Torino' } });
});
afterAll(() => api.close());

test('a stored template is filled with what is known of a recipient and what a message would bring', async () => {
  const told = await client.post('/templates/order/render', {
    to: 'anna@example.net',
    data: { order: 1182 },
  });
  expect(told.status).toBe(200);
  expect(told.json).toMatchObject({ subject: 'Order 1182', text: 'Order 1182, Anna Rossi', notes: [] });
  expect(told.json.html).toContain('Dear Anna Rossi, your order 1182 from Torino');
  expect(told.json.html).toContain('href="https://example.com/unsubscribe"');
  expect((await client.get('/events')).text).not.toContain('preview');
});

test('tags without a value stay, and are named', async () => {
  const { json } = await client.post('/templates/order/render', {});
  expect(json.html).toContain('Dear friend, your order [order] from [city]');
  expect(json.notes[0]).toMatch(/^There is no value for "order".*"city"/);
});

test('what somebody is writing is filled in before it is stored, in Liquid and in other tags', async () => {
  const content = {
    engine: 'liquid',
    subject: '{{ title }}',
    html: '<ul>{% for one in items %}<li>{{ one.name }}</li>{% endfor %}</ul>',
  };
  const data = { title: 'Naïve – €', items: [{ name: '<b>' }, { name: 'tea' }] };
  const told = await client.post('/templates/new/render', { content, data });
  expect(told.json).toMatchObject({
    subject: 'Naïve – €',
    html: expect.stringContaining('<li>&lt;b&gt;</li>'),
  });
  expect(told.json.text).toBeUndefined();
  const tags = { html: '<p>*|NAME|* {{name}} [name]</p>' };
  const to = 'anna@example.net';
  const mailchimp = await client.post('/templates/new/render', {
    content: tags,
    to,
    mergeSyntax: ['mailchimp'],
  });
  expect(mailchimp.json.html).toContain('<p>Anna Rossi {{name}} [name]</p>');
  expect((await client.get('/templates/new')).status).toBe(404);
});

test('a mistake is a sentence, and so is what cannot be read', async () => {
  const broken = await client.post('/templates/new/render', {
    content: { engine: 'liquid', html: '{% if %}' },
  });
  expect(broken.status).toBe(422);
  expect(broken.json.detail).toMatch(/^The template|template/);
  for (const to of ['no address', 'a@b@c', 'a@b\r\nBcc: c@d.example', '"x" <a@b.example>'])
    expect((await client.post('/templates/order/render', { to })).status).toBe(422);
  expect((await client.post('/templates/none/render', {})).status).toBe(404);
  expect((await client.post('/templates/order/render', { version: 7 })).status).toBe(404);
});

test('its HTML is shown under the policy of mail, to who asked for it, until the next one', async () => {
  const evil = { html: '<script>top.pwned = 1</script><h1>Hello</h1>' };
  const first = (await client.post('/templates/new/render', { content: evil })).json.preview;
  const shown = await client.get(`/templates/previews/${first}`);
  expect(shown.text).toContain('<h1>Hello</h1>');
  expect(shown.headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox/);
  expect(shown.headers.get('content-security-policy')).not.toContain('script');
  for (const stranger of [await api.client(), await api.client({ account: 'other' })])
    expect((await stranger.get(`/templates/previews/${first}`)).status).toBe(404);
  const second = (await client.post('/templates/order/render', {})).json.preview;
  expect((await client.get(`/templates/previews/${first}`)).status).toBe(404);
  expect((await client.get(`/templates/previews/${second}`)).status).toBe(200);
  const without = await api.client({ scopes: ['messages:send'] });
  expect((await without.post('/templates/order/render', {})).status).toBe(403);
});

test('twenty at once are all filled in, two at a time', async () => {
  const content = { engine: 'liquid', html: '{{ n }}' };
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, n) => client.post('/templates/new/render', { content, data: { n } })),
  );
  expect(all.map(({ json }) => Number(/\d+/.exec(json.html)?.[0]))).toEqual(all.map((_, n) => n));
}, 60_000);

test('there is a command for it', () => {
  expect(templateCommands.map(({ words }) => words)).toContain('template render <name>');
});
