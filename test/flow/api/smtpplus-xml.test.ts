// SMTP+'s REST calls as XML at a real relay: mail goes out, mistakes and wrong secrets are told as XML, hostile XML does nothing.
import { simpleParser, type ParsedMail } from 'mailparser';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ roles: ['http', 'delivery'] });
});
afterAll(() => api.close());

const USER = '<User><Username>shop</Username><Secret>shop-Secret-17</Secret></User>';
const PEOPLE =
  '<From><Email>me@shop.example</Email><Name>Negozio &amp; Figli</Name></From><To><EmailAddressDTO><Email>ann@example.net</Email><Name>Ann</Name></EmailAddressDTO></To>';
const dto = (more: string, user = USER): string =>
  `<?xml version="1.0" encoding="utf-8"?><MessageDTO xmlns="http://schemas.example/dto">${user}${PEOPLE}${more}</MessageDTO>`;

type Given = Readonly<{ at?: string; type?: string; accept?: string }>;

async function post(
  body: string,
  { at = 'sendmessage', type = 'application/xml; charset=utf-8', accept = '*/*' }: Given = {},
): Promise<Readonly<{ status: number; type: string; text: string }>> {
  const headers = { 'content-type': type, accept };
  const answer = await fetch(`${api.url}/API/v2.0/messages/${at}`, { method: 'POST', headers, body });
  return { status: answer.status, type: answer.headers.get('content-type') ?? '', text: await answer.text() };
}

async function caught(subject: string): Promise<ParsedMail> {
  for (let tries = 0; tries < 400; tries++) {
    const { messages } = await api.base.sandbox.list(0, 5);
    const found = messages.find((one) => one.subject === subject);
    if (found) return simpleParser((await api.base.sandbox.get(found.id))?.raw ?? '');
    await api.base.clock.sleep(25);
  }
  throw new Error(`${subject} was not caught`);
}

test('sendmessage takes XML and answers XML', async () => {
  const body = dto(
    `<Subject>Ordine &#8364;</Subject><Html><Body><![CDATA[<p>Ciao [name]</p>]]></Body><BodyTag>&lt;body class="x"&gt;</BodyTag></Html>
     <ExtendedHeaders><HeaderDTO><N>X-Order</N><V>17</V></HeaderDTO></ExtendedHeaders>
     <XSmtpAPI><CampaignCode>ordini</CampaignCode><DynamicFields><F><N>name</N><V>Ann è</V></F></DynamicFields></XSmtpAPI>
     <Attachments><AttachmentDTO><Filename>a.pdf</Filename><Body>${Buffer.from('pdf').toString('base64')}</Body></AttachmentDTO></Attachments>`,
  );
  const { status, type, text } = await post(body);
  expect([status, type]).toEqual([200, 'application/xml; charset=utf-8']);
  expect(text).toContain('<ResponseDTO><Status>done</Status><Code>0</Code><Message></Message></ResponseDTO>');
  const mail = await caught('Ordine €');
  expect(mail.html).toContain('<body class="x"><p>Ciao Ann è</p>');
  expect(mail.from?.value).toEqual([{ address: 'me@shop.example', name: 'Negozio & Figli' }]);
  expect(mail.headers.get('x-order')).toBe('17');
  expect(mail.attachments.map(({ contentType }) => contentType)).toEqual(['application/pdf']);
});

test('sendtemplate takes XML; who asks for JSON gets JSON, and who sends JSON may ask for XML', async () => {
  await api.base.templates.put('default', '42', { engine: 'tags', subject: 'Numero [n]', text: 'N. [n]' });
  const more = '<TemplateId>42</TemplateId><XSmtpAPI>{"DynamicFields":{"n":"7"}}</XSmtpAPI>';
  const asked = await post(dto(more), { at: 'sendtemplate', type: 'text/xml', accept: 'application/json' });
  expect(asked).toMatchObject({ status: 200, type: 'application/json; charset=utf-8' });
  expect((await caught('Numero 7')).text?.trim()).toBe('N. 7');
  const json = JSON.stringify({
    User: { Username: 'shop', Secret: 'wrong' },
    From: { Email: 'me@shop.example' },
    To: [{ Email: 'a@b.example' }],
    Text: 'x',
  });
  const refused = await post(json, { type: 'application/json', accept: 'application/xml' });
  expect([refused.status, refused.type]).toEqual([403, 'application/xml; charset=utf-8']);
});

test.each([
  ['a wrong secret', dto('<Text>x</Text>', USER.replace('shop-', 'no-'))],
  ['no secret', dto('<Text>x</Text>', '')],
  ['a field said twice', dto('<Subject>a</Subject><Subject>b</Subject><Text>x</Text>')],
  ['a smuggled header', dto('<Subject>x&#13;&#10;Bcc: evil@example.net</Subject><Text>x</Text>')],
  ['a From of others', dto('<Text>x</Text>').replace('me@shop', 'me@office')],
  ['a control field that is no JSON', dto('<Text>x</Text><XSmtpAPI>{"a</XSmtpAPI>')],
  ['an element that does not end', '<MessageDTO><User></MessageDTO>'],
  ['no XML', 'hello'],
  [
    'an entity from a file',
    `<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]>${dto('<Text>&x;</Text>').replace(/<\?.*?\?>/, '')}`,
  ],
])('%s is 403 in XML, and must not be sent again', async (_, body) => {
  const { status, type, text } = await post(body);
  expect([status, type]).toEqual([403, 'application/xml; charset=utf-8']);
  expect(text).toMatch(/<Status>error<\/Status><Code>[1-9]\d\d<\/Code>/);
  expect(text).not.toContain('root:');
});
