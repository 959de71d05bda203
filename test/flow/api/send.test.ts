// Mail over HTTP: the twin of SMTP, with the same checks, and SMTP+'s own shapes.
import { simpleParser, type ParsedMail } from 'mailparser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type Client, type TestApi } from '../../support/api.ts';
import { until } from '../../support/until.ts';

let api: TestApi;
let shop: Client;
beforeAll(async () => {
  api = await startApi({
    roles: ['http', 'delivery'],
    config: {
      smtp: { listeners: [], maxMessageBytes: '5MB' },
      domains: [{ name: 'shop.example' }],
      transports: [{ name: 'box', kind: 'sandbox', pool: 'default' }],
      users: [
        { name: 'shop', password: 'shop-Secret-17', domains: ['shop.example'] },
        { name: 'office', password: 'office-Secret-18', domains: ['office.example'] },
        {
          name: 'few',
          password: 'few-Secret-19',
          domains: ['few.example'],
          limits: { messagesPerHour: 2, over: 'refuse' },
        },
      ],
    },
  });
  shop = await api.client({ user: 'shop', scopes: ['messages:send'] });
});
afterAll(() => api.close());

type Letter = Readonly<{ to: string; raw: Buffer }>;

/** What the sandbox caught of a message, once there are so many letters of it. */
async function letters(id: string, count: number): Promise<readonly Letter[]> {
  const own = async () =>
    (await api.base.sandbox.list(0, 500)).messages.filter((one) => one.id.startsWith(id));
  await until(async () => (await own()).length >= count);
  return Promise.all(
    (await own()).map(async ({ id: one, to }) => ({
      to,
      raw: (await api.base.sandbox.get(one))?.raw ?? Buffer.alloc(0),
    })),
  );
}

/** What the event log has of a message, once there is so much of it. */
async function eventsOf(id: string, type: string, count: number): Promise<readonly unknown[]> {
  const reader = await api.client({ user: 'shop', scopes: ['events:read'] });
  let items: readonly unknown[] = [];
  await until(async () => {
    items = (await reader.get(`/events?id=${id}&type=${type}`)).json.items;
    return items.length >= count;
  });
  return items;
}

const read = async (id: string): Promise<ParsedMail> => simpleParser((await letters(id, 1))[0]?.raw ?? '');
const plain = { from: 'me@shop.example', to: ['ann@example.net'], subject: 'Hi', text: 'Hello' };

