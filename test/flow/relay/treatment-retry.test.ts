// A second attempt sends the bytes of the first, whatever was changed meanwhile, and whoever died.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { message } from '../../support/sender.ts';
import { loginOf, SIGNED, startTreated, type Treated } from '../../support/treated.ts';

let treated: Treated;

const everything = {
  unsubscribe: true,
  opens: true,
  clicks: 'all',
  header: true,
  footer: true,
  merge: { syntaxes: ['brackets'] },
};
const blocks = {
  header: { html: '<p>First header</p>', text: 'First header' },
  footer: { html: '<p>First footer</p>', text: 'First footer' },
};

beforeAll(async () => {
  treated = await startTreated({
    users: { shop: { defaults: everything, ...blocks, liquid: true } },
    config: { delivery: { retry: { steps: ['2s'], expire: '1h' } } },
  });
  await put('tags', 'FIRST [subject]', '<p>FIRST [city|nowhere]: [body]</p>', 'FIRST [city|nowhere]: [body]');
  await put(
    'liquid',
    'FIRST {{ name }}',
    '<p>FIRST {{ city }} {% for i in items %}<i>{{ i.n }}</i>{% endfor %} {{ "now" | date: "%s" }}</p>',
  );
  await cli('recipient', 'set', 'later-once-tags@retry.test', '--name', 'Tina', '--field', 'city=Rome');
  await cli('recipient', 'set', 'later-once-liquid@retry.test', '--name', 'Lino', '--field', 'city=Turin');
});
afterAll(() => treated.close());

async function cli(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await treated.relay.cli(args);
  expect([code, stderr]).toEqual([0, '']);
}

async function put(engine: string, subject: string, html: string, text = ''): Promise<void> {
  const files = {
    html: join(treated.relay.data, `${engine}.html`),
    text: join(treated.relay.data, `${engine}.txt`),
  };
  writeFileSync(files.html, html);
  writeFileSync(files.text, text);
  const texts = text === '' ? [] : ['--text', files.text];
  await cli(
    'template',
    'put',
    engine,
    '--engine',
    engine,
    '--subject',
    subject,
    '--html',
    files.html,
    ...texts,
  );
}

/** Everything that a letter may depend on; the file's settings count from the next start. */
async function changeSettings(): Promise<void> {
  const { configFile } = treated.relay;
  const changed = readFileSync(configFile, 'utf8')
    .replaceAll('First header', 'Second header')
    .replaceAll('First footer', 'Second footer')
    .replaceAll('click.shop.example', 'other.shop.example');
  writeFileSync(configFile, changed);
  await put('tags', 'SECOND', '<p>SECOND [city|nowhere]</p>');
  await put('liquid', 'SECOND', '<p>SECOND</p>');
  await cli('recipient', 'set', 'later-once-tags@retry.test', '--name', 'Other', '--field', 'city=Milan');
  await cli('recipient', 'set', 'later-once-liquid@retry.test', '--name', 'Other', '--field', 'city=Milan');
}

const HTML = [
  'MIME-Version: 1.0',
  'Content-Type: text/html; charset=utf-8',
  'Content-Transfer-Encoding: 8bit',
];
const bodies = {
  plain: [
    '<html><body><p>Hi [name|you] in [city|town] – <a href="https://shop.example/[city|x]">look</a></p></body></html>\r\n',
    HTML,
  ],
  tags: [
    '<p>own <a href="https://shop.example/own">words</a></p>\r\n',
    [...HTML, 'X-Postino-Template: tags'],
  ],
  liquid: [
    '<p>own</p>\r\n',
    [...HTML, 'X-Postino-Template: liquid', 'X-Postino-Fields: {"items": [{"n": "one"}, {"n": "two"}]}'],
  ],
} as const;
type Kind = keyof typeof bodies;
const kinds = ['plain', 'tags', 'liquid'] as const;

const address = (kind: Kind, n: string): string => `later-once-${kind}${n}@retry.test`;

async function sendAll(n: string): Promise<void> {
  for (const kind of kinds) {
    const [body, fields] = bodies[kind];
    const to = address(kind, n);
    const header = ['From: <orders@shop.example>', `To: <${to}>`, `Subject: Order ${kind}`, ...fields];
    expect(await treated.send({ rcpt: [to], data: Buffer.from(message(header, body)) })).not.toBe('');
  }
  for (const kind of kinds) await treated.event('deferred', address(kind, n));
}

async function expectSame(n: string): Promise<void> {
  for (const kind of kinds) {
    const to = address(kind, n);
    const first = treated.world.mx.retry.refused.find((one) => one.to === to);
    const second = await treated.arrived(to, treated.world.mx.retry);
    expect(second.came.data.equals(first?.data ?? Buffer.of())).toBe(true);
    expect(second.html).toContain('<p>First header</p>');
    expect(second.html).toContain('<p>First footer</p>');
    expect(await treated.signatures(second)).toEqual(SIGNED);
    expect(second.pixel).toContain('https://click.shop.example/t/o/');
    expect((await treated.event('delivered', to)).attempt).toBe(2);
  }
}

test('a letter that was refused for now after the dot comes again with the same bytes', async () => {
  await sendAll('-again');
  await expectSame('-again');
});

test('also after kill -9, a restart and a change of every setting that it depends on', async () => {
  await sendAll('');
  await treated.relay.kill9();
  await changeSettings();
  await treated.relay.start();
  await expectSame('');
  const { html, subject } = await treated.arrived(address('liquid', ''), treated.world.mx.retry);
  expect(subject).toBe('FIRST Lino');
  expect(html).toContain('FIRST Turin <i>one</i><i>two</i>');
  expect((await treated.arrived(address('tags', ''), treated.world.mx.retry)).html).toContain(
    'FIRST Rome: <p>own',
  );
});

test('its links still lead where they led, although their host is another one now', async () => {
  const { links, pixel } = await treated.arrived(address('plain', '-again'), treated.world.mx.retry);
  const moved = (link = ''): string => link.replace('click.shop.example', 'other.shop.example');
  expect((await treated.visit(moved(links.html[0]))).location).toBe('https://shop.example/x');
  expect((await treated.visit(moved(pixel))).status).toBe(200);
});

test('what is sent now has the new settings', async () => {
  const to = 'new@mail.test';
  const [body, fields] = bodies.tags;
  const header = ['From: <orders@shop.example>', 'Subject: x', `To: <${to}>`, ...fields];
  await treated.send({ rcpt: [to], data: message(header, body), user: loginOf('shop') });
  const { html, subject, pixel } = await treated.arrived(to);
  expect(subject).toBe('SECOND');
  expect(html).toContain('<p>SECOND nowhere</p>');
  expect(html).toContain('<p>Second footer</p>');
  expect(pixel).toContain('https://other.shop.example/t/o/');
});
