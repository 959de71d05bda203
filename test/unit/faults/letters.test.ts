// The reader of letters finds what is planted: others' values and links, tags that stayed, control fields, secrets.
import { expect, test } from 'vitest';
import { newId } from '../../../src/lib/ids.ts';
import { makeTokens } from '../../../src/tracking/token.ts';
import { faultsOf, linksIn, readable } from '../../faults/letters.ts';
import { FOOTER, TRACKING_HOST, valuesOf } from '../../faults/treated.ts';

const tokens = makeTokens(Buffer.alloc(32, 5));
const delivery = `${newId(Date.UTC(2026, 0, 1))}-1`;
const ANN = 'ok-x-1-0@a.test';
const BOB = 'ok-x-1-1@b.test';

const good = letterFor(ANN);

const cases: readonly (readonly [string, string, string])[] = [
  [
    'another value beside its own',
    good.replace('</body>', `${valuesOf(BOB).code}</body>`),
    'has values of others',
  ],
  ['no value', good.replaceAll(valuesOf(ANN).code, ''), 'has no value of its recipient'],
  ['a tag that stayed', good.replace('</body>', '[name]</body>'), 'has a tag left'],
  ['a value that was not escaped', good.replaceAll('&lt;b&gt;', '<b>'), 'does not greet its recipient'],
  ['no footer', good.replace(FOOTER, ''), 'has no footer'],
  ['a plain link', good.replace('</body>', '<a href="https://shop.test/x">x</a></body>'), 'not tracked'],
  ['a control field', `X-Postino-Tag: x\r\n${good}`, 'has x-postino-tag'],
  ['a Bcc', `bcc: <x@b.test>\r\n${good}`, 'has bcc'],
  ['metadata', good.replace('</body>', 'secret-17</body>'), 'has something of ours in it'],
  ["another's links", letterFor(ANN, BOB), "has a link that is not its recipient's"],
  ['no one-click field', good.replace('List-Unsubscribe-Post', 'X-Other'), 'has no one-click field'],
  ['no pixel', good.replace('/t/o/', '/t/c/'), 'has no pixel of its recipient'],
];

test('a letter as it must be has no fault', () => {
  expect(faults(good)).toEqual([]);
  expect(linksIn(good).clicks).toHaveLength(2);
});

test.each(cases)('%s is found', (_, letter, fault) => {
  expect(faults(letter)).toContainEqual(expect.stringContaining(fault));
});

test('quoted-printable is read as a reader does it, and links through soft breaks', () => {
  const quoted = good
    .replace('8bit', 'quoted-printable')
    .replaceAll('=', '=3D')
    .replaceAll('Å', '=C3=85')
    .replaceAll('/t/c/', '/t/=\r\nc/');
  expect(readable(Buffer.from(quoted))).toContain('Åsa');
  expect(faults(quoted)).not.toContainEqual(expect.stringContaining('links'));
});

test('a body that nobody may touch may keep its tags, and nothing else of ours', () => {
  const kind = { key: `x-1/${ANN}`, kind: 'signed' };
  expect(faultsOf(Buffer.from('Subject: x\r\n\r\n[name]'), kind, tokens)).toEqual([]);
  expect(faultsOf(Buffer.from('X-MC-Tags: x\r\n\r\n[name]'), kind, tokens)).toEqual(['has x-mc-tags']);
});

function faults(letter: string): string[] {
  return faultsOf(Buffer.from(letter), { key: `x-1/${ANN}`, kind: 'html' }, tokens);
}

/** A letter with the values of `address`, and links of `owner`. */
function letterFor(address: string, owner = address): string {
  const facts = { delivery, account: 'default', user: 'shop', recipient: owner, sender: 'orders@shop.test' };
  const links = tokens.seal(facts);
  const { name, code } = valuesOf(address);
  const base = `https://${TRACKING_HOST}/t`;
  return [
    `List-Unsubscribe: <${base}/u/${links.unsubscribe()}>`,
    'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
    'Content-Transfer-Encoding: 8bit',
    '',
    `<body>${name.replace('<', '&lt;').replace('>', '&gt;')} ${code}`,
    `<a href="${base}/c/${links.click(1, `https://shop.test/order?id=x-1&r=${code}`)}">order</a>`,
    `<a href="${base}/c/${links.click(2, 'https://shop.test/help')}">help</a>`,
    `${FOOTER} <img alt="" src="${base}/o/${links.open()}.gif"></body>`,
    '',
  ].join('\r\n');
}