describe('a message of its parts', () => {
  test('arrives as it was said', async () => {
    const answer = await shop.post('/messages', {
      from: { email: 'me@shop.example', name: 'Café "Süd", Roma' },
      to: [{ email: 'ann@example.net', name: 'Ann' }, 'bob@example.net'],
      cc: ['cc@example.net'],
      bcc: ['secret@example.net'],
      replyTo: 'answers@shop.example',
      subject: 'Größe: 42 – ✓',
      text: 'Grüße\nTschüss',
      html: '<p>Grüße <img src="cid:logo@1"></p>',
      attachments: [
        { name: 'Räume.pdf', type: 'application/pdf', content: Buffer.alloc(5000, 'pdf').toString('base64') },
        {
          name: 'logo.png',
          type: 'image/png',
          content: Buffer.from('png').toString('base64'),
          cid: 'logo@1',
        },
      ],
      headers: { 'X-Order': 'Ä-17' },
      campaign: 'Frühling',
      tags: ['a', 'b'],
      metadata: { order: 17, paid: true },
    });
    expect(answer.status).toBe(202);
    const { id, accepted, refused } = answer.json;
    expect(accepted).toEqual(['ann@example.net', 'bob@example.net', 'cc@example.net', 'secret@example.net']);
    expect(refused).toEqual([]);
    const all = await letters(id, 4);
    expect(new Set(all.map(({ to }) => to))).toEqual(new Set(accepted));
    for (const { raw } of all) {
      expect(raw.toString('latin1')).not.toMatch(/secret@|X-Postino|Idempotency|[\x80-\xff]/i);
      expect(
        Math.max(
          ...raw
            .toString()
            .split('\r\n')
            .map((line) => line.length),
        ),
      ).toBeLessThanOrEqual(998);
    }
    const mail = await simpleParser(all[0]?.raw ?? '');
    expect(mail.from?.value).toEqual([{ address: 'me@shop.example', name: 'Café "Süd", Roma' }]);
    expect(mail.to).toMatchObject({ text: '"Ann" <ann@example.net>, bob@example.net' });
    expect(mail.subject).toBe('Größe: 42 – ✓');
    expect(mail.text).toBe('Grüße\nTschüss\n');
    expect(mail.html).toContain('Grüße');
    expect(mail.headers.get('x-order')).toBe('=?utf-8?B?w4QtMTc=?=');
    expect(mail.replyTo?.text).toBe('answers@shop.example');
    expect(mail.attachments.map(({ filename, cid, size }) => [filename, cid, size])).toEqual([
      ['logo.png', 'logo@1', 3],
      ['Räume.pdf', undefined, 5000],
    ]);
    const told = await eventsOf(id, 'accepted', 4);
    for (const event of told)
      expect(event).toMatchObject({ campaign: 'Frühling', metadata: { order: '17', paid: 'true' } });
  });

  test('or is a message of your own, with an envelope beside it', async () => {
    const raw = 'From: me@shop.example\nTo: list@shop.example\nSubject: Raw\n\nBody\n';
    const { json } = await shop.post('/messages', { raw, to: ['ann@example.net'], tags: ['raw'] });
    const [letter] = await letters(json.id, 1);
    expect(letter?.to).toBe('ann@example.net');
    expect(letter?.raw.toString()).toContain('To: list@shop.example\r\n');
    expect(letter?.raw.toString()).toMatch(/\r\n\r\nBody\r\n$/);
  });

  test('or of a stored template, with values for all and for each', async () => {
    await api.base.templates.put('default', 'order', {
      engine: 'tags',
      subject: 'Order [no]',
      text: 'Dear [name], [no]',
    });
    const { json } = await shop.post('/messages', {
      from: 'me@shop.example',
      to: ['ann@example.net', 'bob@example.net'],
      template: { name: 'order' },
      data: { no: 17, name: 'customer' },
      recipientData: { 'bob@example.net': { name: 'Bob' } },
    });
    const all = await letters(json.id, 2);
    const texts = await Promise.all(
      all.map(async ({ to, raw }) => [to, (await simpleParser(raw)).text?.trim()]),
    );
    expect(Object.fromEntries(texts)).toEqual(
      Object.fromEntries([
        ['ann@example.net', 'Dear customer, 17'],
        ['bob@example.net', 'Dear Bob, 17'],
      ]),
    );
    expect((await simpleParser(all[0]?.raw ?? '')).subject).toBe('Order 17');
    const unknown = await shop.post('/messages', { ...plain, template: { name: 'none' } });
    expect(unknown.json.detail).toContain('There is no template none');
  });
});

