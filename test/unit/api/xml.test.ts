// XML of requests: what it says, and everything hostile: bombs, external entities, depth, width, attributes, garbage.
import { describe, expect, test } from 'vitest';
import { fieldsOf, toXml } from '../../../src/api/smtpplus-xml.ts';
import { readXml } from '../../../src/api/xml.ts';
import { randomFrom } from '../../support/random.ts';

const read = async (text: string): Promise<unknown> => {
  const found = await readXml(Buffer.from(text));
  return found.ok ? fieldsOf(found.root) : found.problem.detail;
};

describe('what is read', () => {
  test('texts, CDATA, entities of XML itself, numbers of characters; prefixes, comments and attributes are passed over', async () => {
    expect(
      await read(`\uFEFF<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment --><m:MessageDTO xmlns:m="urn:x" xmlns:i="urn:i"><m:Subject a="1">a &amp; &lt;b&gt; &#233;&#xE8;</m:Subject>
<Text><![CDATA[1 < 2 && <b>]]></Text><Html i:nil="true"/><ReplyTo/><From><Name>Ann</Name><Email>a@b.example</Email></From></m:MessageDTO>`),
    ).toEqual({
      Subject: 'a & <b> éè',
      Text: '1 < 2 && <b>',
      Html: undefined,
      ReplyTo: '',
      From: { Name: 'Ann', Email: 'a@b.example' },
    });
  });

  test('lists, whatever their items are called, and none', async () => {
    expect(
      await read(
        '<x><To><EmailAddressDTO><Email>a</Email></EmailAddressDTO><y><Email>b</Email></y></To><Cc/><ExtendedHeaders><H><N>X</N><V>1</V></H></ExtendedHeaders></x>',
      ),
    ).toEqual({ To: [{ Email: 'a' }, { Email: 'b' }], Cc: [], ExtendedHeaders: [{ N: 'X', V: '1' }] });
  });

  test('the control field as elements or as JSON; broken JSON stays a text, which nobody takes for an object', async () => {
    const elements = '<CampaignCode>007</CampaignCode><OpenTracking>true</OpenTracking>';
    expect(await read(`<x><XSmtpAPI>${elements}</XSmtpAPI></x>`)).toEqual({
      XSmtpAPI: { CampaignCode: '007', OpenTracking: true },
    });
    expect(await read('<x><XSmtpAPI>{"CampaignCode":"a"}</XSmtpAPI></x>')).toEqual({
      XSmtpAPI: { CampaignCode: 'a' },
    });
    expect(await read('<x><XSmtpAPI>{"a</XSmtpAPI></x>')).toEqual({ XSmtpAPI: '{"a' });
    expect(await read('<x><XSmtpAPI/></x>')).toEqual({ XSmtpAPI: undefined });
  });
});

describe('what is refused', () => {
  const bomb = `<!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from({ length: 9 }, (_, n) => `<!ENTITY lol${n} "${`&lol${n - 1};`.repeat(10)}">`).join('')}]><lolz>&lol9;</lolz>`;
  test.each([
    ['a billion laughs', bomb, 'document type'],
    [
      'an external entity',
      '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
      'document type',
    ],
    ['an external DTD', '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>', 'document type'],
    [
      'a parameter entity',
      '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/">%p;]><a/>',
      'document type',
    ],
    ['a document type in small letters', '<!doctype a><a/>', 'document type'],
    ['one inside', '<a><!DOCTYPE b></a>', 'document type'],
    ['depth', '<a>'.repeat(17), 'levels'],
    ['a million levels', '<a>'.repeat(1_000_000), 'levels'],
    ['width', `<a>${'<b/>'.repeat(50_001)}</a>`, 'elements'],
    ['attributes', `<a ${Array.from({ length: 100_000 }, (_, n) => `a${n}=""`).join(' ')}/>`, 'attributes'],
    ['an element that does not end', '<a><b></a>', 'does not end'],
    ['an end that is missing', '<a><b/>', 'too early'],
    ['a tag that is cut', '<a><b', 'too early'],
    ['CDATA that is cut', '<a><![CDATA[x', 'too early'],
    ['two at the top', '<a/><b/>', 'more than one'],
    ['nothing', '', 'no element'],
    ['JSON', '{"User":{}}', 'no element'],
    ['another encoding', '<?xml version="1.0" encoding="ISO-8859-1"?><a/>', 'UTF-8'],
  ])('%s', async (_, text, words) => {
    const began = performance.now();
    expect(await read(text)).toContain(words);
    expect(performance.now() - began).toBeLessThan(5000);
  });

  test('bytes that are no UTF-8, and UTF-16', async () => {
    for (const bytes of [Buffer.from([0x3c, 0x61, 0xff, 0x3e]), Buffer.from('\uFEFF<a/>', 'utf16le')])
      expect(await readXml(bytes)).toMatchObject({ ok: false });
  });

  test('entities that nobody knows stay as they are written, and are never looked up', async () => {
    expect(await read('<a><Text>&xxe; &nbsp; &lol9;</Text></a>')).toEqual({ Text: '&xxe; &nbsp; &lol9;' });
  });

  test('names such as __proto__ are names', async () => {
    const found = await read(
      '<a><__proto__><polluted>1</polluted></__proto__><constructor>x</constructor></a>',
    );
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
    expect({}).not.toHaveProperty('polluted');
  });

  test('2,000 pieces of garbage neither throw nor take long', async () => {
    const below = randomFrom(17);
    const pieces = [
      '<a>',
      '</a>',
      '<b/>',
      '<!',
      '<?',
      '?>',
      '<![CDATA[',
      ']]>',
      '&',
      '&#x',
      ';',
      '"',
      '=',
      'x',
      '<!--',
      '-->',
      '\0',
      ' ',
    ];
    const began = performance.now();
    for (let n = 0; n < 2000; n++) {
      const text = Array.from({ length: 30 }, () => pieces[below(pieces.length)]).join('');
      await readXml(Buffer.from(text));
    }
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});

test('answers are XML whatever is in them', async () => {
  const xml = toXml({ Status: 'error', Code: '550', Message: 'a <b> & "c" \u0000\u0008\uD800 è ]]>' });
  expect(await read(xml)).toEqual({ Status: 'error', Code: '550', Message: 'a <b> & "c"     è ]]>' });
});
