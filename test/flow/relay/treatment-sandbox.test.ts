// Trying it out: the sandbox catches a letter whose links work on this very host, until something could leave.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../../support/relay-process.ts';
import { relayUsers, startRelay, type Relay } from '../../support/relay.ts';
import { idIn, message, sendMail } from '../../support/sender.ts';
import { until } from '../../support/until.ts';

let relay: Relay;
const { shop } = relayUsers;

beforeAll(async () => {
  const [port] = await freePorts(1);
  relay = await startRelay({
    config: {
      transports: ['shop', 'office'].map((pool) => ({ name: `${pool}-box`, kind: 'sandbox', pool })),
      tracking: { port },
    },
  });
});
afterAll(() => relay.close());

async function send(subject: string): Promise<void> {
  const header = [
    `From: <orders@${shop.domain}>`,
    'To: Anna <anna@mail.test>',
    `Subject: ${subject}`,
    'MIME-Version: 1.0',
    'Content-Type: text/html; charset=utf-8',
    'X-Postino-Track-Opens: yes',
    'X-Postino-Track-Clicks: yes',
    'X-Postino-Unsubscribe: yes',
    'X-Postino-Fields: {"city": "Rome"}',
  ];
  const body = '<p>[name] in [city]</p><a href="https://shop.example/[city]">x</a>\r\n';
  const mail = `orders@${shop.domain}`;
  const rcpt = ['anna@mail.test'];
  const data = message(header, body);
  expect(idIn(await sendMail({ port: relay.ports.plain, user: shop, mail, rcpt, data }))).not.toBe('');
}

/** The raw bytes of the newest caught message, as its page downloads them. */
async function caught(subject: string): Promise<string> {
  const base = `http://127.0.0.1:${relay.ports.http}`;
  const login = await fetch(`${base}/api/v1/session`, {
    method: 'POST',
    body: JSON.stringify({ name: 'admin', password: relay.adminPassword }),
    headers: { 'content-type': 'application/json', origin: base },
  });
  const headers = { cookie: login.headers.get('set-cookie')?.split(';')[0] ?? '' };
  const newest = async (): Promise<{ id: string; subject: string } | undefined> => {
    const answer = await fetch(`${base}/api/v1/sandbox`, { headers });
    const { items }: { items: { id: string; subject: string }[] } = JSON.parse(await answer.text());
    return items.find((one) => one.subject === subject);
  };
  await until(async () => (await newest()) !== undefined);
  return (await fetch(`${base}/api/v1/sandbox/${(await newest())?.id}/raw`, { headers })).text();
}

test('its links lead where they should, and tell of it', async () => {
  await send('first');
  const raw = (await caught('first')).replace(/=\r\n/g, '').replaceAll('=3D', '=');
  expect(raw).toContain('<p>Anna in Rome</p>');
  const link = /href="(http:\/\/localhost:\d+\/t\/c\/[\w-]+)"/.exec(raw)?.[1] ?? '';
  const pixel = /src="(http:\/\/localhost:\d+\/t\/o\/[^"]+)"/.exec(raw)?.[1] ?? '';
  const clicked = await fetch(link, { redirect: 'manual' });
  expect([clicked.status, clicked.headers.get('location')]).toEqual([302, 'https://shop.example/Rome']);
  expect((await fetch(pixel)).status).toBe(200);
  for (const type of ['opened', 'clicked'])
    await until(() => relay.events().some((event) => event.type === type));
  // One-click is for https only (RFC 8058).
  expect(raw).toMatch(/^List-Unsubscribe: <http:\/\/localhost/im);
  expect(raw).not.toMatch(/^List-Unsubscribe-Post/im);
});

test('once something could leave, new mail gets no links to this host, and the event says why', async () => {
  const { code } = await relay.cli(['transport', 'add', 'real', '--address', '127.0.1.1', '--pool', 'other']);
  expect(code).toBe(0);
  const notes = (): readonly string[] =>
    relay.events().flatMap((event) => (event.subject === 'second' ? (event.notes ?? []) : []));
  await until(async () => {
    await send('second');
    return notes().length > 0;
  });
  expect(notes().join()).toContain(
    'links need an address that recipients can reach, and tracking.url is not set',
  );
});

test('check says whom links are missing for', async () => {
  const check = async (): Promise<string> => (await relay.cli(['check'])).stdout;
  expect(await check()).not.toContain('tracking.url');
  const { code } = await relay.cli(['user', 'add', 'news', '--domain', 'news.example', '--track-opens']);
  expect(code).toBe(0);
  expect(await check()).toMatch(/^WARNING {2}tracking: .* user news should have: set tracking\.url/m);
});