describe('the same rules as by SMTP', () => {
  test.each([
    ['somebody else in From', { from: 'me@office.example' }, 422, '550 5.7.1'],
    ['no From', { from: undefined }, 422, '550 5.6.0'],
    ['no recipient', { to: [] }, 422, '503 5.5.1'],
    ['an address literal', { to: ['a@[192.0.2.1]'] }, 422, '550 5.1.2'],
    ['no address', { to: ['ann'] }, 422, '501 5.1.3'],
    ['a pool of others', { pool: 'gold' }, 422, '550 5.7.1'],
    ['a year ahead', { sendAt: '2099-01-01T00:00:00Z' }, 422, '550 5.7.1'],
    [
      'somebody else in a raw From',
      { from: undefined, subject: undefined, text: undefined, raw: 'From: a@office.example\r\n\r\n' },
      422,
      '550 5.7.1',
    ],
    ['a NUL', { raw: 'From: me@shop.example\r\n\r\n\0' }, 422, '554 5.6.0'],
    ['a bare CR', { raw: 'From: me@shop.example\r\n\r\na\rb' }, 422, '554 5.6.0'],
    ['a header that is none', { raw: 'From: me@shop.example\r\nnonsense\r\n\r\n' }, 422, '554 5.6.0'],
    [
      'too many recipients',
      { to: Array.from({ length: 501 }, (_, i) => `a${i}@example.net`) },
      422,
      '452 4.5.3',
    ],
  ])('%s is refused', async (_, more, status, reply) => {
    const { status: got, json } = await shop.post('/messages', { ...plain, ...more });
    expect(json.reply).toContain(reply);
    expect(got).toBe(status);
    expect(json.detail).toMatch(/\S\.$/);
  });

  test('a suppressed recipient is left out, and the others get it', async () => {
    await api.base.suppressions.add('default', 'gone@example.net', 'hard');
    const { json } = await shop.post('/messages', { ...plain, to: ['ann@example.net', 'gone@example.net'] });
    expect(json.accepted).toEqual(['ann@example.net']);
    expect(json.refused).toMatchObject([
      { address: 'gone@example.net', reply: expect.stringContaining('550 5.7.1') },
    ]);
  });

  test('limits of the user count', async () => {
    const few = await api.client({ user: 'few', scopes: ['messages:send'] });
    const own = { ...plain, from: 'me@few.example' };
    expect((await few.post('/messages', own)).status).toBe(202);
    expect((await few.post('/messages', own)).status).toBe(202);
    const { status, json, headers } = await few.post('/messages', own);
    expect(status).toBe(429);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(json.detail).toContain('Too many messages this hour');
  });

  test('a message that is too big is 413', async () => {
    const content = Buffer.alloc(4_100_000).toString('base64');
    const { status, json } = await shop.post('/messages', {
      ...plain,
      attachments: [{ name: 'a', content }],
    });
    expect(status).toBe(413);
    expect(json.reply).toContain('552 5.3.4');
  });

  test('a large message is stored like any other', async () => {
    const content = Buffer.alloc(3_000_000, 'x').toString('base64');
    const { json } = await shop.post('/messages', { ...plain, attachments: [{ name: 'a.bin', content }] });
    const mail = await read(json.id);
    expect(mail.attachments[0]?.size).toBe(3_000_000);
  });

  test.each([
    ['subject', { subject: 'x\r\nBcc: evil@example.net' }],
    ['name', { from: { email: 'me@shop.example', name: 'x\nBcc: evil@example.net' } }],
    ['address', { to: ['a@example.net>\r\nRCPT TO:<evil@example.net'] }],
    ['address with a parameter', { to: ['a@example.net> NOTIFY=NEVER'] }],
    ['header value', { headers: { 'X-A': 'x\r\nBcc: evil@example.net' } }],
    ['header name', { headers: { 'X-A: y\r\nBcc': 'evil@example.net' } }],
    ['header of ours', { headers: { 'content-type': 'text/html' } }],
    ['second From', { headers: { From: 'evil@example.net' } }],
    ['campaign', { campaign: 'x\r\nX-Postino-Pool: gold' }],
    ['file name', { attachments: [{ name: 'a"\r\nX: y', content: '' }] }],
    ['content id', { attachments: [{ name: 'a', content: '', cid: 'a>\r\nX: y' }] }],
    ['media type', { attachments: [{ name: 'a', content: '', type: 'text/html\r\nX: y' }] }],
    ['base64', { attachments: [{ name: 'a', content: '<b>' }] }],
    ['unknown field', { bounceTo: 'x' }],
  ])('nothing is smuggled in by the %s', async (_, more) => {
    const { status, json } = await shop.post('/messages', { ...plain, ...more });
    expect(status).toBe(422);
    expect(json.errors[0].path).toMatch(/^body\./);
  });
});

describe('who sends', () => {
  test('a key of several users says which', async () => {
    const all = await api.client({ scopes: ['messages:send'] });
    expect((await all.post('/messages', plain)).json.detail).toContain('Say which SMTP user');
    expect((await all.post('/messages', { ...plain, user: 'shop' })).status).toBe(202);
    expect((await all.post('/messages', { ...plain, user: 'none' })).status).toBe(404);
    expect(
      (await shop.post('/messages', { ...plain, from: 'me@office.example', user: 'office' })).status,
    ).toBe(404);
    const reader = await api.client({ scopes: ['messages:read'] });
    expect((await reader.post('/messages', plain)).status).toBe(403);
  });
});

test('mail is not lost to an Idempotency-Key that another key, or another message, had', async () => {
  const header = { 'idempotency-key': 'order-17' };
  const other = await api.client({ user: 'shop', scopes: ['messages:send'] });
  const answers = [
    await shop.post('/messages', plain, header),
    await other.post('/messages', plain, header),
    await shop.post('/messages/batch', { messages: [plain, plain] }, { 'idempotency-key': 'many' }),
    await shop.post('/messages', plain, { 'idempotency-key': 'many#0' }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  const ids = answers.flatMap(({ json }) => json.results ?? [json]).map(({ id }: { id: string }) => id);
  expect(new Set(ids).size).toBe(5);
});

test.each([
  ['no recipient', { to: [] }, 'It has no recipient; name one in "to", "cc" or "bcc".'],
  ['no address', { to: ['ann'] }, 'That is not a valid address; write user@example.net.'],
  ['no From', { from: undefined }, 'The message has no From; say "from".'],
])('%s is told in the words of the API', async (_, more, detail) => {
  expect((await shop.post('/messages', { ...plain, ...more })).json.detail).toBe(detail);
});

test('what the sandbox caught is seen by the id of its message', async () => {
  const reader = await api.client({ user: 'shop' });
  const { json } = await shop.post('/messages', plain);
  await letters(json.id, 1);
  expect((await reader.get(`/messages/${json.id}/source`)).text).toContain('Subject: Hi');
  const office = await api.client({ user: 'office' });
  expect((await office.get(`/messages/${json.id}/source`)).status).toBe(404);
});

describe('many at once', () => {
  test('each has a result of its own', async () => {
    const messages = [
      plain,
      { ...plain, from: 'me@office.example' },
      { ...plain, subject: 5 },
      'nonsense',
      { ...plain, to: ['bob@example.net'] },
    ];
    const { status, json } = await shop.post('/messages/batch', { messages });
    expect(status).toBe(202);
    expect(json.results.map((one: { ok: boolean; status?: number }) => one.ok || one.status)).toEqual([
      true,
      422,
      422,
      422,
      true,
    ]);
    expect(json.results[1].reply).toContain('550 5.7.1');
    expect(json.results[2].errors).toMatchObject([{ path: 'message.subject' }]);
    expect((await read(json.results[4].id)).subject).toBe('Hi');
  });

  test('a thousand are taken, more are not', async () => {
    const messages = Array.from({ length: 1000 }, (_, i) => ({ ...plain, to: [`n${i}@example.net`] }));
    const { json } = await shop.post('/messages/batch', { messages });
    expect(json.results.filter(({ ok }: { ok: boolean }) => ok)).toHaveLength(1000);
    const ids = new Set(json.results.map(({ id }: { id: string }) => id));
    expect(ids.size).toBe(1000);
    expect((await shop.post('/messages/batch', { messages: [...messages, plain] })).status).toBe(422);
  });
});

describe('SMTP+', () => {
  const user = { Username: 'shop', Secret: 'shop-Secret-17' };
  const dto = {
    User: user,
    Subject: 'Ordine',
    From: { Name: 'Negozio', Email: 'me@shop.example' },
    To: [{ Name: 'Ann', Email: 'ann@example.net' }],
    Html: { DocType: null, Head: null, Body: '<p>Ciao [name]</p>', BodyTag: '<body class="x">' },
    Text: 'Ciao [name]',
    CharSet: 'utf-8',
  };
  const path = '/API/v2.0/messages/sendmessage';
  /** Its answer has no id. */
  const newest = async (): Promise<string> => (await api.base.sandbox.list(0, 1)).messages[0]?.id ?? '';
  const sendAndRead = async (body: object, at = path): Promise<ParsedMail> => {
    const before = await newest();
    const { status, json } = await api.stranger.post(at, body);
    expect([status, json]).toEqual([200, { Status: 'done', Code: '0', Message: '' }]);
    for (let tries = 0; tries < 200 && (await newest()) === before; tries++) await api.base.clock.sleep(25);
    return simpleParser((await api.base.sandbox.get(await newest()))?.raw ?? '');
  };

  test('sendmessage takes its own shape', async () => {
    const mail = await sendAndRead({
      ...dto,
      XSmtpAPI: { CampaignCode: 'ordini', DynamicFields: [{ N: 'name', V: 'Ann è' }] },
      ExtendedHeaders: [{ N: 'X-Order', V: '17' }],
      Attachments: [{ Filename: 'a.pdf', ContentId: null, Body: Buffer.from('pdf').toString('base64') }],
      EmbeddedImages: [{ Filename: 'a.png', ContentId: '<a1>', Body: Buffer.from('png').toString('base64') }],
    });
    expect(mail.subject).toBe('Ordine');
    expect(mail.text).toContain('Ciao Ann è');
    expect(mail.html).toContain('<body class="x"><p>Ciao Ann è</p>');
    expect(mail.headers.get('x-order')).toBe('17');
    expect(mail.headers.has('x-smtpapi')).toBe(false);
    expect(mail.attachments.map(({ contentType }) => contentType).sort()).toEqual([
      'application/pdf',
      'image/png',
    ]);
  });

  test('sendtemplate takes a stored template', async () => {
    await api.base.templates.put('default', '42', { engine: 'tags', subject: 'Numero [n]', text: 'N. [n]' });
    const { Html: _, Text: __, Subject: ___, ...rest } = dto;
    const body = { ...rest, TemplateId: 42, XSmtpAPI: { DynamicFields: { n: '7' } } };
    const mail = await sendAndRead(body, '/API/v2.0/messages/sendtemplate');
    expect([mail.subject, mail.text?.trim()]).toEqual(['Numero 7', 'N. 7']);
  });

  test('who guesses behind a proxy shuts the door for itself alone', async () => {
    const guess = { ...dto, User: { Username: 'none', Secret: 'x' } };
    for (let group = 0; group < 3; group++)
      await Promise.all(
        Array.from({ length: 8 }, () => api.stranger.post(path, guess, { 'x-forwarded-for': '192.0.2.9' })),
      );
    const office = { Username: 'office', Secret: 'office-Secret-18' };
    const body = { ...dto, From: { Email: 'me@office.example' }, User: office };
    const from = (address: string) => api.stranger.post(path, body, { 'x-forwarded-for': address });
    expect((await from('192.0.2.9')).status).toBe(503);
    expect((await from('192.0.2.10')).json).toMatchObject({ Status: 'done' });
  }, 60_000);

  test.each([
    ['a wrong secret', { User: { ...user, Secret: 'wrong' } }, 403],
    ['an unknown user', { User: { Username: 'none', Secret: 'x' } }, 403],
    ['a From of others', { From: { Email: 'me@office.example' } }, 403],
    ['no recipient', { To: [] }, 403],
    ['a smuggled header', { Subject: 'x\r\nBcc: evil@example.net' }, 403],
  ])('%s is an error in its own shape', async (_, more, status) => {
    const answer = await api.stranger.post(path, { ...dto, ...more });
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ Status: 'error', Code: expect.stringMatching(/^[1-9]\d\d$/) });
  });
});
